// SPDX-License-Identifier: GPL-2.0
/*
 * Which parts of an address space may be merged, and making them unmergeable
 * for ksmd. Independent of groups and pages.
 */
#include <linux/hugetlb_inline.h>
#include <linux/mm.h>
#include <linux/mman.h>

#include "vma.h"

/* Areas whose pages are not plain memory, or whose owner manages each fault. */
#define GD_VM_NEVER	(VM_SHARED | VM_MAYSHARE | VM_PFNMAP | VM_IO | \
			 VM_HUGETLB | VM_MIXEDMAP | VM_DONTEXPAND)
#define GD_VM_WATCH	(VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR | \
			 VM_SHADOW_STACK | VM_DROPPABLE | VM_WIPEONFORK)

/**
 * gd_vma_may_hold_frames - can a frame of ours be mapped here?
 * @vma: an area; the mmap lock is held
 *
 * Frames are inserted into anonymous areas only, but flags that forbid merging
 * may be set later. VM_MIXEDMAP never stays on such an area.
 */
bool gd_vma_may_hold_frames(const struct vm_area_struct *vma)
{
	return vma_is_anonymous((struct vm_area_struct *)vma) &&
	       vma->anon_vma && !(vma->vm_flags & GD_VM_NEVER);
}

/**
 * gd_vma_classify - what to do with @vma
 * @vma: an area; the mmap lock is held
 */
enum gd_vma_class gd_vma_classify(const struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_HUGETLB)
		return GD_VMA_HUGETLB;
	if (vma->vm_flags & (VM_SHARED | VM_MAYSHARE))
		return GD_VMA_SHARED;
	if (!gd_vma_may_hold_frames(vma))
		return GD_VMA_OTHER;
	if (vma->vm_flags & GD_VM_WATCH)
		return GD_VMA_WATCH;
	if (GD_MERGE_NEEDS_WRITE && !(vma->vm_flags & GD_MERGE_NEEDS_WRITE))
		return GD_VMA_WATCH;
	if (vma->vm_flags & VM_LOCKED)
		return GD_VMA_LOCKED;
	return GD_VMA_MERGE;
}

static int unmerge(struct vm_area_struct *vma)
{
	gd_vm_flags_t flags = vma->vm_flags;
	int err;

	/* A local copy: on success VM_MERGEABLE is cleared in it. */
	err = ksm_madvise(vma, vma->vm_start, vma->vm_end, MADV_UNMERGEABLE,
			  &flags);
	if (!err && (flags & VM_MERGEABLE))
		err = -EBUSY;
	return err;
}

/**
 * gd_vma_is_mergeable - may ksmd merge pages of @mm?
 * @mm: its mmap lock is held
 */
bool gd_vma_is_mergeable(struct mm_struct *mm)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;

	mmap_assert_locked(mm);
	for_each_vma(vmi, vma)
		if (vma->vm_flags & VM_MERGEABLE)
			return true;
	return false;
}

/**
 * gd_vma_take_from_ksm - make every area of @mm unmergeable for ksmd
 * @mm: an address space with a user reference; its mmap write lock is held, and
 *	areas that may hold frames have no KSM pages left: the kernel would walk
 *	all of an area page by page to find that
 *
 * ksmd does not know groups: it merges pages of any processes. QEMU marks all
 * guest memory as mergeable, so this is the usual case.
 *
 * Return: 0, or -errno if KSM pages are left (no memory to unmerge them).
 */
int gd_vma_take_from_ksm(struct mm_struct *mm)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;
	int err;

	mmap_assert_write_locked(mm);
	for_each_vma(vmi, vma) {
		if (!(vma->vm_flags & VM_MERGEABLE))
			continue;
		err = gd_vma_may_hold_frames(vma) ? 0 : unmerge(vma);
		if (err)
			return err;
		gd_vma_flags_clear(vma, VM_MERGEABLE);
	}
	return 0;
}
