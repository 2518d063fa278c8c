/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One guest's balloon, as its monitor reports it, and whether it follows. The
 * monitors feed it; time is an argument.
 *
 * QEMU acknowledges every target, so that says nothing: a balloon follows if
 * its driver answers questions about statistics, or if the guest's size moves.
 */
#ifndef BALLOON_H
#define BALLOON_H

#include "message.h"

#define BALLOON_WHY_SIZE	256
/* A guest further from its target that does not move for this long is stuck. */
#define BALLOON_PROGRESS_MS	5000
/* After this time a stuck guest is tried again. */
#define BALLOON_RETRY_MS	60000

/* The states of ../lib/status.h, in the same order. */
enum balloon_state {
	BALLOON_ABSENT,
	BALLOON_STARTING,
	BALLOON_BUSY,
	BALLOON_SILENT,
	BALLOON_NO_DEVICE,
	BALLOON_NO_DRIVER,
	BALLOON_STUCK,
	BALLOON_OK,
	BALLOON_NONE,
};

/**
 * struct balloon - what is known of a guest's balloon
 * @state: see ../lib/status.h
 * @why: a sentence about @state; "" if it is ok
 * @size: memory that the guest was started with, bytes, 0 = not known yet
 * @actual: the guest's present size, bytes; valid once @heard_ms is set
 * @target: last target that was set, 0 = none yet
 * @heard_ms: when @actual was last reported, 0 = never
 * @stats: statistics of its driver, valid if @has_stats
 * @stats_ms: when they were last renewed, 0 = never
 * @major_faults, @swap_in: per second, moving average
 * @distance: smallest distance between @actual and @target so far
 * @moved_ms: when @distance last shrank, or a target was set or acknowledged
 * @retry_ms: when a stuck guest is tried again
 */
struct balloon {
	enum balloon_state state;
	char why[BALLOON_WHY_SIZE];
	uint64_t size;
	uint64_t actual;
	uint64_t target;
	uint64_t heard_ms;
	bool has_stats;
	struct guest_stats stats;
	uint64_t stats_ms;
	double major_faults;
	double swap_in;
	uint64_t distance;
	uint64_t moved_ms;
	uint64_t retry_ms;
};

const char *balloon_state_name(enum balloon_state state);

void balloon_set_state(struct balloon *balloon, enum balloon_state state,
		       const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The monitor closed, or the guest was reset: forget all but the size. */
void balloon_forget(struct balloon *balloon);
void balloon_hear_actual(struct balloon *balloon, uint64_t actual, uint64_t now_ms);
void balloon_hear_stats(struct balloon *balloon, const struct guest_stats *stats,
			uint64_t now_ms);
/* A new target. */
void balloon_tell(struct balloon *balloon, uint64_t target, uint64_t now_ms);
/* The target was acknowledged: from now on expect the guest to move. */
void balloon_told(struct balloon *balloon, uint64_t now_ms);
/* Update the state, once per round. Ignore differences up to @slack. */
void balloon_judge(struct balloon *balloon, uint64_t slack, uint64_t now_ms);
/* The guest has not reached its target yet. */
bool balloon_is_moving(const struct balloon *balloon);
/* The guest takes part in the division of its group's grant. */
bool balloon_is_live(const struct balloon *balloon);

#endif /* BALLOON_H */
