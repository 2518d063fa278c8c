/* SPDX-License-Identifier: GPL-2.0 */
/*
 * merge.c: one page of a member is replaced by a frame, while its threads
 * write, a device writes through GUP-fast, and the kernel reclaims, migrates
 * and forks. The kernel's steps are those of Linux 6.12.
 *
 * There is one address with its PTE. A step is atomic here if the code makes it
 * so. The PTE lock excludes only those who take it: a CPU and GUP-fast see each
 * value of the PTE. A fault holds the mmap lock or the VMA lock for reading,
 * fork() the mmap lock for writing. The module holds both for writing, so to
 * it each of them is one step.
 *
 * EXIT, SOFT_DIRTY and POISON each have another actor in place of the device
 * and the child.
 */
#if defined(EXIT) || defined(SOFT_DIRTY) || defined(POISON)
#define SMALL
#endif

#define P	0	/* the member's page */
#define K	1	/* the frame */
#define S	2	/* the spare page */
#define N	3	/* the page that a fault or migration allocates */
#define PAGES	4

#include "pages.pml"
#include "properties.pml"

/* Bytes that are written. P and K have ONE when the merge is planned. */
#define ONE	1
#define TWO	2

mtype = { none, present, prot_none, swap_entry, migration_entry };

/* The PTE, and what a swap or migration entry keeps of it. */
mtype pte = present;
byte pfn = P;
bit writable = 1;
bit dirty = 1;
bit entry_writable, entry_dirty, entry_exclusive;

/* The mmap lock and the VMA lock for writing, the PTE lock, P's folio lock. */
bit mmap_locked, pte_locked, folio_locked;

/*
 * The TLB of a CPU that runs a thread of the member. tlb_dirty: the entry is
 * writable, and D was set in the PTE when it was loaded.
 */
bit tlb, tlb_dirty;
byte tlb_pfn;
bit tlb_flush_pending;		/* mm->tlb_flush_pending: a zap is under way */

/* P: on its LRU list, in the swap cache, PG_dirty; its bytes in swap. */
bit lru = 1;
bit swapcache, folio_dirty;
byte swap;

/* PageAnonExclusive of each page; FOLL_PIN references on P. */
bit exclusive[PAGES];
byte pins;
bit pinned, got;		/* the device uses P: FOLL_PIN, FOLL_GET */

/* What was written last, and what a forked child must see. */
byte last = ONE;
byte child;			/* 1: maps P, 2: has unmapped it */
byte child_last;

bit threads = 1;		/* there are threads in user space */
byte users = 1;			/* mm_users */
bit gone;			/* the page tables are torn down */
bit over;			/* the module is done: nothing new begins */

#ifdef SOFT_DIRTY
bit soft_dirty, entry_soft_dirty;
bit tracked, written;		/* clear_refs was used; written since then */
#define keep_soft_dirty()	entry_soft_dirty = soft_dirty; soft_dirty = 0
#define return_soft_dirty()	soft_dirty = entry_soft_dirty; \
				entry_soft_dirty = 0
#define tracked_write()		soft_dirty = 1; written = tracked
#define no_soft_dirty()		soft_dirty = 0
#else
#define keep_soft_dirty()	skip
#define return_soft_dirty()	skip
#define tracked_write()		skip
#define no_soft_dirty()		skip
#endif

#ifdef POISON
bit failed[PAGES];		/* PG_hwpoison */
bit compared, read_failed;
#define has_failed(p)		failed[p]
#else
#define has_failed(p)		false
#endif

#define lock(l)			atomic { !l -> l = 1 }
#define unlock(l)		l = 0
#define flush_tlb()		d_step { tlb = 0; tlb_dirty = 0; tlb_pfn = 0 }

/* x86's pte_accessible(): may a TLB have the entry? */
#define accessible(old)		(old == present || \
				 (old == prot_none && tlb_flush_pending))

/* A pin keeps an exclusive page from being shared: try_share_anon_rmap(). */
#define cannot_share		(exclusive[P] && pins)

inline set_pte(kind, page, w, d)
{
	pte = kind;
	pfn = page;
	writable = w;
	dirty = d
}

inline clear_pte()
{
	set_pte(none, 0, 0, 0)
}

inline set_entry(kind, w, d)
{
	pte = kind;
	entry_writable = w;
	entry_dirty = d;
	entry_exclusive = exclusive[P];
	exclusive[P] = 0
}

inline clear_entry()
{
	entry_writable = 0;
	entry_dirty = 0;
	entry_exclusive = 0
}

inline add_rmap(p)
{
	ref[p]++;
	map[p]++
}

/* ---------------------------- the environment ---------------------------- */

/*
 * A CPU sets D in the PTE before it writes through an entry that has D clear;
 * that walk faults if the PTE has changed. Through an entry with D set it
 * writes without a walk, until the entry is flushed.
 */
proctype cpu()
{
end:	do
	:: atomic { threads && pte == present && !tlb ->
		tlb = 1; tlb_pfn = pfn; tlb_dirty = writable && dirty }
	:: atomic { threads && pte == present && writable ->
		dirty = 1; tlb = 1; tlb_pfn = pfn; tlb_dirty = 1 }
	:: atomic { threads && tlb_dirty -> mem[tlb_pfn] = ONE; last = ONE }
	:: atomic { threads && tlb_dirty -> mem[tlb_pfn] = TWO; last = TWO }
	:: atomic { tlb -> flush_tlb() }	/* evicted */
	od
}

/* N is free: a second fault would tell nothing more. */
#define may_fork	(!over && threads && !live[N] && !mmap_locked && \
			 !pte_locked)
#ifdef Z1_FAULTS_NOT_KEPT_OUT
#define may_fault	(!over && threads && !live[N] && !pte_locked)
#else
#define may_fault	may_fork
#endif

/* wp_page_copy(): clears the PTE, flushes, sets the new PTE, drops the rmap */
inline copy_page(w)
{
	new_page(N, mem[pfn]);
	map[N] = 1;
	exclusive[N] = 1;
	flush_tlb();
	map[pfn]--;
	put_page(pfn);
	set_pte(present, N, w, w)
}

/* folio_free_swap() */
inline free_swap()
{
	swapcache = 0;
	folio_dirty = 1;
	ref[P]--
}

/* do_wp_page(), wp_can_reuse_anon_folio(); of anonymous pages, only P is R/O */
inline write_fault()
{
	if
	:: pfn == P && !exclusive[P] && swapcache && ref[P] == 2 &&
	   !folio_locked -> free_swap()
	:: else
	fi;
	if
	:: pfn == P && (exclusive[P] || (ref[P] == 1 && !folio_locked)) ->
		exclusive[P] = 1;
		writable = 1;
		dirty = 1
	:: else -> copy_page(1)
	fi;
	tracked_write()
}

/*
 * do_swap_page(): from the swap cache, of which the fault may remove P; or into
 * a new page.
 */
inline swap_in()
{
	if
	:: swapcache ->
		if
		:: free_swap()
		:: skip
		fi;
		exclusive[P] = entry_exclusive || ref[P] == 0;
		add_rmap(P);
		set_pte(present, P, exclusive[P], 0)
	:: else ->
		new_page(N, swap);
		map[N] = 1;
		exclusive[N] = 1;
		set_pte(present, N, 1, 0)
	fi;
	clear_entry();
	return_soft_dirty()
}

/* Faults in the member's threads, and fork() by one of them. */
proctype faults()
{
end:	do
	:: atomic { may_fault && pte == present && !writable -> write_fault() }
	:: atomic { may_fault && pte == swap_entry && !folio_locked ->
		swap_in() }
#ifdef BROKEN
	/* do_anonymous_page() */
	:: atomic { may_fault && pte == none -> new_page(N, ZEROS); map[N] = 1;
		exclusive[N] = 1; set_pte(present, N, 1, 1) }
#endif
#ifndef SMALL
	/*
	 * copy_present_pte(): the child gets a copy of a page with a pin.
	 * fork() and FOLL_GET for writing go wrong without the module, too.
	 */
	:: atomic { may_fork && !child && pte == present && pfn == P &&
		    !cannot_share && !got ->
		exclusive[P] = 0; writable = 0; flush_tlb(); add_rmap(P);
		child = 1; child_last = last }
#endif
	od
}

#ifndef SMALL
/* The child writes or exits: the mapping goes first, then its reference. */
proctype forked()
{
end:	do
	:: atomic { child == 1 -> child = 2; child_last = 0; map[P]-- };
	   atomic { child = 0; put_page(P) }
	od
}

/*
 * GUP-fast: read the PTE, take a reference, read the PTE again. FOLL_GET, for
 * writing, is a reference like any other. FOLL_PIN is known to those who share
 * an exclusive page; for reading, it is for exclusive pages only. The device
 * then reads and writes as long as it has the reference.
 */
proctype device()
{
	bit write, pin;

end:	do
	:: atomic { !over && threads && pte == present && pfn == P ->
		write = writable;
		if
		:: pin = 1
		:: write -> pin = 0
		fi };
	   if
	   :: atomic { ref[P] -> ref[P]++; pins = pins + pin };
		if
		:: atomic { pte == present && pfn == P && writable == write &&
			    (write || exclusive[P]) ->
			pinned = pin; got = !pin };
			do
			:: atomic { threads && write -> mem[P] = ONE;
				last = ONE; folio_dirty = 1 }
			:: atomic { threads && write -> mem[P] = TWO;
				last = TWO; folio_dirty = 1 }
			:: break
			od
		:: else
		fi;
		atomic { pinned = 0; got = 0; pins = pins - pin; write = 0;
			pin = 0; put_page(P) }
	   :: else -> write = 0; pin = 0
	   fi
	od
}
#endif

/* page_vma_mapped_walk() */
#define maps_p		((pte == present || pte == prot_none) && pfn == P)

/* shrink_folio_list() */
proctype reclaim()
{
	mtype old;
	bit w, d, flush;

end:	do
	:: atomic { lru && ref[P] -> lru = 0; ref[P]++ };
	   if
	   :: atomic { !folio_locked -> folio_locked = 1 }
	   :: else -> goto putback
	   fi;
	   /* add_to_swap() */
	   if
	   :: atomic { !swapcache && pins -> goto keep }
	   :: atomic { !swapcache && !pins -> swapcache = 1; ref[P]++;
		folio_dirty = 1 }
	   :: else
	   fi;
	   /* try_to_unmap_one(): the flush is deferred, or not needed */
	   lock(pte_locked);
	   if
	   :: atomic { maps_p -> old = pte; w = writable; d = dirty;
		flush = accessible(pte); clear_pte() };
		if
		:: atomic { cannot_share -> set_pte(old, P, w, d) }
		:: atomic { else -> set_entry(swap_entry, 0, 0);
			keep_soft_dirty(); folio_dirty = folio_dirty || d;
			map[P]--; ref[P]-- }
		fi
	   :: else
	   fi;
	   atomic { unlock(pte_locked); old = 0; w = 0; d = 0 };
	   if
	   :: map[P] -> goto keep
	   :: else
	   fi;
	   /* try_to_unmap_flush_dirty(), pageout() */
	   if
	   :: atomic { folio_dirty && flush -> flush_tlb(); flush = 0 }
	   :: else
	   fi;
	   if
	   :: atomic { folio_dirty && ref[P] == 2 -> swap = mem[P];
		folio_dirty = 0 }
	   :: else
	   fi;
	   /* __remove_mapping(), try_to_unmap_flush(), free_unref_folios() */
	   if
	   :: atomic { ref[P] == 2 && !folio_dirty -> ref[P] = 0;
		swapcache = 0; folio_locked = 0 };
		if
		:: atomic { flush -> flush_tlb(); flush = 0 }
		:: else
		fi;
		atomic { free_page(P); break }
	   :: else
	   fi;
keep:	   folio_locked = 0;
	   if
	   :: atomic { flush -> flush_tlb(); flush = 0 }
	   :: else
	   fi;
putback:   atomic { lru = 1; put_page(P) }
	od
}

/* migrate_folio_unmap(), migrate_folio_move(); not from the swap cache */
proctype migration()
{
	mtype old;
	bit w, d;
	byte new = P;

end:	do
	:: atomic { lru && ref[P] && !swapcache -> lru = 0; ref[P]++ };
	   if
	   :: atomic { !folio_locked -> folio_locked = 1 }
	   :: else -> goto putback
	   fi;
	   /* try_to_migrate_one(), ptep_clear_flush() */
	   lock(pte_locked);
	   if
	   :: atomic { maps_p -> old = pte; w = writable; d = dirty;
		clear_pte() };
		if
		:: atomic { accessible(old) -> flush_tlb() }
		:: else
		fi;
		if
		:: atomic { cannot_share -> set_pte(old, P, w, d) }
		:: atomic { else -> set_entry(migration_entry, w, d);
			keep_soft_dirty(); map[P]--; ref[P]-- }
		fi
	   :: else
	   fi;
	   atomic { unlock(pte_locked); old = 0; w = 0; d = 0 };
	   /* folio_migrate_mapping(): is ours the only reference? */
	   if
	   :: atomic { !map[P] && !swapcache && ref[P] == 1 && !live[N] ->
		new = N; new_page(N, mem[P]) }
	   :: else
	   fi;
	   /* remove_migration_pte(): the new page, or P again */
	   lock(pte_locked);
	   if
	   :: atomic { pte == migration_entry -> add_rmap(new);
		exclusive[new] = entry_exclusive;
		set_pte(present, new, entry_writable, entry_dirty);
		clear_entry(); return_soft_dirty() }
	   :: else
	   fi;
	   unlock(pte_locked);
	   folio_locked = 0;
	   if
	   :: atomic { new == N -> put_page(N); put_page(P); break }
	   :: else
	   fi;
putback:   atomic { lru = 1; put_page(P) }
	od
}

#ifdef EXIT
/*
 * The last thread exits. The last user of the mm tears it down: exit_mmap()
 * unmaps under the mmap read lock, and frees page tables under the write lock.
 */
proctype exit_mm()
{
	atomic { threads = 0; flush_tlb(); users-- };
	atomic { !users && !mmap_locked && !pte_locked ->
		if
		:: pte == present -> map[pfn]--; put_page(pfn)
		:: else
		fi;
		clear_pte(); clear_entry() };
	atomic { !mmap_locked -> gone = 1 }
}
#endif

#ifdef SOFT_DIRTY
/* clear_refs: clear_soft_dirty() leaves pinned pages alone */
proctype tracer()
{
end:	do
	:: atomic { may_fork && pte == present && !tracked && !pins ->
		writable = 0; soft_dirty = 0; flush_tlb(); tracked = 1 }
	od
}
#endif

#ifdef POISON
/* memory_failure(), without its attempt to unmap the page */
proctype memory()
{
end:	if
	:: atomic { !compared -> failed[P] = 1 }
	:: atomic { !compared -> failed[K] = 1 }
	fi
}
#endif

/* ------------------------------ the module ------------------------------- */

#ifdef R6_READ_ONLY_PTE
#define parked_pte	present
#else
#define parked_pte	prot_none
#endif

/* gd_kill_users(): no thread returns to user space */
#define kill_users()	threads = 0

/* only_mapped(): three reads, in this order */
inline count(ok)
{
	mapped = map[P];
	refs = ref[P];
#ifdef R8_FOREIGN_REFERENCES
	ok = mapped == map[P] && refs >= mapped + 1
#else
	ok = mapped == map[P] && refs == mapped + 1
#endif
}

/* gd_insert_pages(): vm_insert_pages(), then vm_insert_page(); both may fail */
inline insert_page(p)
{
	if
	:: atomic { !pte_locked && pte == none -> add_rmap(p);
		set_pte(present, p, 0, 0); no_soft_dirty() }
	:: skip ->
		if
		:: atomic { !pte_locked && pte == none -> add_rmap(p);
			set_pte(present, p, 0, 0); no_soft_dirty() }
#ifdef R9_HOLE_STAYS
		:: skip
#else
		:: kill_users()
#endif
		fi
#ifdef BROKEN
	:: pte != none -> kill_users()
#endif
	fi
}

#ifndef BROKEN
/* gd_zap_range(): zap_pte_range(), tlb_finish_mmu(); P is what was parked */
inline zap()
{
	tlb_flush_pending = 1;
	lock(pte_locked);
	atomic { assert(pte == prot_none && pfn == P); map[P]--; clear_pte() };
	unlock(pte_locked);
	flush_tlb();
	put_page(P);
	tlb_flush_pending = 0
}
#else
/* With a broken rule, something else may have taken its place. */
inline zap()
{
	tlb_flush_pending = 1;
	lock(pte_locked);
	if
	:: atomic { pte == present || pte == prot_none -> page = pfn;
		map[page]--; clear_pte(); zapped = 1 }
	:: else -> clear_pte(); clear_entry()
	fi;
	unlock(pte_locked);
#ifndef R1_NOT_FLUSHED
	if
	:: atomic { zapped -> flush_tlb() }
	:: else
	fi;
#endif
	if
	:: atomic { zapped -> put_page(page) }
	:: else
	fi;
	tlb_flush_pending = 0
}
#endif

/* gd_merge_run(): a batch of one page, on which the caller has a reference */
proctype module()
{
	bit w, d, ok, parked, locked, zapped, equal;
	byte mapped, refs, page;

	/* hold_member(): mmget_not_zero() */
#ifndef R15_MM_NOT_HELD
	if
	:: atomic { users -> users++ }
	:: else -> goto done
	fi;
#endif
	/* gd_lock_mmap_write(), gd_vma_start_write() */
	mmap_locked = 1;

	/* park() */
	lock(pte_locked);
	if
	:: pte != present || pfn != P || swapcache || has_failed(P) ->
		goto unlock_ptes
	:: else
	fi;
#ifdef R6_COUNTED_BEFORE_CLEARED
	count(ok);
#endif
#ifndef R1_PAGE_NOT_LOCKED
	if
	:: atomic { !folio_locked -> folio_locked = 1; locked = 1 }
	:: else -> goto unlock_ptes
	fi;
	if
	:: swapcache || has_failed(P) -> goto unlock_ptes
	:: else
	fi;
#endif
	atomic { w = writable; d = dirty; clear_pte() };
#ifndef R6_COUNTED_BEFORE_CLEARED
	count(ok);
#endif
#if defined(SOFT_DIRTY) && !defined(R6_SOFT_DIRTY_LOST)
	ok = ok && !(tracked && soft_dirty);
#endif
	if
#ifdef R6_EXCLUSIVE_STAYS
	:: atomic { ok ->
#else
	:: atomic { ok && !cannot_share -> exclusive[P] = 0;
#endif
#ifndef R6_EMPTY_PTE
		set_pte(parked_pte, P, 0, 0);
#endif
		parked = 1 }
#ifdef R6_PTE_NOT_RESTORED
	:: else
#else
	:: atomic { else -> set_pte(present, P, w, d) }
#endif
	fi;
	atomic { mapped = 0; refs = 0; w = 0; d = 0; ok = 0 };
unlock_ptes:
	unlock(pte_locked);

#ifdef R1_UNLOCKED_BEFORE_THE_ZAP
	atomic { folio_locked = folio_locked && !locked; locked = 0 };
#endif
#ifdef R7_COMPARED_BEFORE_THE_FLUSH
	equal = mem[P] == mem[K];
#endif
#ifdef R7_COPIED_BEFORE_THE_FLUSH
	new_page(S, mem[P]);
#endif
	/* zap_all() */
	if
	:: parked -> zap()
	:: else
	fi;
	if
	:: atomic { locked -> folio_locked = 0; locked = 0 }
	:: else
	fi;
	if
	:: !parked -> goto unlock_mmap
	:: else
	fi;
	/* compare_all(): what fails while it is read, no check can prevent */
	atomic {
#ifdef POISON
		compared = 1;
#ifndef R5_FAILED_PAGE_IS_READ
		if
		:: failed[P] ->
#ifndef R5_USERS_NOT_KILLED
			kill_users();
#endif
			goto unlock_mmap
		:: else
		fi;
#endif
		read_failed = failed[P];
#ifndef R5_FAILED_FRAME_IS_READ
		if
		:: failed[K] -> goto differs
		:: else
		fi;
#endif
		read_failed = read_failed || failed[K];
#endif
#if defined(R7_NOT_COMPARED)
		equal = 1
#elif defined(R7_COMPARED_BEFORE_THE_FLUSH)
		skip
#else
		equal = mem[P] == mem[K]
#endif
	};
	if
	:: equal -> insert_page(K); goto unlock_mmap
	:: else
	fi;
	/* insert_copies(), with a page from get_spares() */
differs:
#ifdef R11_SPARE_ALLOCATED_TOO_LATE
	if
	:: goto unlock_mmap
	:: skip
	fi;
#endif
#ifndef R7_COPIED_BEFORE_THE_FLUSH
	new_page(S, mem[P]);
#endif
	insert_page(S);
	put_page(S);
	/* unshare_copies(): see private.pml */
	if
	:: atomic { threads && pte == present && pfn == S && !pte_locked ->
		copy_page(0) }
	:: else
	fi;
unlock_mmap:
	mmap_locked = 0;
	/* release() */
	put_page(P);
#ifndef R15_MM_NOT_HELD
	users--;
#endif
done:	over = 1
}

proctype properties()
{
end:	if
	/* What the address shows is what was written to it last. */
	:: checked(LOST_WRITE) && threads && pte == present && mem[pfn] != last
	:: checked(LOST_WRITE) && threads && pte == none && !pte_locked &&
	   !mmap_locked
	:: checked(LOST_WRITE) && tlb && mem[tlb_pfn] != last
	:: checked(LOST_WRITE) && (pinned || got) && mem[P] != last
	:: checked(LOST_WRITE) && child == 1 && mem[P] != child_last
#ifdef SOFT_DIRTY
	/* and a tracer is told so. */
	:: checked(LOST_WRITE) && pte == present && written && !soft_dirty
#endif
	/* Nothing is used after it is freed. */
	:: checked(USED_AFTER_FREE) && pte == present && !live[pfn]
	:: checked(USED_AFTER_FREE) && tlb && !live[tlb_pfn]
	:: checked(USED_AFTER_FREE) && (pinned || got || child == 1) && !live[P]
	/* No page table is freed that maps something. */
	:: checked(USED_AFTER_FREE) && gone && pte != none
#ifdef POISON
	:: checked(READ_FAILED) && read_failed
#endif
	fi;
	assert(false)
}

init {
	/* P was found in a snapshot, and K created from it. */
	atomic {
		new_page(P, ONE); map[P] = 1; exclusive[P] = 1; ref[P] = 2;
		new_page(K, ONE);
		/* spin tries the last one first: so it finds errors sooner */
#ifndef SMALL
		run forked();
#endif
		run migration(); run faults();
#if defined(EXIT)
		run exit_mm();
#elif defined(SOFT_DIRTY)
		run tracer();
#elif defined(POISON)
		run memory();
#else
		run device();
#endif
		run reclaim(); run module(); run cpu(); run properties()
	}
}
