/* SPDX-License-Identifier: GPL-2.0 */
/* Reading page tables, a block of 2 MiB at a time. */
#ifndef GD_WALK_H
#define GD_WALK_H

#include <linux/mm_types.h>
#include <linux/pgtable.h>

#define GD_BLOCK_PAGES	PTRS_PER_PTE
#define GD_BLOCK_SIZE	PMD_SIZE
#define GD_BLOCK_MASK	PMD_MASK

/**
 * enum gd_kind - what one PTE of a snapshot maps
 * @GD_KIND_NONE: nothing to merge: empty, swapped, the kernel's zero page
 * @GD_KIND_ANON: an ordinary anonymous page; the snapshot holds a reference
 * @GD_KIND_FRAME: a shared page: a frame of any group, or a KSM page
 * @GD_KIND_SWAPCACHE: an anonymous page in the swap cache
 */
enum gd_kind {
	GD_KIND_NONE,
	GD_KIND_ANON,
	GD_KIND_FRAME,
	GD_KIND_SWAPCACHE,
};

/**
 * struct gd_snapshot - the pages of one block at one moment
 * @huge: the block is one huge page; the only reference held is on its @head
 * @first: index of the first page
 * @end: index after the last page
 * @head: first page of the huge page
 * @page: by index in the block
 * @kind: by index in the block, &enum gd_kind
 */
struct gd_snapshot {
	bool		huge;
	unsigned int	first;
	unsigned int	end;
	struct page	*head;
	struct page	*page[GD_BLOCK_PAGES];
	u8		kind[GD_BLOCK_PAGES];
};

pmd_t *gd_walk_pmd(struct mm_struct *mm, unsigned long addr);
pte_t *gd_walk_lock(struct mm_struct *mm, unsigned long addr,
		    spinlock_t **ptlp);
void gd_walk_unlock(spinlock_t *ptl);
struct page *gd_walk_pte_page(pte_t pte);
struct page *gd_walk_pte_frame(struct vm_area_struct *vma, pte_t pte);
unsigned long gd_walk_next(struct mm_struct *mm, unsigned long addr,
			   unsigned long end);
bool gd_walk_snapshot(struct vm_area_struct *vma, unsigned long start,
		      unsigned long end, struct gd_snapshot *snap);
struct page *gd_walk_first(const struct gd_snapshot *snap);
void gd_walk_put(struct gd_snapshot *snap);
bool gd_walk_has_ptes(struct mm_struct *mm, unsigned long addr);

static inline unsigned int gd_block_index(unsigned long addr)
{
	return pte_index(addr);
}

#endif /* GD_WALK_H */
