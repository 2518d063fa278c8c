/* SPDX-License-Identifier: GPL-2.0 */
/* Inserting pages of the module into empty PTEs of a member. */
#ifndef GD_INSERT_H
#define GD_INSERT_H

#include <linux/mm_types.h>

bool gd_insert_pages(struct vm_area_struct *vma, unsigned long addr,
		     struct page **pages, unsigned long nr);

#endif /* GD_INSERT_H */
