/* SPDX-License-Identifier: GPL-2.0 */
/*
 * frame.c, isolate.c: the life of frames in two groups. A scanner creates a
 * frame, maps it in members, and frees it when its own reference is the last
 * one. Address spaces write to frames, fork, exit, and take references to read;
 * they join and leave; groups are deleted.
 *
 * A merge is one step, and so is unsharing: both hold the mmap lock for
 * writing, and the other models have what happens meanwhile. A scanner does one
 * thing at a time, and no other thread maps its frames. PFNs are used again as
 * soon as a page is freed.
 *
 * READER: one member of one group, and a reader of its frames. KSM: one group,
 * and ksmd.
 */
#ifdef READER
#define PAGES		3
#define some_page	(!live[0] || !live[1] || !live[2])
#define a_page		(!live[0] -> 0 : (!live[1] -> 1 : 2))
#else
#define PAGES		4
#define some_page	(!live[0] || !live[1] || !live[2] || !live[3])
#define a_page		(!live[0] -> 0 : (!live[1] -> 1 : (!live[2] -> 2 : 3)))
#endif
#define NONE		PAGES	/* no page */
#define GROUPS		2
#define MMS		2

#define reset_page(p)	anon[p] = 0; creator[p] = 0
#include "pages.pml"
#include "properties.pml"

/* Bytes that are written. Only READER looks at them. */
#define ONE		1
#ifdef READER
#define TWO		2
#else
#define TWO		ONE
#endif

/* PageAnon. For the properties: the group that created a frame. */
bit anon[PAGES];
byte creator[PAGES];
#define DELETED		GROUPS		/* a group that is no more */
#define KSMD		(GROUPS + 1)

/* A group's table of frames, by PFN. */
bit table[GROUPS * PAGES];
#define in_table(g, p)	table[(g) * PAGES + (p)]

/* Address spaces, with one PTE each: memberships, what was written last. */
byte pte[MMS] = NONE;
bit members[MMS * GROUPS];
#define is_member(m, g)	members[(m) * GROUPS + (g)]
byte last[MMS];
#ifdef KSM
bit mergeable[MMS] = 1;	/* VM_MERGEABLE, which fork() copies */
#define fork_areas()	mergeable[1] = mergeable[0]
#else
#define fork_areas()	skip
#endif

bit stale_plan;		/* a frame was freed before its merge */

/* A reference taken to read (by a pipe, or a read-only pin), and the bytes. */
byte held = NONE;
bit reading;
byte bytes;

/* is_own_frame() */
#ifdef R4_MARKED_PAGES
byte mark[PAGES] = DELETED;	/* page->private, which no one clears */
#define is_own(g, p)	(mark[p] == g)
#define set_mark(p)	mark[p] = g
#else
#define is_own(g, p)	in_table(g, p)
#define set_mark(p)	skip
#endif

#define has_frame(m)	(pte[m] != NONE && !anon[pte[m]])
#define has_anon(m)	(pte[m] != NONE && anon[pte[m]])

inline alloc(p, value, is_anon)
{
	p = a_page;
	new_page(p, value);
	anon[p] = is_anon
}

inline map_page(m, p)
{
	pte[m] = p;
	map[p]++
}

/* do_wp_page(): the frame is replaced by a copy, never reused */
inline break_frame(m, p)
{
	alloc(p, mem[pte[m]], 1);
	map[pte[m]]--;
	put_page(pte[m]);
	map_page(m, p);
	p = 0
}

/* ---------------------------- the environment ---------------------------- */

/* The threads of an address space; mm 1 is a child of mm 0. */
proctype mm(byte m)
{
	byte p;

end:	do
	:: atomic { has_frame(m) && some_page -> break_frame(m, p);
		mem[pte[m]] = TWO; last[m] = TWO }
	:: atomic { has_anon(m) -> mem[pte[m]] = ONE; last[m] = ONE }
#ifndef READER
	/* copy_present_pte(); an anonymous page is copied at once */
	:: atomic { m == 0 && pte[1] == NONE && has_frame(0) -> ref[pte[0]]++;
		map_page(1, pte[0]); last[1] = last[0]; fork_areas() }
	:: atomic { m == 0 && pte[1] == NONE && has_anon(0) && some_page ->
		alloc(p, mem[pte[0]], 1); map_page(1, p); last[1] = last[0];
		fork_areas(); p = 0 }
	/* exit_mmap(): the mapping goes first, then its reference */
	:: atomic { m == 1 && pte[1] != NONE -> p = pte[1]; pte[1] = NONE;
		last[1] = 0; is_member(1, 0) = 0; is_member(1, 1) = 0;
		map[p]-- };
	   atomic { put_page(p); p = 0 }
#endif
	od
}

#ifdef READER
/* GUP-fast: read the PTE, take a reference, read the PTE again. */
proctype reader()
{
	byte p;

end:	do
	:: atomic { has_frame(0) -> p = pte[0] };
	   if
	   :: atomic { ref[p] -> ref[p]++; held = p };
		if
		:: atomic { pte[0] == p && !anon[p] -> reading = 1;
			bytes = mem[p] };
			reading = 0
		:: else
		fi;
		atomic { held = NONE; bytes = 0; put_page(p); p = 0 }
	   :: else -> p = 0
	   fi
	od
}
#endif

#ifdef KSM
/* The page itself becomes ksmd's, for all that have the same bytes. */
proctype ksmd()
{
end:	do
	:: atomic { mergeable[0] && has_anon(0) -> anon[pte[0]] = 0;
		creator[pte[0]] = KSMD }
	:: atomic { mergeable[1] && has_anon(1) -> anon[pte[1]] = 0;
		creator[pte[1]] = KSMD }
	od
}
#endif

/* ------------------------------ the module ------------------------------- */

#ifdef R7_FRAME_USED_AGAIN
#define is_unused(p)	(map[p] == 0)
#else
#define is_unused(p)	(ref[p] == 1)
#endif

#ifdef X_REAPED_WHILE_PLANNED
#define may_reap	true
#else
#define may_reap	(planned == NONE)
#endif

#ifdef R12_FREED_WITH_THE_GROUP
#define destroy_page(p)	ref[p] = 0; free_page(p)
#else
#define destroy_page(p)	put_page(p)
#endif

/* find_by_mm(): an address space is in one group */
#ifdef R15_TWO_GROUPS
#define may_join(m)	(pte[m] != NONE)
#else
#define may_join(m)	(pte[m] != NONE && !is_member(m, 0) && !is_member(m, 1))
#endif

#define any_mm(m)	if :: m = 0 :: m = 1 fi
#define any_page(p)	p = 0; do :: p < PAGES - 1 -> p++ :: break od

/* unshare.pml, private.pml */
inline unshare(m, p, all)
{
	if
	:: has_frame(m) && (all || !is_own(g, pte[m])) -> break_frame(m, p)
	:: else
	fi
}

/* gd_vma_take_from_ksm(), under the same hold of the lock */
#ifdef KSM
#ifdef R14_KSMD_KEEPS_ITS_AREAS
#define take_from_ksm()	skip
#else
#define take_from_ksm()	mergeable[m] = 0
#endif
#else
#define take_from_ksm()	skip
#endif

/* A group's scanner, with the calls from its inbox. */
proctype scanner(byte g)
{
	byte p, m, planned = NONE;

end:	do
	/* match(): a frame that exists, or a new one */
	:: atomic { planned == NONE && some_page -> any_mm(m);
		if
		:: is_member(m, g) && has_anon(m) -> any_page(p);
			planned = (in_table(g, p) -> p : NONE)
		:: is_member(m, g) && has_anon(m) ->
			alloc(planned, mem[pte[m]], 0);
			creator[planned] = g;
			set_mark(planned);
			in_table(g, planned) = 1
		:: else
		fi;
		m = (planned == NONE -> 0 : m); p = 0 }
	/* gd_merge_run(): the member may have changed, or left, or be gone */
	:: atomic { planned != NONE ->
		stale_plan = !live[planned] || anon[planned];
		if
		:: is_member(m, g) && has_anon(m) &&
		   mem[pte[m]] == mem[planned] ->
			p = pte[m]; map[p]--; put_page(p);
			ref[planned]++; map_page(m, planned)
		:: else
		fi;
		planned = NONE; m = 0; p = 0 }
	/* free_if_unmapped(): one reference, and no merge is planned */
	:: atomic { may_reap -> any_page(p);
		if
		:: !in_table(g, p) || !is_unused(p) -> p = 0; goto next
		:: else
		fi };
	   /* free_page_of() */
	   atomic {
#ifdef R7_FRAME_USED_AGAIN
		mem[p] = TWO;
#else
#ifndef R4_PFN_STAYS_IN_TABLE
		in_table(g, p) = 0;
#endif
#ifdef R12_FREED_BY_THE_COUNT
		ref[p] = 0; free_page(p);
#else
		put_page(p);
#endif
#endif
		p = 0 }
	/* gd_roster_join() */
	:: atomic { planned == NONE && some_page -> any_mm(m);
		if
		:: may_join(m) ->
#ifndef R3_JOINS_WITH_FRAMES
			unshare(m, p, 0);
#endif
#ifdef R14_TAKEN_FROM_KSM_LATER
			goto joined
#else
			take_from_ksm(); is_member(m, g) = 1
#endif
		:: else
		fi;
		m = 0 }
	/* gd_roster_leave(), with or without its frames */
	:: atomic { planned == NONE && some_page -> any_mm(m);
		if
		:: is_member(m, g) -> unshare(m, p, 1); is_member(m, g) = 0
		:: is_member(m, g) -> is_member(m, g) = 0
		:: else
		fi;
		m = 0 }
	/* gd_frames_destroy(), gd_roster_exit(); a new group has its number */
	:: atomic { planned == NONE ->
		is_member(0, g) = 0; is_member(1, g) = 0;
		p = 0;
		do
		:: p < PAGES && in_table(g, p) -> in_table(g, p) = 0;
			creator[p] = DELETED; destroy_page(p); p++
		:: p < PAGES && !in_table(g, p) -> p++
		:: else -> break
		od;
		p = 0 }
#ifdef R14_TAKEN_FROM_KSM_LATER
	:: false ->
joined:	   atomic { take_from_ksm(); is_member(m, g) = 1; m = 0 }
#endif
next:	   skip
	od
}

#define foreign(m, g)	(is_member(m, g) && has_frame(m) && \
			 creator[pte[m]] != g)

proctype properties()
{
end:	if
	:: checked(LOST_WRITE) && pte[0] != NONE && mem[pte[0]] != last[0]
	:: checked(LOST_WRITE) && pte[1] != NONE && mem[pte[1]] != last[1]
	/* A frame's bytes never change. */
	:: checked(LOST_WRITE) && reading && mem[held] != bytes
	:: checked(USED_AFTER_FREE) && pte[0] != NONE && !live[pte[0]]
	:: checked(USED_AFTER_FREE) && pte[1] != NONE && !live[pte[1]]
	:: checked(USED_AFTER_FREE) && held != NONE && !live[held]
	:: checked(USED_AFTER_FREE) && stale_plan
	/* A member maps frames of its group, and of no other. */
	:: checked(TWO_GROUPS) && (foreign(0, 0) || foreign(0, 1) ||
				   foreign(1, 0) || foreign(1, 1))
	fi;
	assert(false)
}

init {
	atomic {
		new_page(0, ONE); anon[0] = 1; map_page(0, 0); last[0] = ONE;
		run mm(0); run scanner(0);
#if defined(READER)
		run reader();
#elif defined(KSM)
		run mm(1); run ksmd();
#else
		run mm(1); run scanner(1);
#endif
		run properties()
	}
}
