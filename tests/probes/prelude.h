/* SPDX-License-Identifier: GPL-2.0 */
/* What compat.h takes for granted of types that the series' headers define. */
void mmap_assert_write_locked(const struct mm_struct *mm);
int down_write_trylock(struct rw_semaphore *sem);
