/* SPDX-License-Identifier: GPL-2.0 */
/* The memory that frames come from, and the part of it that merging leaves. */
#ifndef GD_RESERVE_H
#define GD_RESERVE_H

#include <linux/mm_types.h>

bool gd_reserve_is_low(void);
bool gd_reserve_gains(struct page *page);

#endif /* GD_RESERVE_H */
