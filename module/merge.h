/* SPDX-License-Identifier: GPL-2.0 */
/* Replacing pages of a member by frames of equal content. */
#ifndef GD_MERGE_H
#define GD_MERGE_H

#include <linux/mm_types.h>

/* Merges for one hold of the mmap write lock. */
#define GD_MERGE_BATCH	64

/**
 * enum gd_merge_result - how a merge ended
 * @GD_MERGE_NONE: not tried yet
 * @GD_MERGE_DONE: the frame is mapped
 * @GD_MERGE_BUSY: the page is pinned, locked or referenced elsewhere
 * @GD_MERGE_GONE: the page is no longer there, or not to be merged
 * @GD_MERGE_SWAPCACHE: the page is in the swap cache
 * @GD_MERGE_RACED: the content differed from the frame's; it was kept
 * @GD_MERGE_NOMEM: no memory for the spare page
 * @GD_MERGE_CONTENDED: the mmap lock could not be taken
 */
enum gd_merge_result {
	GD_MERGE_NONE,
	GD_MERGE_DONE,
	GD_MERGE_BUSY,
	GD_MERGE_GONE,
	GD_MERGE_SWAPCACHE,
	GD_MERGE_RACED,
	GD_MERGE_NOMEM,
	GD_MERGE_CONTENDED,
};

/**
 * struct gd_merge - one page to be replaced
 * @addr: where it is mapped
 * @page: the page; the caller holds one reference for this merge
 * @target: page to map instead, held by the caller
 * @folio: the page's
 * @refs: references that the batch holds on @folio
 * @result: &enum gd_merge_result
 * @locked: this merge holds the folio lock
 * @parked: the PTE is parked
 * @equal: the contents are equal, compared after the zap
 * @freed: it was the only mapping: counts as a page saved
 * @large: @folio is large
 */
struct gd_merge {
	unsigned long	addr;
	struct page	*page;
	struct page	*target;
	struct folio	*folio;
	int		refs;
	u8		result;
	bool		locked;
	bool		parked;
	bool		equal;
	bool		freed;
	bool		large;
};

/**
 * struct gd_merge_batch - merges in one block of one member
 * @mm: its address space, with a user reference
 * @nr: number of merges
 * @zaps: zap calls, added to
 * @merge: the merges, by rising address
 * @page: scratch space for insertion and release
 * @spare: pages for content that has changed, kept from batch to batch: they
 *	are seldom used, and a new page costs an allocation and a charge
 * @nr_spare: how many there are
 */
struct gd_merge_batch {
	struct mm_struct	*mm;
	unsigned int		nr;
	u64			zaps;
	struct gd_merge		merge[PTRS_PER_PTE];
	struct page		*page[GD_MERGE_BATCH];
	struct page		*spare[GD_MERGE_BATCH];
	unsigned int		nr_spare;
};

void gd_merge_run(struct gd_merge_batch *batch);
void gd_merge_put_spares(struct gd_merge_batch *batch);

#endif /* GD_MERGE_H */
