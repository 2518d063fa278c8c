// SPDX-License-Identifier: GPL-2.0
/*
 * One process in one group: which process it is, and whether it still exists.
 * Independent of the registry and the scanner.
 *
 * A membership belongs to an address space: threads share it, exec ends it.
 */
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "group.h"
#include "member.h"

/**
 * gd_member_create - create a member for an address space
 * @task: a process that uses it
 * @mm: the address space
 *
 * Return: the member, in no group yet, with one reference; NULL: no memory.
 */
struct gd_member *gd_member_create(struct task_struct *task,
				   struct mm_struct *mm)
{
	struct task_struct *leader = task->group_leader;
	struct gd_member *member;

	member = kzalloc(sizeof(*member), GFP_KERNEL_ACCOUNT);
	if (!member)
		return NULL;
	refcount_set(&member->refs, 1);
	INIT_LIST_HEAD(&member->link);
	mmgrab(mm);
	member->mm = mm;
	member->pid = get_task_pid(leader, PIDTYPE_TGID);
	member->nr = pid_nr(member->pid);
	member->start_time = leader->start_boottime;
	get_task_comm(member->comm, leader);
	return member;
}

void gd_member_get(struct gd_member *member)
{
	refcount_inc(&member->refs);
}

void gd_member_put(struct gd_member *member)
{
	if (!refcount_dec_and_test(&member->refs))
		return;
	if (member->group)
		gd_group_put(member->group);
	put_pid(member->pid);
	mmdrop(member->mm);
	kfree(member);
}

/* Has the address space lost its last user? */
bool gd_member_is_gone(const struct gd_member *member)
{
	return !atomic_read(&member->mm->mm_users);
}

/* Does the process live on with another address space? */
bool gd_member_has_execed(const struct gd_member *member)
{
	struct task_struct *task = get_pid_task(member->pid, PIDTYPE_TGID);
	bool execed;

	if (!task)
		return false;
	execed = !(task->flags & PF_EXITING) && READ_ONCE(task->mm) &&
		 READ_ONCE(task->mm) != member->mm;
	put_task_struct(task);
	return execed;
}
