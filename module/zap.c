// SPDX-License-Identifier: GPL-2.0
/*
 * Unmapping pages of a member for good: mmu notifiers, TLB flush, rmap and RSS,
 * in one call of the kernel's.
 *
 * kernel.org exports no zap for ordinary areas (zap_page_range() and its
 * successors are exported by Debian's patches only), but one for drivers, whose
 * areas are VM_PFNMAP: zap_vma_ptes(), zap_special_vma_range() from 7.1 on. Both
 * look at the flag, and then do what the others do. So the flag is set for the
 * time of the call. That is safe because:
 *
 * - The flag changes nothing about how the range is unmapped. With pte_special,
 *   which x86 and arm64 have, vm_normal_page() asks for it only when a PTE is
 *   special, and the ranges hold none. untrack_pfn() (6.1, 6.12) returns without
 *   VM_PAT. mmu_gather flushes earlier, when it leaves the area.
 * - Nobody else acts on it. The flags are changed, and changed back, under the
 *   mmap write lock after vma_start_write(). Who reads them to decide something
 *   holds the mmap lock or the area's lock: faults, GUP, fork, mremap, mempolicy,
 *   NUMA work, khugepaged, ksmd, the OOM reaper, MGLRU's page table walk, core
 *   dumps, /proc, KVM, vfio. Who tries the area's lock under RCU (/proc, madvise,
 *   userfaultfd, DAMON) fails and waits for the mmap lock.
 * - Who reads them without either comes by rmap: lru_gen_look_around() returns
 *   early and counts the page as young; remove_migration_pte() may map a page of
 *   a VM_LOCKED area (which is unshared, never merged) without PG_mlocked, which
 *   reclaim mends when it meets the page; VM_MIXEDMAP, which vm_insert_page()
 *   sets for as long, does the same. try_to_unmap() and folio_referenced() do not
 *   ask for the flag.
 *
 * Read in 6.1, 6.12 and 7.2.
 */
#include <linux/mm.h>

#include "walk.h"
#include "zap.h"

#ifdef GRPDEDUP_DEBUG
/* Both zap functions return nothing, and do nothing where they are not meant for. */
static void check_first(struct mm_struct *mm, unsigned long addr)
{
	spinlock_t *ptl;
	pte_t *ptep = gd_walk_lock(mm, addr, &ptl);

	if (WARN_ON(!ptep))
		return;
	WARN_ON(!pte_none(ptep_get(ptep)));
	gd_walk_unlock(ptl);
}
#else
static inline void check_first(struct mm_struct *mm, unsigned long addr) { }
#endif

/**
 * gd_zap_range - unmap pages of a member
 * @vma: a private anonymous area; the mmap write lock is held, and
 *	gd_vma_start_write() was called under this hold
 * @start: first address, in @vma
 * @size: bytes, in @vma and in one block, which was seen mapped by PTEs under
 *	this hold: 6.1 and 6.12 leak a huge page that is zapped in a VM_PFNMAP area
 *
 * Outside of these bounds nothing is unmapped, and the caller's insertion fails.
 */
void gd_zap_range(struct vm_area_struct *vma, unsigned long start,
		  unsigned long size)
{
	mmap_assert_write_locked(vma->vm_mm);
	gd_vma_assert_write_locked(vma);
	if (WARN_ON_ONCE(!vma_is_anonymous(vma) ||
			 vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP) ||
			 start < vma->vm_start || size > vma->vm_end - start ||
			 !gd_walk_has_ptes(vma->vm_mm, start)))
		return;
	gd_vma_flags_set(vma, VM_PFNMAP);
	gd_zap(vma, start, size);
	gd_vma_flags_clear(vma, VM_PFNMAP);
	check_first(vma->vm_mm, start);
}
