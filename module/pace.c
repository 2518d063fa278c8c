// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing: how long to wait so that pages are visited at the requested rate.
 * Arithmetic only: the time is an argument.
 *
 * Times are compared by their signed difference, so the clock may start
 * anywhere and wrap.
 */
#include <linux/math64.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "pace.h"

/**
 * gd_pace_set() - start a schedule
 * @pace: the schedule
 * @rate: pages per second, 0 to pause
 * @now: the time, ns
 *
 * Any backlog or credit at the old rate is dropped.
 */
void gd_pace_set(struct gd_pace *pace, u32 rate, u64 now)
{
	pace->rate = rate;
	pace->rest = 0;
	pace->due = now;
}

/**
 * gd_pace_charge() - account for visits
 * @pace: the schedule
 * @pages: how many pages were visited
 * @now: the time, ns
 */
void gd_pace_charge(struct gd_pace *pace, u32 pages, u64 now)
{
	if (!pace->rate)
		return;

	/* Any u32 times 10^9, plus any u32, fits into 63 bits. */
	pace->due += div_u64_rem(pages * (u64)NSEC_PER_SEC + pace->rest,
				 pace->rate, &pace->rest);

	if ((s64)(now - pace->due) > (s64)GD_PACE_SLACK_NS) {
		pace->due = now - GD_PACE_SLACK_NS;
		pace->rest = 0;
	}
}

/**
 * gd_pace_delay() - how long to wait
 * @pace: the schedule
 * @now: the time, ns
 *
 * Return: ns until the next visit is due, 0 if it is, GD_PACE_FOREVER if the
 * pace is paused.
 */
u64 gd_pace_delay(const struct gd_pace *pace, u64 now)
{
	s64 wait = pace->due - now;

	if (!pace->rate)
		return GD_PACE_FOREVER;

	return wait > 0 ? wait : 0;
}
