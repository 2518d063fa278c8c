// SPDX-License-Identifier: GPL-2.0
/*
 * A scanner's members: joining, leaving, the cursor of the pass, and detecting
 * members whose process is gone. Runs in the scanner, which owns the list and
 * the members' blocks.
 */
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "dedup.h"
#include "isolate.h"
#include "member.h"
#include "notify.h"
#include "registry.h"
#include "roster.h"

void gd_roster_init(struct gd_roster *roster, struct gd_dedup *dedup)
{
	INIT_LIST_HEAD(&roster->members);
	roster->dedup = dedup;
}

/* Put the cursor at the first member. */
void gd_roster_rewind(struct gd_roster *roster)
{
	roster->member = list_first_entry_or_null(&roster->members,
						  struct gd_member, link);
	roster->addr = 0;
}

static void advance(struct gd_roster *roster)
{
	roster->member = list_is_last(&roster->member->link, &roster->members) ?
			 NULL : list_next_entry(roster->member, link);
	roster->addr = 0;
}

static void remove_member(struct gd_roster *roster, struct gd_member *member,
			  enum grpdedup_reason reason, u64 pages)
{
	if (roster->member == member)
		advance(roster);
	list_del_init(&member->link);
	gd_blocks_destroy(&member->blocks);
	gd_notify_member_del(member, reason, pages);
	gd_registry_forget(member);
}

/* The address space of @member has lost its last user. */
static void remove_gone(struct gd_roster *roster, struct gd_member *member)
{
	remove_member(roster, member,
		      gd_member_has_execed(member) ? GRPDEDUP_REASON_EXEC :
						     GRPDEDUP_REASON_EXIT, 0);
}

/* Remove the members whose address space has lost its last user. */
void gd_roster_remove_gone(struct gd_roster *roster)
{
	struct gd_member *member, *next;

	list_for_each_entry_safe(member, next, &roster->members, link)
		if (gd_member_is_gone(member))
			remove_gone(roster, member);
}

/**
 * gd_roster_visit - visit the next block, and advance the cursor
 * @roster: the cursor is at a member
 *
 * Return: pages visited.
 */
unsigned int gd_roster_visit(struct gd_roster *roster)
{
	struct gd_member *member = roster->member;
	unsigned int visited = 0;

	switch (gd_visit_next(&roster->visit, member, &roster->addr,
			      &visited)) {
	case GD_VISIT_MORE:
		break;
	case GD_VISIT_END:
		gd_blocks_sweep(&member->blocks);
		member->known = true;
		advance(roster);
		break;
	case GD_VISIT_CONTENDED:
		gd_blocks_count(&member->blocks, GRPDEDUP_CNT_SKIP_CONTENDED,
				1);
		advance(roster);
		break;
	case GD_VISIT_GONE:
		remove_gone(roster, member);
		break;
	}
	return visited;
}

/* The scanner has stopped: all memberships end, and frames stay shared. */
void gd_roster_exit(struct gd_roster *roster)
{
	struct gd_member *member, *next;

	list_for_each_entry_safe(member, next, &roster->members, link)
		remove_member(roster, member, GRPDEDUP_REASON_GROUP_DEL, 0);
	gd_visit_exit(&roster->visit);
}

/* Calls */

static struct gd_roster_call *call_of(struct gd_call *call)
{
	return container_of(call, struct gd_roster_call, call);
}

static void release_call(struct gd_call *call)
{
	struct gd_member *member = call_of(call)->member;

	if (member)
		gd_member_put(member);
	kfree(call_of(call));
}

/**
 * gd_roster_call_create - create a call, to be put by gd_call_put()
 * @fn: one of the three functions below
 * @member: the member that it is about, or NULL
 *
 * Return: the call, or NULL: no memory.
 */
struct gd_roster_call *gd_roster_call_create(int (*fn)(struct gd_call *call,
						       void *roster),
					     struct gd_member *member)
{
	struct gd_roster_call *call = kzalloc(sizeof(*call), GFP_KERNEL);

	if (!call)
		return NULL;
	gd_call_init(&call->call, fn, release_call);
	call->member = member;
	if (member)
		gd_member_get(member);
	return call;
}

static int add_member(struct gd_roster *roster, struct gd_member *member)
{
	int err = gd_visit_init(&roster->visit, roster->dedup->cnt);

	if (err)
		return err;
	if (!mmget_not_zero(member->mm))
		return -ESRCH;
	gd_blocks_init(&member->blocks, roster->dedup);
	err = gd_isolate_from_ksm(member);
	mmput_async(member->mm);
	if (err) {
		gd_blocks_destroy(&member->blocks);
		return err;
	}
	list_add_tail(&member->link, &roster->members);
	gd_notify_member_add(member);
	return 0;
}

/**
 * gd_roster_join - a registered process becomes a member
 * @call: of a &struct gd_roster_call
 * @arg: the roster, NULL if the call was cancelled
 *
 * No frame of another group is left in its memory. If it cannot join, this is
 * the one place where the registry forgets it.
 */
int gd_roster_join(struct gd_call *call, void *arg)
{
	struct gd_member *member = call_of(call)->member;
	int err = call->cancelled ? -ENOENT : add_member(arg, member);

	if (err)
		gd_registry_forget(member);
	return err;
}

/**
 * gd_roster_leave - a process leaves, unsharing its frames unless it keeps them
 * @call: of a &struct gd_roster_call
 * @arg: the roster, NULL if the call was cancelled
 */
int gd_roster_leave(struct gd_call *call, void *arg)
{
	struct gd_roster_call *leave = call_of(call);
	struct gd_member *member = leave->member;
	struct gd_roster *roster = arg;
	int err = 0;

	if (call->cancelled)
		return -ENOENT;
	if (list_empty(&member->link))
		return -ESRCH;
	if (!leave->keep && mmget_not_zero(member->mm)) {
		err = gd_isolate_all(member, &leave->pages);
		mmput_async(member->mm);
	}
	if (err)
		return err;
	remove_member(roster, member, leave->reason, leave->pages);
	gd_frames_reap_idle(&roster->dedup->frames);
	return 0;
}

/**
 * gd_roster_unshare - unshare the frames of all members, which stay
 * @call: of a &struct gd_roster_call
 * @arg: the roster, NULL if the call was cancelled
 */
int gd_roster_unshare(struct gd_call *call, void *arg)
{
	struct gd_roster *roster = arg;
	struct gd_member *member;
	int err = 0;

	if (call->cancelled)
		return -ENOENT;
	list_for_each_entry(member, &roster->members, link) {
		if (!mmget_not_zero(member->mm))
			continue;
		err = gd_isolate_all(member, &call_of(call)->pages);
		mmput_async(member->mm);
		if (err)
			break;
	}
	return err;
}
