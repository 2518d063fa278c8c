// SPDX-License-Identifier: GPL-2.0
/*
 * Making one shared mapping private again. Independent of groups: a frame is
 * any page that is not anonymous in an area where only frames are not, or one
 * of ksmd's: 6.1 leaves those in place that userfaultfd write-protects.
 *
 * The kernel's own fault does the work, as for ksmd. A member can make that
 * fault fail (no memory left, userfaultfd, on 6.1 a read-only area); then a
 * copy replaces the frame: the content stays, sharing ends.
 *
 * The new PTE keeps what userfaultfd and soft-dirty tracking noted in the old
 * one: a background snapshot or an incremental dump relies on it.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "fault.h"
#include "insert.h"
#include "kill.h"
#include "page.h"
#include "unshare.h"
#include "walk.h"
#include "zap.h"

/* Tries per page: a fault may fail for a temporary reason. */
#define GD_FAULT_TRIES		8

/* By userfaultfd: other PTEs without access rights are NUMA hints. */
static bool is_read_protected(pte_t pte)
{
	return gd_pte_uffd(pte) && pte_protnone(pte);
}

/* Give the PTE the bits that other tools have set in @old. */
static void carry_bits(struct vm_area_struct *vma, unsigned long addr,
		       pte_t *ptep, pte_t old)
{
	pte_t pte = ptep_get(ptep), new = pte;

	/*
	 * @pte is read-only, so write protection changes no access right, and
	 * needs no flush. A read may still hit a stale entry, a write cannot.
	 */
	if (is_read_protected(old))
		new = pfn_pte(pte_pfn(pte), vm_get_page_prot(VM_NONE));
	if (gd_pte_uffd(old) && !gd_fault(pte_write(pte)))
		new = gd_pte_mkuffd(new);
	if (pte_soft_dirty(old))
		new = pte_mksoft_dirty(new);
	if (pte_same(new, pte))
		return;
	ptep_get_and_clear(vma->vm_mm, addr, ptep);
	gd_set_pte(vma->vm_mm, addr, ptep, new);
}

/*
 * The frame still mapped at @addr, with a reference, because one of ksmd's may
 * be swapped out at any time; or NULL if the fault has made a copy. Mark the
 * copy dirty: FAULT_FLAG_UNSHARE leaves it clean, and MADV_FREE by one process
 * would then discard it for all that share it after a fork
 * (madvise_free_pte_range() counts the mappings of dirty pages only).
 */
static struct page *recheck_pte(struct vm_area_struct *vma, unsigned long addr,
				pte_t old)
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
	if (frame) {
		get_page(frame);
	} else if (page) {
		folio_set_dirty(page_folio(page));
		carry_bits(vma, addr, ptep, old);
	}
	gd_walk_unlock(ptl);
	return frame;
}

/*
 * The frame's memory has failed, and its content is lost. Put in its place what
 * memory_failure() would: an access gets SIGBUS, which QEMU passes on to its
 * guest.
 */
static int replace_by_poison(struct vm_area_struct *vma, unsigned long addr,
			     struct page *frame)
{
#ifdef CONFIG_MEMORY_FAILURE
	swp_entry_t entry = swp_entry(SWP_HWPOISON, page_to_pfn(frame));
	spinlock_t *ptl;
	pte_t *ptep;

	gd_zap_range(vma, addr, PAGE_SIZE);
	ptep = gd_walk_lock(vma->vm_mm, addr, &ptl);
	if (ptep) {
		gd_set_pte(vma->vm_mm, addr, ptep, swp_entry_to_pte(entry));
		gd_walk_unlock(ptl);
		return 0;
	}
#endif
	gd_kill_users(vma->vm_mm);
	return -EHWPOISON;
}

/*
 * The frame's bytes never change, so no write can be lost between the steps.
 * The copy is charged beyond the limit if need be (__GFP_HIGH): a full memory
 * cgroup must neither keep the frame shared nor get a page for free.
 */
static int replace_by_copy(struct vm_area_struct *vma, unsigned long addr,
			   struct page *frame, pte_t old)
{
	struct page *copy = alloc_page(GD_GFP_CHARGED | __GFP_HIGH);
	spinlock_t *ptl;
	pte_t *ptep;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	if (gd_page_copy(copy, frame)) {
		put_page(copy);
		return replace_by_poison(vma, addr, frame);
	}
	gd_zap_range(vma, addr, PAGE_SIZE);
	if (!gd_insert_pages(vma, addr, &copy, 1))
		err = -EFAULT;
	put_page(copy);
	ptep = gd_walk_lock(vma->vm_mm, addr, &ptl);
	if (ptep) {
		carry_bits(vma, addr, ptep, old);
		gd_walk_unlock(ptl);
	}
	return err;
}

/*
 * What to take out of the area's flags around the fault. Where the fault is a
 * write (6.1), userfaultfd would handle it; without VM_UFFD_WP it makes a copy,
 * and without VM_WRITE one that cannot be written before carry_bits() protects
 * it again. Faults and all others who read these flags wait for the mmap lock.
 */
static unsigned long hidden_flags(struct vm_area_struct *vma, pte_t old)
{
	if (!GD_MERGE_NEEDS_WRITE || !gd_pte_uffd(old))
		return 0;
	return vma->vm_flags & (VM_UFFD_WP | VM_WRITE);
}

/*
 * At memory.max the fault would invoke the memcg OOM killer again and again:
 * its victim waits for the mmap lock that is held here. PF_MEMALLOC charges
 * beyond the limit, but also opens the host's reserves, so check for a free
 * page first. The callers make room before they take the lock.
 */
static vm_fault_t make_private(struct vm_area_struct *vma, unsigned long addr,
			       pte_t old)
{
	struct page *page = alloc_page(GFP_NOWAIT | __GFP_NOWARN);
	unsigned long hidden = hidden_flags(vma, old);
	unsigned int flags;
	vm_fault_t ret;

	if (!page)
		return VM_FAULT_OOM;
	put_page(page);
	gd_vma_flags_clear(vma, hidden);
	flags = memalloc_noreclaim_save();
	ret = handle_mm_fault(vma, addr, GD_UNSHARE_FAULT, NULL);
	memalloc_noreclaim_restore(flags);
	gd_vma_flags_set(vma, hidden);
	return ret;
}

/* 0, or -errno with the frame that is still mapped, and a reference on it. */
static int unshare_by_fault(struct vm_area_struct *vma, unsigned long addr,
			    pte_t old, struct page **frame)
{
	vm_fault_t ret;
	int tries;

	for (tries = 1; ; tries++) {
		ret = make_private(vma, addr, old);
		*frame = recheck_pte(vma, addr, old);
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
 * Charges a copy to the active memory cgroup. Does not wait for memory.
 *
 * Return: 0, the PTE was read again and maps no frame, or -errno.
 */
int gd_unshare_page(struct vm_area_struct *vma, unsigned long addr)
{
	struct page *frame;
	spinlock_t *ptl;
	pte_t *ptep, old;
	int err;

	mmap_assert_write_locked(vma->vm_mm);
	ptep = gd_walk_lock(vma->vm_mm, addr, &ptl);
	if (!ptep)
		return 0;
	old = ptep_get(ptep);
	gd_walk_unlock(ptl);

	err = unshare_by_fault(vma, addr, old, &frame);
	if (!err)
		return 0;
	/* In a mapping of a file, no page of ours can take its place. */
	if (!vma_is_anonymous(vma)) {
		put_page(frame);
		return err;
	}
	err = replace_by_copy(vma, addr, frame, old);
	put_page(frame);
	/* No fault is possible there; the copy is nobody else's. */
	if (err || is_read_protected(old))
		return err;
	/* The copy is mapped like a frame; now the fault can succeed. */
	err = unshare_by_fault(vma, addr, old, &frame);
	if (err)
		put_page(frame);
	return err;
}
