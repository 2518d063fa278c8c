// SPDX-License-Identifier: GPL-2.0
/* Does one guest's balloon follow its target? */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "balloon.h"

/* Weight of the newest second in the averages of faults and swapping. */
#define STATS_WEIGHT	0.3
/* Statistics that are older than this are ignored. */
#define STATS_STALE_MS	15000
/* A distance below this counts as arrived. */
#define NEAR		(4u << 20)

const char *balloon_state_name(enum balloon_state state)
{
	static const char *const names[] = {
		[BALLOON_ABSENT] = "absent",
		[BALLOON_STARTING] = "starting",
		[BALLOON_BUSY] = "busy",
		[BALLOON_SILENT] = "silent",
		[BALLOON_PAUSED] = "paused",
		[BALLOON_INCOMING] = "incoming",
		[BALLOON_NO_DEVICE] = "no-device",
		[BALLOON_NO_DRIVER] = "no-driver",
		[BALLOON_STUCK] = "stuck",
		[BALLOON_OK] = "ok",
		[BALLOON_NONE] = "none",
	};

	return names[state];
}

void balloon_set_state(struct balloon *balloon, enum balloon_state state,
		       const char *fmt, ...)
{
	va_list ap;

	balloon->state = state;
	va_start(ap, fmt);
	vsnprintf(balloon->why, sizeof(balloon->why), fmt, ap);
	va_end(ap);
}

void balloon_forget(struct balloon *balloon)
{
	*balloon = (struct balloon){
		.size = balloon->size,
		.target = balloon->target,
		.in_force = balloon->in_force,
	};
	balloon_set_state(balloon, BALLOON_STARTING, "its monitor has not answered yet");
}

static uint64_t distance(const struct balloon *balloon)
{
	return balloon->actual > balloon->target ?
	       balloon->actual - balloon->target : balloon->target - balloon->actual;
}

/* Its driver moves towards a target that is not ours. */
static void note_other(struct balloon *balloon, uint64_t now_ms)
{
	uint64_t *times = balloon->others_ms;

	if (balloon->is_away)
		return;
	balloon->is_away = true;
	memmove(times + 1, times, (BALLOON_OTHERS_MAX - 1) * sizeof(*times));
	times[0] = now_ms;
}

void balloon_hear_actual(struct balloon *balloon, uint64_t actual, uint64_t now_ms)
{
	balloon->actual = actual;
	balloon->heard_ms = now_ms;
	if (!balloon->target)
		return;
	if (!balloon->is_measured) {
		balloon->is_measured = true;
		balloon->distance = distance(balloon);
		return;
	}
	if (distance(balloon) < balloon->distance) {
		balloon->has_moved = true;
		balloon->is_retry = false;
		balloon->is_away = false;
	} else if (distance(balloon) > balloon->distance + NEAR) {
		note_other(balloon, now_ms);
	} else {
		return;
	}
	balloon->distance = distance(balloon);
	balloon->moved_ms = now_ms;
}

unsigned int balloon_others(const struct balloon *balloon, uint64_t now_ms, char *text,
			    size_t size)
{
	unsigned int n = 0;

	while (n < BALLOON_OTHERS_MAX && balloon->others_ms[n] &&
	       now_ms - balloon->others_ms[n] < BALLOON_OTHERS_MS)
		n++;
	text[0] = '\0';
	if (n >= BALLOON_OTHERS)
		snprintf(text, size, "somebody else sets this balloon: %u times in %u s", n,
			 BALLOON_OTHERS_MS / 1000);
	return n;
}

static double rate_of(double average, uint64_t before, uint64_t now, double seconds)
{
	if (before == MESSAGE_UNKNOWN || now == MESSAGE_UNKNOWN || now < before)
		return average;
	return average + STATS_WEIGHT * ((double)(now - before) / seconds - average);
}

void balloon_hear_stats(struct balloon *balloon, const struct guest_stats *stats,
			uint64_t now_ms)
{
	const struct guest_stats *before = &balloon->stats;

	/* QEMU repeats the last ones; only the driver renews them. */
	if (!stats->last_update || stats->last_update == before->last_update)
		return;
	if (balloon->has_stats && stats->last_update > before->last_update) {
		double seconds = (double)(stats->last_update - before->last_update);

		balloon->major_faults = rate_of(balloon->major_faults,
						before->major_faults,
						stats->major_faults, seconds);
		balloon->swap_in = rate_of(balloon->swap_in, before->swap_in,
					   stats->swap_in, seconds);
	}
	balloon->stats = *stats;
	balloon->has_stats = stats->available != MESSAGE_UNKNOWN;
	balloon->stats_ms = now_ms;
}

static bool owes(const struct balloon *balloon)
{
	return balloon->target && distance(balloon) > balloon->slack;
}

/* A guest that owes already is not given more time by a new target. */
void balloon_tell(struct balloon *balloon, uint64_t target, uint64_t now_ms)
{
	bool owed = owes(balloon);

	balloon->target = target;
	/* The guest may have moved since its size was reported. */
	balloon->is_measured = false;
	balloon->is_away = false;
	if (owed)
		return;
	balloon->moved_ms = now_ms;
	balloon->is_new = true;
}

void balloon_told(struct balloon *balloon, uint64_t target, uint64_t now_ms)
{
	balloon->in_force = target;
	if (balloon->is_new)
		balloon->moved_ms = now_ms;
	balloon->is_new = false;
}

static void judge_stuck(struct balloon *balloon, uint64_t now_ms)
{
	double mib = 1024.0 * 1024.0;

	balloon->retry_ms = now_ms + BALLOON_RETRY_MS;
	if (!balloon->stats_ms && !balloon->has_moved)
		balloon_set_state(balloon, BALLOON_NO_DRIVER,
				  "the guest has no balloon driver: its target is %.0f MiB and it stays at %.0f MiB",
				  (double)balloon->target / mib, (double)balloon->actual / mib);
	else
		balloon_set_state(balloon, BALLOON_STUCK,
				  "the guest makes no progress: its target is %.0f MiB and it stays at %.0f MiB",
				  (double)balloon->target / mib, (double)balloon->actual / mib);
}

static void judge_return(struct balloon *balloon, bool waited, uint64_t now_ms)
{
	/* It moved, or the driver of a booting guest has started. */
	bool is_better = !owes(balloon) || !waited ||
			 (balloon->state == BALLOON_NO_DRIVER && balloon->stats_ms);

	if (!is_better && now_ms < balloon->retry_ms)
		return;
	balloon_set_state(balloon, BALLOON_OK, "%s", "");
	balloon->is_retry = !is_better;
	balloon->moved_ms = now_ms;
}

void balloon_judge(struct balloon *balloon, uint64_t slack, uint64_t now_ms)
{
	/* Monitors may be slow: count from the last report of the size. */
	bool waited = balloon->heard_ms >= balloon->moved_ms + BALLOON_PROGRESS_MS;

	balloon->slack = slack;
	if (balloon->has_stats && now_ms - balloon->stats_ms > STATS_STALE_MS)
		balloon->has_stats = false;
	switch (balloon->state) {
	case BALLOON_OK:
		balloon_others(balloon, now_ms, balloon->why, sizeof(balloon->why));
		if (owes(balloon) && waited)
			judge_stuck(balloon, now_ms);
		break;
	case BALLOON_NO_DRIVER:
	case BALLOON_STUCK:
		judge_return(balloon, waited, now_ms);
		break;
	default:
		break;
	}
}

bool balloon_is_off(const struct balloon *balloon)
{
	return balloon->target && distance(balloon);
}

bool balloon_is_moving(const struct balloon *balloon)
{
	return balloon->target && distance(balloon) > NEAR;
}

bool balloon_is_unproven(const struct balloon *balloon)
{
	return !balloon->has_moved && (!balloon->target || owes(balloon));
}

void balloon_hear_running(struct balloon *balloon, uint64_t now_ms)
{
	if (balloon->state == BALLOON_OK || balloon->state == BALLOON_STUCK ||
	    balloon->state == BALLOON_NO_DRIVER)
		return;
	if (balloon->paused_ms && balloon->moved_ms)
		balloon->moved_ms += now_ms - balloon->paused_ms;
	else
		balloon->moved_ms = now_ms;
	balloon->paused_ms = 0;
	balloon_set_state(balloon, BALLOON_OK, "%s", "");
}

void balloon_hear_paused(struct balloon *balloon, const char *why, uint64_t now_ms)
{
	if (balloon->state != BALLOON_PAUSED)
		balloon->paused_ms = now_ms;
	balloon_set_state(balloon, BALLOON_PAUSED, "%s", why);
}

bool balloon_is_live(const struct balloon *balloon)
{
	return balloon->state == BALLOON_OK || balloon->state == BALLOON_NO_DRIVER ||
	       balloon->state == BALLOON_STUCK || balloon->state == BALLOON_PAUSED;
}

bool balloon_follows(const struct balloon *balloon)
{
	return balloon->state == BALLOON_OK && !balloon->is_retry;
}
