// SPDX-License-Identifier: GPL-2.0
/*
 * One process in one group: which process it is, and whether it still is. Knows
 * neither the registry nor the scanner.
 *
 * Membership is that of an address space: threads share it, exec ends it.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "member.h"

/**
 * gd_member_create - a member for an address space
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
		member->put_group(member->group);
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

/**
 * gd_member_find_task - the process with a number
 * @nr: pid in the caller's namespace
 *
 * Return: the task with a reference, or NULL.
 */
struct task_struct *gd_member_find_task(pid_t nr)
{
	struct pid *pid = find_get_pid(nr);
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);

	put_pid(pid);
	return task;
}

/*
 * The "Pid:" of /proc/self/fdinfo/@fd, in the pid namespace of that /proc; 0 if
 * there is none: no pidfd, or its process is gone.
 */
static pid_t fdinfo_pid(unsigned int fd, struct pid_namespace **ns)
{
	char path[40], text[512];
	struct file *file;
	loff_t pos = 0;
	ssize_t len;
	char *line;
	pid_t nr;

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%u", fd);
	file = filp_open(path, O_RDONLY, 0);
	if (IS_ERR(file))
		return 0;
	len = kernel_read(file, text, sizeof(text) - 1, &pos);
	*ns = proc_pid_ns(file_inode(file)->i_sb);
	get_pid_ns(*ns);
	filp_close(file, NULL);
	text[max_t(ssize_t, len, 0)] = '\0';
	line = strstr(text, "\nPid:\t");
	if (line && sscanf(line, "\nPid:\t%d", &nr) == 1 && nr > 0)
		return nr;
	put_pid_ns(*ns);
	return 0;
}

/**
 * gd_member_find_pidfd - the process behind a pidfd of the caller
 * @fd: the descriptor
 *
 * What turns a pidfd into a process is not exported; its fdinfo is an interface
 * that stays. A number may pass to another process between the two steps, but
 * not while the pidfd still shows it: hence the second look.
 *
 * Return: the task with a reference, or NULL.
 */
struct task_struct *gd_member_find_pidfd(unsigned int fd)
{
	struct task_struct *task;
	struct pid_namespace *ns;
	pid_t nr, again;

	nr = fdinfo_pid(fd, &ns);
	if (!nr)
		return NULL;
	rcu_read_lock();
	task = pid_task(find_pid_ns(nr, ns), PIDTYPE_PID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	put_pid_ns(ns);
	again = fdinfo_pid(fd, &ns);
	if (again)
		put_pid_ns(ns);
	if (task && again != nr) {
		put_task_struct(task);
		task = NULL;
	}
	return task;
}
