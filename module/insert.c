// SPDX-License-Identifier: GPL-2.0
/*
 * Inserting pages of the module into empty PTEs of a member. Independent of
 * frames: the callers have cleared the PTEs, hold the pages, and are
 * responsible for their content.
 */
#include <linux/mm.h>

#include "fault.h"
#include "insert.h"
#include "kill.h"

/**
 * gd_insert_pages - map pages into empty PTEs
 * @vma: a private anonymous area; the mmap write lock is held
 * @addr: first address; the page tables exist and the PTEs are none
 * @pages: the pages, one for each address
 * @nr: how many
 *
 * The page tables are there and faults are locked out, so nothing can fail. If
 * something does, the users of the address space are killed rather than let
 * read zeros.
 *
 * Return: true if all pages are mapped.
 */
bool gd_insert_pages(struct vm_area_struct *vma, unsigned long addr,
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
	/* Set by the insertion; it would exclude the area from merging. */
	gd_vma_flags_clear(vma, VM_MIXEDMAP);
	if (gd_fault(rest)) {
		gd_kill_users(vma->vm_mm);
		return false;
	}
	return true;
}
