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
/* Somebody else who sets the balloon this often within this time is named. */
#define BALLOON_OTHERS	3
#define BALLOON_OTHERS_MS	60000
#define BALLOON_OTHERS_MAX	60

/* The states of ../lib/status.h, in the same order. */
enum balloon_state {
	BALLOON_ABSENT,
	BALLOON_STARTING,
	BALLOON_BUSY,
	BALLOON_SILENT,
	BALLOON_PAUSED,
	BALLOON_INCOMING,
	BALLOON_NO_DEVICE,
	BALLOON_NO_DRIVER,
	BALLOON_STUCK,
	BALLOON_OK,
	BALLOON_NONE,
};

/**
 * struct balloon - what is known of a guest's balloon
 * @state: see ../lib/status.h
 * @why: a sentence about @state; "" if there is nothing to say
 * @size: memory that the guest was started with, bytes, 0 = not known yet; what
 *	was plugged in later is in no number here
 * @actual: the guest's present size, bytes; valid once @heard_ms is set
 * @target: last target that was set, 0 = none yet
 * @in_force: last target that was acknowledged, 0 = none yet
 * @heard_ms: when @actual was last reported, 0 = never
 * @stats: statistics of its driver, valid if @has_stats
 * @stats_ms: when they were last renewed, 0 = never
 * @major_faults, @swap_in: per second, moving average
 * @slack: a smaller distance from the target is ignored
 * @is_measured: the size was reported since the target was set
 * @distance: smallest distance between @actual and @target so far, or since
 *	somebody else has set the balloon
 * @moved_ms: when @distance last shrank, or a target was set that gave the
 *	guest something to do, or that was acknowledged
 * @is_new: such a target is not acknowledged yet
 * @has_moved: it was seen to follow
 * @is_retry: it did not follow, and has not moved since it is tried again
 * @is_away: it moves away from its target
 * @others_ms: when somebody else has set it, the last time first; 0 = not
 * @retry_ms: when a stuck guest is tried again
 * @paused_ms: since when it does not run
 */
struct balloon {
	enum balloon_state state;
	char why[BALLOON_WHY_SIZE];
	uint64_t size;
	uint64_t actual;
	uint64_t target;
	uint64_t in_force;
	uint64_t heard_ms;
	bool has_stats;
	struct guest_stats stats;
	uint64_t stats_ms;
	double major_faults;
	double swap_in;
	uint64_t slack;
	bool is_measured;
	uint64_t distance;
	uint64_t moved_ms;
	bool is_new;
	bool has_moved;
	bool is_retry;
	bool is_away;
	uint64_t others_ms[BALLOON_OTHERS_MAX];
	uint64_t retry_ms;
	uint64_t paused_ms;
};

const char *balloon_state_name(enum balloon_state state);

void balloon_set_state(struct balloon *balloon, enum balloon_state state,
		       const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/*
 * The monitor closed, or the guest was reset: forget all but the size, and the
 * target, which QEMU has not forgotten.
 */
void balloon_forget(struct balloon *balloon);
void balloon_hear_actual(struct balloon *balloon, uint64_t actual, uint64_t now_ms);
void balloon_hear_stats(struct balloon *balloon, const struct guest_stats *stats,
			uint64_t now_ms);
/* A new target. */
void balloon_tell(struct balloon *balloon, uint64_t target, uint64_t now_ms);
/* @target was acknowledged: from now on expect the guest to move. */
void balloon_told(struct balloon *balloon, uint64_t target, uint64_t now_ms);
/* Update the state, once per round. Ignore differences up to @slack. */
void balloon_judge(struct balloon *balloon, uint64_t slack, uint64_t now_ms);
/* It is not at its target: the target is to be sent again. */
bool balloon_is_off(const struct balloon *balloon);
/* The guest has not reached its target yet. */
bool balloon_is_moving(const struct balloon *balloon);
/* No target was set yet that it was seen to reach, or to move to. */
bool balloon_is_unproven(const struct balloon *balloon);
/* It runs, or @why it does not. Time in which it does not is no delay. */
void balloon_hear_running(struct balloon *balloon, uint64_t now_ms);
void balloon_hear_paused(struct balloon *balloon, const char *why, uint64_t now_ms);
/* It can be told a target. */
bool balloon_is_live(const struct balloon *balloon);
/* It does what it is told. */
bool balloon_follows(const struct balloon *balloon);
/*
 * How often somebody else has set it of late. @text: a sentence if that is to
 * be said, else "".
 */
unsigned int balloon_others(const struct balloon *balloon, uint64_t now_ms, char *text,
			    size_t size);

#endif /* BALLOON_H */
