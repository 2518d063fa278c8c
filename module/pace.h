/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pacing: how long to wait so that pages are visited at the requested rate.
 * Arithmetic only: the time is an argument, so that it can be tested natively.
 */
#ifndef GD_PACE_H
#define GD_PACE_H

#include <linux/types.h>

/* How much lost time may be made up for; bounds the burst after a stall. */
#define GD_PACE_SLACK_NS	200000000ULL
/* The delay of a pace whose rate is 0. */
#define GD_PACE_FOREVER		(~0ULL)

/**
 * struct gd_pace - the schedule of one scanner
 * @rate: pages per second, 0 is paused
 * @rest: remainder of the last division, so that rounding does not add up
 * @due: when the next visit is due, ns
 */
struct gd_pace {
	u32	rate;
	u32	rest;
	u64	due;
};

void gd_pace_set(struct gd_pace *pace, u32 rate, u64 now);
void gd_pace_charge(struct gd_pace *pace, u32 pages, u64 now);
u64 gd_pace_delay(const struct gd_pace *pace, u64 now);

#endif /* GD_PACE_H */
