// SPDX-License-Identifier: GPL-2.0
/*
 * Groups, and the registry of all groups and members: who is in which group,
 * and how others hand work to a group's scanner. Knows no page.
 */
#include <linux/ctype.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "call.h"
#include "group.h"
#include "notify.h"
#include "roster.h"
#include "scan.h"

static DEFINE_MUTEX(registry_lock);
static DEFINE_XARRAY_ALLOC1(groups);
static DEFINE_XARRAY_ALLOC1(members);
static DEFINE_HASHTABLE(members_by_mm, 10);
static u32 next_group_id, next_member_id, generation;

/* Changes whenever a listing would: lets a dump say that it was torn. */
u32 gd_group_generation(void)
{
	return READ_ONCE(generation);
}

static void changed(void)
{
	lockdep_assert_held(&registry_lock);
	WRITE_ONCE(generation, generation + 1);
}

void gd_group_put(struct gd_group *group)
{
	if (!refcount_dec_and_test(&group->refs))
		return;
	if (group->task)
		put_task_struct(group->task);
	kfree(group);
}

static struct gd_group *find(const char *name)
{
	struct gd_group *group;
	unsigned long id;

	lockdep_assert_held(&registry_lock);
	xa_for_each(&groups, id, group)
		if (!strcmp(group->name, name))
			return group;
	return NULL;
}

/**
 * gd_group_find - the group of a name
 * @name: the name
 *
 * Return: the group with a reference, or NULL.
 */
struct gd_group *gd_group_find(const char *name)
{
	struct gd_group *group;

	mutex_lock(&registry_lock);
	group = find(name);
	if (group)
		refcount_inc(&group->refs);
	mutex_unlock(&registry_lock);
	return group;
}

/**
 * gd_group_next - step through all groups
 * @id: in: lowest id wanted; out: that of the group
 *
 * Return: the group with a reference, or NULL at the end.
 */
struct gd_group *gd_group_next(unsigned long *id)
{
	struct gd_group *group;

	mutex_lock(&registry_lock);
	group = xa_find(&groups, id, ULONG_MAX, XA_PRESENT);
	if (group)
		refcount_inc(&group->refs);
	mutex_unlock(&registry_lock);
	return group;
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

static int publish(struct gd_group *group, struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&registry_lock);
	if (find(group->name)) {
		NL_SET_ERR_MSG(extack, "a group of this name exists already");
		err = -EEXIST;
	} else {
		err = xa_alloc_cyclic(&groups, &group->id, group, xa_limit_31b,
				      &next_group_id, GFP_KERNEL);
		if (err >= 0) {
			changed();
			err = 0;
		}
	}
	mutex_unlock(&registry_lock);
	return err;
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
	if (!group)
		return -ENOMEM;
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
		goto err_put;
	}
	err = publish(group, extack);
	if (err)
		goto err_stop;
	gd_notify_group(group, GRPDEDUP_CMD_GROUP_ADD);
	return 0;

err_stop:
	gd_scan_stop(group);
err_put:
	gd_group_put(group);
	return err;
}

static void kick(struct gd_group *group)
{
	WRITE_ONCE(group->kicked, true);
	wake_up(&group->wake);
}

/**
 * gd_group_set - change a group's settings
 * @group: the group
 * @set: all settings, in range
 */
int gd_group_set(struct gd_group *group, const struct gd_settings *set)
{
	mutex_lock(&registry_lock);
	WRITE_ONCE(group->set.rate, set->rate);
	WRITE_ONCE(group->set.split_min, set->split_min);
	WRITE_ONCE(group->set.frames_max, set->frames_max);
	mutex_unlock(&registry_lock);
	kick(group);
	gd_notify_group(group, GRPDEDUP_CMD_GROUP_SET);
	return 0;
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

static struct gd_member *find_by_mm(struct mm_struct *mm)
{
	struct gd_member *member;

	lockdep_assert_held(&registry_lock);
	hash_for_each_possible(members_by_mm, member, by_mm, (unsigned long)mm)
		if (member->mm == mm)
			return member;
	return NULL;
}

/**
 * gd_group_find_member - the membership of a process
 * @task: the process
 *
 * Return: the member with a reference, or NULL: it is in no group.
 */
struct gd_member *gd_group_find_member(struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	struct gd_member *member;

	if (!mm)
		return NULL;
	mutex_lock(&registry_lock);
	member = find_by_mm(mm);
	if (member)
		gd_member_get(member);
	mutex_unlock(&registry_lock);
	mmput_async(mm);
	return member;
}

/* Like gd_group_next(), for members. */
struct gd_member *gd_group_next_member(unsigned long *id)
{
	struct gd_member *member;

	mutex_lock(&registry_lock);
	member = xa_find(&members, id, ULONG_MAX, XA_PRESENT);
	if (member)
		gd_member_get(member);
	mutex_unlock(&registry_lock);
	return member;
}

/**
 * gd_group_forget - take a member out of the registry; does nothing twice
 * @member: the member; the registry's reference is dropped
 */
void gd_group_forget(struct gd_member *member)
{
	bool ended;

	mutex_lock(&registry_lock);
	ended = member->ended;
	if (!ended) {
		member->ended = true;
		hash_del(&member->by_mm);
		xa_erase(&members, member->id);
		member->group->nr_members--;
		changed();
	}
	mutex_unlock(&registry_lock);
	if (!ended)
		gd_member_put(member);
}

static int end_membership(struct gd_member *member, enum grpdedup_reason reason,
			  bool keep, u64 *pages, struct netlink_ext_ack *extack)
{
	struct gd_call *call = gd_call_create(gd_roster_leave, member);
	int err;

	if (!call)
		return -ENOMEM;
	call->reason = reason;
	call->keep = keep;
	err = gd_call_wait(member->group, call);
	*pages = call->pages;
	gd_call_put(call);
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

static int insert(struct gd_group *group, struct gd_member *member)
{
	int err;

	lockdep_assert_held(&registry_lock);
	err = xa_alloc_cyclic(&members, &member->id, member, xa_limit_31b,
			      &next_member_id, GFP_KERNEL);
	if (err < 0)
		return err;
	gd_member_get(member);
	refcount_inc(&group->refs);
	member->group = group;
	member->put_group = gd_group_put;
	hash_add(members_by_mm, &member->by_mm, (unsigned long)member->mm);
	group->nr_members++;
	changed();
	return 0;
}

/*
 * Make @member one of @group. If its process is in another group, that member is
 * left in @other with a reference, and the answer is -EBUSY.
 */
static int join(struct gd_group *group, struct gd_member *member,
		struct gd_member **other, struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&registry_lock);
	*other = find_by_mm(member->mm);
	if (group->dying) {
		NL_SET_ERR_MSG(extack, "the group is being deleted");
		err = -ENOENT;
		*other = NULL;
	} else if (!*other) {
		err = insert(group, member);
	} else if ((*other)->group == group) {
		NL_SET_ERR_MSG(extack, "the process is in this group already");
		err = -EEXIST;
		*other = NULL;
	} else {
		err = -EBUSY;
		gd_member_get(*other);
	}
	mutex_unlock(&registry_lock);
	return err;
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
	else
		NL_SET_ERR_MSG(extack,
			       "the process's memory could not be taken from ksmd or from another group; try again");
	if (err != -EINTR)
		gd_group_forget(member);
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
	u64 pages;
	int err;

	member = new_member(task, extack);
	if (IS_ERR(member))
		return PTR_ERR(member);
	for (;;) {
		err = join(group, member, &other, extack);
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
	}
	if (!err)
		err = enter(group, member, extack);
	if (err)
		gd_member_put(member);
	else
		*memberp = member;
	return err;
}

/* Deletion */

static int unshare_all(struct gd_group *group, struct netlink_ext_ack *extack)
{
	struct gd_call *call = gd_call_create(gd_roster_unshare, NULL);
	int err;

	if (!call)
		return -ENOMEM;
	err = gd_call_wait(group, call);
	gd_call_put(call);
	if (err)
		NL_SET_ERR_MSG(extack,
			       "not every member could be unshared; the group stays; try again");
	return err;
}

static int set_dying(struct gd_group *group, bool dying)
{
	int err = 0;

	mutex_lock(&registry_lock);
	if (dying && group->dying)
		err = -ENOENT;
	else
		group->dying = dying;
	mutex_unlock(&registry_lock);
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
	int err = set_dying(group, true);

	if (err) {
		NL_SET_ERR_MSG(extack, "the group is being deleted already");
		return err;
	}
	if (unshare) {
		err = unshare_all(group, extack);
		if (err) {
			set_dying(group, false);
			return err;
		}
	}
	gd_scan_stop(group);
	mutex_lock(&registry_lock);
	xa_erase(&groups, group->id);
	changed();
	mutex_unlock(&registry_lock);
	gd_notify_group(group, GRPDEDUP_CMD_GROUP_DEL);
	gd_group_put(group);
	return 0;
}

/* Delete all groups; their frames stay shared. Nobody else may be here. */
void gd_group_del_all(void)
{
	struct gd_group *group;
	unsigned long id = 0;

	while ((group = gd_group_next(&id))) {
		gd_group_del(group, false, NULL);
		gd_group_put(group);
	}
	xa_destroy(&groups);
	xa_destroy(&members);
}
