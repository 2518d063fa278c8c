// SPDX-License-Identifier: GPL-2.0
/*
 * Unmapping pages of a member: mmu notifiers, TLB flush, rmap and RSS in one
 * call of the kernel.
 *
 * kernel.org exports no zap for ordinary areas; zap_page_range() and its
 * successors are exported by patches of Debian only. It does export one for
 * drivers: zap_vma_ptes() until 7.0, zap_special_vma_range() from 7.1 on. These
 * return at once unless the area is VM_PFNMAP, and otherwise do the same as the
 * others. So VM_PFNMAP is set for the time of the call. This is safe:
 *
 * The flag does not change how the range is unmapped.
 * - vm_normal_page() tests it for special PTEs only, on architectures with
 *   pte_special (x86, arm64). The range has no special PTE.
 * - untrack_pfn() (6.1, 6.12) returns unless VM_PAT is set.
 * - mmu_gather flushes earlier, in tlb_end_vma() (6.1, 6.12; 7.2 does not).
 *
 * No other code acts on the flag. It is set and cleared under the mmap write
 * lock, after vma_start_write().
 * - Readers that hold the mmap lock wait: GUP, fork, mremap, mempolicy, NUMA
 *   work, madvise, khugepaged, ksmd, the OOM reaper, MGLRU's page table walk,
 *   core dumps, /proc, KVM, vfio; on 6.1 faults too.
 * - Readers that take the VMA lock fail and fall back to the mmap lock: faults
 *   (6.12, 7.2); userfaultfd (6.12, 7.2); /proc, madvise, DAMON (7.2).
 * - Readers without a lock come through rmap. lru_gen_look_around() (all)
 *   returns early and counts the page as young. try_to_unmap(),
 *   folio_referenced() and remove_migration_pte() (all) test the flag in
 *   mlock_vma_folio(): a page of a VM_LOCKED area may miss PG_mlocked until
 *   reclaim meets it again. Such areas are unshared, never merged.
 *   vm_insert_page() has the same effect, because it sets VM_MIXEDMAP.
 *
 * From the sources of 6.1, 6.12 and 7.2 (mm/memory.c, rmap.c, vmscan.c,
 * internal.h, include/asm-generic/tlb.h); for 7.3, the headers were read and
 * the test suites run.
 */
#include <linux/mm.h>

#include "fault.h"
#include "walk.h"
#include "zap.h"

#ifdef GRPDEDUP_DEBUG
/* Both zap functions return nothing, and ignore a wrong range. */
static void check_first(struct mm_struct *mm, unsigned long addr)
{
	spinlock_t *ptl;
	pte_t *ptep = gd_walk_lock(mm, addr, &ptl);

	if (gd_fault(!ptep))
		return;
	gd_fault(!pte_none(ptep_get(ptep)));
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
 *	this hold: 6.1 and 6.12 leak a huge page that is zapped in a VM_PFNMAP
 *	area
 *
 * Outside of these bounds nothing is unmapped, and the caller's insertion
 * fails.
 */
void gd_zap_range(struct vm_area_struct *vma, unsigned long start,
		  unsigned long size)
{
	unsigned long end = start + size;

	mmap_assert_write_locked(vma->vm_mm);
	gd_vma_assert_write_locked(vma);
	if (gd_fault(!vma_is_anonymous(vma) ||
		     vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP) ||
		     start < vma->vm_start || end > vma->vm_end ||
		     (start ^ (end - 1)) & GD_BLOCK_MASK ||
		     !gd_walk_has_ptes(vma->vm_mm, start)))
		return;
	gd_vma_flags_set(vma, VM_PFNMAP);
	gd_zap(vma, start, size);
	gd_vma_flags_clear(vma, VM_PFNMAP);
	check_first(vma->vm_mm, start);
}
