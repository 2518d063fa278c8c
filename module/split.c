// SPDX-License-Identifier: GPL-2.0
/* Splitting huge pages. */
#include <linux/migrate.h>
#include <linux/mm.h>

#include "split.h"
#include "walk.h"

#ifdef CONFIG_DEVICE_MIGRATION
/*
 * May anyone else hold the page lock of the huge page at @addr? They would hold
 * a reference, or have isolated the page from its LRU list. Then do not split:
 * migrate_vma_setup() on 6.1 and 6.12 would leak its own reference, and the
 * page would never be freed. A race of a few microseconds remains.
 */
static bool may_be_locked(struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmdp = gd_walk_pmd(mm, addr);
	bool locked = false;
	struct folio *folio;
	spinlock_t *ptl;
	int mapped;

	if (!pmdp)
		return false;
	ptl = pmd_lock(mm, pmdp);
	if (pmd_trans_huge(*pmdp)) {
		folio = page_folio(pmd_page(*pmdp));
		mapped = gd_folio_mapcount(folio);
		locked = folio_test_locked(folio) || !folio_test_lru(folio) ||
			 (mapped > 0 && folio_ref_count(folio) != mapped);
	}
	spin_unlock(ptl);
	return locked;
}
#endif

/**
 * gd_split_huge - split the huge page at @addr
 * @vma: its area; the mmap lock is held, and no reference of ours on the page
 * @addr: an address in it
 *
 * No function that splits is exported, but setting up a device migration splits
 * huge pages in its range: set one up over one page and finish it at once.
 *
 * Return: 0, -EBUSY if the page is in use (pinned, locked), or -EOPNOTSUPP.
 */
int gd_split_huge(struct vm_area_struct *vma, unsigned long addr)
{
#ifdef CONFIG_DEVICE_MIGRATION
	unsigned long src = 0, dst = 0;
	struct migrate_vma args = {
		.vma = vma,
		.start = addr & PAGE_MASK,
		.end = (addr & PAGE_MASK) + PAGE_SIZE,
		.src = &src,
		.dst = &dst,
		.flags = GD_SPLIT_FLAGS,
	};
	int err;

	mmap_assert_locked(vma->vm_mm);
	if (may_be_locked(vma->vm_mm, addr))
		return -EBUSY;
	err = migrate_vma_setup(&args);
	if (err)
		return err;
	migrate_vma_finalize(&args);
	return gd_walk_has_ptes(vma->vm_mm, addr) ? 0 : -EBUSY;
#else
	return -EOPNOTSUPP;
#endif
}
