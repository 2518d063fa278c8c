/* SPDX-License-Identifier: GPL-2.0 */
/* What compat.h takes for granted of types that the series' headers define. */
void mmap_assert_write_locked(const struct mm_struct *mm);
int down_write_trylock(struct rw_semaphore *sem);
void __mmap_lock_trace_start_locking(struct mm_struct *mm, bool write);
void __mmap_lock_trace_acquire_returned(struct mm_struct *mm, bool write, bool success);
