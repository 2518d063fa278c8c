// SPDX-License-Identifier: GPL-2.0
/*
 * Unsharing an address space, in steps. A step keeps the address space alive,
 * and takes its mmap lock once: for reading, to look at up to GD_STEP_PTES
 * PTEs, or for writing, to unshare up to GD_STEP_PAGES of them. Between two
 * steps nothing is held, so a scanner that is to stop or to freeze does so, and
 * a process that was killed is gone.
 *
 * mremap() can move a frame from what was not looked at yet to what was. An
 * area keeps its vm_pgoff when it moves, so an area that is not where it was
 * mapped first can be told from one that is. A digest over all such areas is
 * taken when a round begins, and compared under each hold of the lock: if it
 * was the same each time, no frame was moved past the walk. Else another round
 * follows.
 */
#include <linux/freezer.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sizes.h>
#include <linux/swap.h>

#include "hold.h"
#include "ksm.h"
#include "lock.h"
#include "unshare.h"
#include "vma.h"
#include "walk.h"

/* PTEs to look at under one hold of the mmap lock. */
#define GD_STEP_PTES	2048
/* Pages to unshare under one hold of the mmap write lock. */
#define GD_STEP_PAGES	64
/*
 * How long a call may take: a constant, and as much for each page of the
 * process as an emulated CPU needs to unshare it. Checkers make it slower.
 */
#define GD_CALL_NS	(10 * NSEC_PER_SEC)
#if IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN)
#define GD_PAGE_NS	(2 * NSEC_PER_MSEC)
#else
#define GD_PAGE_NS	(200 * NSEC_PER_USEC)
#endif
/* Tries to find memory for the next page. */
#define GD_ROOM_TRIES	8
/* What to leave available on the host: 1/64 of its memory, or 16 MiB. */
#define GD_RESERVE_PART	64
#define GD_RESERVE_MIN	(SZ_16M >> PAGE_SHIFT)

/**
 * gd_unshare_room - memory that copies may take
 *
 * Return: pages; 0 if there is no room.
 */
unsigned long gd_unshare_room(void)
{
	unsigned long reserve = max(totalram_pages() / GD_RESERVE_PART,
				    GD_RESERVE_MIN);
	long room = si_mem_available() - (long)reserve;

	return max(room, 0L);
}

static bool must_unshare(struct page *page, struct gd_unshare *un)
{
	if (un->keep)
		return !un->keep(page, un->arg);
	return !PageAnon(page);
}

/*
 * Collect up to GD_STEP_PAGES frames of one block, from *addrp on; moves *addrp
 * past what was looked at.
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
	for (; addr < end && nr < GD_STEP_PAGES; addr += PAGE_SIZE) {
		pte_t pte = ptep_get(ptep + ((addr - start) >> PAGE_SHIFT));
		struct page *page = gd_walk_pte_frame(vma, pte);

		un->looked++;
		if (page && must_unshare(page, un))
			found[nr++] = addr;
		else if (!pte_present(pte) && !pte_none(pte))
			un->absent++;
	}
	gd_walk_unlock(ptl);
	*addrp = addr;
	return nr;
}

/* Has mremap() moved any area since the round began? */
static void check_displaced(struct mm_struct *mm, struct gd_unshare *un)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;
	u64 digest = 1;

	mmap_assert_locked(mm);
	for_each_vma(vmi, vma)
		if (gd_vma_may_hold_frames(vma) &&
		    vma->vm_pgoff != vma->vm_start >> PAGE_SHIFT)
			digest = siphash_4u64(digest ^ vma->vm_start,
					      vma->vm_end, vma->vm_pgoff,
					      (unsigned long)vma->anon_vma,
					      &un->key);
	if (un->displaced && un->displaced != digest)
		un->again = true;
	un->displaced = digest;
}

/*
 * Look for a frame from un->addr on, and move un->addr to it, or to where to go
 * on. Returns true if it is one.
 */
static bool find_frame(struct mm_struct *mm, struct gd_unshare *un)
{
	VMA_ITERATOR(vmi, mm, un->addr);
	u64 end = un->looked + GD_STEP_PTES;
	unsigned long found[GD_STEP_PAGES];
	struct vm_area_struct *vma;
	int areas = 0;

	for_each_vma(vmi, vma) {
		unsigned long addr = max(un->addr, vma->vm_start);
		unsigned long last = min(un->end, vma->vm_end);

		un->addr = addr;
		if (addr >= un->end || areas++ == GD_VMAS_PER_HOLD)
			return false;
		while (gd_vma_may_be_shared(vma) &&
		       (addr = gd_walk_next(mm, addr, last)) < last) {
			un->addr = addr;
			if (un->looked + GD_BLOCK_PAGES > end)
				return false;
			if (collect(vma, &addr, un, found)) {
				un->addr = found[0];
				return true;
			}
			/* Empty page tables cost time as well. */
			end--;
		}
		un->addr = vma->vm_end;
	}
	un->addr = un->end;
	return false;
}

static int unshare_batch(struct mm_struct *mm, struct gd_unshare *un)
{
	unsigned long found[GD_STEP_PAGES];
	struct vm_area_struct *vma;
	unsigned int i, nr;
	int err = 0;

	mmap_assert_write_locked(mm);
	vma = find_vma(mm, un->addr);
	if (!vma || vma->vm_start > un->addr || !gd_vma_may_be_shared(vma))
		return 0;
	gd_vma_start_write(vma);
	nr = collect(vma, &un->addr, un, found);
	for (i = 0; i < nr; i++) {
		err = gd_unshare_page(vma, found[i]);
		if (err) {
			un->addr = found[i];
			break;
		}
	}
	un->done += i;
	un->count(un->arg, i);
	return err;
}

/* To be called with nothing held. */
static int check_time(struct gd_unshare *un)
{
	lockdep_assert_none_held_once();
	try_to_freeze();
	cond_resched();
	if (kthread_should_stop())
		return -EINTR;
	return ktime_get_ns() > un->deadline ? -EBUSY : 0;
}

/*
 * Under the mmap write lock nothing waits for memory. So make room before, and
 * leave some: what copies take, others must not have to be killed for.
 */
static int make_room(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NORETRY |
				       __GFP_NOWARN);

	if (!page)
		return -ENOMEM;
	put_page(page);
	return gd_unshare_room() ? 0 : -ENOMEM;
}

enum step {
	STEP_CLAIM,
	STEP_LOOK,
	STEP_UNSHARE,
};

static int step_locked(struct mm_struct *mm, struct gd_unshare *un,
		       enum step *next)
{
	switch (*next) {
	case STEP_CLAIM:
		un->addr = gd_ksm_take(un->ksm, mm, un->addr, GD_VMAS_PER_HOLD);
		if (un->addr != ULONG_MAX)
			return 0;
		un->addr = un->start;
		*next = STEP_LOOK;
		return 0;
	case STEP_LOOK:
		check_displaced(mm, un);
		if (find_frame(mm, un))
			*next = STEP_UNSHARE;
		return 0;
	default:
		check_displaced(mm, un);
		*next = STEP_LOOK;
		return unshare_batch(mm, un);
	}
}

/*
 * Take one step, and set *next. -ESRCH: nobody uses @mm; -EAGAIN: the lock
 * could not be taken.
 */
static int take_step(struct mm_struct *mm, struct gd_unshare *un,
		     enum step *next)
{
	bool read = *next == STEP_LOOK;
	struct gd_hold hold;
	int err = -EAGAIN;

	if (!gd_hold_get(&hold, mm))
		return -ESRCH;
	if (read && gd_lock_mmap_read(mm)) {
		err = step_locked(mm, un, next);
		mmap_read_unlock(mm);
	} else if (!read && gd_lock_mmap_write(mm)) {
		err = step_locked(mm, un, next);
		mmap_write_unlock(mm);
	}
	gd_hold_put(&hold);
	return err;
}

/* One round over all that is to be unshared. */
static int unshare_round(struct mm_struct *mm, struct gd_unshare *un)
{
	enum step next = un->ksm ? STEP_CLAIM : STEP_LOOK;
	int tries = 0, err;
	u64 done;

	un->addr = un->start;
	get_random_bytes(&un->key, sizeof(un->key));
	un->displaced = 0;
	un->again = false;
	while (un->addr < un->end) {
		done = un->done;
		err = next == STEP_UNSHARE ? make_room() : 0;
		if (!err)
			err = take_step(mm, un, &next);
		if (un->done != done)
			tries = 0;
		if (err == -ENOMEM && ++tries < GD_ROOM_TRIES)
			err = 0;
		if (err && err != -EAGAIN)
			return err;
		err = check_time(un);
		if (err)
			return err;
	}
	return 0;
}

/**
 * gd_unshare_mm - make mappings of frames in an address space private
 * @mm: an address space (mmgrab)
 * @un: which frames to unshare; counts the mappings unshared
 *
 * Ends early if the scanner is to stop, or if nobody uses the address space
 * any more.
 *
 * Return: 0: no frame was found in one round, and none was moved meanwhile, or
 * all users are gone; -EBUSY: out of time; -ENOMEM: no room for the copies;
 * -EINTR: the scanner is to stop; -EFAULT.
 */
int gd_unshare_mm(struct mm_struct *mm, struct gd_unshare *un)
{
	int err;

	un->deadline = ktime_get_ns() + GD_CALL_NS +
		       (u64)get_mm_rss(mm) * GD_PAGE_NS;
	un->start = 0;
	un->end = ULONG_MAX;
	do {
		err = unshare_round(mm, un);
	} while (!err && un->again);
	return err == -ESRCH ? 0 : err;
}

/**
 * gd_unshare_block - make mappings of frames in one block private
 * @mm: its address space, with a user reference
 * @addr: an address in the block
 * @un: which frames to unshare; counts the mappings unshared
 *
 * Return: 0 or -errno: what is left is found again at the next visit.
 */
int gd_unshare_block(struct mm_struct *mm, unsigned long addr,
		     struct gd_unshare *un)
{
	int err = 0;

	un->addr = addr & GD_BLOCK_MASK;
	un->end = un->addr + GD_BLOCK_SIZE;
	while (!err && un->addr < un->end && !kthread_should_stop()) {
		unsigned long from = un->addr;

		err = make_room();
		if (err || !gd_lock_mmap_write(mm))
			return err ?: -EBUSY;
		if (find_frame(mm, un))
			err = unshare_batch(mm, un);
		mmap_write_unlock(mm);
		if (un->addr == from)
			break;
		cond_resched();
	}
	return err;
}
