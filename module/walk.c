// SPDX-License-Identifier: GPL-2.0
/*
 * Reading page tables, a block of 2 MiB at a time: one PTE lock for 512 pages.
 * Independent of groups, trees and digests, and never changes a PTE.
 *
 * The kernel's own walkers are not exported; this does the same with the inline
 * helpers: read the PMD once, take the PTE lock that belongs to it, and check
 * that the PMD has not changed.
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/rcupdate.h>
#include <linux/swap.h>

#include "walk.h"

/**
 * gd_walk_pmd - the PMD entry of an address
 * @mm: the mmap lock is held
 * @addr: any address
 *
 * Return: the entry, which may be none or huge, or NULL: there is no PMD table.
 */
pmd_t *gd_walk_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(*pgd) || unlikely(pgd_bad(*pgd)))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d) || unlikely(p4d_bad(*p4d)))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud) || pud_leaf(*pud) || unlikely(pud_bad(*pud)))
		return NULL;
	return pmd_offset(pud, addr);
}

/* Entries to check per call: bounds how long the mmap lock is held. */
#define GD_NEXT_MAX	4096

/**
 * gd_walk_next - the next address that may be mapped
 * @mm: the mmap lock is held
 * @addr: where to start
 * @end: where to end
 *
 * Skips ranges without page tables, 512 GiB or 1 GiB at a time: an area of many
 * TiB with one page in it takes little time.
 *
 * Return: an address from @addr on, or @end.
 */
unsigned long gd_walk_next(struct mm_struct *mm, unsigned long addr,
			   unsigned long end)
{
	unsigned int n;

	mmap_assert_locked(mm);
	for (n = 0; addr < end && n < GD_NEXT_MAX; n++) {
		pgd_t *pgd = pgd_offset(mm, addr);
		p4d_t *p4d;
		pud_t *pud;

		if (pgd_none(*pgd)) {
			addr = pgd_addr_end(addr, end);
			continue;
		}
		p4d = p4d_offset(pgd, addr);
		if (p4d_none(*p4d)) {
			addr = p4d_addr_end(addr, end);
			continue;
		}
		pud = pud_offset(p4d, addr);
		if (pud_none(*pud) || pud_leaf(*pud)) {
			addr = pud_addr_end(addr, end);
			continue;
		}
		if (!pmd_none(gd_pmd_read(pmd_offset(pud, addr))))
			break;
		addr = pmd_addr_end(addr, end);
	}
	return addr;
}

/**
 * gd_walk_lock - lock the PTEs of a block
 * @mm: the mmap lock is held
 * @addr: an address in the block
 * @ptlp: set to the lock
 *
 * The page table may be freed under us by RCU (7.x empties page tables under
 * the mmap read lock): the RCU read lock is held until gd_walk_unlock().
 *
 * Return: the PTE of @addr, or NULL (nothing locked) if the block has no PTEs.
 */
pte_t *gd_walk_lock(struct mm_struct *mm, unsigned long addr,
		    spinlock_t **ptlp)
{
	pmd_t *pmdp, pmd;

	mmap_assert_locked(mm);
	pmdp = gd_walk_pmd(mm, addr);
	rcu_read_lock();
	while (pmdp) {
		pmd = gd_pmd_read(pmdp);
		barrier();
		if (pmd_none(pmd) || !pmd_present(pmd) || pmd_leaf(pmd) ||
		    unlikely(pmd_bad(pmd)))
			break;
		*ptlp = pte_lockptr(mm, &pmd);
		spin_lock(*ptlp);
		if (likely(pmd_same(pmd, gd_pmd_read(pmdp)))) {
			/* For sparse: both locks are the caller's now. */
			__release(*ptlp);
			__release(RCU);
			return pte_offset_kernel(&pmd, addr);
		}
		spin_unlock(*ptlp);
	}
	rcu_read_unlock();
	return NULL;
}

void gd_walk_unlock(spinlock_t *ptl)
{
	__acquire(RCU);
	__acquire(ptl);
	spin_unlock(ptl);
	rcu_read_unlock();
}

/**
 * gd_walk_has_ptes - is the block of @addr mapped by PTEs?
 * @mm: the mmap lock is held
 * @addr: an address in the block
 */
bool gd_walk_has_ptes(struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmdp, pmd;

	mmap_assert_locked(mm);
	pmdp = gd_walk_pmd(mm, addr);
	if (!pmdp)
		return false;
	pmd = gd_pmd_read(pmdp);
	return pmd_present(pmd) && !pmd_leaf(pmd);
}

/**
 * gd_walk_pte_page - the page that @pte maps, or NULL
 * @pte: read under the PTE lock
 */
struct page *gd_walk_pte_page(pte_t pte)
{
	if (!pte_present(pte) || pte_special(pte) || gd_pte_devmap(pte) ||
	    !pfn_valid(pte_pfn(pte)))
		return NULL;
	return pte_page(pte);
}

static bool is_ksm(struct page *page)
{
	return folio_test_ksm(page_folio(page));
}

/**
 * gd_walk_pte_frame - the page of @pte if it was mapped there to be shared
 * @vma: an area that gd_vma_may_be_shared()
 * @pte: one of its PTEs, read under the PTE lock
 *
 * In an anonymous area only frames (ours or a foreign module's) are not
 * anonymous. ksmd's pages are anonymous, and may be shared with any process.
 */
struct page *gd_walk_pte_frame(struct vm_area_struct *vma, pte_t pte)
{
	struct page *page = gd_walk_pte_page(pte);

	if (!page)
		return NULL;
	if (PageAnon(page))
		return is_ksm(page) ? page : NULL;
	return vma_is_anonymous(vma) ? page : NULL;
}

/* Holds a reference on the page of each GD_KIND_ANON. */
static enum gd_kind classify_pte(pte_t pte, struct page **pagep)
{
	struct page *page = gd_walk_pte_page(pte);
	struct folio *folio;

	if (!page)
		return GD_KIND_NONE;
	*pagep = page;
	if (!PageAnon(page) || is_ksm(page))
		return GD_KIND_FRAME;
	folio = page_folio(page);
	if (is_zone_device_page(page) || PageHWPoison(page) ||
	    !folio_test_swapbacked(folio))
		return GD_KIND_NONE;
	if (folio_test_swapcache(folio))
		return GD_KIND_SWAPCACHE;
	folio_get(folio);
	return GD_KIND_ANON;
}

static bool snapshot_huge(struct vm_area_struct *vma, unsigned long start,
			  pmd_t *pmdp, struct gd_snapshot *snap)
{
	unsigned long end = min((start & PMD_MASK) + PMD_SIZE, vma->vm_end);
	struct folio *folio = NULL;
	spinlock_t *ptl;
	unsigned int i;

	ptl = pmd_lock(vma->vm_mm, pmdp);
	if (pmd_trans_huge(*pmdp) && !gd_pmd_devmap(*pmdp)) {
		folio = page_folio(pmd_page(*pmdp));
		/* Not the huge zero page. */
		if (folio_test_anon(folio) && folio_test_large(folio) &&
		    !folio_test_swapcache(folio))
			folio_get(folio);
		else
			folio = NULL;
	}
	spin_unlock(ptl);
	if (!folio)
		return false;
	snap->huge = true;
	snap->head = folio_page(folio, 0);
	snap->end = snap->first + ((end - start) >> PAGE_SHIFT);
	for (i = snap->first; i < snap->end; i++) {
		snap->page[i] = folio_page(folio, i);
		snap->kind[i] = PageHWPoison(snap->page[i]) ? GD_KIND_NONE :
							      GD_KIND_ANON;
	}
	return true;
}

/**
 * gd_walk_snapshot - take a snapshot of [@start, @end) of one block
 * @vma: an area that gd_vma_may_hold_frames(); the mmap lock is held
 * @start: first address, in @vma
 * @end: end, in @vma and in the same block
 * @snap: filled; to be released by gd_walk_put()
 *
 * A huge page is taken up to its end or that of @vma, whatever @end is.
 *
 * Return: true if any page was found.
 */
bool gd_walk_snapshot(struct vm_area_struct *vma, unsigned long start,
		      unsigned long end, struct gd_snapshot *snap)
{
	struct mm_struct *mm = vma->vm_mm;
	pmd_t *pmdp = gd_walk_pmd(mm, start);
	unsigned int i;
	bool any = false;
	spinlock_t *ptl;
	pte_t *ptep;

	snap->huge = false;
	snap->first = gd_block_index(start);
	snap->end = snap->first + ((end - start) >> PAGE_SHIFT);
	memset(snap->kind + snap->first, GD_KIND_NONE, snap->end - snap->first);
	if (!pmdp)
		return false;
	if (pmd_trans_huge(gd_pmd_read(pmdp)) &&
	    snapshot_huge(vma, start, pmdp, snap))
		return true;

	ptep = gd_walk_lock(mm, start, &ptl);
	if (!ptep)
		return false;
	for (i = snap->first; i < snap->end; i++) {
		snap->kind[i] = classify_pte(ptep[i - snap->first], &snap->page[i]);
		any |= snap->kind[i] != GD_KIND_NONE;
	}
	gd_walk_unlock(ptl);
	return any;
}

/* The first page of @snap that can be merged, or NULL. */
struct page *gd_walk_first(const struct gd_snapshot *snap)
{
	unsigned int i;

	for (i = snap->first; i < snap->end; i++)
		if (snap->kind[i] == GD_KIND_ANON)
			return snap->page[i];
	return NULL;
}

/**
 * gd_walk_put - drop all references that a snapshot holds
 * @snap: from gd_walk_snapshot(); may be used again
 */
void gd_walk_put(struct gd_snapshot *snap)
{
	unsigned int i;

	if (snap->huge) {
		put_page(snap->head);
		snap->huge = false;
	} else {
		for (i = snap->first; i < snap->end; i++)
			if (snap->kind[i] == GD_KIND_ANON)
				put_page(snap->page[i]);
	}
	memset(snap->kind + snap->first, GD_KIND_NONE, snap->end - snap->first);
}
