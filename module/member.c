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

/*
 * @task may be any thread, and after an exec another one is the leader: task's
 * own pointer to it is no reference. The pid of the thread group stays.
 */
static int identify(struct gd_member *member, struct task_struct *task)
{
	struct pid *pid = get_task_pid(task, PIDTYPE_TGID);
	struct task_struct *leader = get_pid_task(pid, PIDTYPE_TGID);

	if (!leader) {
		put_pid(pid);
		return -ESRCH;
	}
	member->pid = pid;
	member->nr = pid_nr(pid);
	member->start_time = leader->start_boottime;
	get_task_comm(member->comm, leader);
	put_task_struct(leader);
	return 0;
}

/**
 * gd_member_create - create a member for an address space
 * @task: a process that uses it, or one of its threads; with a reference
 * @mm: the address space
 *
 * Return: the member, in no group yet, with one reference; or -ENOMEM, or
 * -ESRCH: the process is gone.
 */
struct gd_member *gd_member_create(struct task_struct *task,
				   struct mm_struct *mm)
{
	struct gd_member *member;
	int err;

	member = kzalloc(sizeof(*member), GFP_KERNEL_ACCOUNT);
	if (!member)
		return ERR_PTR(-ENOMEM);
	err = identify(member, task);
	if (err) {
		kfree(member);
		return ERR_PTR(err);
	}
	refcount_set(&member->refs, 1);
	INIT_LIST_HEAD(&member->link);
	mmgrab(mm);
	member->mm = mm;
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
