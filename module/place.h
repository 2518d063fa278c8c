/* SPDX-License-Identifier: GPL-2.0 */
/* Putting pages of ours into a hole of a member's memory. */
#ifndef GD_PLACE_H
#define GD_PLACE_H

#include <linux/mm_types.h>

bool gd_place_pages(struct vm_area_struct *vma, unsigned long addr,
		    struct page **pages, unsigned long nr);
void gd_place_kill(struct mm_struct *mm);

#endif /* GD_PLACE_H */
