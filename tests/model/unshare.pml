/* SPDX-License-Identifier: GPL-2.0 */
/*
 * unshare_mm.c: all frames of an address space are unshared in bounded steps. A
 * step takes the mmap lock for one block, unshares the frames in it and releases
 * the lock. Between two steps, mremap() may move pages to addresses that the
 * round has passed.
 *
 * A page that was moved is displaced: vm_pgoff keeps the address at which it
 * was mapped first, its home. What is displaced, and where, is taken at the
 * first step of a round, and compared at each step of it. A round that saw no
 * difference ends it.
 *
 * A block has one page here, and areas are single pages: how pages make up
 * areas does not matter, as the same areas contain the same pages. The hash of
 * the displaced areas has no collisions.
 *
 * No area is mapped at the home of a displaced one: docs/design.md.
 */
#define BLOCKS	4
#define MOVERS	2	/* pages that move */
#define NOWHERE	255

#include "properties.pml"

/* Pages: where they are, their homes, whether they are frames. */
byte at[MOVERS] = NOWHERE;
byte home[MOVERS];
bit frame[MOVERS];

bit success;

#define is_at(i, a)	(at[i] == (a))
#define occupied(a)	(is_at(0, a) || is_at(1, a))

/* What is displaced: the home of the page that is at an address. */
#define displaced(a)	(is_at(0, a) && home[0] != (a) -> home[0] : \
			(is_at(1, a) && home[1] != (a) -> home[1] : NOWHERE))
#define may_map(i, a)	(!occupied(a) && home[1 - (i)] != (a))

#define any_address(a)	a = 0; do :: a < BLOCKS - 1 -> a++ :: break od

/* mremap(), munmap(), mmap(): each is one hold of the mmap write lock */
proctype mover(byte i)
{
	byte to;

end:	do
	:: atomic { any_address(to);
		if
		:: at[i] != NOWHERE && !occupied(to) -> at[i] = to
		:: at[i] == NOWHERE && may_map(i, to) -> at[i] = to;
			home[i] = to
		:: at[i] != NOWHERE -> at[i] = NOWHERE; home[i] = NOWHERE;
			frame[i] = 0
		:: else
		fi;
		to = 0 }
	od
}

#define same(a)		(witness[a] == displaced(a))
#define all_same	(same(0) && same(1) && same(2) && same(3))

#if defined(R3_NOT_COMPARED)
#define differs(a)	false
#elif defined(R3_COMPARED_AT_THE_END)
#define differs(a)	(a == BLOCKS - 1 && !all_same)
#else
#define differs(a)	!all_same
#endif

/*
 * One hold of the lock, which keeps mremap() out: the witness, then the frames
 * of the block. gd_unshare_page() may fail, and that ends it all.
 */
inline step(a)
{
	atomic {
		if
		:: a == 0 ->
			witness[0] = displaced(0);
			witness[1] = displaced(1);
			witness[2] = displaced(2);
			witness[3] = displaced(3)
		:: else
		fi;
		different = different || differs(a);
		if
		:: is_at(0, a) && frame[0] -> frame[0] = 0
		:: is_at(1, a) && frame[1] -> frame[1] = 0
		:: is_at(0, a) && frame[0] -> failed = 1
		:: is_at(1, a) && frame[1] -> failed = 1
		:: else
		fi }
}

proctype module()
{
	byte witness[BLOCKS];
	byte a;
	bit different, failed;

round:	different = 0;
	do
	:: a < BLOCKS -> step(a);
		if
		:: failed -> goto done
		:: else -> a++
		fi
	:: else -> break
	od;
	/* fewer values that mean nothing: fewer states */
	atomic { a = 0; witness[0] = 0; witness[1] = 0; witness[2] = 0;
		witness[3] = 0 };
	if
	:: !different -> success = 1
	:: else -> goto round
	fi;
done:	skip
}

proctype properties()
{
end:	if
	:: checked(FRAME_LEFT) && success && (frame[0] || frame[1])
	fi;
	assert(false)
}

init {
	byte to;

	/* One page with a frame and one that may have one, at home. */
	atomic {
		any_address(to);
		at[0] = to; home[0] = to; frame[0] = 1;
		if
		:: to > 0 -> at[1] = 0; home[1] = 0
		:: to < 3 -> at[1] = 3; home[1] = 3
		fi;
		if
		:: frame[1] = 1
		:: skip
		fi;
		to = 0;
		run mover(0); run mover(1); run module(); run properties()
	}
}
