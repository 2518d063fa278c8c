// SPDX-License-Identifier: GPL-2.0
/*
 * Making shared mappings private again. Independent of groups: a frame is any
 * page that is not anonymous in an area where only frames are not, or one of
 * ksmd's: 6.1 leaves those in place that userfaultfd write-protects.
 *
 * The kernel's own fault does the work, as for ksmd. A member can make that
 * fault fail (no memory left, userfaultfd, on 6.1 a read-only area); then a
 * copy replaces the frame: the content stays, sharing ends.
 */
#include <linux/highmem.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "insert.h"
#include "lock.h"
#include "unshare.h"
#include "vma.h"
#include "walk.h"
#include "zap.h"

/* Faults for one hold of the mmap write lock. */
#define GD_UNSHARE_BATCH	64
/* Tries per page: a fault may fail for a temporary reason. */
#define GD_FAULT_TRIES		8
/* Rounds with the member running, before one hold of the lock for the rest. */
#define GD_UNSHARE_ROUNDS	8

/*
 * A caller may wait for the result: try a hundred times as long as for a merge
 * (2 to 4 s), unless the scanner is to stop.
 */
static bool lock_patiently(struct mm_struct *mm, bool (*lock)(struct mm_struct *))
{
	int tries;

	for (tries = 0; tries < 100 && !kthread_should_stop(); tries++)
		if (lock(mm))
			return true;
	return false;
}

/*
 * The frame still mapped at @addr, with a reference, because one of ksmd's may
 * be swapped out at any time; or NULL if the fault has made a copy. Mark the
 * copy dirty: FAULT_FLAG_UNSHARE leaves it clean, and MADV_FREE by one process
 * would then discard it for all that share it after a fork
 * (madvise_free_pte_range() counts the mappings of dirty pages only).
 */
static struct page *recheck_pte(struct vm_area_struct *vma, unsigned long addr)
{
	struct page *page, *frame;
	spinlock_t *ptl;
	pte_t *ptep, pte;

	ptep = gd_walk_lock(vma->vm_mm, addr, &ptl);
	if (!ptep)
		return NULL;
	pte = ptep_get(ptep);
	page = gd_walk_pte_page(pte);
	frame = gd_walk_pte_frame(vma, pte);
	if (frame)
		get_page(frame);
	else if (page)
		folio_set_dirty(page_folio(page));
	gd_walk_unlock(ptl);
	return frame;
}

/*
 * The frame's bytes never change, so no write can be lost between the steps.
 * The copy is charged beyond the limit if need be (__GFP_HIGH): a full memory
 * cgroup must neither keep the frame shared nor get a page for free.
 */
static int replace_by_copy(struct vm_area_struct *vma, unsigned long addr,
			   struct page *frame)
{
	struct page *copy = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_HIGH |
				       __GFP_NOWARN | __GFP_NORETRY);
	int err = 0;

	if (!copy)
		return -ENOMEM;
	copy_highpage(copy, frame);
	gd_zap_range(vma, addr, PAGE_SIZE);
	if (!gd_insert_pages(vma, addr, &copy, 1))
		err = -EFAULT;
	put_page(copy);
	return err;
}

/*
 * At memory.max the fault would invoke the memcg OOM killer again and again:
 * its victim waits for the mmap lock that is held here. PF_MEMALLOC charges
 * beyond the limit, but also opens the host's reserves, so check for a free
 * page first.
 */
static vm_fault_t make_private(struct vm_area_struct *vma, unsigned long addr)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	unsigned int flags;
	vm_fault_t ret;

	if (!page)
		return VM_FAULT_OOM;
	put_page(page);
	flags = memalloc_noreclaim_save();
	ret = handle_mm_fault(vma, addr, GD_UNSHARE_FAULT, NULL);
	memalloc_noreclaim_restore(flags);
	return ret;
}

/* 0, or -errno with the frame that is still mapped, and a reference on it. */
static int unshare_by_fault(struct vm_area_struct *vma, unsigned long addr,
			    struct page **frame)
{
	vm_fault_t ret;
	int tries;

	for (tries = 1; ; tries++) {
		ret = make_private(vma, addr);
		*frame = recheck_pte(vma, addr);
		if (!*frame)
			return 0;
		if ((ret & VM_FAULT_ERROR) || tries == GD_FAULT_TRIES)
			return ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT;
		put_page(*frame);
	}
}

/**
 * gd_unshare_page - make one mapping of a frame private
 * @vma: its area; the mmap write lock is held and gd_vma_start_write() done
 * @addr: its address
 *
 * Charges a copy to the active memory cgroup.
 *
 * Return: 0, the PTE was read again and maps no frame, or -errno.
 */
int gd_unshare_page(struct vm_area_struct *vma, unsigned long addr)
{
	struct page *frame;
	int err;

	mmap_assert_write_locked(vma->vm_mm);
	err = unshare_by_fault(vma, addr, &frame);
	if (!err)
		return 0;
	err = replace_by_copy(vma, addr, frame);
	put_page(frame);
	if (err)
		return err;
	/* The copy is mapped like a frame; now the fault can succeed. */
	err = unshare_by_fault(vma, addr, &frame);
	if (err)
		put_page(frame);
	return err;
}

static bool must_unshare(struct page *page, struct gd_unshare *un)
{
	if (un->keep)
		return !un->keep(page, un->arg);
	return !PageAnon(page);
}

/*
 * Collect up to GD_UNSHARE_BATCH frames of one block, from *addrp on; moves
 * *addrp past what was scanned.
 */
static unsigned int collect(struct vm_area_struct *vma, unsigned long *addrp,
			    struct gd_unshare *un, unsigned long *found)
{
	unsigned long addr = *addrp, start = addr;
	unsigned long end = min((addr & GD_BLOCK_MASK) + GD_BLOCK_SIZE,
				vma->vm_end);
	unsigned int nr = 0;
	spinlock_t *ptl;
	pte_t *ptep;

	ptep = gd_walk_lock(vma->vm_mm, addr, &ptl);
	if (!ptep) {
		*addrp = end;
		return 0;
	}
	for (; addr < end && nr < GD_UNSHARE_BATCH; addr += PAGE_SIZE) {
		pte_t pte = ptep_get(ptep + ((addr - start) >> PAGE_SHIFT));
		struct page *page = gd_walk_pte_frame(vma, pte);

		if (page && must_unshare(page, un))
			found[nr++] = addr;
	}
	gd_walk_unlock(ptl);
	*addrp = addr;
	return nr;
}

/* Is there any frame to unshare from *addrp on? Moves *addrp to it. */
static bool find_frame(struct mm_struct *mm, unsigned long *addrp,
		       struct gd_unshare *un)
{
	VMA_ITERATOR(vmi, mm, *addrp);
	unsigned long found[GD_UNSHARE_BATCH];
	struct vm_area_struct *vma;

	mmap_assert_locked(mm);
	for_each_vma(vmi, vma) {
		unsigned long addr = max(*addrp, vma->vm_start);

		if (!gd_vma_may_hold_frames(vma))
			continue;
		while ((addr = gd_walk_next(mm, addr, vma->vm_end)) <
		       vma->vm_end) {
			if (collect(vma, &addr, un, found)) {
				*addrp = found[0];
				return true;
			}
			cond_resched();
		}
	}
	return false;
}

static int unshare_batch(struct mm_struct *mm, unsigned long *addrp,
			 struct gd_unshare *un)
{
	unsigned long found[GD_UNSHARE_BATCH];
	struct vm_area_struct *vma;
	unsigned int i, nr;
	int err = 0;

	mmap_assert_write_locked(mm);
	vma = find_vma(mm, *addrp);
	if (!vma || vma->vm_start > *addrp || !gd_vma_may_hold_frames(vma))
		return 0;
	gd_vma_start_write(vma);
	nr = collect(vma, addrp, un, found);
	for (i = 0; i < nr && !err; i++)
		err = gd_unshare_page(vma, found[i]);
	un->done += err ? i - 1 : nr;
	return err;
}

/* One round over all of @mm from @addr on. */
static int unshare_from(struct mm_struct *mm, unsigned long addr,
			struct gd_unshare *un)
{
	bool more;
	int err;

	do {
		if (!lock_patiently(mm, gd_lock_mmap_write))
			return -EBUSY;
		err = unshare_batch(mm, &addr, un);
		mmap_write_unlock(mm);
		if (err)
			return err;
		cond_resched();
		if (!lock_patiently(mm, gd_lock_mmap_read))
			return -EBUSY;
		more = find_frame(mm, &addr, un);
		mmap_read_unlock(mm);
	} while (more);
	return 0;
}

/* Under one hold of the lock, so that no frame can appear behind the scan. */
static int unshare_rest(struct mm_struct *mm, struct gd_unshare *un)
{
	unsigned long addr = 0;
	int err = 0;

	if (!lock_patiently(mm, gd_lock_mmap_write))
		return -EBUSY;
	while (!err && find_frame(mm, &addr, un))
		err = unshare_batch(mm, &addr, un);
	if (!err && un->then)
		err = un->then(mm);
	mmap_write_unlock(mm);
	return err;
}

/*
 * Done only when one scan of all of @mm, under one hold of the mmap lock so
 * that no mapping can move behind the scan, found no frame.
 */
static int unshare_mm(struct mm_struct *mm, struct gd_unshare *un)
{
	int round, err;
	bool found;

	for (round = 0; round < GD_UNSHARE_ROUNDS; round++) {
		unsigned long addr = 0;

		if (!lock_patiently(mm, gd_lock_mmap_read))
			return -EBUSY;
		found = find_frame(mm, &addr, un);
		mmap_read_unlock(mm);
		if (!found)
			break;
		err = unshare_from(mm, addr, un);
		if (err)
			return err;
	}
	return found || un->then ? unshare_rest(mm, un) : 0;
}

/**
 * gd_unshare_mm - make all mappings of frames in an address space private
 * @mm: an address space with a user reference
 * @un: which frames to unshare; counts the mappings unshared
 *
 * Return: 0, or -errno: -EBUSY if the lock could not be taken.
 */
int gd_unshare_mm(struct mm_struct *mm, struct gd_unshare *un)
{
	struct mem_cgroup *memcg = get_mem_cgroup_from_mm(mm);
	struct mem_cgroup *old = set_active_memcg(memcg);
	int err = unshare_mm(mm, un);

	set_active_memcg(old);
	mem_cgroup_put(memcg);
	return err;
}
