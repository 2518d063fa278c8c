// SPDX-License-Identifier: GPL-2.0
/*
 * Groups: creating and deleting them, and taking processes in and out. Knows no
 * page; what touches a member's memory is handed to the group's scanner.
 */
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/netlink.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "call.h"
#include "group.h"
#include "notify.h"
#include "registry.h"
#include "roster.h"
#include "scan.h"

void gd_group_put(struct gd_group *group)
{
	if (!refcount_dec_and_test(&group->refs))
		return;
	if (group->task)
		put_task_struct(group->task);
	kfree(group);
}

static bool name_is_good(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++)
		if (!isascii(*name) || !isgraph(*name) || *name == '/')
			return false;
	return true;
}

/**
 * gd_group_add - create a group and start its scanner
 * @name: its name
 * @set: its settings, in range
 * @extack: for the reason of a refusal
 */
int gd_group_add(const char *name, const struct gd_settings *set,
		 struct netlink_ext_ack *extack)
{
	struct gd_group *group;
	int err;

	if (!name_is_good(name)) {
		NL_SET_ERR_MSG(extack,
			       "a group name has 1 to 15 printable ASCII characters without '/' and spaces");
		return -EINVAL;
	}
	group = kzalloc(sizeof(*group), GFP_KERNEL);
	if (!group) {
		NL_SET_ERR_MSG(extack, "no memory for the group");
		return -ENOMEM;
	}
	refcount_set(&group->refs, 1);
	strscpy(group->name, name, sizeof(group->name));
	group->set = *set;
	init_waitqueue_head(&group->wake);
	spin_lock_init(&group->call_lock);
	INIT_LIST_HEAD(&group->calls);
	INIT_LIST_HEAD(&group->members);

	err = gd_scan_start(group);
	if (err) {
		NL_SET_ERR_MSG(extack, "no memory for the group's scanner");
		goto out;
	}
	err = gd_registry_add(group, extack);
	if (err)
		gd_scan_stop(group);
	else
		gd_notify_group(group, GRPDEDUP_CMD_GROUP_ADD);
out:
	/* Ours: somebody else may have deleted the group already. */
	gd_group_put(group);
	return err;
}

static void kick(struct gd_group *group)
{
	WRITE_ONCE(group->kicked, true);
	wake_up(&group->wake);
}

/**
 * gd_group_set - change some of a group's settings
 * @group: the group
 * @set: new settings, in range
 * @which: those of them that count, GD_SET_ bits
 */
void gd_group_set(struct gd_group *group, const struct gd_settings *set,
		  u32 which)
{
	gd_registry_set(group, set, which);
	kick(group);
	gd_notify_group(group, GRPDEDUP_CMD_GROUP_SET);
}

/**
 * gd_group_scan - ask for a full pass now
 * @group: the group
 *
 * Return: how many passes will have ended when the request is served. A pass that
 * is under way has seen some pages before the request: it does not count.
 */
u64 gd_group_scan(struct gd_group *group)
{
	u64 wanted;

	spin_lock(&group->call_lock);
	wanted = group->passes + 1 + group->in_pass;
	group->scan_wanted = max(group->scan_wanted, wanted);
	spin_unlock(&group->call_lock);
	kick(group);
	return wanted;
}

static int end_membership(struct gd_member *member, enum grpdedup_reason reason,
			  bool keep, u64 *pages, struct netlink_ext_ack *extack)
{
	struct gd_call *call = gd_call_create(gd_roster_leave, member);
	int err = -ENOMEM;

	if (call) {
		call->reason = reason;
		call->keep = keep;
		err = gd_call_wait(member->group, call);
		*pages = call->pages;
		gd_call_put(call);
	}
	if (err == -ENOENT)
		NL_SET_ERR_MSG(extack, "the process's group is being deleted");
	else if (err == -ESRCH)
		NL_SET_ERR_MSG(extack, "the process is in no group any more");
	else if (err == -EINTR)
		NL_SET_ERR_MSG(extack, "interrupted; the process is still being taken out");
	else if (err)
		NL_SET_ERR_MSG(extack,
			       "the process could not be unshared and is still in its group; try again");
	return err;
}

/**
 * gd_group_unassign - end a membership
 * @member: the member
 * @keep: leave its frames shared
 * @pages: set to the number of mappings unshared
 * @extack: for the reason of a refusal
 *
 * Unless @keep, no frame is left in the process's memory on success.
 */
int gd_group_unassign(struct gd_member *member, bool keep, u64 *pages,
		      struct netlink_ext_ack *extack)
{
	return end_membership(member, GRPDEDUP_REASON_UNASSIGN, keep, pages,
			      extack);
}

static int enter(struct gd_group *group, struct gd_member *member,
		 struct netlink_ext_ack *extack)
{
	struct gd_call *call = gd_call_create(gd_roster_enter, member);
	int err = -ENOMEM;

	if (call) {
		err = gd_call_wait(group, call);
		gd_call_put(call);
	}
	if (!err)
		return 0;
	if (err == -ESRCH)
		NL_SET_ERR_MSG(extack, "the process is gone");
	else if (err == -ENOENT)
		NL_SET_ERR_MSG(extack, "the group is being deleted");
	else if (err == -EINTR)
		NL_SET_ERR_MSG(extack, "interrupted; the process is still joining");
	else if (err == -ENOMEM)
		NL_SET_ERR_MSG(extack, "no memory to take the process in; try again");
	else
		NL_SET_ERR_MSG(extack,
			       "the process's memory could not be taken from ksmd or from another group; try again");
	if (err != -EINTR)
		gd_registry_forget(member);
	return err;
}

static struct gd_member *new_member(struct task_struct *task,
				    struct netlink_ext_ack *extack)
{
	struct gd_member *member;
	struct mm_struct *mm;

	if (task->flags & PF_KTHREAD) {
		NL_SET_ERR_MSG(extack, "this is a kernel thread; it has no memory to merge");
		return ERR_PTR(-EINVAL);
	}
	mm = get_task_mm(task);
	if (!mm) {
		NL_SET_ERR_MSG(extack, "the process is exiting; it has no memory any more");
		return ERR_PTR(-ESRCH);
	}
	member = gd_member_create(task, mm);
	/* From here on, the member does not keep the process's memory alive. */
	mmput_async(mm);
	if (!member)
		NL_SET_ERR_MSG(extack, "no memory for the member");
	return member ?: ERR_PTR(-ENOMEM);
}

/**
 * gd_group_assign - make a process a member
 * @group: the group
 * @task: the process
 * @move: it may be taken out of another group, whose frames it loses first
 * @memberp: set to the member, with a reference
 * @extack: for the reason of a refusal
 */
int gd_group_assign(struct gd_group *group, struct task_struct *task, bool move,
		    struct gd_member **memberp, struct netlink_ext_ack *extack)
{
	struct gd_member *member, *other;
	bool left = false;
	u64 pages;
	int err;

	member = new_member(task, extack);
	if (IS_ERR(member))
		return PTR_ERR(member);
	for (;;) {
		err = gd_registry_join(group, member, &other, extack);
		if (!other)
			break;
		if (move)
			err = end_membership(other, GRPDEDUP_REASON_MOVE, false,
					     &pages, extack);
		else
			NL_SET_ERR_MSG(extack,
				       "the process is in another group; move it on purpose or unassign it first");
		gd_member_put(other);
		if (err && err != -ESRCH)
			break;
		left |= !err;
	}
	if (!err)
		err = enter(group, member, extack);
	if (!err) {
		*memberp = member;
		return 0;
	}
	gd_member_put(member);
	if (left && err == -ENOMEM)
		NL_SET_ERR_MSG(extack,
			       "no memory to join; the process has left its old group and is in none; assign it again");
	return err;
}

/* Deletion */

static int unshare_all(struct gd_group *group, struct netlink_ext_ack *extack)
{
	struct gd_call *call = gd_call_create(gd_roster_unshare, NULL);
	int err = -ENOMEM;

	if (call) {
		err = gd_call_wait(group, call);
		gd_call_put(call);
	}
	if (err)
		NL_SET_ERR_MSG(extack,
			       "not every member could be unshared; the group stays; try again");
	return err;
}

/**
 * gd_group_del - delete a group
 * @group: the group; the caller holds a reference
 * @unshare: unshare its members' frames first
 * @extack: for the reason of a refusal
 */
int gd_group_del(struct gd_group *group, bool unshare,
		 struct netlink_ext_ack *extack)
{
	int err = gd_registry_set_dying(group, true);

	if (err) {
		NL_SET_ERR_MSG(extack, "the group is being deleted already");
		return err;
	}
	if (unshare) {
		err = unshare_all(group, extack);
		if (err) {
			gd_registry_set_dying(group, false);
			kick(group);
			return err;
		}
	}
	gd_scan_stop(group);
	gd_registry_remove(group);
	gd_notify_group(group, GRPDEDUP_CMD_GROUP_DEL);
	return 0;
}

/* Delete all groups, for good; their frames stay shared. */
void gd_group_del_all(void)
{
	struct gd_group *group;
	unsigned long id = 0;

	gd_registry_close();
	while ((group = gd_registry_next(&id))) {
		/* Somebody else may be at it already: wait for the end. */
		if (gd_group_del(group, false, NULL))
			msleep(1);
		gd_group_put(group);
	}
}
