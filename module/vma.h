/* SPDX-License-Identifier: GPL-2.0 */
/* Which parts of an address space may be merged. */
#ifndef GD_VMA_H
#define GD_VMA_H

#include <linux/mm_types.h>

/**
 * enum gd_vma_class - what the scanner does with an area
 * @GD_VMA_MERGE: private anonymous memory: merge it
 * @GD_VMA_LOCKED: mlocked: only follow the frames that it already maps
 * @GD_VMA_WATCH: anonymous, but not to be merged (userfaultfd, wipe-on-fork):
 *	the same
 * @GD_VMA_SHARED: a shared mapping: no frame can be there
 * @GD_VMA_HUGETLB: the same
 * @GD_VMA_FILE: private mappings of files: the same
 * @GD_VMA_OTHER: I/O, areas without memory: the same
 */
enum gd_vma_class {
	GD_VMA_MERGE,
	GD_VMA_LOCKED,
	GD_VMA_WATCH,
	GD_VMA_SHARED,
	GD_VMA_HUGETLB,
	GD_VMA_FILE,
	GD_VMA_OTHER,
};

/* Areas to look at under one hold of the mmap lock. */
#define GD_VMAS_PER_HOLD	64
/* Those that are skipped, from GD_VMA_SHARED on. */
#define GD_SKIPPED_CLASSES	(GD_VMA_OTHER - GD_VMA_SHARED + 1)

enum gd_vma_class gd_vma_classify(const struct vm_area_struct *vma);
bool gd_vma_may_hold_frames(const struct vm_area_struct *vma);
bool gd_vma_may_be_shared(const struct vm_area_struct *vma);

#endif /* GD_VMA_H */
