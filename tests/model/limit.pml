/* SPDX-License-Identifier: GPL-2.0 */
/*
 * frame.c, usable(): no reference count overflows. Merging stops at LIMIT
 * mappings, fork() copies mappings unchecked, and the kernel bounds the number
 * of processes. The numbers are small: LIMIT stands for
 * GD_FRAME_MAPPINGS_MAX, MMS for 2^22 processes, and COUNT_MAX for the sign bit
 * of a page's counters.
 *
 * One frame, and how often each address space maps it. All pages of all address
 * spaces have its content. A plan is for one member; fork may come before it is
 * carried out.
 */
#define MMS		3
#define LIMIT		3
#define BATCH		2
/* all that LIMIT allows, our own reference, and one that a reader takes */
#define COUNT_MAX	(LIMIT * MMS + 2)

#include "properties.pml"

byte maps[MMS];
bit exists[MMS];
byte refs = 2;

#define mappings	(maps[0] + maps[1] + maps[2])

proctype mm(byte m)
{
	byte other;

end:	do
	/* dup_mmap() */
	:: atomic { exists[m] ->
		if
		:: other = 0
		:: other = 1
		:: other = 2
		fi;
		if
		:: !exists[other] -> exists[other] = 1;
			maps[other] = maps[m]; refs = refs + maps[m]
		:: else
		fi;
		other = 0 }
	/* a write, or the end of the process */
	:: atomic { maps[m] -> maps[m]--; refs-- }
	:: atomic { exists[m] -> exists[m] = 0; refs = refs - maps[m];
		maps[m] = 0 }
	od
}

/* The scanner: usable() when a merge is planned, then gd_merge_run() */
proctype scanner()
{
	byte m, planned;

end:	do
	:: atomic {
		if
		:: m = 0
		:: m = 1
		:: m = 2
		fi;
		do
#ifdef R5_NO_LIMIT
		:: planned < BATCH -> planned++
#elif defined(R5_PLANNED_NOT_COUNTED)
		:: planned < BATCH && mappings < LIMIT -> planned++
#else
		:: planned < BATCH && mappings + planned < LIMIT -> planned++
#endif
		:: break
		od };
	   atomic {
		if
		:: exists[m] -> maps[m] = maps[m] + planned;
			refs = refs + planned
		:: else
		fi;
		planned = 0; m = 0 }
	od
}

proctype properties()
{
end:	if
	:: checked(OVERFLOW) && refs > COUNT_MAX
	fi;
	assert(false)
}

init {
	atomic {
		exists[0] = 1;
		run mm(0); run mm(1); run mm(2); run scanner(); run properties()
	}
}
