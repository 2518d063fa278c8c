/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One guest's balloon, as far as its monitor has told, and whether it follows.
 * Pure: the monitors feed it, time is an argument.
 *
 * QEMU says "done" to whatever it is told, so that says nothing: a balloon
 * follows if its driver answers questions about statistics, or if the guest's
 * size moves.
 */
#ifndef BALLOON_H
#define BALLOON_H

#include "message.h"

#define BALLOON_WHY_SIZE	256
/* A guest that owes more than this and does not move for so long is stuck. */
#define BALLOON_PROGRESS_MS	5000
/* After so long a stuck guest gets another chance. */
#define BALLOON_RETRY_MS	60000

/* The words of status.h, in its order. */
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
 * struct balloon - what is known of it
 * @state: see status.h
 * @why: a sentence about it; "" if it is well
 * @size: memory that the guest was started with, bytes, 0 = not known yet
 * @actual: what it has now, bytes; valid once @heard_ms is set
 * @target: what it was last told to have, 0 = nothing yet
 * @heard_ms: when @actual was last heard, 0 = never
 * @stats: of its driver, valid if @has_stats
 * @stats_ms: when they were last found renewed
 * @major_faults, @swap_in: per second, as average of some seconds
 * @distance: between @actual and @target when it last came closer
 * @moved_ms: when that was, or when a new target was set or taken
 * @retry_ms: stuck: when it gets another chance
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
/*
 * The monitor is gone, or the guest was reset: all but the size must be heard
 * again.
 */
void balloon_forget(struct balloon *balloon);
void balloon_hear_actual(struct balloon *balloon, uint64_t actual, uint64_t now_ms);
void balloon_hear_stats(struct balloon *balloon, const struct guest_stats *stats,
			uint64_t now_ms);
/* It is to have @target. */
void balloon_tell(struct balloon *balloon, uint64_t target, uint64_t now_ms);
/* That has reached it: from now on it is expected to move. */
void balloon_told(struct balloon *balloon, uint64_t now_ms);
/* Does it follow? Once per round. @slack: smaller differences are ignored. */
void balloon_judge(struct balloon *balloon, uint64_t slack, uint64_t now_ms);
/* It is on its way to its target, or should be. */
bool balloon_is_moving(const struct balloon *balloon);
/* It takes part in what its group may have. */
bool balloon_is_live(const struct balloon *balloon);

#endif /* BALLOON_H */
