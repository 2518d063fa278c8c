// SPDX-License-Identifier: GPL-2.0
/* Pacing against a simulated clock. */
#include "../../module/pace.c"
#include "test.h"

#define MSEC	1000000ULL
#define SEC	1000000000ULL

/* A scanner that visits, charges and sleeps as told. */
struct scanner {
	struct gd_pace	pace;
	u64		now;
	u64		pages;
	u64		random;
	u32		chunk;		/* pages at a time, up to */
	u64		visit_ns;	/* what a page takes */
	u64		late_ns;	/* how much a sleep may overshoot */
};

static void step(struct scanner *scanner)
{
	u32 pages = test_random(&scanner->random) % scanner->chunk + 1;
	u64 delay;

	scanner->now += pages * scanner->visit_ns;
	scanner->pages += pages;
	gd_pace_charge(&scanner->pace, pages, scanner->now);

	delay = gd_pace_delay(&scanner->pace, scanner->now);
	if (delay && scanner->late_ns)
		delay += test_random(&scanner->random) % scanner->late_ns;
	scanner->now += delay;
}

/* Pages per second over at least @chunks visits. */
static double measure(struct scanner *scanner, unsigned int chunks)
{
	u64 start = scanner->now, pages = scanner->pages;

	while (chunks--)
		step(scanner);

	return (scanner->pages - pages) * 1e9 / (scanner->now - start);
}

static bool within(double value, double target, double part)
{
	return value >= target * (1 - part) && value <= target * (1 + part);
}

static const u32 rates[] = { 1, 3, 1000, 5000, 50000, 1000000, 1000000000 };
static const u32 chunks[] = { 1, 7, 100, 511, 512, 8191 };
/* Clocks that are young, old, and about to wrap. */
static const u64 starts[] = { 0, 1, SEC, ~0ULL / 2, ~0ULL - 3 };
#define NR(array)	(sizeof(array) / sizeof((array)[0]))

static void rate_is_kept(void)
{
	unsigned int rate, chunk, start;

	for (rate = 0; rate < NR(rates); rate++)
	for (chunk = 0; chunk < NR(chunks); chunk++)
	for (start = 0; start < NR(starts); start++) {
		struct scanner scanner = {
			.now = starts[start], .chunk = chunks[chunk],
		};

		test_note("rate %u, chunks of up to %u, start %llu",
			  rates[rate], chunks[chunk], starts[start]);
		gd_pace_set(&scanner.pace, rates[rate], scanner.now);
		EXPECT(within(measure(&scanner, 2000), rates[rate], 0.01));
	}
}

/* Sleeps that last too long are made up for. */
static void rate_is_kept_with_coarse_sleeps(void)
{
	unsigned int rate;

	for (rate = 0; rate < NR(rates); rate++) {
		struct scanner scanner = { .chunk = 512, .late_ns = 4 * MSEC };
		unsigned int steps = rates[rate] > 1000000 ? 2000000 : 20000;

		test_note("rate %u", rates[rate]);
		gd_pace_set(&scanner.pace, rates[rate], 0);
		EXPECT(within(measure(&scanner, steps), rates[rate], 0.01));
	}
}

static void rounding_does_not_add_up(void)
{
	static const u32 odd[] = { 3, 7, 999, 49999, 999999937, 1000000000 };
	unsigned int i, step;

	for (i = 0; i < NR(odd); i++) {
		struct gd_pace pace;
		u64 pages = 0, random = i;

		gd_pace_set(&pace, odd[i], 0);
		for (step = 0; step < 100000; step++) {
			u32 more = test_random(&random) % 600;

			pages += more;
			gd_pace_charge(&pace, more, pace.due);
			test_note("rate %u, %llu pages", odd[i], pages);
			EXPECT(pace.due == (u64)((unsigned __int128)pages *
						 SEC / odd[i]));
		}
	}
}

static void stall_is_made_up_in_part(void)
{
	static const u64 stalls[] = { 10 * MSEC, 150 * MSEC, SEC, 3600 * SEC };
	unsigned int rate, i;

	for (rate = 2; rate < NR(rates); rate++)
	for (i = 0; i < NR(stalls); i++) {
		struct scanner scanner = { .chunk = 16 };
		u64 lost = stalls[i], before, burst;

		if (lost > GD_PACE_SLACK_NS)
			lost = GD_PACE_SLACK_NS;
		test_note("rate %u, stall %llu ns", rates[rate], stalls[i]);

		gd_pace_set(&scanner.pace, rates[rate], 0);
		measure(&scanner, 100);

		scanner.now += stalls[i];
		before = scanner.pages;
		while (!gd_pace_delay(&scanner.pace, scanner.now)) {
			u32 pages = test_random(&scanner.random) % 16 + 1;

			scanner.pages += pages;
			gd_pace_charge(&scanner.pace, pages, scanner.now);
		}
		burst = scanner.pages - before;
		/* The charge that finds the stall, and the one too many. */
		EXPECT(burst <= lost * rates[rate] / SEC + 2 * 16);
		EXPECT(burst + 16 >= lost * rates[rate] / SEC);

		scanner.now += gd_pace_delay(&scanner.pace, scanner.now);
		EXPECT(within(measure(&scanner, 2000), rates[rate], 0.01));
	}
}

/* A scanner too slow for its rate is not made to wait, and owes little. */
static void too_slow_for_the_rate(void)
{
	struct scanner scanner = { .chunk = 512, .visit_ns = 1000 };

	gd_pace_set(&scanner.pace, 50000000, 0);
	EXPECT(within(measure(&scanner, 10000), 1e6, 0.01));
	EXPECT(scanner.now - scanner.pace.due <= GD_PACE_SLACK_NS);
}

static void rate_change_midway(void)
{
	unsigned int from, to;

	for (from = 0; from < NR(rates); from++)
	for (to = 0; to < NR(rates); to++) {
		struct scanner scanner = { .chunk = 100 };

		test_note("rate %u to %u", rates[from], rates[to]);
		gd_pace_set(&scanner.pace, rates[from], 0);
		measure(&scanner, 500);
		/* In the middle of a wait, which the new rate cuts short. */
		gd_pace_charge(&scanner.pace, 100, scanner.now);
		gd_pace_set(&scanner.pace, rates[to], scanner.now);
		EXPECT(gd_pace_delay(&scanner.pace, scanner.now) == 0);
		EXPECT(within(measure(&scanner, 2000), rates[to], 0.01));
	}
}

static void paused(void)
{
	struct scanner scanner = { .chunk = 1000 };

	gd_pace_set(&scanner.pace, 0, 77);
	EXPECT(gd_pace_delay(&scanner.pace, 77) == GD_PACE_FOREVER);
	gd_pace_charge(&scanner.pace, 1000, 78);
	EXPECT(gd_pace_delay(&scanner.pace, 78) == GD_PACE_FOREVER);
	EXPECT(gd_pace_delay(&scanner.pace, ~0ULL) == GD_PACE_FOREVER);

	/* A pause leaves nothing to be made up for. */
	scanner.now = 3600 * SEC;
	gd_pace_set(&scanner.pace, 1000, scanner.now);
	EXPECT(gd_pace_delay(&scanner.pace, scanner.now) == 0);
	EXPECT(within(measure(&scanner, 1000), 1000, 0.01));

	gd_pace_set(&scanner.pace, 0, scanner.now);
	EXPECT(gd_pace_delay(&scanner.pace, scanner.now) == GD_PACE_FOREVER);
}

static void no_overflow(void)
{
	static const u32 extreme[] = { 1, 2, 999999999, 1000000000 };
	unsigned int rate, start;
	struct gd_pace pace;

	for (rate = 0; rate < NR(extreme); rate++)
	for (start = 0; start < NR(starts); start++) {
		u64 now = starts[start];

		test_note("rate %u, start %llu", extreme[rate], now);
		gd_pace_set(&pace, extreme[rate], now);
		gd_pace_charge(&pace, 1 << 20, now);
		EXPECT(gd_pace_delay(&pace, now) ==
		       (1ULL << 20) * SEC / extreme[rate]);
		/* One ns before it is due, when it is due, and after. */
		EXPECT(gd_pace_delay(&pace, pace.due - 1) == 1);
		EXPECT(gd_pace_delay(&pace, pace.due) == 0);
		EXPECT(gd_pace_delay(&pace, pace.due + SEC) == 0);

		gd_pace_set(&pace, extreme[rate], now);
		gd_pace_charge(&pace, 0, now);
		EXPECT(pace.due == now);
	}

	/* More than any caller charges at once. */
	gd_pace_set(&pace, 1, 0);
	gd_pace_charge(&pace, ~0U, 0);
	EXPECT(gd_pace_delay(&pace, 0) == ~0U * SEC);
}

static const struct test tests[] = {
	TEST(rate_is_kept),
	TEST(rate_is_kept_with_coarse_sleeps),
	TEST(rounding_does_not_add_up),
	TEST(stall_is_made_up_in_part),
	TEST(too_slow_for_the_rate),
	TEST(rate_change_midway),
	TEST(paused),
	TEST(no_overflow),
};

TEST_MAIN(tests)
