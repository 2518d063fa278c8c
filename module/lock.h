/* SPDX-License-Identifier: GPL-2.0 */
/* Taking a member's mmap lock, for a bounded time. */
#ifndef GD_LOCK_H
#define GD_LOCK_H

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/lockdep.h>
#include <linux/mmap_lock.h>

/* 200 attempts, 50 to 100 us apart: at most 20 ms. */
#define GD_LOCK_TRIES	200

/*
 * A scanner that slept on the lock could not be stopped meanwhile, and a writer
 * in the queue would block every fault of the member. The caller holds no lock,
 * so that nothing waits for the scanner.
 */
#define gd_lock_until(try)						\
({									\
	bool __got;							\
	int __tries = 1;						\
									\
	lockdep_assert_none_held_once();				\
	__got = (try);							\
	while (!__got && __tries++ < GD_LOCK_TRIES &&			\
	       !kthread_should_stop()) {				\
		usleep_range(50, 100);					\
		__got = (try);						\
	}								\
	__got;								\
})

static inline bool gd_lock_mmap_read(struct mm_struct *mm)
{
	return gd_lock_until(mmap_read_trylock(mm));
}

static inline bool gd_lock_mmap_write(struct mm_struct *mm)
{
	return gd_lock_until(gd_mmap_write_trylock(mm));
}

#endif /* GD_LOCK_H */
