// SPDX-License-Identifier: GPL-2.0
/*
 * Taking areas from ksmd, and giving them back. ksmd does not know groups: it
 * merges pages of any processes. QEMU marks all guest memory as mergeable, so
 * this is the usual case. Independent of groups.
 */
#include <linux/ksm.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/slab.h>

#include "hold.h"
#include "ksm.h"
#include "lock.h"
#include "vma.h"

/* Areas to remember: a member can make any number mergeable. */
#define GD_RANGES_MAX	1024

struct gd_ksm_range {
	unsigned long	start;
	unsigned long	end;
};

/* Under the mmap lock: without memory, the area is not given back. */
static void remember(struct gd_ksm *ksm, unsigned long start, unsigned long end)
{
	struct gd_ksm_range *range;
	unsigned int i;

	for (i = 0; i < ksm->nr; i++)
		if (ksm->range[i].start <= start && end <= ksm->range[i].end)
			return;
	if (ksm->nr == GD_RANGES_MAX)
		return;
	range = krealloc(ksm->range, (ksm->nr + 1) * sizeof(*range),
			 GFP_NOWAIT | __GFP_NOWARN);
	if (!range)
		return;
	ksm->range = range;
	range[ksm->nr++] = (struct gd_ksm_range){ .start = start, .end = end };
}

/**
 * gd_ksm_take - make areas unmergeable for ksmd, and remember them
 * @ksm: the member's
 * @mm: its address space with a user reference; the mmap write lock is held
 * @addr: where to begin
 * @max: areas to look at
 *
 * ksmd looks at the flag under the mmap lock: from here on it merges nothing
 * more there. What it has merged is unshared by gd_unshare_mm(): the kernel
 * would walk all of an area under one hold of the lock, call the OOM killer if
 * the memory cgroup is full, and on 6.1 skip pages that userfaultfd
 * write-protects.
 *
 * Return: where to go on, or ULONG_MAX.
 */
unsigned long gd_ksm_take(struct gd_ksm *ksm, struct mm_struct *mm,
			  unsigned long addr, int max)
{
	VMA_ITERATOR(vmi, mm, addr);
	struct vm_area_struct *vma;

	mmap_assert_write_locked(mm);
	if (gd_mm_take_merge_any(mm))
		ksm->any = true;
	for_each_vma(vmi, vma) {
		if (!max--)
			return vma->vm_start;
		if (!(vma->vm_flags & VM_MERGEABLE))
			continue;
		gd_vma_flags_clear(vma, VM_MERGEABLE);
		remember(ksm, vma->vm_start, vma->vm_end);
	}
	return ULONG_MAX;
}

/* One hold of the lock. Returns where to go on, or ULONG_MAX. */
static unsigned long look_for_areas(struct mm_struct *mm, unsigned long start,
				    bool *found)
{
	VMA_ITERATOR(vmi, mm, start);
	struct vm_area_struct *vma;
	int max = GD_VMAS_PER_HOLD;

	mmap_assert_locked(mm);
	for_each_vma(vmi, vma) {
		if (!max--)
			return vma->vm_start;
		*found = vma->vm_flags & VM_MERGEABLE;
		if (*found)
			break;
	}
	return ULONG_MAX;
}

/**
 * gd_ksm_has_areas - may ksmd merge in some area of a process?
 * @mm: its address space (mmgrab)
 *
 * May sleep. Looks no further than to where the mmap lock cannot be taken.
 */
bool gd_ksm_has_areas(struct mm_struct *mm)
{
	unsigned long start = 0;
	struct gd_hold hold;
	bool found = false;

	while (start != ULONG_MAX && gd_hold_get(&hold, mm)) {
		if (gd_lock_mmap_read(mm)) {
			start = look_for_areas(mm, start, &found);
			mmap_read_unlock(mm);
		} else {
			start = ULONG_MAX;
		}
		gd_hold_put(&hold);
		cond_resched();
	}
	return found;
}

static void make_mergeable(struct vm_area_struct *vma)
{
	gd_vm_flags_t flags = vma->vm_flags;

	/* A local copy: VM_MERGEABLE is set in it if the area is suitable. */
	if (!ksm_madvise(vma, vma->vm_start, vma->vm_end, MADV_MERGEABLE,
			 &flags) && flags & VM_MERGEABLE)
		gd_vma_flags_set(vma, VM_MERGEABLE);
}

/* One hold of the lock. Returns where to go on, or @end. */
static unsigned long give_back_some(struct mm_struct *mm, unsigned long start,
				    unsigned long end)
{
	VMA_ITERATOR(vmi, mm, start);
	struct vm_area_struct *vma;
	int max = GD_VMAS_PER_HOLD;

	mmap_assert_write_locked(mm);
	for_each_vma(vmi, vma) {
		if (vma->vm_start >= end)
			break;
		if (!max--)
			return vma->vm_start;
		if (start <= vma->vm_start && vma->vm_end <= end)
			make_mergeable(vma);
	}
	return end;
}

static void give_back_range(struct mm_struct *mm, unsigned long start,
			    unsigned long end)
{
	struct gd_hold hold;

	while (start < end && gd_hold_get(&hold, mm)) {
		if (gd_lock_mmap_write(mm)) {
			start = give_back_some(mm, start, end);
			mmap_write_unlock(mm);
		} else {
			/* The owner keeps the lock: it does not get it back. */
			start = end;
		}
		gd_hold_put(&hold);
		cond_resched();
	}
}

/**
 * gd_ksm_give_back - make areas mergeable for ksmd again
 * @ksm: the member's; empty afterwards
 * @mm: its address space (mmgrab)
 */
void gd_ksm_give_back(struct gd_ksm *ksm, struct mm_struct *mm)
{
	unsigned int i;

	if (ksm->any) {
		gd_mm_give_merge_any(mm);
		give_back_range(mm, 0, ULONG_MAX);
	}
	for (i = 0; i < ksm->nr && !ksm->any; i++)
		give_back_range(mm, ksm->range[i].start, ksm->range[i].end);
	gd_ksm_free(ksm);
}

/* The member is moved: its new membership will give back. */
void gd_ksm_pass_on(struct gd_ksm *to, struct gd_ksm *from)
{
	gd_ksm_free(to);
	swap(*to, *from);
}

void gd_ksm_free(struct gd_ksm *ksm)
{
	kfree(ksm->range);
	*ksm = (struct gd_ksm){};
}
