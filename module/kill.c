// SPDX-License-Identifier: GPL-2.0
/* Killing the users of an address space whose content is lost. */
#include <linux/mm_types.h>
#include <linux/sched/signal.h>

#include "kill.h"

/**
 * gd_kill_users - kill all users of an address space
 * @mm: its mmap write lock is held, so none of them can have read the wrong
 *	content
 */
void gd_kill_users(struct mm_struct *mm)
{
	struct task_struct *p;

	rcu_read_lock();
	for_each_process(p) {
		struct task_struct *t;

		if (p->flags & PF_KTHREAD)
			continue;
		for_each_thread(p, t) {
			if (READ_ONCE(t->mm) != mm)
				continue;
			send_sig(SIGKILL, t, 1);
			break;
		}
	}
	rcu_read_unlock();
}
