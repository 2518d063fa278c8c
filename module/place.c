// SPDX-License-Identifier: GPL-2.0
/*
 * Putting pages of ours into a hole of a member's memory. Knows no frame: the
 * callers have made the hole, hold the page, and answer for its bytes.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "place.h"

/**
 * gd_place_kill - kill all users of an address space
 * @mm: its mmap write lock is held, so none of them can have read what is wrong
 */
void gd_place_kill(struct mm_struct *mm)
{
	struct task_struct *p;

	rcu_read_lock();
	for_each_process(p) {
		struct task_struct *t;

		if (p->flags & PF_KTHREAD)
			continue;
		for_each_thread(p, t) {
			if (READ_ONCE(t->mm) != mm)
				continue;
			send_sig(SIGKILL, t, 1);
			break;
		}
	}
	rcu_read_unlock();
}

/**
 * gd_place_pages - map pages into empty PTEs
 * @vma: a private anonymous area; the mmap write lock is held
 * @addr: first address; the page tables exist and the PTEs are none
 * @pages: the pages, one for each address
 * @nr: how many
 *
 * The page tables are there and faults are locked out, so nothing can fail. If
 * something does all the same, the members of @mm are killed rather than let
 * read zeros.
 *
 * Return: all pages are mapped.
 */
bool gd_place_pages(struct vm_area_struct *vma, unsigned long addr,
		    struct page **pages, unsigned long nr)
{
	unsigned long i, rest = nr;
	int err;

	mmap_assert_write_locked(vma->vm_mm);
	err = vm_insert_pages(vma, addr, pages, &rest);
	/* It may stop in the middle: go on one by one. */
	for (i = nr - rest; err && i < nr; i++) {
		if (vm_insert_page(vma, addr + i * PAGE_SIZE, pages[i]))
			break;
		rest--;
	}
	/* Set by the insertion; it would keep the area from merging for ever. */
	gd_vma_flags_clear(vma, VM_MIXEDMAP);
	if (WARN_ON_ONCE(rest)) {
		gd_place_kill(vma->vm_mm);
		return false;
	}
	return true;
}
