// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of root: adding, changing and deleting groups, assigning and
 * unassigning processes. Never touches pages: whatever does is a call that the
 * group's scanner runs.
 */
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/netlink.h>
#include <linux/sched/mm.h>

#include "admin.h"
#include "group.h"
#include "member.h"
#include "notify.h"
#include "registry.h"
#include "roster.h"
#include "scan.h"

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
 * gd_admin_add_group - create a group and start its scanner
 * @name: its name
 * @set: its settings, in range
 * @extack: set to the reason of a failure
 */
int gd_admin_add_group(const char *name, const struct gd_settings *set,
		       struct netlink_ext_ack *extack)
{
	struct gd_group *group;
	int err;

	if (!name_is_good(name)) {
		NL_SET_ERR_MSG(extack,
			       "a group name has 1 to 15 printable ASCII characters without '/' or spaces");
		return -EINVAL;
	}
	group = gd_group_create(name, set);
	if (!group) {
		NL_SET_ERR_MSG(extack, "no memory for the group");
		return -ENOMEM;
	}
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
	/* Our reference: another thread may have deleted the group already. */
	gd_group_put(group);
	return err;
}

/**
 * gd_admin_set_group - change some of a group's settings
 * @group: the group
 * @set: new settings, in range
 * @which: which of them to change, GD_SET_ bits
 */
void gd_admin_set_group(struct gd_group *group, const struct gd_settings *set,
			u32 which)
{
	gd_registry_set(group, set, which);
	gd_inbox_kick(&group->inbox);
	gd_notify_group(group, GRPDEDUP_CMD_GROUP_SET);
}

static int end_membership(struct gd_member *member, enum grpdedup_reason reason,
			  bool keep, u64 *pages, struct netlink_ext_ack *extack)
{
	struct gd_roster_call *leave = gd_roster_call_create(gd_roster_leave,
							     member);
	int err = -ENOMEM;

	if (leave) {
		leave->reason = reason;
		leave->keep = keep;
		err = gd_inbox_call(&member->group->inbox, &leave->call);
		*pages = leave->pages;
		gd_call_put(&leave->call);
	}
	if (err == -ENOENT)
		NL_SET_ERR_MSG(extack, "the process's group is being deleted");
	else if (err == -ESRCH)
		NL_SET_ERR_MSG(extack, "the process has already left its group");
	else if (err == -EINTR)
		NL_SET_ERR_MSG(extack, "interrupted; the process is still leaving its group");
	else if (err)
		NL_SET_ERR_MSG(extack,
			       "the process could not be unshared and is still in its group; try again");
	return err;
}

/**
 * gd_admin_unassign - end a membership
 * @member: the member
 * @keep: leave its frames shared
 * @pages: set to the number of mappings unshared
 * @extack: set to the reason of a failure
 *
 * Unless @keep, no frame is left in the process's memory on success.
 */
int gd_admin_unassign(struct gd_member *member, bool keep, u64 *pages,
		      struct netlink_ext_ack *extack)
{
	return end_membership(member, GRPDEDUP_REASON_UNASSIGN, keep, pages,
			      extack);
}

/* Say why a process could not join. */
static void explain_join(int err, struct netlink_ext_ack *extack)
{
	if (err == -ESRCH)
		NL_SET_ERR_MSG(extack, "the process is gone");
	else if (err == -ENOENT)
		NL_SET_ERR_MSG(extack, "the group is being deleted");
	else if (err == -EINTR)
		NL_SET_ERR_MSG(extack, "interrupted; the process is still joining");
	else if (err == -ENOMEM)
		NL_SET_ERR_MSG(extack, "no memory to add the process; try again");
	else
		NL_SET_ERR_MSG(extack,
			       "pages shared by ksmd or another group could not be unshared; try again");
}

static struct gd_member *new_member(struct task_struct *task,
				    struct netlink_ext_ack *extack)
{
	struct gd_member *member;
	struct mm_struct *mm;

	if (task->flags & PF_KTHREAD) {
		NL_SET_ERR_MSG(extack, "a kernel thread has no memory to merge");
		return ERR_PTR(-EINVAL);
	}
	mm = get_task_mm(task);
	if (!mm) {
		NL_SET_ERR_MSG(extack, "the process is exiting");
		return ERR_PTR(-ESRCH);
	}
	member = gd_member_create(task, mm);
	/* From here on, the member does not keep the process's memory alive. */
	mmput_async(mm);
	if (IS_ERR(member))
		explain_join(PTR_ERR(member), extack);
	return member;
}

/* Register the member; first end its membership of another group, if @move. */
static int register_member(struct gd_group *group, struct gd_member *member,
			   bool move, bool *left,
			   struct netlink_ext_ack *extack)
{
	struct gd_member *other;
	u64 pages;
	int err;

	for (;;) {
		err = gd_registry_join(group, member, &other, extack);
		if (!other)
			return err;
		if (move)
			err = end_membership(other, GRPDEDUP_REASON_MOVE, false,
					     &pages, extack);
		else
			NL_SET_ERR_MSG(extack,
				       "the process is in another group; use \"move\", or unassign it first");
		gd_member_put(other);
		if (err && err != -ESRCH)
			return err;
		*left |= !err;
	}
}

static int join(struct gd_group *group, struct gd_member *member, bool move,
		struct netlink_ext_ack *extack)
{
	struct gd_roster_call *join = gd_roster_call_create(gd_roster_join,
							    member);
	bool left = false;
	int err;

	if (!join) {
		explain_join(-ENOMEM, extack);
		return -ENOMEM;
	}
	err = register_member(group, member, move, &left, extack);
	if (!err) {
		err = gd_inbox_call(&group->inbox, &join->call);
		if (err)
			explain_join(err, extack);
	}
	gd_call_put(&join->call);
	if (left && err == -ENOMEM)
		NL_SET_ERR_MSG(extack,
			       "no memory to join; the process left its old group: assign it again");
	return err;
}

/**
 * gd_admin_assign - make a process a member
 * @group: the group
 * @task: the process
 * @move: allow moving it from another group, whose frames it loses first
 * @memberp: set to the member, with a reference
 * @extack: set to the reason of a failure
 */
int gd_admin_assign(struct gd_group *group, struct task_struct *task, bool move,
		    struct gd_member **memberp, struct netlink_ext_ack *extack)
{
	struct gd_member *member = new_member(task, extack);
	int err;

	if (IS_ERR(member))
		return PTR_ERR(member);
	err = join(group, member, move, extack);
	if (err)
		gd_member_put(member);
	else
		*memberp = member;
	return err;
}

/* Deletion */

static int unshare_all(struct gd_group *group, struct netlink_ext_ack *extack)
{
	struct gd_roster_call *unshare;
	int err = -ENOMEM;

	unshare = gd_roster_call_create(gd_roster_unshare, NULL);
	if (unshare) {
		err = gd_inbox_call(&group->inbox, &unshare->call);
		gd_call_put(&unshare->call);
	}
	if (err)
		NL_SET_ERR_MSG(extack,
			       "some members could not be unshared; the group was not deleted; try again");
	return err;
}

/**
 * gd_admin_del_group - delete a group
 * @group: the group; the caller holds a reference
 * @unshare: unshare its members' frames first
 * @extack: set to the reason of a failure
 */
int gd_admin_del_group(struct gd_group *group, bool unshare,
		       struct netlink_ext_ack *extack)
{
	int err = gd_registry_set_dying(group, true);

	if (err) {
		NL_SET_ERR_MSG(extack, "the group is already being deleted");
		return err;
	}
	if (unshare) {
		err = unshare_all(group, extack);
		if (err) {
			gd_registry_set_dying(group, false);
			gd_inbox_kick(&group->inbox);
			return err;
		}
	}
	gd_scan_stop(group);
	gd_registry_remove(group);
	gd_notify_group(group, GRPDEDUP_CMD_GROUP_DEL);
	return 0;
}

/* Delete all groups at unload; their frames stay shared. */
void gd_admin_del_all_groups(void)
{
	struct gd_group *group;
	unsigned long id = 0;

	gd_registry_close();
	while ((group = gd_registry_next(&id))) {
		/* Another thread may be deleting it: wait until it has. */
		if (gd_admin_del_group(group, false, NULL))
			msleep(1);
		gd_group_put(group);
	}
}
