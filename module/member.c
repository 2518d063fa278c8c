// SPDX-License-Identifier: GPL-2.0
/*
 * One process in one group: which process it is, and whether it still exists.
 * Independent of the registry and the scanner.
 *
 * A membership belongs to an address space: threads share it, exec ends it.
 */
#include <linux/memcontrol.h>
#include <linux/netlink.h>
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

/*
 * Are frames charged to the memory cgroup of @mm? With cgroup.memory=nokmem,
 * memory of the kernel is not: a tenant with equal pages would turn memory that
 * counts against memory.max into memory that does not, and cannot be swapped.
 * The root cgroup has no limit.
 */
static bool is_charged(struct mm_struct *mm)
{
	struct mem_cgroup *memcg = get_mem_cgroup_from_mm(mm);
	bool charged = memcg_kmem_online() || !memcg ||
		       !parent_mem_cgroup(memcg);

	mem_cgroup_put(memcg);
	return charged;
}

static struct gd_member *create(struct task_struct *task, struct mm_struct *mm)
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
	spin_lock_init(&member->lock);
	member->state = GRPDEDUP_STATE_JOINING;
	mmgrab(mm);
	member->mm = mm;
	member->uncharged = !is_charged(mm);
	return member;
}

/**
 * gd_member_create - create a member for a process
 * @task: the process, or one of its threads; with a reference
 * @extack: set to the reason of a failure
 *
 * Return: the member, in no group yet, with one reference, or an ERR_PTR().
 */
struct gd_member *gd_member_create(struct task_struct *task,
				   struct netlink_ext_ack *extack)
{
	struct gd_member *member;
	struct mm_struct *mm;

	if (READ_ONCE(task->flags) & PF_KTHREAD) {
		NL_SET_ERR_MSG(extack, "a kernel thread has no memory to merge");
		return ERR_PTR(-EINVAL);
	}
	mm = get_task_mm(task);
	if (!mm) {
		NL_SET_ERR_MSG(extack, "the process is exiting");
		return ERR_PTR(-ESRCH);
	}
	member = create(task, mm);
	/* From here on, the member does not keep the process's memory alive. */
	mmput_async(mm);
	if (member == ERR_PTR(-ENOMEM))
		NL_SET_ERR_MSG(extack, "no memory for the member");
	else if (IS_ERR(member))
		NL_SET_ERR_MSG(extack, "the process is gone");
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
	gd_ksm_free(&member->ksm);
	put_pid(member->pid);
	mmdrop(member->mm);
	kfree(member);
}

/* A new state also clears the reason of the last failure. */
void gd_member_set_state(struct gd_member *member, enum grpdedup_state state)
{
	spin_lock(&member->lock);
	member->state = state;
	member->why[0] = '\0';
	spin_unlock(&member->lock);
}

/* It is about to leave, unless it has not even joined. */
void gd_member_begin_leaving(struct gd_member *member)
{
	spin_lock(&member->lock);
	if (member->state == GRPDEDUP_STATE_MEMBER) {
		member->state = GRPDEDUP_STATE_LEAVING;
		member->why[0] = '\0';
	}
	spin_unlock(&member->lock);
}

void gd_member_set_why(struct gd_member *member, const char *why)
{
	spin_lock(&member->lock);
	strscpy(member->why, why, sizeof(member->why));
	spin_unlock(&member->lock);
}

/* @why: set to the reason, of GD_MESSAGE_SIZE bytes; or NULL */
enum grpdedup_state gd_member_state(struct gd_member *member, char *why)
{
	enum grpdedup_state state;

	spin_lock(&member->lock);
	state = member->state;
	if (why)
		strscpy(why, member->why, GD_MESSAGE_SIZE);
	spin_unlock(&member->lock);
	return state;
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
