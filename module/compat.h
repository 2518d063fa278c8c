/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All differences between the supported kernels, and nothing else. Included
 * before each source file (see Kbuild). No file tests a version: module/probe
 * sets GD_HAVE_* by matching the kernel's headers against module/probes.
 */
#ifndef GD_COMPAT_H
#define GD_COMPAT_H

/* Before any include: Kbuild makes the compiler stop at the first error. */
#if !defined(CONFIG_X86_64) && !defined(CONFIG_ARM64)
#error "grpdedup supports x86-64 and arm64"
#elif !defined(CONFIG_NET) || !IS_ENABLED(CONFIG_XXHASH)
#error "grpdedup needs a kernel with CONFIG_NET and CONFIG_XXHASH"
#elif defined(CONFIG_ARM64) && !defined(CONFIG_ARM64_4K_PAGES)
#error "grpdedup supports pages of 4 KiB; this kernel has larger ones"
#endif

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/ksm.h>
#include <linux/migrate.h>
#include <linux/page_table_check.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>
#include <linux/sched/coredump.h>
#include <linux/userfaultfd_k.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>

/* Renamed; sparse does not support __has_include. */
#if GD_HAVE_FOLIO_BATCH_H
#include <linux/folio_batch.h>
#else
#include <linux/pagevec.h>
#endif

/* VMA flags: a plain store under the mmap write lock before 6.3. */
#if GD_HAVE_VM_FLAGS_SET
#define gd_vma_flags_set	vm_flags_set
#define gd_vma_flags_clear	vm_flags_clear
#else
static inline void gd_vma_flags_set(struct vm_area_struct *vma,
				    unsigned long flags)
{
	mmap_assert_write_locked(vma->vm_mm);
	vma->vm_flags |= flags;
}

static inline void gd_vma_flags_clear(struct vm_area_struct *vma,
				      unsigned long flags)
{
	mmap_assert_write_locked(vma->vm_mm);
	vma->vm_flags &= ~flags;
}
#endif

/* Per-VMA locks came with 6.4: there, faults do not take the mmap lock. */
#if GD_HAVE_VMA_LOCK
#define gd_vma_start_write		vma_start_write
#define gd_vma_assert_write_locked	vma_assert_write_locked
#else
static inline void gd_vma_start_write(struct vm_area_struct *vma)
{
	mmap_assert_write_locked(vma->vm_mm);
}

#define gd_vma_assert_write_locked	gd_vma_start_write
#endif

/*
 * mmap_write_trylock() was removed for lack of users. This is what it was, with
 * the trace events that the other functions for this lock have. The sequence
 * count of write locks is new in 6.13 and was backported to 6.12-stable.
 */
static inline bool gd_mmap_write_trylock(struct mm_struct *mm)
{
	bool got;

	__mmap_lock_trace_start_locking(mm, true);
	got = down_write_trylock(&mm->mmap_lock);
#if GD_HAVE_MM_LOCK_SEQCOUNT
	if (got)
		mm_lock_seqcount_begin(mm);
#endif
	__mmap_lock_trace_acquire_returned(mm, true, got);
	return got;
}

/* Only for zap.c, which meets their conditions. Renamed in 7.1. */
#if GD_HAVE_ZAP_SPECIAL
#define gd_zap			zap_special_vma_range
#else
#define gd_zap			zap_vma_ptes
#endif

/*
 * The fault that makes a frame private again. On 6.1, FAULT_FLAG_UNSHARE
 * ignores pages that are not anonymous, and FAULT_FLAG_WRITE requires VM_WRITE,
 * hence GD_MERGE_NEEDS_WRITE. That also keeps read-only long-term pins (vfio)
 * off frames: 6.1 would not break COW for them.
 */
#if GD_HAVE_UNSHARE_ANY
#define GD_UNSHARE_FAULT	(FAULT_FLAG_UNSHARE | FAULT_FLAG_REMOTE)
#define GD_MERGE_NEEDS_WRITE	VM_NONE
#else
#define GD_UNSHARE_FAULT	(FAULT_FLAG_WRITE | FAULT_FLAG_REMOTE)
#define GD_MERGE_NEEDS_WRITE	VM_WRITE
#endif

#if !GD_HAVE_VM_DROPPABLE
#define VM_DROPPABLE		VM_NONE
#endif
#if !GD_HAVE_VM_SHADOW_STACK
#define VM_SHADOW_STACK		VM_NONE
#endif

/* PR_SET_MEMORY_MERGE, new in 6.4: areas mapped later are mergeable too. */
static inline bool gd_mm_take_merge_any(struct mm_struct *mm)
{
#if GD_HAVE_MM_FLAGS
	return mm_flags_test_and_clear(MMF_VM_MERGE_ANY, mm);
#elif GD_HAVE_MERGE_ANY
	return test_and_clear_bit(MMF_VM_MERGE_ANY, &mm->flags);
#else
	return false;
#endif
}

static inline void gd_mm_give_merge_any(struct mm_struct *mm)
{
#if GD_HAVE_MM_FLAGS
	mm_flags_set(MMF_VM_MERGE_ANY, mm);
#elif GD_HAVE_MERGE_ANY
	set_bit(MMF_VM_MERGE_ANY, &mm->flags);
#endif
}

/* userfaultfd's bit of a PTE: read-write protection, new in 7.3, shares it. */
#if GD_HAVE_UFFD_RWP
#define gd_pte_uffd		pte_uffd
#define gd_pte_mkuffd		pte_mkuffd
#else
#define gd_pte_uffd		pte_uffd_wp
#define gd_pte_mkuffd		pte_mkuffd_wp
#define VM_UFFD_RWP		VM_NONE
#endif

/*
 * set_pte_at() for a PTE that ptep_get_and_clear() has cleared, to park or
 * restore it. On arm64 set_pte_at() may call mte_sync_tags(), which is not
 * exported and not needed: a restored PTE has its tags, a parked one has no
 * access. Contiguous PTEs were unfolded when it was cleared.
 */
static inline void gd_set_pte(struct mm_struct *mm, unsigned long addr,
			      pte_t *ptep, pte_t pte)
{
#ifdef CONFIG_ARM64
#if GD_HAVE_PTC_PTES && GD_HAVE_PTC_ADDR
	page_table_check_ptes_set(mm, addr, ptep, pte, 1);
#elif GD_HAVE_PTC_PTES
	page_table_check_ptes_set(mm, ptep, pte, 1);
#elif GD_HAVE_PTC_ADDR
	page_table_check_pte_set(mm, addr, ptep, pte);
#else
	page_table_check_pte_set(mm, ptep, pte);
#endif
	set_pte(ptep, pte);
#else
	set_pte_at(mm, addr, ptep, pte);
#endif
}

/*
 * Number of mappings of @folio. Before 6.10 folio_mapcount() needs symbols that
 * are not exported, so the counts of a large folio's pages are added up. On 6.1
 * each is one too high while the folio is mapped both by a PMD and by PTEs
 * (DoubleMap): return -1 then, which matches no reference count.
 */
#if GD_HAVE_LARGE_MAPCOUNT
#define gd_folio_mapcount	folio_mapcount
#else
static inline int gd_folio_mapcount(struct folio *folio)
{
	long i, nr = folio_nr_pages(folio);
	int ret;

	if (likely(!folio_test_large(folio)))
		return atomic_read(&folio->_mapcount) + 1;
#if GD_HAVE_DOUBLE_MAP
	if (folio_test_double_map(folio))
		return -1;
#endif
	ret = folio_entire_mapcount(folio);
	for (i = 0; i < nr; i++)
		ret += atomic_read(&folio_page(folio, i)->_mapcount) + 1;
	return ret;
}
#endif

#if GD_HAVE_TRY_SHARE_PTE
#define gd_try_share_anon(folio, page)	folio_try_share_anon_rmap_pte(folio, page)
#else
#define gd_try_share_anon(folio, page)	page_try_share_anon_rmap(page)
#endif

#if GD_HAVE_PMDP_GET_LOCKLESS
#define gd_pmd_read(pmdp)	pmdp_get_lockless(pmdp)
#else
#define gd_pmd_read(pmdp)	pmd_read_atomic(pmdp)
#endif

#if GD_HAVE_DEVMAP
#define gd_pte_devmap(pte)	pte_devmap(pte)
#define gd_pmd_devmap(pmd)	pmd_devmap(pmd)
#else
#define gd_pte_devmap(pte)	false
#define gd_pmd_devmap(pmd)	false
#endif

/* With device-private huge pages, only what is collected is split. */
#if GD_HAVE_SELECT_COMPOUND
#define GD_SPLIT_FLAGS		MIGRATE_VMA_SELECT_SYSTEM
#else
#define GD_SPLIT_FLAGS		0
#endif

/* ksm_madvise() takes the type that vm_flags has. */
#if GD_HAVE_KSM_VM_FLAGS_T
typedef vm_flags_t gd_vm_flags_t;
#else
typedef unsigned long gd_vm_flags_t;
#endif

/*
 * Drain this CPU's LRU batches: they hold references on their pages, and a page
 * with a foreign reference is not merged.
 */
static inline void gd_lru_drain_local(void)
{
#if GD_HAVE_FOLIO_BATCH_RELEASE
	struct folio_batch fbatch;

	folio_batch_init(&fbatch);
	__folio_batch_release(&fbatch);
#else
	struct pagevec pvec;

	pagevec_init(&pvec);
	__pagevec_release(&pvec);
#endif
}

#if !GD_HAVE_PERCPU_WQ
#define system_percpu_wq	system_wq
#endif

/* Does the kernel charge its memory to cgroups? Renamed in 6.3. */
#if !GD_HAVE_MEMCG_KMEM_ONLINE
#define memcg_kmem_online	memcg_kmem_enabled
#endif

#if GD_HAVE_SPLIT_OPS
typedef const struct genl_split_ops gd_genl_ops_t;
#else
typedef const struct genl_ops gd_genl_ops_t;
#endif

#if GD_HAVE_GENL_INFO_DUMP
#define gd_dump_attrs(cb)	(genl_info_dump(cb)->attrs)
#else
#define gd_dump_attrs(cb)	(genl_dumpit_info(cb)->attrs)
#endif

/*
 * Listening to events requires CAP_SYS_ADMIN, or CAP_NET_ADMIN where the kernel
 * cannot check for that (before 6.1.68 and 6.6.7). It was a separate bit until
 * 6.8, and in 6.1-stable until 6.1.176.
 */
#if GD_HAVE_MCAST_CAP_FLAG
#define GD_MCAST_GUARD		.flags = GENL_MCAST_CAP_SYS_ADMIN
#elif GD_HAVE_MCAST_CAP_BIT
#define GD_MCAST_GUARD		.cap_sys_admin = 1
#else
#define GD_MCAST_GUARD		.flags = GENL_UNS_ADMIN_PERM
#endif

#endif /* GD_COMPAT_H */
