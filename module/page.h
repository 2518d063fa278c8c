/* SPDX-License-Identifier: GPL-2.0 */
/* Pages as bytes: allocating, comparing and hashing one. */
#ifndef GD_PAGE_H
#define GD_PAGE_H

#include <linux/mm_types.h>

struct page *gd_page_alloc(void);
bool gd_page_equals(struct page *a, struct page *b);
bool gd_page_is_zero(struct page *page);
u64 gd_page_hash(struct page *page, u64 seed);

#endif /* GD_PAGE_H */
