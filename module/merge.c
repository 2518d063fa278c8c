// SPDX-License-Identifier: GPL-2.0
/*
 * Replacing pages of a member by frames of equal content. Independent of
 * groups, trees and digests. PTEs are changed here and in what this calls:
 * insert.c, zap.c and unshare.c.
 *
 * A batch of up to 64 pages of one block goes through these steps under one
 * hold of the mmap write lock, which keeps every fault out:
 *
 * 1. Park (one PTE lock): the PTE is cleared, references are counted, and a
 *    PTE without access rights is put in its place. GUP-fast takes a reference
 *    and then reads the PTE again: once the PTE has changed, a pin is either in
 *    the count already or will fail.
 * 2. Zap, one call per run of neighbours: notifiers (KVM drops its entry), TLB
 *    flush, rmap and RSS of the old pages. They cannot be written now.
 * 3. Compare again, for a final result.
 * 4. Equal: map the frames. Changed: map a copy, made in a spare page, and let
 *    a fault turn it into ordinary anonymous memory at once.
 *
 * From park to zap the folio lock is held. Otherwise reclaim or migration might
 * replace a parked PTE, without a flush as it looks inaccessible; then the zap
 * finds nothing to flush, and a thread with a stale TLB entry keeps writing to
 * a freed page.
 *
 * Between park and insertion nothing allocates, sleeps for pacing, or takes a
 * lock of the group. Lockdep treats it as reclaim, which may not allocate.
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>

#include "insert.h"
#include "kill.h"
#include "lock.h"
#include "merge.h"
#include "page.h"
#include "unshare.h"
#include "vma.h"
#include "walk.h"
#include "zap.h"

/* References that the batch holds on a large folio: one per merge of a page. */
static int own_refs(const struct gd_merge_batch *batch, struct folio *folio)
{
	unsigned int i;
	int refs = 0;

	for (i = 0; i < batch->nr; i++)
		refs += batch->merge[i].folio == folio;
	return refs;
}

/* With no lock held, as a batch can have pages of many large folios. */
static void count_refs(struct gd_merge_batch *batch)
{
	struct gd_merge *m, *end = batch->merge + batch->nr;

	for (m = batch->merge; m < end; m++) {
		m->folio = page_folio(m->page);
		m->large = folio_test_large(m->folio);
	}
	for (m = batch->merge; m < end; m++) {
		if (!m->large)
			m->refs = 1;
		else if (m > batch->merge && m[-1].folio == m->folio)
			m->refs = m[-1].refs;
		else
			m->refs = own_refs(batch, m->folio);
	}
}

/*
 * Is every reference on the folio a mapping or one of ours? The PTE is clear.
 * Mappings in other processes may come and go: if the count differs before and
 * after, it might hide a pin.
 */
static bool only_mapped(const struct gd_merge *m, int *mapcount)
{
	int mapped = gd_folio_mapcount(m->folio);
	int refs;

	smp_rmb(); /* mappings, then references */
	refs = folio_ref_count(m->folio);
	smp_rmb(); /* then mappings again */
	*mapcount = mapped;
	return mapped > 0 && mapped == gd_folio_mapcount(m->folio) &&
	       refs == mapped + m->refs;
}

static bool soft_dirty_tracked(struct vm_area_struct *vma, pte_t pte)
{
	/* A frame is mapped clean: an incremental dump would miss the write. */
	return IS_ENABLED(CONFIG_MEM_SOFT_DIRTY) &&
	       !(vma->vm_flags & VM_SOFTDIRTY) && pte_soft_dirty(pte);
}

static u8 check_page(struct page *page, struct folio *folio)
{
	if (!folio_test_anon(folio) || folio_test_ksm(folio) ||
	    is_zone_device_page(page) || !folio_test_swapbacked(folio) ||
	    PageHWPoison(page))
		return GD_MERGE_GONE;
	if (folio_test_swapcache(folio))
		return GD_MERGE_SWAPCACHE;
	return GD_MERGE_NONE;
}

/* A large folio may be in several merges: the first one locks it. */
static bool lock_folio(struct gd_merge *first, struct gd_merge *m)
{
	struct gd_merge *other;

	if (m->large)
		for (other = first; other < m; other++)
			if (other->locked && other->folio == m->folio)
				return true;
	m->locked = folio_trylock(m->folio);
	return m->locked;
}

static void unlock_folio(struct gd_merge *m)
{
	if (m->locked)
		folio_unlock(m->folio);
	m->locked = false;
}

/* @first: the first of the merges that are parked together */
static void park(struct gd_merge *first, struct gd_merge *m,
		 struct vm_area_struct *vma, pte_t *ptep)
{
	struct mm_struct *mm = vma->vm_mm;
	pte_t old = ptep_get(ptep);
	int mapcount;

	m->result = GD_MERGE_GONE;
	if (!pte_present(old) || pte_special(old) ||
	    pte_pfn(old) != page_to_pfn(m->page))
		return;
	m->result = check_page(m->page, m->folio);
	if (m->result != GD_MERGE_NONE)
		return;
	m->result = GD_MERGE_BUSY;
	if (!lock_folio(first, m))
		return;
	/* The state may have changed before the lock was taken. */
	if (check_page(m->page, m->folio) != GD_MERGE_NONE)
		return;

	old = ptep_get_and_clear(mm, m->addr, ptep);
	if (!only_mapped(m, &mapcount) || soft_dirty_tracked(vma, old) ||
	    (PageAnonExclusive(m->page) &&
	     gd_try_share_anon(m->folio, m->page))) {
		/* The same PTE, and no fault saw it cleared: no flush. */
		gd_set_pte(mm, m->addr, ptep, old);
		return;
	}
	gd_set_pte(mm, m->addr, ptep,
		   pfn_pte(page_to_pfn(m->page), vm_get_page_prot(VM_NONE)));
	m->freed = !m->large && mapcount == 1;
	m->parked = true;
}

static void park_all(struct gd_merge *m, unsigned int nr,
		     struct vm_area_struct *vma)
{
	unsigned long first = m->addr;
	spinlock_t *ptl;
	unsigned int i;
	pte_t *ptep;

	ptep = gd_walk_lock(vma->vm_mm, first, &ptl);
	if (!ptep) {
		for (i = 0; i < nr; i++)
			m[i].result = GD_MERGE_GONE;
		return;
	}
	for (i = 0; i < nr; i++)
		park(m, &m[i], vma, ptep + ((m[i].addr - first) >> PAGE_SHIFT));
	gd_walk_unlock(ptl);
}

/* The length of the run of neighbours from @m on that all have @flag set. */
#define run_length(m, nr, flag)						\
({									\
	unsigned int __n = 1;						\
									\
	while (__n < (nr) && (m)[__n].flag &&				\
	       (m)[__n].addr == (m)[0].addr + __n * PAGE_SIZE)		\
		__n++;							\
	__n;								\
})

static void zap_all(struct gd_merge_batch *batch, struct gd_merge *m,
		    unsigned int nr, struct vm_area_struct *vma)
{
	unsigned int i, n;

	for (i = 0; i < nr; i += n) {
		n = 1;
		if (!m[i].parked)
			continue;
		n = run_length(&m[i], nr - i, parked);
		gd_zap_range(vma, m[i].addr, n * PAGE_SIZE);
		batch->zaps++;
	}
	for (i = 0; i < nr; i++)
		unlock_folio(&m[i]);
}

/* Compare each parked page for the last time. */
static void compare_all(struct gd_merge *m, unsigned int nr,
			struct vm_area_struct *vma)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!m[i].parked)
			continue;
		/* Reading failed memory would take the host down. */
		if (unlikely(PageHWPoison(m[i].page))) {
			gd_kill_users(vma->vm_mm);
			m[i].result = GD_MERGE_GONE;
			continue;
		}
		m[i].equal = !PageHWPoison(m[i].target) &&
			     gd_page_equals(m[i].page, m[i].target);
		if (!m[i].equal)
			m[i].result = GD_MERGE_RACED;
	}
}

static void insert_all(struct gd_merge_batch *batch, struct gd_merge *m,
		       unsigned int nr, struct vm_area_struct *vma)
{
	unsigned int i, j, n;

	for (i = 0; i < nr; i += n) {
		n = 1;
		if (!m[i].equal)
			continue;
		n = run_length(&m[i], nr - i, equal);
		for (j = 0; j < n; j++)
			batch->page[j] = m[i + j].target;
		if (!gd_insert_pages(vma, m[i].addr, batch->page, n))
			continue;
		for (j = 0; j < n; j++)
			m[i + j].result = GD_MERGE_DONE;
	}
}

/*
 * The page was written between planning and parking, or the digests collide.
 * Its content goes into a spare page, which unshare_copies() makes private.
 */
static void insert_copies(struct gd_merge_batch *batch, struct gd_merge *m,
			  unsigned int nr, struct vm_area_struct *vma)
{
	struct page *spare;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (m[i].result != GD_MERGE_RACED)
			continue;
		spare = batch->spare[--batch->nr_spare];
		if (gd_page_copy(spare, m[i].page)) {
			gd_kill_users(vma->vm_mm);
			m[i].result = GD_MERGE_GONE;
		} else if (!gd_insert_pages(vma, m[i].addr, &spare, 1)) {
			m[i].result = GD_MERGE_GONE;
		}
		put_page(spare);
	}
}

/* By faults, which allocate: all PTEs are filled by now. */
static void unshare_copies(struct gd_merge *m, unsigned int nr,
			   struct vm_area_struct *vma)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (m[i].result == GD_MERGE_RACED)
			gd_unshare_page(vma, m[i].addr);
}

static void set_result(struct gd_merge *m, unsigned int nr, u8 result)
{
	while (nr--)
		m++->result = result;
}

static void merge_locked(struct gd_merge_batch *batch, struct gd_merge *m,
			 unsigned int nr)
{
	struct vm_area_struct *vma = find_vma(batch->mm, m->addr);

	mmap_assert_write_locked(batch->mm);
	if (!vma || vma->vm_start > m->addr || vma->vm_end <= m[nr - 1].addr ||
	    gd_vma_classify(vma) != GD_VMA_MERGE ||
	    (vma->vm_flags & VM_MERGEABLE)) {
		set_result(m, nr, GD_MERGE_GONE);
		return;
	}
	gd_vma_start_write(vma);
	fs_reclaim_acquire(GFP_KERNEL);
	park_all(m, nr, vma);
	zap_all(batch, m, nr, vma);
	compare_all(m, nr, vma);
	insert_all(batch, m, nr, vma);
	insert_copies(batch, m, nr, vma);
	fs_reclaim_release(GFP_KERNEL);
	unshare_copies(m, nr, vma);
}

/* One for each merge that may fail: nothing can be allocated after the park. */
static bool get_spares(struct gd_merge_batch *batch, unsigned int nr)
{
	while (batch->nr_spare < nr) {
		struct page *page = gd_page_alloc();

		if (!page)
			return false;
		batch->spare[batch->nr_spare++] = page;
	}
	return true;
}

/*
 * A large folio is free once none of its pages is mapped: then each of them
 * counts as saved. As long as one is, the kernel keeps all of it.
 */
static void count_large(struct gd_merge_batch *batch)
{
	struct folio *last = NULL;
	bool free = false;
	unsigned int i;

	for (i = 0; i < batch->nr; i++) {
		struct gd_merge *m = &batch->merge[i];

		if (!m->large || m->result != GD_MERGE_DONE)
			continue;
		if (m->folio != last)
			free = !gd_folio_mapcount(m->folio);
		last = m->folio;
		m->freed = free;
	}
}

/**
 * gd_merge_run - replace pages by frames
 * @batch: what to replace; also returns the results
 *
 * May sleep. Charges the active memory cgroup.
 */
void gd_merge_run(struct gd_merge_batch *batch)
{
	unsigned int i, nr;

	count_refs(batch);
	for (i = 0; i < batch->nr; i += nr) {
		struct gd_merge *m = &batch->merge[i];

		nr = min_t(unsigned int, batch->nr - i, GD_MERGE_BATCH);
		if (!get_spares(batch, nr)) {
			set_result(m, nr, GD_MERGE_NOMEM);
		} else if (!gd_lock_mmap_write(batch->mm)) {
			set_result(m, nr, GD_MERGE_CONTENDED);
		} else {
			merge_locked(batch, m, nr);
			mmap_write_unlock(batch->mm);
		}
		cond_resched();
	}
	count_large(batch);
}

/* Free the spare pages that a batch keeps for the next one. */
void gd_merge_put_spares(struct gd_merge_batch *batch)
{
	while (batch->nr_spare)
		put_page(batch->spare[--batch->nr_spare]);
}
