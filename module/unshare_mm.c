// SPDX-License-Identifier: GPL-2.0
/*
 * Unsharing an address space, in steps. A step keeps the address space alive,
 * and takes its mmap lock once: for reading, to look at up to GD_STEP_PTES
 * PTEs, or for writing, to unshare up to GD_STEP_PAGES of them. Between two
 * steps nothing is held, so a scanner that is to stop or to freeze does so, and
 * a process that was killed is gone.
 *
 * mremap() may move a frame to an address that was looked at already. But it
 * keeps the page's offset (vm_pgoff): the area's anon_vma depends on it. So the
 * walk goes by offset. A step looks at all areas with pages in a window of
 * offsets, and the next window follows when one hold of the lock has left no
 * frame in this one.
 */
#include <linux/freezer.h>
#include <linux/ktime.h>
#include <linux/mm.h>
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
/* Offsets in a window, if few of their pages are mapped by PTEs. */
#define GD_WIDTH_MAX	((unsigned long)SZ_1G >> PAGE_SHIFT)
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

/**
 * struct gd_step - what one hold of the mmap lock may do
 * @ptes: PTEs to look at
 * @pages: frames to find
 * @more: something was left out
 */
struct gd_step {
	int	ptes;
	int	pages;
	bool	more;
};

/* Collect frames of one block of [*addrp, end), and move *addrp past it. */
static unsigned int collect(struct vm_area_struct *vma, unsigned long *addrp,
			    unsigned long end, struct gd_unshare *un,
			    struct gd_step *step, unsigned long *found)
{
	unsigned long addr = *addrp, start = addr;
	unsigned int nr = 0;
	spinlock_t *ptl;
	pte_t *ptep;

	end = min(end, (addr & GD_BLOCK_MASK) + GD_BLOCK_SIZE);
	ptep = gd_walk_lock(vma->vm_mm, addr, &ptl);
	if (!ptep) {
		*addrp = end;
		step->ptes--;
		return 0;
	}
	for (; addr < end && step->ptes && step->pages; addr += PAGE_SIZE) {
		pte_t pte = ptep_get(ptep + ((addr - start) >> PAGE_SHIFT));
		struct page *page = gd_walk_pte_frame(vma, pte);

		step->ptes--;
		if (page && must_unshare(page, un)) {
			found[nr++] = addr;
			step->pages--;
		} else if (!pte_present(pte) && !pte_none(pte)) {
			un->absent++;
		}
	}
	gd_walk_unlock(ptl);
	*addrp = addr;
	return nr;
}

static int unshare_pages(struct vm_area_struct *vma, unsigned long *found,
			 unsigned int nr, struct gd_unshare *un)
{
	unsigned int i;
	int err = 0;

	gd_vma_start_write(vma);
	for (i = 0; i < nr; i++) {
		err = gd_unshare_page(vma, found[i]);
		if (err)
			break;
	}
	un->done += i;
	un->count(un->arg, i);
	return err;
}

/* Look for one frame in [@addr, @end) of an area, or unshare them if @write. */
static int unshare_range(struct vm_area_struct *vma, unsigned long addr,
			 unsigned long end, struct gd_unshare *un,
			 struct gd_step *step, bool write)
{
	unsigned long found[GD_STEP_PAGES];
	unsigned int nr;
	int err = 0;

	while (!err && (addr = gd_walk_next(vma->vm_mm, addr, end)) < end) {
		if (!step->ptes || !step->pages) {
			step->more = true;
			break;
		}
		nr = collect(vma, &addr, end, un, step, found);
		if (nr && !write) {
			step->more = true;
			break;
		}
		if (nr)
			err = unshare_pages(vma, found, nr, un);
	}
	return err;
}

static unsigned long address_of(struct vm_area_struct *vma, pgoff_t offset)
{
	return vma->vm_start + ((offset - vma->vm_pgoff) << PAGE_SHIFT);
}

/* linear_page_index() would ask hugetlb on 6.1. */
static pgoff_t offset_of(struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
}

static pgoff_t end_offset(struct vm_area_struct *vma)
{
	return offset_of(vma, vma->vm_end);
}

/* The first offset from un->offset on that may be mapped, or ULONG_MAX. */
static pgoff_t next_offset(struct mm_struct *mm, struct gd_unshare *un)
{
	VMA_ITERATOR(vmi, mm, 0);
	int walks = GD_VMAS_PER_HOLD;
	struct vm_area_struct *vma;
	pgoff_t next = ULONG_MAX;

	for_each_vma(vmi, vma) {
		pgoff_t first = max(un->offset, vma->vm_pgoff);
		unsigned long addr;

		if (!gd_vma_may_be_shared(vma) || first >= next ||
		    first >= end_offset(vma))
			continue;
		addr = address_of(vma, first);
		if (walks && walks--)
			addr = gd_walk_next(mm, addr, vma->vm_end);
		if (addr < vma->vm_end)
			next = min(next, offset_of(vma, addr));
	}
	return next;
}

/* Look through the window, in all areas; unshare its frames if @write. */
static int unshare_window(struct mm_struct *mm, struct gd_unshare *un,
			  struct gd_step *step, bool write)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;
	int err = 0;

	for_each_vma(vmi, vma) {
		pgoff_t first = max(un->offset, vma->vm_pgoff);
		pgoff_t last = min(un->offset + un->width, end_offset(vma));

		if (!gd_vma_may_be_shared(vma) || first >= last)
			continue;
		err = unshare_range(vma, address_of(vma, first),
				    address_of(vma, last), un, step, write);
		if (err || step->more)
			break;
	}
	return err;
}

/*
 * As many offsets as one hold of the lock can look through. Any number of areas
 * may have a page at one offset: that is done under one hold, however many.
 */
static void set_width(struct gd_unshare *un, const struct gd_step *left)
{
	if (left->more)
		un->width = max(un->width / 2, 1UL);
	else if (left->ptes >= GD_STEP_PTES / 2 &&
		 left->pages >= GD_STEP_PAGES / 2)
		un->width = min(un->width * 2, GD_WIDTH_MAX);
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

enum phase {
	PHASE_CLAIM,
	PHASE_LOOK,
	PHASE_UNSHARE,
	PHASE_END,
};

/* Areas that ksmd may merge in, GD_VMAS_PER_HOLD of them. */
static void claim_areas(struct mm_struct *mm, struct gd_unshare *un,
			enum phase *next)
{
	un->addr = gd_ksm_take(un->ksm, mm, un->addr, GD_VMAS_PER_HOLD);
	if (un->addr == ULONG_MAX)
		*next = PHASE_LOOK;
}

static int step_locked(struct mm_struct *mm, struct gd_unshare *un,
		       enum phase *next)
{
	struct gd_step step = {
		.ptes = un->width > 1 ? GD_STEP_PTES : INT_MAX,
		.pages = GD_STEP_PAGES,
	};
	bool write = *next == PHASE_UNSHARE;
	int err;

	if (*next == PHASE_CLAIM) {
		claim_areas(mm, un, next);
		return 0;
	}
	*next = PHASE_LOOK;
	un->offset = next_offset(mm, un);
	if (un->offset == ULONG_MAX) {
		*next = PHASE_END;
		return 0;
	}
	err = unshare_window(mm, un, &step, write);
	if (err)
		return err;
	if (!write && step.pages < GD_STEP_PAGES) {
		*next = PHASE_UNSHARE;
		return 0;
	}
	if (!step.more)
		un->offset += un->width;
	set_width(un, &step);
	/* Where frames are dense, there is no need to look first. */
	if (write && step.pages < GD_STEP_PAGES / 2)
		*next = PHASE_UNSHARE;
	return 0;
}

/*
 * Take one step, and set *next. -ESRCH: nobody uses @mm; -EAGAIN: the lock
 * could not be taken.
 */
static int take_step(struct mm_struct *mm, struct gd_unshare *un,
		     enum phase *next)
{
	bool read = *next == PHASE_LOOK;
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

static int unshare_all(struct mm_struct *mm, struct gd_unshare *un)
{
	enum phase next = un->ksm ? PHASE_CLAIM : PHASE_LOOK;
	int tries = 0, err;
	u64 done;

	while (next != PHASE_END) {
		done = un->done;
		err = next == PHASE_UNSHARE ? make_room() : 0;
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
 * Return: 0: no frame is left, or all users are gone; -EBUSY: out of time;
 * -ENOMEM: no room for the copies; -EINTR: the scanner is to stop; -EFAULT.
 */
int gd_unshare_mm(struct mm_struct *mm, struct gd_unshare *un)
{
	int err;

	un->deadline = ktime_get_ns() + GD_CALL_NS +
		       (u64)get_mm_rss(mm) * GD_PAGE_NS;
	un->addr = 0;
	un->offset = 0;
	un->width = GD_STEP_PTES;
	err = unshare_all(mm, un);
	return err == -ESRCH ? 0 : err;
}

static int unshare_block(struct mm_struct *mm, unsigned long start,
			 struct gd_unshare *un, struct gd_step *step)
{
	VMA_ITERATOR(vmi, mm, start);
	struct vm_area_struct *vma;
	int err = 0;

	for_each_vma_range(vmi, vma, start + GD_BLOCK_SIZE) {
		if (!gd_vma_may_be_shared(vma))
			continue;
		err = unshare_range(vma, max(start, vma->vm_start),
				    min(start + GD_BLOCK_SIZE, vma->vm_end),
				    un, step, true);
		if (err || step->more)
			break;
	}
	return err;
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
	struct gd_step step = { .more = true };
	int err = 0;

	while (!err && step.more && !kthread_should_stop()) {
		step = (struct gd_step){
			.ptes = INT_MAX, .pages = GD_STEP_PAGES,
		};
		err = make_room();
		if (err || !gd_lock_mmap_write(mm))
			return err ?: -EBUSY;
		err = unshare_block(mm, addr & GD_BLOCK_MASK, un, &step);
		mmap_write_unlock(mm);
		cond_resched();
	}
	return err;
}
