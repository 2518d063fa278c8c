// SPDX-License-Identifier: GPL-2.0
/* Which parts of an address space may be merged. */
#include <linux/hugetlb_inline.h>
#include <linux/mm.h>

#include "vma.h"

/* Areas whose pages are not plain memory, or whose owner manages each fault. */
#define GD_VM_NEVER	(VM_SHARED | VM_MAYSHARE | VM_PFNMAP | VM_IO | \
			 VM_HUGETLB | VM_MIXEDMAP | VM_DONTEXPAND)
#define GD_VM_WATCH	(VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR | \
			 VM_UFFD_RWP | VM_SHADOW_STACK | VM_DROPPABLE | VM_WIPEONFORK)

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
	if (vma->vm_file)
		return GD_VMA_FILE;
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

/**
 * gd_vma_may_be_shared - can a frame, or a page of ksmd's, be mapped here?
 * @vma: an area; the mmap lock is held
 *
 * ksmd also merges what a process has written to a private mapping of a file.
 */
bool gd_vma_may_be_shared(const struct vm_area_struct *vma)
{
	return vma->anon_vma && !(vma->vm_flags & GD_VM_NEVER);
}
