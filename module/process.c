// SPDX-License-Identifier: GPL-2.0
/* Finding the process that a request names by a pid or by a pidfd. */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>

#include "process.h"

/**
 * gd_process_find - find a process by pid
 * @nr: pid in the caller's namespace
 *
 * Return: the task with a reference, or NULL.
 */
struct task_struct *gd_process_find(pid_t nr)
{
	struct pid *pid = find_get_pid(nr);
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);

	put_pid(pid);
	return task;
}

/*
 * The "Pid:" that @pidfd shows in a fdinfo below @proc; 0 if there is none: not
 * a pidfd, or its process is gone.
 */
static pid_t shown_pid(struct file *pidfd, struct file *proc)
{
	char text[256];
	struct seq_file m = {
		.buf = text, .size = sizeof(text) - 1, .file = proc,
	};
	pid_t nr;

	if (!pidfd->f_op->show_fdinfo)
		return 0;
	pidfd->f_op->show_fdinfo(&m, pidfd);
	text[m.count] = '\0';
	return sscanf(text, "Pid:\t%d", &nr) == 1 && nr > 0 ? nr : 0;
}

static struct task_struct *find_in_ns(pid_t nr, struct pid_namespace *ns)
{
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(find_pid_ns(nr, ns), PIDTYPE_PID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

static struct task_struct *find_shown(struct file *pidfd, struct file *proc)
{
	struct pid_namespace *ns = proc_pid_ns(file_inode(proc)->i_sb);
	pid_t nr = shown_pid(pidfd, proc);
	struct task_struct *task;

	if (!nr)
		return NULL;
	task = find_in_ns(nr, ns);
	if (task && shown_pid(pidfd, proc) != nr) {
		put_task_struct(task);
		task = NULL;
	}
	return task;
}

/**
 * gd_process_find_pidfd - find a process by a pidfd of the caller
 * @fd: the descriptor
 *
 * The kernel's own lookup is not exported; the pidfd's fdinfo is a stable ABI.
 * The pid may be reused between the two steps, but not while the pidfd still
 * shows it: hence the second read.
 *
 * Return: the task with a reference, NULL, or -errno: /proc cannot be opened.
 */
struct task_struct *gd_process_find_pidfd(unsigned int fd)
{
	struct task_struct *task = NULL;
	struct file *pidfd, *proc;

	pidfd = fget(fd);
	if (!pidfd)
		return NULL;
	proc = filp_open("/proc", O_RDONLY | O_DIRECTORY, 0);
	if (IS_ERR(proc)) {
		task = ERR_CAST(proc);
	} else {
		if (file_inode(proc)->i_sb->s_magic == PROC_SUPER_MAGIC)
			task = find_shown(pidfd, proc);
		filp_close(proc, NULL);
	}
	fput(pidfd);
	return task;
}
