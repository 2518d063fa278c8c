/* SPDX-License-Identifier: GPL-2.0 */
/*
 * unshare.c, gd_unshare_page(): one mapping of a frame is made private. The
 * mmap write lock keeps all faults out but the module's own. That fault may
 * fail, or return without an error and change nothing: no memory, userfaultfd,
 * a read-only area on 6.1. A thread reads through its TLB meanwhile.
 *
 * KSM: the frame is one of ksmd's, and reclaim may swap it out at any time.
 * LAZYFREE: afterwards the process forks, its child uses MADV_FREE, and the
 * kernel reclaims.
 */
#define K	0	/* the frame */
#define C	1	/* the copy that replaces it if the fault fails */
#define N	2	/* the anonymous page of a fault */
#define PAGES	3
#define NONE	PAGES

#include "pages.pml"
#include "properties.pml"

#define BYTES	1
#define TRIES	2	/* GD_FAULT_TRIES */

mtype = { none, present, swap_entry };

mtype pte = present;
byte pfn = K;
bit tlb;
byte tlb_pfn;
bit threads = 1;

bit mmap_locked = 1;
bit success;			/* gd_unshare_page() returned 0 */

/* N: PG_dirty, not PG_swapbacked */
bit folio_dirty, lazyfree;
bit child, written;		/* there is one; the parent left N to it */
bit freed_read;

#ifdef R3_FRAME_NOT_HELD
#define hold(p)		skip
#define unhold(p)	skip
#else
#define hold(p)		ref[p]++
#define unhold(p)	put_page(p)
#endif

#ifdef R3_COPY_STAYS_CLEAN
#define mark_dirty()	skip
#else
#define mark_dirty()	folio_dirty = 1
#endif

#define flush_tlb()	d_step { tlb = 0; tlb_pfn = 0 }

inline unmap()
{
	flush_tlb();
	map[pfn]--;
	put_page(pfn);
	pte = none;
	pfn = 0
}

inline set_pte(p)
{
	pte = present;
	pfn = p
}

inline add_rmap(p)
{
	ref[p]++;
	map[p]++
}

proctype cpu()
{
end:	do
	:: atomic { threads && pte == present && !tlb -> tlb = 1;
		tlb_pfn = pfn }
	:: atomic { tlb -> flush_tlb() }
	od
}

#ifdef KSM
/* shrink_folio_list(): ksmd has no reference on its page */
proctype reclaim()
{
end:	atomic { pte == present && pfn == K -> unmap(); pte = swap_entry }
}
#endif

#ifdef LAZYFREE
/*
 * The child uses MADV_FREE: madvise_free_pte_range() counts the mappings of
 * dirty pages only.
 */
proctype forked()
{
end:	atomic { !mmap_locked && pte == present && pfn == N -> add_rmap(N);
		child = 1 };
	if
	:: atomic { !folio_dirty -> lazyfree = 1 }
	:: atomic { folio_dirty && map[N] == 1 -> folio_dirty = 0;
		lazyfree = 1 }
	:: atomic { folio_dirty && map[N] > 1 -> skip }
	fi
}

/* The parent writes: it has a page of its own then. */
proctype parent()
{
end:	atomic { child && pte == present && pfn == N -> unmap(); written = 1 }
}

/* try_to_unmap_one(): a clean page is discarded in all mappings */
proctype reclaim()
{
end:	atomic { lazyfree && !folio_dirty ->
#ifdef BROKEN
		if
		:: pte == present && pfn == N -> unmap()
		:: else
		fi;
#else
		assert(pte != present);
#endif
		map[N]--; put_page(N) }
}
#endif

/* ------------------------------ the module ------------------------------- */

/*
 * make_private(): handle_mm_fault() makes a copy, or fails, or does nothing.
 * The new page is clean: that is what FAULT_FLAG_UNSHARE makes of it.
 */
inline fault()
{
	if
	:: atomic { pte == present && pfn != N -> new_page(N, mem[pfn]);
		unmap(); set_pte(N); map[N]++; error = 0 }
#ifdef KSM
	:: atomic { pte == swap_entry -> new_page(N, BYTES); set_pte(N);
		map[N]++; error = 0 }
#endif
	:: error = 0
	:: error = 1
	fi
}

/* recheck_pte(), under the PTE lock */
inline recheck()
{
	atomic {
#ifdef R3_FAULT_IS_TRUSTED
		frame = (error -> pfn : NONE);
#else
		frame = (pte == present && pfn != N -> pfn : NONE);
#endif
		if
		:: frame != NONE -> hold(frame)
		:: else -> mark_dirty()
		fi }
}

/* unshare_by_fault(): ends with frame == NONE, or with a reference on it */
inline unshare_by_fault()
{
	tries = 1;
	do
	:: fault();
		recheck();
		if
		:: frame == NONE || error || tries == TRIES -> break
		:: else -> unhold(frame); tries++
		fi
	od
}

inline alloc_copy()
{
	if
	:: atomic { freed_read = !live[frame]; new_page(C, mem[frame]) }
	:: error = 1		/* no memory */
	fi
}

proctype module()
{
	byte frame, tries;
	bit error, copied;

again:	unshare_by_fault();
	if
	:: frame == NONE -> success = 1; goto unlock
	:: else
	fi;
	if
	:: copied -> unhold(frame); goto unlock
	:: else
	fi;
	/* replace_by_copy() */
	error = 0;
#ifndef R3_COPIED_AFTER_THE_ZAP
	alloc_copy();
	if
	:: error -> unhold(frame); goto unlock
	:: else
	fi;
#endif
	/* gd_zap_range() */
	if
	:: atomic { pte == present -> unmap() }
#ifdef KSM
	:: atomic { pte == swap_entry -> pte = none }
#endif
	fi;
#ifdef R3_COPIED_AFTER_THE_ZAP
	alloc_copy();
	if
	:: error -> goto unlock
	:: else
	fi;
#endif
	/* gd_insert_pages() */
	if
	:: atomic { set_pte(C); add_rmap(C) }
	:: threads = 0; error = 1
	fi;
	put_page(C);
	unhold(frame);
	if
	:: error -> goto unlock
	:: else -> copied = 1; goto again	/* C is mapped like a frame */
	fi;
unlock:
	mmap_locked = 0
}

proctype properties()
{
end:	if
	:: checked(FRAME_LEFT) && success && pte == present && pfn != N
	:: checked(LOST_WRITE) && threads && pte == present && mem[pfn] != BYTES
	:: checked(LOST_WRITE) && threads && pte == none && !mmap_locked &&
	   !written
	:: checked(LOST_WRITE) && threads && tlb && mem[tlb_pfn] != BYTES
	:: checked(USED_AFTER_FREE) && pte == present && !live[pfn]
	:: checked(USED_AFTER_FREE) && tlb && !live[tlb_pfn]
	:: checked(USED_AFTER_FREE) && freed_read
	fi;
	assert(false)
}

init {
	atomic {
		new_page(K, BYTES);
		map[K] = 1;
#ifndef KSM
		ref[K] = 2;	/* the group's */
#endif
		run cpu();
#ifdef KSM
		run reclaim();
#endif
#ifdef LAZYFREE
		run forked(); run parent(); run reclaim();
#endif
		run module(); run properties()
	}
}
