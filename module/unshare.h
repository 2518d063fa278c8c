/* SPDX-License-Identifier: GPL-2.0 */
/* Making shared mappings private again. */
#ifndef GD_UNSHARE_H
#define GD_UNSHARE_H

#include <linux/mm_types.h>

struct gd_ksm;

/**
 * struct gd_unshare - what to unshare in an address space
 * @keep: whether a frame stays; NULL: all frames go, but not ksmd's pages: ksmd
 *	may merge those of a former member again at any time
 * @count: called with the number of mappings that a step made private, while
 *	the mmap lock is held
 * @arg: argument of both
 * @ksm: NULL, or: make all areas unmergeable for ksmd first
 * @done: out: mappings made private
 * @absent: out: PTEs whose page is swapped out or moving: one of ksmd's comes
 *	back shared
 * @addr: first area that ksmd may still merge in
 * @offset: first page that may be a frame: all areas, see vm_pgoff
 * @width: offsets to look at under one hold of the mmap lock
 * @deadline: when to give up, ns
 */
struct gd_unshare {
	bool		(*keep)(struct page *page, void *arg);
	void		(*count)(void *arg, unsigned int nr);
	void		*arg;
	struct gd_ksm	*ksm;
	u64		done;
	u64		absent;
	/* private: */
	unsigned long	addr;
	pgoff_t		offset;
	unsigned long	width;
	u64		deadline;
};

int gd_unshare_page(struct vm_area_struct *vma, unsigned long addr);
int gd_unshare_block(struct mm_struct *mm, unsigned long addr,
		     struct gd_unshare *un);
int gd_unshare_mm(struct mm_struct *mm, struct gd_unshare *un);
unsigned long gd_unshare_room(void);

#endif /* GD_UNSHARE_H */
