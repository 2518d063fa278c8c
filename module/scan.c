// SPDX-License-Identifier: GPL-2.0
/*
 * DOC: The scanner
 *
 * Each group has one kernel thread. It visits the memory of the group's members
 * block by block (2 MiB), pass after pass, at the group's rate, and merges
 * pages of equal content into frames. All its state (trees, slots, frames) is
 * private to the group and belongs to this thread: it needs no lock, and no
 * code path can compare a page of one group with one of another.
 *
 * Other threads change the group's settings and kick the scanner, or put a call
 * into the group's inbox. None of them waits for it, but the work item that
 * deletes the group. The scanner never exits by itself: it runs until
 * kthread_stop(), which waits for it, so that none of its code can run after
 * the module is unloaded. It stops and freezes after the step that it is at,
 * also within a call that unshares a large process.
 *
 * In a pass, blocks with pages that found a partner only after their visit are
 * visited a second time before the pass ends.
 */
#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "block.h"
#include "dedup.h"
#include "drain.h"
#include "fault.h"
#include "group.h"
#include "notify.h"
#include "pace.h"
#include "roster.h"
#include "scan.h"

/* Minimum time from the start of a pass to that of the next. */
#define GD_PASS_NS_MIN		(20 * NSEC_PER_MSEC)
/* How often to check for members that are gone and unmapped frames. */
#define GD_REAP_NS		NSEC_PER_SEC
/* A block with this many pending pages is visited again at once. */
#define GD_PENDING_MANY		128
/* Minimum visits per second: at a low rate a visit is less than a block. */
#define GD_VISITS_PER_SECOND	20

/**
 * struct gd_scan - what a scanner owns
 * @pace: schedule, with the rate that is in force
 * @dedup: trees and frames
 * @roster: members and cursor
 * @pass_start: when the pass began, ns
 * @next_reap: when to call reap() next, ns
 * @merges: the group's merges when the pass began
 * @sharing: the group's PAGES_SHARING when the pass began
 * @busy: the group's SKIP_BUSY when the pass began
 */
struct gd_scan {
	struct gd_pace		pace;
	struct gd_dedup		dedup;
	struct gd_roster	roster;
	u64			pass_start;
	u64			next_reap;
	u64			merges;
	u64			sharing;
	u64			busy;
};

static void begin_pass(struct gd_group *group, u64 now)
{
	struct gd_scan *scan = group->scan;
	u64 busy = gd_counters_read(&group->cnt, GRPDEDUP_CNT_SKIP_BUSY);

	/* Pages in per-CPU batches are busy: drain then, or on request. */
	if (gd_inbox_wants_pass(&group->inbox) || busy != scan->busy)
		gd_drain_all();
	scan->busy = busy;
	scan->merges = gd_counters_read(&group->cnt, GRPDEDUP_CNT_MERGES);
	scan->sharing = gd_counters_read(&group->cnt,
					 GRPDEDUP_CNT_PAGES_SHARING);
	scan->pass_start = now;
	scan->dedup.pass = group->inbox.passes + 1;
	gd_roster_rewind(&scan->roster);
	gd_inbox_begin_pass(&group->inbox);
}

static void end_pass(struct gd_group *group)
{
	struct gd_scan *scan = group->scan;
	u64 sharing = gd_counters_read(&group->cnt,
				       GRPDEDUP_CNT_PAGES_SHARING);
	bool merged = scan->merges != gd_counters_read(&group->cnt,
						       GRPDEDUP_CNT_MERGES);

	gd_frames_reap_idle(&scan->dedup.frames);
	gd_visit_trim(&scan->roster.visit);
#ifdef GRPDEDUP_DEBUG
	gd_fault(!gd_tree_verify(&scan->dedup.unstable));
	gd_fault(!gd_tree_verify(&scan->dedup.frames.stable));
#endif
	if (scan->roster.left_out)
		gd_counters_add(&group->cnt, GRPDEDUP_CNT_PARTIAL_SCANS, 1);
	gd_inbox_end_pass(&group->inbox);
	if (merged)
		gd_notify_reclaim(group, sharing > scan->sharing ?
					 sharing - scan->sharing : 0);
}

static struct gd_block *pending_block(struct gd_scan *scan)
{
	return list_first_entry_or_null(&scan->dedup.pending, struct gd_block,
					pending);
}

/* Visit one block, or begin or end a pass. Returns pages visited. */
static unsigned int step(struct gd_group *group, u64 now)
{
	struct gd_scan *scan = group->scan;
	struct gd_roster *roster = &scan->roster;
	struct gd_block *pending = pending_block(scan);

	if (!group->inbox.in_pass) {
		begin_pass(group, now);
		return 0;
	}
	if (pending &&
	    (!roster->member || pending->nr_pending >= GD_PENDING_MANY))
		return gd_visit_pending(&roster->visit, pending);
	if (roster->member)
		return gd_roster_visit(roster);
	end_pass(group);
	return 0;
}

/* A requested pass is extra: it does not use up the rate. */
static void work(struct gd_group *group, u64 now)
{
	struct gd_scan *scan = group->scan;
	bool extra = gd_inbox_wants_pass(&group->inbox);
	unsigned long pages = extra ? GD_BLOCK_PAGES :
			      clamp_t(unsigned long,
				      scan->pace.rate / GD_VISITS_PER_SECOND,
				      1, GD_BLOCK_PAGES);
	unsigned int visited;

	scan->roster.visit.bytes_max = pages << PAGE_SHIFT;
	visited = step(group, now);
	if (!extra)
		gd_pace_charge(&scan->pace, max(visited, 1U), now);
}

static bool is_paused(struct gd_group *group)
{
	return READ_ONCE(group->paused) || gd_fault_seen();
}

/* Time until there is something to do, ns. */
static u64 idle_time(struct gd_group *group, u64 now)
{
	struct gd_scan *scan = group->scan;
	u64 delay, next_pass = scan->pass_start + GD_PASS_NS_MIN;
	bool in_pass = group->inbox.in_pass;

	/* What a deletion unshares must not be merged again before it ends. */
	if (READ_ONCE(group->dying))
		return GD_PACE_FOREVER;
	if (is_paused(group))
		return GD_REAP_NS;
	if (gd_inbox_wants_pass(&group->inbox))
		return 0;
	/* Children and former members may still map frames. */
	if (list_empty(&scan->roster.members) && !in_pass)
		return list_empty(&scan->dedup.frames.idle) ? GD_PACE_FOREVER :
							      GD_REAP_NS;
	delay = gd_pace_delay(&scan->pace, now);
	if (!in_pass && next_pass > now)
		delay = max(delay, next_pass - now);
	return min_t(u64, delay, GD_REAP_NS);
}

static bool is_wanted(struct gd_group *group)
{
	return kthread_should_stop() || READ_ONCE(group->inbox.kicked) ||
	       !gd_inbox_is_empty(&group->inbox);
}

static void sleep_for(struct gd_group *group, u64 ns)
{
	long timeout = MAX_SCHEDULE_TIMEOUT;

	lockdep_assert_none_held_once();
	if (ns != GD_PACE_FOREVER)
		timeout = max_t(long, nsecs_to_jiffies(ns), 1);
	wait_event_freezable_timeout(group->inbox.wake, is_wanted(group),
				     timeout);
}

/* The only place where the scanner reads its settings. */
static void read_settings(struct gd_group *group, u64 now)
{
	struct gd_scan *scan = group->scan;
	u32 rate = READ_ONCE(group->set.rate);

	scan->dedup.frames.max = READ_ONCE(group->set.frames_max);
	scan->roster.visit.split_min = READ_ONCE(group->set.split_min);
	if (scan->pace.rate != rate)
		gd_pace_set(&scan->pace, rate, now);
}

static void reap(struct gd_group *group, u64 now)
{
	struct gd_scan *scan = group->scan;

	if (now < scan->next_reap)
		return;
	gd_roster_remove_gone(&scan->roster);
	gd_frames_reap_all(&scan->dedup.frames);
	if (!scan->pace.rate && !is_paused(group))
		gd_roster_watch(&scan->roster);
	scan->next_reap = now + GD_REAP_NS;
}

static int scanner(void *arg)
{
	struct gd_group *group = arg;
	struct gd_scan *scan = group->scan;
	u64 now, idle;

	set_freezable();
	set_user_nice(current, 5);
	read_settings(group, ktime_get_ns());
	while (!kthread_should_stop()) {
		now = ktime_get_ns();
		if (gd_inbox_clear_kick(&group->inbox))
			read_settings(group, now);
		gd_inbox_serve(&group->inbox, &scan->roster);
		reap(group, now);
		idle = idle_time(group, now);
		if (idle)
			sleep_for(group, idle);
		else
			work(group, now);
		cond_resched();
		try_to_freeze();
	}
	/* Here, because it takes mmap locks with no other lock held. */
	gd_roster_exit(&scan->roster);
	return 0;
}

/**
 * gd_scan_start - start a group's scanner
 * @group: a new group that is not registered yet
 */
int gd_scan_start(struct gd_group *group)
{
	struct gd_scan *scan = kzalloc(sizeof(*scan), GFP_KERNEL);
	struct task_struct *task;
	int err;

	if (!scan)
		return -ENOMEM;
	err = gd_dedup_init(&scan->dedup, &group->cnt);
	if (err)
		goto err_free;
	gd_roster_init(&scan->roster, &scan->dedup);
	group->scan = scan;
	task = kthread_create(scanner, group, "grpdedup/%s", group->name);
	if (IS_ERR(task)) {
		err = PTR_ERR(task);
		goto err_dedup;
	}
	group->task = get_task_struct(task);
	wake_up_process(task);
	return 0;

err_dedup:
	gd_dedup_exit(&scan->dedup);
err_free:
	kfree(scan);
	group->scan = NULL;
	return err;
}

/**
 * gd_scan_stop - stop a group's scanner and free its state
 * @group: dying or never registered, so that nothing joins it
 *
 * Frames that are mapped stay mapped: they are ordinary kernel pages.
 */
void gd_scan_stop(struct gd_group *group)
{
	struct gd_scan *scan = group->scan;

	kthread_stop(group->task);
	gd_inbox_close(&group->inbox);
	gd_dedup_exit(&scan->dedup);
	kfree(scan);
	group->scan = NULL;
}
