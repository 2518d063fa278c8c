/* SPDX-License-Identifier: GPL-2.0 */
/* Making shared mappings private again. */
#ifndef GD_UNSHARE_H
#define GD_UNSHARE_H

#include <linux/mm_types.h>

/**
 * struct gd_unshare - what to unshare
 * @keep: whether a frame stays; NULL: all frames go, but not ksmd's pages: ksmd
 *	may merge those of a former member again at any time
 * @arg: argument of @keep
 * @then: called under the mmap write lock when no frame is left, or NULL
 * @done: increased by the mappings made private
 */
struct gd_unshare {
	bool	(*keep)(struct page *page, void *arg);
	void	*arg;
	int	(*then)(struct mm_struct *mm);
	u64	done;
};

int gd_unshare_page(struct vm_area_struct *vma, unsigned long addr);
int gd_unshare_mm(struct mm_struct *mm, struct gd_unshare *un);

#endif /* GD_UNSHARE_H */
