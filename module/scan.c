// SPDX-License-Identifier: GPL-2.0
/*
 * DOC: The scanner
 *
 * Each group has one kernel thread. It visits the memory of the group's members
 * block by block (2 MiB), pass after pass, at the group's rate, and merges pages
 * of equal content into frames. Everything that it learns (trees, slots, frames)
 * is the group's own and belongs to this thread: there is no lock on it, and no
 * path by which a page of one group could be compared with one of another.
 *
 * Other threads publish settings, or hand the scanner a call and wait. The
 * scanner never ends by itself: it runs until kthread_stop(), which joins it, so
 * that none of its lines can run after the module is gone.
 *
 * In a pass, blocks with pages that found a partner later than their own visit
 * are visited a second time, before the pass ends.
 */
#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "call.h"
#include "drain.h"
#include "group.h"
#include "notify.h"
#include "plan.h"
#include "roster.h"
#include "scan.h"
#include "visit.h"

/* A pass over little memory does not start over sooner than that. */
#define GD_PASS_NS_MIN		(20 * NSEC_PER_MSEC)
/* How often members, and what they left, are looked after. */
#define GD_EXIT_CHECK_NS	NSEC_PER_SEC
/* A block with that many pending pages is visited again at once. */
#define GD_PENDING_MANY		128

static u64 counter(struct gd_group *group, enum grpdedup_counter id)
{
	return gd_counters_read(&group->dedup.cnt, id);
}

static void run_calls(struct gd_group *group)
{
	struct gd_call *call;

	while (!kthread_should_stop() && (call = gd_call_next(group)))
		call->fn(group, call);
}

static void begin_pass(struct gd_group *group, u64 now)
{
	struct gd_scan *scan = group->scan;

	/* Were pages held by per-CPU batches? A pass asked for shall see all. */
	if (gd_group_scan_wanted(group) ||
	    counter(group, GRPDEDUP_CNT_SKIP_BUSY) != scan->busy)
		gd_drain_all();
	scan->busy = counter(group, GRPDEDUP_CNT_SKIP_BUSY);
	scan->merges = counter(group, GRPDEDUP_CNT_MERGES);
	scan->pass_start = now;
	scan->member = list_first_entry_or_null(&group->members,
						struct gd_member, link);
	scan->addr = 0;
	group->dedup.pass++;
	spin_lock(&group->call_lock);
	group->in_pass = true;
	spin_unlock(&group->call_lock);
}

static void end_pass(struct gd_group *group)
{
	u64 merged = counter(group, GRPDEDUP_CNT_MERGES) - group->scan->merges;

	gd_frames_reap_idle(&group->dedup.frames);
	if (group->scan->plan)
		gd_merge_put_spares(&group->scan->plan->batch);
#ifdef GRPDEDUP_DEBUG
	WARN_ON(!gd_tree_verify(&group->dedup.unstable));
	WARN_ON(!gd_tree_verify(&group->dedup.frames.stable));
#endif
	gd_counters_add(&group->dedup.cnt, GRPDEDUP_CNT_FULL_SCANS, 1);
	spin_lock(&group->call_lock);
	group->in_pass = false;
	group->passes++;
	spin_unlock(&group->call_lock);
	if (merged)
		gd_notify_reclaim(group, merged);
}

static struct gd_block *pending_block(struct gd_group *group)
{
	return list_first_entry_or_null(&group->dedup.pending, struct gd_block,
					pending);
}

/* One block, or the start or the end of a pass. Returns pages visited. */
static unsigned int step(struct gd_group *group, u64 now)
{
	struct gd_block *pending = pending_block(group);

	if (!group->in_pass) {
		begin_pass(group, now);
		return 0;
	}
	if (pending && (!group->scan->member ||
			pending->nr_pending >= GD_PENDING_MANY))
		return gd_visit_pending(group, pending);
	if (group->scan->member)
		return gd_visit_next(group);
	end_pass(group);
	return 0;
}

/* A pass asked for is extra: it does not use up the rate. */
static void work(struct gd_group *group, u64 now)
{
	bool extra = gd_group_scan_wanted(group);
	unsigned int visited = step(group, now);

	if (!extra)
		gd_pace_charge(&group->scan->pace, max(visited, 1U), now);
}

/* How long there is nothing to do, ns. */
static u64 idle_time(struct gd_group *group, u64 now)
{
	struct gd_scan *scan = group->scan;
	u64 delay, next_pass = scan->pass_start + GD_PASS_NS_MIN;

	/* What the deletion unshares must not be merged again before it ends. */
	if (READ_ONCE(group->dying))
		return GD_PACE_FOREVER;
	if (gd_group_scan_wanted(group))
		return 0;
	/* Strangers (children, who was taken out) may have frames still. */
	if (list_empty(&group->members) && !group->in_pass)
		return list_empty(&group->dedup.frames.idle) ?
			       GD_PACE_FOREVER : GD_EXIT_CHECK_NS;
	delay = gd_pace_delay(&scan->pace, now);
	if (!group->in_pass && next_pass > now)
		delay = max(delay, next_pass - now);
	return min_t(u64, delay, GD_EXIT_CHECK_NS);
}

static bool wanted(struct gd_group *group)
{
	return kthread_should_stop() || READ_ONCE(group->kicked) ||
	       gd_call_is_waiting(group);
}

static void sleep_for(struct gd_group *group, u64 ns)
{
	long timeout = MAX_SCHEDULE_TIMEOUT;

	lockdep_assert_none_held_once();
	if (ns != GD_PACE_FOREVER)
		timeout = max_t(long, nsecs_to_jiffies(ns), 1);
	wait_event_freezable_timeout(group->wake, wanted(group), timeout);
}

static void read_settings(struct gd_group *group, u64 now)
{
	struct gd_pace *pace = &group->scan->pace;
	u32 rate = READ_ONCE(group->set.rate);

	WRITE_ONCE(group->kicked, false);
	group->dedup.frames.max = READ_ONCE(group->set.frames_max);
	if (pace->rate != rate)
		gd_pace_set(pace, rate, now);
}

static int scanner(void *arg)
{
	struct gd_group *group = arg;
	struct gd_scan *scan = group->scan;
	u64 now, idle;

	set_freezable();
	set_user_nice(current, 5);
	gd_pace_set(&scan->pace, READ_ONCE(group->set.rate), ktime_get_ns());
	while (!kthread_should_stop()) {
		now = ktime_get_ns();
		if (READ_ONCE(group->kicked))
			read_settings(group, now);
		run_calls(group);
		if (now >= scan->next_exit_check) {
			gd_roster_check(group);
			scan->next_exit_check = now + GD_EXIT_CHECK_NS;
		}
		idle = idle_time(group, now);
		if (idle)
			sleep_for(group, idle);
		else
			work(group, now);
		cond_resched();
		try_to_freeze();
	}
	return 0;
}

/**
 * gd_scan_start - make a group's working data and start its scanner
 * @group: a new group, known to nobody yet
 */
int gd_scan_start(struct gd_group *group)
{
	struct task_struct *task;
	int err;

	group->scan = kzalloc(sizeof(*group->scan), GFP_KERNEL);
	if (!group->scan)
		return -ENOMEM;
	group->dedup.unstable = GD_TREE_INIT;
	INIT_LIST_HEAD(&group->dedup.pending);
	get_random_bytes(&group->dedup.seed, sizeof(group->dedup.seed));
	err = gd_frames_init(&group->dedup.frames, &group->dedup.cnt);
	if (err)
		goto err_free;
	group->dedup.frames.max = group->set.frames_max;
	task = kthread_create(scanner, group, "grpdedup/%s", group->name);
	if (IS_ERR(task)) {
		err = PTR_ERR(task);
		goto err_frames;
	}
	group->task = get_task_struct(task);
	wake_up_process(task);
	return 0;

err_frames:
	gd_frames_destroy(&group->dedup.frames);
err_free:
	kfree(group->scan);
	return err;
}

/**
 * gd_scan_stop - stop a group's scanner and forget all that it knew
 * @group: nothing joins it any more
 *
 * Frames that are mapped stay so: they are ordinary pages of the kernel's.
 */
void gd_scan_stop(struct gd_group *group)
{
	kthread_stop(group->task);
	gd_call_close(group);
	gd_roster_clear(group);
	gd_frames_destroy(&group->dedup.frames);
	if (group->scan->plan)
		gd_merge_put_spares(&group->scan->plan->batch);
	kvfree(group->scan->plan);
	kfree(group->scan);
	group->scan = NULL;
}
