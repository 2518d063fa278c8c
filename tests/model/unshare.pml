/* SPDX-License-Identifier: GPL-2.0 */
/*
 * unshare_mm.c: all frames of an address space are unshared in bounded steps. A
 * step takes the mmap lock, looks at a window of offsets, unshares some of the
 * frames in it and releases the lock. Between two steps, mremap() may move pages
 * to any address.
 *
 * A page's offset is vm_pgoff, the address at which it was mapped first, and
 * stays when the page moves. Something else may be mapped at that address
 * meanwhile, so any number of pages can have one offset.
 *
 * Areas are single pages here: how pages make up areas does not matter, as the
 * same areas contain the same pages.
 */
#define ADDRESSES	3	/* and offsets */
#define PAGES	3
#define NOWHERE	255
#define BATCH	2	/* frames to unshare under one hold of the lock */

#include "properties.pml"

byte at[PAGES] = NOWHERE;
byte offset[PAGES];
bit frame[PAGES];

bit success;

#define is_at(i, a)	(at[i] == (a))
#define occupied(a)	(is_at(0, a) || is_at(1, a) || is_at(2, a))

#define any_address(a)	a = 0; do :: a < ADDRESSES - 1 -> a++ :: break od

/* mremap(), munmap(), mmap(): each is one hold of the mmap write lock */
proctype mover(byte i)
{
	byte to;

end:	do
	:: atomic { any_address(to);
		if
		:: at[i] != NOWHERE && !occupied(to) -> at[i] = to
		:: at[i] == NOWHERE && !occupied(to) -> at[i] = to;
			offset[i] = to
		:: at[i] != NOWHERE -> at[i] = NOWHERE; offset[i] = 0;
			frame[i] = 0
		:: else
		fi;
		to = 0 }
	od
}

#ifdef R3_BY_ADDRESS
#define place(i)	at[i]
#else
#define place(i)	offset[i]
#endif

/* A step that had to leave something out: where does the next one begin? */
#ifdef R3_GOES_ON_BY_ADDRESS
#define go_on(a)	from = (a)
#else
#define go_on(a)	skip
#endif

#define is_frame(i)	(frame[i] && at[i] != NOWHERE)
#define in_window(i)	(is_frame(i) && place(i) >= here && \
			 place(i) < here + width && at[i] >= from)
#define left_in_window	(in_window(0) || in_window(1) || in_window(2))

#ifdef R3_ONE_AREA
#define window_ends	(n > 0 || !left_in_window)
#else
#define window_ends	(!left_in_window)
#endif

inline unshare(i)
{
	n++;
	if
	:: frame[i] = 0; go_on(at[i])
	:: failed = 1
	fi
}

/* One hold of the lock, which keeps mremap() out. gd_unshare_page() may fail. */
inline step()
{
	atomic {
		n = 0;
		do
		:: n < BATCH && !failed && in_window(0) -> unshare(0)
		:: n < BATCH && !failed && in_window(1) -> unshare(1)
		:: n < BATCH && !failed && in_window(2) -> unshare(2)
		:: n == BATCH || failed || !left_in_window -> break
		od;
		if
		:: failed
		:: !failed && window_ends -> here = here + width; from = 0;
			if
			:: width = 1
			:: width = 2
			fi
		:: !failed && !window_ends -> width = 1
		fi;
		n = 0 }
}

proctype module()
{
	byte here, from, n;
	byte width = 2;
	bit failed;

	do
	:: here < ADDRESSES && !failed -> step()
	:: else -> break
	od;
	success = !failed
}

proctype properties()
{
end:	if
	:: checked(FRAME_LEFT) && success &&
	   (is_frame(0) || is_frame(1) || is_frame(2))
	fi;
	assert(false)
}

init {
	byte to;

	/* Two pages with frames and one that may have one, anywhere. */
	atomic {
		at[0] = 0; at[1] = 1; at[2] = 2;
		any_address(to); offset[0] = to;
		any_address(to); offset[1] = to;
		any_address(to); offset[2] = to;
		frame[0] = 1; frame[1] = 1;
		if
		:: frame[2] = 1
		:: skip
		fi;
		to = 0;
		run mover(0); run mover(1); run mover(2); run module();
		run properties()
	}
}
