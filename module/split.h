/* SPDX-License-Identifier: GPL-2.0 */
/* Splitting huge pages. */
#ifndef GD_SPLIT_H
#define GD_SPLIT_H

#include <linux/mm_types.h>

int gd_split_huge(struct vm_area_struct *vma, unsigned long addr);

#endif /* GD_SPLIT_H */
