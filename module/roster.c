// SPDX-License-Identifier: GPL-2.0
/*
 * A scanner's list of members: joining, leaving, and noticing who is gone. All of
 * it runs in the scanner, which owns the list and what hangs on it.
 */
#include <linux/kthread.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "call.h"
#include "group.h"
#include "lock.h"
#include "notify.h"
#include "plan.h"
#include "registry.h"
#include "roster.h"
#include "scan.h"
#include "unshare.h"
#include "vma.h"

/* The member after @member in the list, or NULL. */
struct gd_member *gd_roster_next(struct gd_group *group,
				 struct gd_member *member)
{
	return list_is_last(&member->link, &group->members) ? NULL :
	       list_next_entry(member, link);
}

static void remove_member(struct gd_group *group, struct gd_member *member,
			  enum grpdedup_reason reason, u64 pages)
{
	struct gd_scan *scan = group->scan;

	if (scan->member == member) {
		scan->member = gd_roster_next(group, member);
		scan->addr = 0;
	}
	list_del_init(&member->link);
	gd_blocks_destroy(&member->blocks);
	gd_notify_member_del(member, reason, pages);
	gd_registry_forget(member);
}

/* The address space of @member has lost its last user. */
void gd_roster_gone(struct gd_group *group, struct gd_member *member)
{
	remove_member(group, member,
		      gd_member_has_execed(member) ? GRPDEDUP_REASON_EXEC :
						     GRPDEDUP_REASON_EXIT, 0);
}

/* Let go of the members whose address space is gone, and of what nobody maps. */
void gd_roster_check(struct gd_group *group)
{
	struct gd_member *member, *next;

	list_for_each_entry_safe(member, next, &group->members, link)
		if (gd_member_is_gone(member))
			gd_roster_gone(group, member);
	gd_frames_reap_all(&group->dedup.frames);
}

static bool is_own_frame(struct page *page, void *group)
{
	return gd_frame_lookup(&((struct gd_group *)group)->dedup.frames, page);
}

static int unshare_foreign(struct gd_group *group, struct gd_member *member,
			   int (*then)(struct mm_struct *mm))
{
	struct gd_unshare un = { .keep = is_own_frame, .arg = group, .then = then };
	int err = gd_unshare_mm(member->mm, &un);

	gd_blocks_count(&member->blocks, GRPDEDUP_CNT_UNSHARES, un.done);
	return err;
}

/* No frame of another group may stay in a member's memory. */
int gd_roster_unshare_foreign(struct gd_group *group, struct gd_member *member)
{
	return unshare_foreign(group, member, NULL);
}

/*
 * Take the areas of @member from ksmd as well. Then its pages are gone already:
 * the kernel would do an area in one hold of the lock, have a process killed if
 * the memory cgroup is full, and on 6.1 leave what userfaultfd protects.
 */
int gd_roster_claim(struct gd_group *group, struct gd_member *member)
{
	bool offered;

	if (!gd_lock_mmap_read(member->mm))
		return -EBUSY;
	offered = gd_vma_is_mergeable(member->mm);
	mmap_read_unlock(member->mm);
	return unshare_foreign(group, member, offered ? gd_vma_take_from_ksm : NULL);
}

static int unshare_member(struct gd_member *member, u64 *pages)
{
	struct gd_unshare un = { .keep = NULL };
	int err = gd_unshare_mm(member->mm, &un);

	gd_blocks_count(&member->blocks, GRPDEDUP_CNT_UNSHARES, un.done);
	*pages += un.done;
	return err;
}

static int enter(struct gd_group *group, struct gd_member *member)
{
	struct gd_scan *scan = group->scan;
	int err;

	if (!scan->plan) {
		scan->plan = kvzalloc(sizeof(*scan->plan), GFP_KERNEL);
		if (!scan->plan)
			return -ENOMEM;
		gd_counters_add(&group->dedup.cnt, GRPDEDUP_CNT_METADATA_BYTES,
				sizeof(*scan->plan));
	}
	if (!mmget_not_zero(member->mm))
		return -ESRCH;
	gd_blocks_init(&member->blocks, &group->dedup);
	err = gd_roster_claim(group, member);
	mmput_async(member->mm);
	return err;
}

/* A process joins: nobody else's frame may be in its memory then. */
void gd_roster_enter(struct gd_group *group, struct gd_call *call)
{
	struct gd_member *member = call->member;
	int err = enter(group, member);

	if (err) {
		gd_registry_forget(member);
	} else {
		list_add_tail(&member->link, &group->members);
		gd_notify_member_add(member);
	}
	gd_call_end(call, err);
}

/* A process leaves. */
void gd_roster_leave(struct gd_group *group, struct gd_call *call)
{
	struct gd_member *member = call->member;
	int err = 0;

	if (list_empty(&member->link)) {
		gd_call_end(call, -ESRCH);
		return;
	}
	if (!call->keep && mmget_not_zero(member->mm)) {
		err = unshare_member(member, &call->pages);
		mmput_async(member->mm);
	}
	if (!err) {
		remove_member(group, member, call->reason, call->pages);
		gd_frames_reap_idle(&group->dedup.frames);
	}
	gd_call_end(call, err);
}

/* All processes lose their frames, and stay. */
void gd_roster_unshare(struct gd_group *group, struct gd_call *call)
{
	struct gd_member *member;
	int err = 0;

	list_for_each_entry(member, &group->members, link) {
		if (!mmget_not_zero(member->mm))
			continue;
		err = unshare_member(member, &call->pages);
		mmput_async(member->mm);
		if (err)
			break;
	}
	gd_call_end(call, err);
}

/* The group is deleted: all memberships end, and frames stay shared. */
void gd_roster_clear(struct gd_group *group)
{
	struct gd_member *member, *next;

	list_for_each_entry_safe(member, next, &group->members, link)
		remove_member(group, member, GRPDEDUP_REASON_GROUP_DEL, 0);
}
