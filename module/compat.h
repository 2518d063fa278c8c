/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between the kernels from 6.1 to 7.2, and nothing else. Included
 * before each source file (see Kbuild): no other file tests a version.
 */
#ifndef GD_COMPAT_H
#define GD_COMPAT_H

#include <linux/version.h>

/* Before anything else is included: Kbuild lets the compiler stop at the first error. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#error "grpdedup supports Linux 6.1 to 7.2; this kernel is older or newer"
#elif !defined(CONFIG_X86_64) || !defined(CONFIG_NET) || !IS_ENABLED(CONFIG_XXHASH)
#error "grpdedup needs a kernel with CONFIG_X86_64, CONFIG_NET and CONFIG_XXHASH"
#endif

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/ksm.h>
#include <linux/migrate.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>
#include <net/genetlink.h>

/* The same batches under another name; sparse knows no __has_include. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#include <linux/pagevec.h>
#else
#include <linux/folio_batch.h>
#endif

/* VMA flags: a plain store under the mmap write lock until 6.3. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void gd_vma_flags_clear(struct vm_area_struct *vma,
				      unsigned long flags)
{
	mmap_assert_write_locked(vma->vm_mm);
	vma->vm_flags &= ~flags;
}
#else
#define gd_vma_flags_clear	vm_flags_clear
#endif

/* Per-VMA locks came with 6.4: there, faults do not take the mmap lock. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
static inline void gd_vma_start_write(struct vm_area_struct *vma)
{
	mmap_assert_write_locked(vma->vm_mm);
}
#else
#define gd_vma_start_write	vma_start_write
#endif

/*
 * mmap_write_trylock() had no users and went. The count of write locks came with
 * 6.13, but was taken back to stable 6.12: Kbuild looks whether it is there.
 */
static inline bool gd_mmap_write_trylock(struct mm_struct *mm)
{
	if (!down_write_trylock(&mm->mmap_lock))
		return false;
#ifdef GD_HAVE_MM_LOCK_SEQCOUNT
	mm_lock_seqcount_begin(mm);
#endif
	return true;
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define gd_zap			zap_page_range
#elif LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
static inline void gd_zap(struct vm_area_struct *vma, unsigned long start,
			  unsigned long size)
{
	zap_page_range_single(vma, start, size, NULL);
}
#else
#define gd_zap			zap_vma_range
#endif

/*
 * The fault that makes a frame private again. 6.1's UNSHARE ignores pages that
 * are not anonymous; its WRITE wants VM_WRITE, hence GD_MERGE_NEEDS_WRITE. That
 * also keeps read-only long-term pins (vfio) off frames, which 6.1 would not
 * break.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define GD_UNSHARE_FAULT	(FAULT_FLAG_WRITE | FAULT_FLAG_REMOTE)
#define GD_MERGE_NEEDS_WRITE	VM_WRITE
#else
#define GD_UNSHARE_FAULT	(FAULT_FLAG_UNSHARE | FAULT_FLAG_REMOTE)
#define GD_MERGE_NEEDS_WRITE	VM_NONE
#endif

#ifndef VM_DROPPABLE
#define VM_DROPPABLE		VM_NONE
#endif
#ifndef VM_SHADOW_STACK
#define VM_SHADOW_STACK		VM_NONE
#endif

/*
 * How often @folio is mapped, in all. folio_mapcount() is not exported before
 * 6.12. 6.1 counts a folio mapped both as a whole and in parts one too high per
 * part (DoubleMap); what cannot be told exactly is answered with -1, which no
 * reference count fits.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
static inline int gd_folio_mapcount(struct folio *folio)
{
	long i, nr = folio_nr_pages(folio);
	int ret;

	if (likely(!folio_test_large(folio)))
		return atomic_read(&folio->_mapcount) + 1;
	if (folio_test_double_map(folio))
		return -1;
	ret = folio_entire_mapcount(folio);
	for (i = 0; i < nr; i++)
		ret += atomic_read(&folio_page(folio, i)->_mapcount) + 1;
	return ret;
}
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
static inline int gd_folio_mapcount(struct folio *folio)
{
	return folio_test_large(folio) ? -1 :
	       atomic_read(&folio->_mapcount) + 1;
}
#else
#define gd_folio_mapcount	folio_mapcount
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define gd_try_share_anon(folio, page)	page_try_share_anon_rmap(page)
#else
#define gd_try_share_anon(folio, page)	folio_try_share_anon_rmap_pte(folio, page)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define gd_pmd_read(pmdp)	pmd_read_atomic(pmdp)
#else
#define gd_pmd_read(pmdp)	pmdp_get_lockless(pmdp)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define gd_pte_devmap(pte)	pte_devmap(pte)
#define gd_pmd_devmap(pmd)	pmd_devmap(pmd)
#else
#define gd_pte_devmap(pte)	false
#define gd_pmd_devmap(pmd)	false
#endif

/* 7.x returns from migrate_vma_collect before the split unless it collects. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#define GD_SPLIT_FLAGS		0
#else
#define GD_SPLIT_FLAGS		MIGRATE_VMA_SELECT_SYSTEM
#endif

/* ksm_madvise() takes the type that vm_flags has. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
typedef unsigned long gd_vm_flags_t;
#else
typedef vm_flags_t gd_vm_flags_t;
#endif

/*
 * Drain this CPU's batches of pages on their way to the LRU lists: each one
 * holds a reference, and a page with a foreign reference is not merged.
 */
static inline void gd_lru_drain_local(void)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
	struct pagevec pvec;

	pagevec_init(&pvec);
	__pagevec_release(&pvec);
#else
	struct folio_batch fbatch;

	folio_batch_init(&fbatch);
	__folio_batch_release(&fbatch);
#endif
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
typedef const struct genl_ops gd_genl_ops_t;
#else
typedef const struct genl_split_ops gd_genl_ops_t;
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define gd_dump_attrs(cb)	(genl_dumpit_info(cb)->attrs)
#else
#define gd_dump_attrs(cb)	(genl_dumpit_info(cb)->info.attrs)
#endif

#endif /* GD_COMPAT_H */
