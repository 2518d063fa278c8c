// SPDX-License-Identifier: GPL-2.0
/*
 * gd-qmpfarm DIR COUNT chaos SEED FILE: guests with even numbers obey, the others are ill, one in eight of
 * them for lack of a driver. At random, somebody else sets balloons, DIMMs are plugged in and taken out,
 * guests are paused and reset, monitors hang up. FILE is written with the pages that the group saves, for standin.so.
 *
 * What is wrong is printed as "violation: ..."; a line "chaos: ..." each ten seconds says how much was
 * looked at:
 * - no target is below the base (256 MiB), whatever is plugged in;
 * - targets are not above the bases and what the group saves in total, or saved 3 s ago, of the guests that
 *   can be told;
 * - a guest that obeys and runs is at its target 3 s after it was disturbed or told another one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "farm.h"

#define BASE		(256 * MIB)
#define GRACE		3.0
#define SAVES_FOR	8.0

static struct {
	struct monitor *monitors;
	int count;
	uint64_t state;
	const char *file;
	uint64_t saved, saved_before;
	double saved_at, act_at, check_at, report_at;
	unsigned long targets, moves, looks, violations;
} chaos;

static uint64_t pick(uint64_t n)
{
	/* xorshift64 */
	chaos.state ^= chaos.state << 13;
	chaos.state ^= chaos.state >> 7;
	chaos.state ^= chaos.state << 17;
	return chaos.state % n;
}

static bool obeys(int n)
{
	return n % 2 == 0;
}

__attribute__((format(printf, 1, 2)))
static void violation(const char *fmt, ...)
{
	va_list ap;

	chaos.violations++;
	printf("violation: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void save(double now)
{
	char path[4096];
	FILE *file;

	chaos.saved_before = chaos.saved;
	chaos.saved = pick(3) ? pick(chaos.count * 128) * MIB : 0;
	chaos.saved_at = now;
	snprintf(path, sizeof(path), "%s.new", chaos.file);
	file = fopen(path, "w");
	if (!file || fprintf(file, "%" PRIu64 "\n", chaos.saved / GD_PAGE) < 0 || fclose(file) ||
	    rename(path, chaos.file))
		gd_die("cannot write %s", chaos.file);
}

void chaos_begin(struct monitor *monitors, int count, uint64_t seed, const char *file)
{
	double now = farm_now();

	chaos.monitors = monitors;
	chaos.count = count;
	chaos.state = seed * 0x9e3779b97f4a7c15 + 1;
	chaos.file = file;
	for (int i = 0; i < count; i++) {
		monitors[i].kind = obeys(i) ? WELL : i / 2 % KINDS;
		monitors[i].no_driver = !obeys(i) && monitors[i].kind == WELL;
		monitors[i].disturbed = now;
	}
	/* at first, time for all to be found */
	chaos.act_at = chaos.check_at = now + 8;
	chaos.report_at = now + 10;
	save(now);
}

/* It may be away from its target until GRACE after @until. */
static void note(struct monitor *m, double until)
{
	if (m->disturbed < until)
		m->disturbed = until;
}

void chaos_hear(struct monitor *m, int n, uint64_t bytes)
{
	uint64_t told = bytes - m->reported;

	chaos.targets++;
	if (bytes < m->reported + BASE)
		violation("guest %d is told %" PRIu64 " MiB, with %" PRIu64 " MiB plugged in", n,
			  bytes / MIB, m->reported / MIB);
	if (told != m->told)
		note(m, farm_now());
	m->told = told;
}

static void disturb(double now)
{
	struct monitor *m = &chaos.monitors[2 * pick((chaos.count + 1) / 2)];

	chaos.moves++;
	note(m, now);
	switch (pick(8)) {
	case 0:
		m->plugged = 128 * MIB * pick(4);
		break;
	case 1:
		/* the daemon comes back when it has a descriptor */
		note(m, now + 7);
		if (m->client >= 0)
			farm_hang_up(m);
		break;
	case 2:
		if (m->client >= 0)
			farm_send_event(m, "RESET");
		break;
	case 3:
		m->paused_until = now + 1 + pick(3);
		farm_set_status(m, "paused");
		break;
	default:
		farm_set_target(m, m->plugged + MIB * (64 + pick(449)));
	}
}

static void wake(double now)
{
	for (struct monitor *m = chaos.monitors; m < chaos.monitors + chaos.count; m++) {
		if (!m->paused_until || now < m->paused_until)
			continue;
		m->paused_until = 0;
		note(m, now);
		farm_set_status(m, "running");
	}
}

static void check(double now)
{
	uint64_t limit = chaos.saved, granted = 0;

	if (now - chaos.saved_at < GRACE && chaos.saved_before > limit)
		limit = chaos.saved_before;
	for (int i = 0; i < chaos.count; i++) {
		const struct monitor *m = &chaos.monitors[i];

		if (m->client >= 0 && now - m->met > GRACE)
			granted += m->told > BASE ? m->told - BASE : 0;
		if (!obeys(i) || !farm_runs(m) || now - m->disturbed < GRACE)
			continue;
		chaos.looks++;
		if (!m->told)
			violation("guest %d was never told a target", i);
		else if (SIZE - m->balloon != m->told)
			violation("guest %d has %" PRIu64 " MiB %.1f s after it was disturbed; its target is %" PRIu64,
				  i, (SIZE - m->balloon) / MIB, now - m->disturbed, m->told / MIB);
	}
	if (granted > limit)
		violation("%" PRIu64 " MiB are granted, and %" PRIu64 " saved", granted / MIB, limit / MIB);
}

/* Time in which this program could not run is nobody's delay. */
static void forgive(double now)
{
	static double last;
	double gap = last ? now - last : 0;

	last = now;
	for (struct monitor *m = chaos.monitors; gap > 0.05 && m < chaos.monitors + chaos.count; m++)
		m->disturbed += gap;
}

void chaos_act(void)
{
	double now = farm_now();

	forgive(now);
	wake(now);
	if (now - chaos.saved_at >= SAVES_FOR)
		save(now);
	if (now >= chaos.act_at) {
		chaos.act_at += 0.05;
		disturb(now);
	}
	if (now >= chaos.check_at) {
		chaos.check_at = now + 0.5;
		check(now);
	}
	if (now >= chaos.report_at) {
		chaos.report_at += 10;
		printf("chaos: %lu targets, %lu moves, %lu looks, %lu violations\n", chaos.targets,
		       chaos.moves, chaos.looks, chaos.violations);
	}
}
