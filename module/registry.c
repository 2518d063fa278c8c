// SPDX-License-Identifier: GPL-2.0
/*
 * The registry: which groups exist, and which processes are their members.
 * Independent of the scanners.
 */
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/sched/mm.h>
#include <linux/xarray.h>

#include "group.h"
#include "member.h"
#include "registry.h"

static DEFINE_MUTEX(registry_lock);
static DEFINE_XARRAY_ALLOC1(groups);
static DEFINE_XARRAY_ALLOC1(members);
static DEFINE_HASHTABLE(members_by_mm, 10);
static enum grpdedup_paused all_paused;
static bool closed;
static u32 next_group_id, next_member_id, generation;

/* Changes whenever a listing would: marks a dump as inconsistent. */
u32 gd_registry_generation(void)
{
	return READ_ONCE(generation);
}

static void changed(void)
{
	lockdep_assert_held(&registry_lock);
	WRITE_ONCE(generation, generation + 1);
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
 * gd_registry_find - find a group by name
 * @name: the name
 *
 * Return: the group with a reference, or NULL.
 */
struct gd_group *gd_registry_find(const char *name)
{
	struct gd_group *group;

	mutex_lock(&registry_lock);
	group = find(name);
	if (group)
		gd_group_get(group);
	mutex_unlock(&registry_lock);
	return group;
}

/**
 * gd_registry_next - step through all groups
 * @id: in: lowest id wanted; out: that of the group
 *
 * Return: the group with a reference, or NULL at the end.
 */
struct gd_group *gd_registry_next(unsigned long *id)
{
	struct gd_group *group;

	mutex_lock(&registry_lock);
	group = xa_find(&groups, id, ULONG_MAX, XA_PRESENT);
	if (group)
		gd_group_get(group);
	mutex_unlock(&registry_lock);
	return group;
}

/**
 * gd_registry_add - register a new group
 * @group: the group; gets its id, and one more reference
 * @extack: set to the reason of a failure
 */
int gd_registry_add(struct gd_group *group, struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&registry_lock);
	if (closed) {
		NL_SET_ERR_MSG(extack, "the module is being removed");
		err = -ESHUTDOWN;
	} else if (find(group->name)) {
		NL_SET_ERR_MSG(extack, "a group with this name already exists");
		err = -EEXIST;
	} else {
		err = xa_alloc_cyclic(&groups, &group->id, group, xa_limit_31b,
				      &next_group_id, GFP_KERNEL);
		if (err >= 0) {
			/* Its scanner runs already. */
			WRITE_ONCE(group->paused, all_paused);
			gd_group_get(group);
			changed();
			err = 0;
		} else {
			NL_SET_ERR_MSG(extack, "no memory to register the group");
		}
	}
	mutex_unlock(&registry_lock);
	return err;
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
 * gd_registry_find_member - find the membership of a process
 * @task: the process
 *
 * Return: the member with a reference, or NULL: it is in no group.
 */
struct gd_member *gd_registry_find_member(struct task_struct *task)
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

/* Like gd_registry_next(), for members. */
struct gd_member *gd_registry_next_member(unsigned long *id)
{
	struct gd_member *member;

	mutex_lock(&registry_lock);
	member = xa_find(&members, id, ULONG_MAX, XA_PRESENT);
	if (member)
		gd_member_get(member);
	mutex_unlock(&registry_lock);
	return member;
}

/* Replies read it without the lock. */
static void add_members(struct gd_group *group, int n)
{
	lockdep_assert_held(&registry_lock);
	WRITE_ONCE(group->nr_members, group->nr_members + n);
}

/**
 * gd_registry_forget - unregister a member, unless it is already
 * @member: the member; the registry's reference is dropped
 */
void gd_registry_forget(struct gd_member *member)
{
	bool ended;

	mutex_lock(&registry_lock);
	ended = member->ended;
	if (!ended) {
		member->ended = true;
		hash_del(&member->by_mm);
		xa_erase(&members, member->id);
		if (member->counted)
			add_members(member->group, -1);
		changed();
	}
	mutex_unlock(&registry_lock);
	if (!ended)
		gd_member_put(member);
}

/* It could not join: keep it listed, but not as a member. */
void gd_registry_reject(struct gd_member *member)
{
	mutex_lock(&registry_lock);
	if (member->counted)
		add_members(member->group, -1);
	member->counted = false;
	changed();
	mutex_unlock(&registry_lock);
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
	gd_group_get(group);
	member->group = group;
	hash_add(members_by_mm, &member->by_mm, (unsigned long)member->mm);
	member->counted = true;
	add_members(group, 1);
	changed();
	return 0;
}

/**
 * gd_registry_join - register a process as a member of a group
 * @group: the group
 * @member: a new member
 * @other: set to NULL, or, with -EBUSY, to its membership of another group, or
 *	to what is left of an attempt to join, with a reference
 * @extack: set to the reason of a failure
 */
int gd_registry_join(struct gd_group *group, struct gd_member *member,
		     struct gd_member **other, struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&registry_lock);
	*other = find_by_mm(member->mm);
	if (group->dying) {
		NL_SET_ERR_MSG(extack, "the group is being deleted");
		err = -ENOENT;
		*other = NULL;
	} else if (member->uncharged && !group->set.frames_max) {
		NL_SET_ERR_MSG(extack,
			       "the host does not charge frames to memory cgroups (cgroup.memory=nokmem): limit the group's frames first (max-frames)");
		err = -EOPNOTSUPP;
		*other = NULL;
	} else if (!*other) {
		err = insert(group, member);
		if (err)
			NL_SET_ERR_MSG(extack,
				       "no memory to register the member");
	} else if ((*other)->group == group &&
		   gd_member_state(*other, NULL) != GRPDEDUP_STATE_FAILED) {
		NL_SET_ERR_MSG(extack, "the process is already in this group");
		err = -EEXIST;
		*other = NULL;
	} else {
		err = -EBUSY;
		gd_member_get(*other);
	}
	mutex_unlock(&registry_lock);
	return err;
}

/**
 * gd_registry_set_dying - mark a group as being deleted, or clear the mark
 * @group: the group
 * @dying: whether it is being deleted
 * @request: NULL, or what ends when it is deleted: in the same hold of the
 *	lock, as an unload that comes now deletes it for this request
 *
 * Return: 0, or -ENOENT: it is being deleted already.
 */
int gd_registry_set_dying(struct gd_group *group, bool dying,
			  struct gd_request *request)
{
	int err = 0;

	mutex_lock(&registry_lock);
	if (dying && group->dying)
		err = -ENOENT;
	else
		WRITE_ONCE(group->dying, dying);
	if (!err && request)
		WRITE_ONCE(group->deleting, request);
	mutex_unlock(&registry_lock);
	return err;
}

/* Remove a deleted group, and drop the registry's reference to it. */
void gd_registry_remove(struct gd_group *group)
{
	mutex_lock(&registry_lock);
	xa_erase(&groups, group->id);
	changed();
	mutex_unlock(&registry_lock);
	gd_group_put(group);
}

static bool has_uncharged_member(const struct gd_group *group)
{
	struct gd_member *member;
	unsigned long id;

	lockdep_assert_held(&registry_lock);
	xa_for_each(&members, id, member)
		if (member->group == group && member->counted &&
		    member->uncharged)
			return true;
	return false;
}

/**
 * gd_registry_set - change some of a group's settings
 * @group: the group
 * @set: new settings
 * @which: which of them to change, GD_SET_ bits
 *
 * Return: 0, or -EOPNOTSUPP: a member needs the limit of frames.
 */
int gd_registry_set(struct gd_group *group, const struct gd_settings *set,
		    u32 which)
{
	int err = 0;

	mutex_lock(&registry_lock);
	if ((which & GD_SET_FRAMES_MAX) && !set->frames_max &&
	    has_uncharged_member(group)) {
		err = -EOPNOTSUPP;
		goto out;
	}
	if (which & GD_SET_RATE)
		WRITE_ONCE(group->set.rate, set->rate);
	if (which & GD_SET_SPLIT_MIN)
		WRITE_ONCE(group->set.split_min, set->split_min);
	if (which & GD_SET_FRAMES_MAX)
		WRITE_ONCE(group->set.frames_max, set->frames_max);
out:
	mutex_unlock(&registry_lock);
	return err;
}

/**
 * gd_registry_pause - pause a group, or resume it
 * @group: the group
 * @paused: why, or %GRPDEDUP_PAUSED_NOT
 *
 * Return: whether anything has changed. A fault is final.
 */
bool gd_registry_pause(struct gd_group *group, enum grpdedup_paused paused)
{
	bool changes;

	mutex_lock(&registry_lock);
	changes = group->paused != paused &&
		  group->paused != GRPDEDUP_PAUSED_FAULT;
	if (changes)
		WRITE_ONCE(group->paused, paused);
	mutex_unlock(&registry_lock);
	return changes;
}

/* Whether groups that are added from now on begin paused. A fault is final. */
void gd_registry_pause_new(enum grpdedup_paused paused)
{
	mutex_lock(&registry_lock);
	if (all_paused != GRPDEDUP_PAUSED_FAULT)
		all_paused = paused;
	mutex_unlock(&registry_lock);
}

/* Refuse to add groups from now on. */
void gd_registry_close(void)
{
	mutex_lock(&registry_lock);
	closed = true;
	mutex_unlock(&registry_lock);
}

/* Nothing is registered at this point. */
void gd_registry_exit(void)
{
	xa_destroy(&groups);
	xa_destroy(&members);
}
