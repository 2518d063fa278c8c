// SPDX-License-Identifier: GPL-2.0
/*
 * A scanner's members: joining, leaving, the cursor of the pass, and detecting
 * members whose process is gone. Runs in the scanner, which owns the list and
 * the members' blocks.
 */
#include <linux/ktime.h>
#include <linux/list.h>

#include "dedup.h"
#include "isolate.h"
#include "ksm.h"
#include "member.h"
#include "notify.h"
#include "registry.h"
#include "roster.h"
#include "unshare.h"

/* Visits of a member per pass that find its mmap lock taken; those in a row. */
#define GD_CONTENDED_MAX	1024
#define GD_CONTENDED_RUN_MAX	16
/* Watching members may take 1/64 of a CPU, and about this long at a time. */
#define GD_WATCH_PART	64
#define GD_WATCH_NS	(50 * NSEC_PER_MSEC)

void gd_roster_init(struct gd_roster *roster, struct gd_dedup *dedup)
{
	INIT_LIST_HEAD(&roster->members);
	INIT_LIST_HEAD(&roster->failed);
	roster->watches = 1;
	roster->dedup = dedup;
}

/* Begin a pass: put the cursor at the first member. */
void gd_roster_rewind(struct gd_roster *roster)
{
	struct gd_member *member;

	list_for_each_entry(member, &roster->members, link) {
		member->addr = 0;
		member->taken = 0;
		member->contended = 0;
		member->contended_run = 0;
		memset(member->skipped, 0, sizeof(member->skipped));
	}
	roster->member = list_first_entry_or_null(&roster->members,
						  struct gd_member, link);
	roster->left_out = false;
}

/* The next member that the pass has not ended for, the same one at last. */
static void advance(struct gd_roster *roster)
{
	struct gd_member *member = roster->member;

	do {
		member = list_next_entry_circular(member, &roster->members,
						  link);
		if (member->pass != roster->dedup->pass) {
			roster->member = member;
			return;
		}
	} while (member != roster->member);
	roster->member = NULL;
}

static void end_member(struct gd_roster *roster, struct gd_member *member)
{
	member->pass = roster->dedup->pass;
	if (roster->member == member)
		advance(roster);
}

/*
 * A process that forks or changes its mappings holds its mmap lock for a while.
 * Visit others and come back to where it was, but let no member keep the pass
 * from ending.
 */
static void put_off(struct gd_roster *roster, struct gd_member *member)
{
	gd_blocks_count(&member->blocks, GRPDEDUP_CNT_SKIP_CONTENDED, 1);
	if (++member->contended_run < GD_CONTENDED_RUN_MAX &&
	    ++member->contended < GD_CONTENDED_MAX) {
		advance(roster);
		return;
	}
	roster->left_out = true;
	end_member(roster, member);
}

static void remove_member(struct gd_roster *roster, struct gd_member *member,
			  enum grpdedup_reason reason, u64 pages)
{
	end_member(roster, member);
	list_del_init(&member->link);
	if (reason != GRPDEDUP_REASON_MOVE)
		gd_ksm_give_back(&member->ksm, member->mm);
	gd_visit_forget(member);
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

static void forget_failed(struct gd_member *member)
{
	list_del_init(&member->link);
	gd_registry_forget(member);
}

/* Remove the members whose address space has lost its last user. */
void gd_roster_remove_gone(struct gd_roster *roster)
{
	struct gd_member *member, *next;

	list_for_each_entry_safe(member, next, &roster->members, link)
		if (gd_member_is_gone(member))
			remove_gone(roster, member);
	list_for_each_entry_safe(member, next, &roster->failed, link)
		if (gd_member_is_gone(member))
			forget_failed(member);
}

/* The watch of members that is due; false: it took too long for all of them. */
static bool watch_members(struct gd_roster *roster, u64 start)
{
	struct gd_member *member;

	list_for_each_entry(member, &roster->members, link) {
		if (member->watched == roster->watches)
			continue;
		member->watched = roster->watches;
		gd_isolate_watch(member);
		if (ktime_get_ns() - start > GD_WATCH_NS)
			return false;
	}
	return true;
}

/* No pass visits the members: the group's rate is 0. */
void gd_roster_watch(struct gd_roster *roster)
{
	u64 start = ktime_get_ns(), now;

	if (start < roster->next_watch)
		return;
	if (watch_members(roster, start))
		roster->watches++;
	now = ktime_get_ns();
	roster->next_watch = now + GD_WATCH_PART * (now - start);
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

	switch (gd_visit_next(&roster->visit, member, &visited)) {
	case GD_VISIT_MORE:
		member->contended_run = 0;
		break;
	case GD_VISIT_END:
		gd_blocks_sweep(&member->blocks);
		member->known = true;
		end_member(roster, member);
		break;
	case GD_VISIT_CONTENDED:
		put_off(roster, member);
		break;
	case GD_VISIT_GONE:
		remove_gone(roster, member);
		break;
	}
	return visited;
}

/* The scanner is to stop: all memberships end, and frames stay shared. */
void gd_roster_exit(struct gd_roster *roster)
{
	struct gd_member *member, *next;

	list_for_each_entry_safe(member, next, &roster->members, link)
		remove_member(roster, member, GRPDEDUP_REASON_GROUP_DEL, 0);
	list_for_each_entry_safe(member, next, &roster->failed, link)
		forget_failed(member);
	gd_visit_exit(&roster->visit);
}

/* Calls */

static struct gd_roster_call *call_of(struct gd_call *call)
{
	return container_of(call, struct gd_roster_call, call);
}

static int add_member(struct gd_roster *roster, struct gd_member *member)
{
	int err = gd_visit_init(&roster->visit, roster->dedup->cnt);

	if (err)
		return err;
	gd_blocks_init(&member->blocks, roster->dedup);
	err = gd_isolate_join(member);
	if (!err && gd_member_is_gone(member))
		err = -ESRCH;
	if (err) {
		gd_ksm_give_back(&member->ksm, member->mm);
		gd_blocks_destroy(&member->blocks);
		return err;
	}
	list_add_tail(&member->link, &roster->members);
	gd_member_set_state(member, GRPDEDUP_STATE_MEMBER);
	gd_notify_member_add(member);
	return 0;
}

/**
 * gd_roster_join - a registered process becomes a member
 * @call: of a &struct gd_roster_call
 * @arg: the roster, NULL if the call was cancelled
 *
 * No frame of another group is left in its memory. If it cannot join, it stays
 * listed as long as it lives, so that its owner can learn why.
 */
void gd_roster_join(struct gd_call *call, void *arg)
{
	struct gd_roster_call *join = call_of(call);
	struct gd_member *member = join->member;
	struct gd_roster *roster = arg;
	int err = roster ? add_member(roster, member) : -ENOENT;

	if (err && roster && err != -ESRCH) {
		gd_registry_reject(member);
		gd_member_set_state(member, GRPDEDUP_STATE_FAILED);
		list_add_tail(&member->link, &roster->failed);
	} else if (err) {
		gd_registry_forget(member);
	}
	join->done(join, err);
}

/* Refuse to begin what the host has no memory for. */
static int check_room(struct gd_roster_call *call, u64 need)
{
	call->need = need;
	call->room = gd_unshare_room();
	return need > call->room && !call->force ? -ENOSPC : 0;
}

static u64 shared_pages(const struct gd_member *member)
{
	return gd_counters_read(&member->blocks.cnt,
				GRPDEDUP_CNT_PAGES_SHARED);
}

static int leave(struct gd_roster_call *call, struct gd_roster *roster)
{
	struct gd_member *member = call->member;
	int err = 0;

	if (list_empty(&member->link))
		return -ESRCH;
	if (gd_member_state(member, NULL) == GRPDEDUP_STATE_FAILED) {
		forget_failed(member);
		return 0;
	}
	gd_member_set_state(member, GRPDEDUP_STATE_LEAVING);
	if (!call->keep && !gd_member_is_gone(member))
		err = check_room(call, shared_pages(member)) ?:
		      gd_isolate_leave(member, &call->pages);
	if (err) {
		gd_member_set_state(member, GRPDEDUP_STATE_MEMBER);
		return err;
	}
	remove_member(roster, member, call->reason, call->pages);
	gd_frames_reap_idle(&roster->dedup->frames);
	return 0;
}

/**
 * gd_roster_leave - a process leaves, unsharing its frames unless it keeps them
 * @call: of a &struct gd_roster_call
 * @arg: the roster, NULL if the call was cancelled
 */
void gd_roster_leave(struct gd_call *call, void *arg)
{
	struct gd_roster_call *rc = call_of(call);

	rc->done(rc, arg ? leave(rc, arg) : -ENOENT);
}

static int unshare_all(struct gd_roster_call *call, struct gd_roster *roster)
{
	struct gd_member *member;
	u64 need = 0;
	int err;

	list_for_each_entry(member, &roster->members, link)
		need += shared_pages(member);
	err = check_room(call, need);
	if (err)
		return err;
	list_for_each_entry(member, &roster->members, link) {
		err = gd_isolate_leave(member, &call->pages);
		if (err)
			return err;
	}
	return 0;
}

/**
 * gd_roster_unshare - unshare the frames of all members, which stay
 * @call: of a &struct gd_roster_call
 * @arg: the roster, NULL if the call was cancelled
 */
void gd_roster_unshare(struct gd_call *call, void *arg)
{
	struct gd_roster_call *rc = call_of(call);

	rc->done(rc, arg ? unshare_all(rc, arg) : -ENOENT);
}
