// SPDX-License-Identifier: GPL-2.0
/* Does a balloon follow, and what is lost before the scanner sees it. */
#define _GNU_SOURCE
#include <string.h>
#include "../../userspace/daemon/balloon.c"
#include "../../userspace/daemon/unseen.c"
#include "test.h"

#define MIB	(1ull << 20)
#define SLACK	(10 * MIB)

static struct balloon booted(uint64_t now)
{
	struct balloon balloon;

	memset(&balloon, 0, sizeof(balloon));
	balloon_forget(&balloon);
	balloon.size = 512 * MIB;
	balloon_hear_actual(&balloon, 512 * MIB, now);
	balloon_set_state(&balloon, BALLOON_OK, "%s", "");
	return balloon;
}

/* Its monitor reports a size, and it is judged. */
static void report(struct balloon *balloon, uint64_t actual, uint64_t now)
{
	balloon_hear_actual(balloon, actual, now);
	balloon_judge(balloon, SLACK, now);
}

static unsigned int others(const struct balloon *balloon, uint64_t now)
{
	char text[BALLOON_WHY_SIZE];

	return balloon_others(balloon, now, text, sizeof(text));
}

static struct guest_stats stats_at(uint64_t seconds, uint64_t faults)
{
	return (struct guest_stats){
		.last_update = seconds,
		.available = 100 * MIB,
		.major_faults = faults,
		.swap_in = MESSAGE_UNKNOWN,
	};
}

static void follows(void)
{
	struct balloon balloon = booted(1000);
	uint64_t now, actual = 512 * MIB;

	balloon_tell(&balloon, 256 * MIB, 1000);
	for (now = 2000; now <= 60000; now += 1000) {
		if (actual > 256 * MIB)
			actual -= 8 * MIB;
		report(&balloon, actual, now);
		EXPECT(balloon_follows(&balloon));
	}
	EXPECT(!balloon_is_moving(&balloon));
	EXPECT(!balloon.why[0]);
}

static void no_driver(void)
{
	struct balloon balloon = booted(1000);
	struct guest_stats stats = stats_at(0, 0);
	uint64_t now;

	balloon_tell(&balloon, 256 * MIB, 1000);
	for (now = 2000; now < 6000; now += 1000) {
		balloon_hear_actual(&balloon, 512 * MIB, now);
		balloon_hear_stats(&balloon, &stats, now);
		balloon_judge(&balloon, SLACK, now);
		EXPECT(balloon_follows(&balloon));
	}
	/* Nobody has looked since: that proves nothing. */
	balloon_judge(&balloon, SLACK, 60000);
	EXPECT(balloon_follows(&balloon));
	report(&balloon, 512 * MIB, 6000);
	EXPECT(balloon.state == BALLOON_NO_DRIVER);
	EXPECT(strstr(balloon.why, "256 MiB") && strstr(balloon.why, "512 MiB"));
	/* It boots, and its driver reports. */
	stats = stats_at(1700000000, 0);
	balloon_hear_stats(&balloon, &stats, 9000);
	balloon_judge(&balloon, SLACK, 9000);
	EXPECT(balloon_follows(&balloon));
}

static void gets_another_chance(void)
{
	struct balloon balloon = booted(1000);
	struct guest_stats stats = stats_at(1700000000, 0);
	uint64_t now;

	balloon_hear_stats(&balloon, &stats, 1000);
	balloon_tell(&balloon, 256 * MIB, 500);
	balloon_told(&balloon, balloon.target, 1000);
	report(&balloon, 512 * MIB, 5900);
	EXPECT(balloon_follows(&balloon));
	report(&balloon, 512 * MIB, 6000);
	EXPECT(balloon.state == BALLOON_STUCK);
	for (now = 7000; now < 66000; now += 1000) {
		report(&balloon, 512 * MIB, now);
		EXPECT(!balloon_follows(&balloon));
	}
	/* Another chance, but no share of the grant before it moves. */
	balloon_judge(&balloon, SLACK, 66000);
	EXPECT(balloon.state == BALLOON_OK && balloon_is_live(&balloon) && !balloon_follows(&balloon));
	report(&balloon, 512 * MIB, 71000);
	EXPECT(balloon.state == BALLOON_STUCK);
	/* It moves after all. */
	report(&balloon, 400 * MIB, 72000);
	EXPECT(balloon_follows(&balloon));
}

static void small_debts_are_none(void)
{
	struct balloon balloon = booted(1000);

	balloon_tell(&balloon, 505 * MIB, 1000);
	report(&balloon, 512 * MIB, 100000);
	EXPECT(balloon_follows(&balloon));
}

/* A grant that grows gives no more time to a guest that does not move. */
static void no_driver_whatever_is_told(void)
{
	struct balloon balloon = booted(0);
	uint64_t now;

	balloon_judge(&balloon, SLACK, 1000);
	for (now = 1000; now < 6000; now += 1000) {
		balloon_tell(&balloon, (256 + now / 50) * MIB, now);
		balloon_told(&balloon, balloon.target, now);
		report(&balloon, 512 * MIB, now);
		EXPECT(balloon_follows(&balloon) && balloon_is_unproven(&balloon));
	}
	report(&balloon, 512 * MIB, now);
	EXPECT(balloon.state == BALLOON_NO_DRIVER);
	EXPECT(balloon_is_live(&balloon));
}

/* One that had nothing to do for a long time gets its time. */
static void time_for_a_new_target(void)
{
	struct balloon balloon = booted(0);

	balloon_tell(&balloon, 512 * MIB, 0);
	balloon_told(&balloon, balloon.target, 0);
	report(&balloon, 512 * MIB, 100000);
	EXPECT(!balloon_is_unproven(&balloon));
	balloon_tell(&balloon, 256 * MIB, 100000);
	balloon_hear_actual(&balloon, 512 * MIB, 101000);
	balloon_told(&balloon, balloon.target, 101000);
	report(&balloon, 512 * MIB, 105900);
	EXPECT(balloon_follows(&balloon));
	report(&balloon, 512 * MIB, 106000);
	EXPECT(balloon.state == BALLOON_NO_DRIVER);
}

static void others_are_named(void)
{
	struct balloon balloon = booted(0);
	uint64_t now = 1000;
	int i;

	balloon_tell(&balloon, 256 * MIB, 0);
	balloon_told(&balloon, balloon.target, 0);
	report(&balloon, 256 * MIB, now);
	for (i = 1; i <= 3; i++) {
		EXPECT(balloon_follows(&balloon) && !balloon.why[0]);
		/* in two steps away, and back in one */
		balloon_hear_actual(&balloon, 320 * MIB, now += 1000);
		balloon_hear_actual(&balloon, 384 * MIB, now += 1000);
		EXPECT(balloon_is_moving(&balloon));
		balloon_hear_actual(&balloon, 256 * MIB, now += 1000);
		EXPECT(others(&balloon, now) == (unsigned int)i);
		balloon_judge(&balloon, SLACK, now);
	}
	EXPECT(balloon_follows(&balloon));
	EXPECT(!strcmp(balloon.why, "somebody else sets this balloon: 3 times in 60 s"));
	balloon_hear_actual(&balloon, 256 * MIB, now += 60000);
	balloon_judge(&balloon, SLACK, now);
	EXPECT(!balloon.why[0]);
	/* More often than can be remembered. */
	for (i = 0; i < 2 * BALLOON_OTHERS_MAX; i++) {
		balloon_hear_actual(&balloon, 384 * MIB, ++now);
		balloon_hear_actual(&balloon, 256 * MIB, ++now);
	}
	EXPECT(others(&balloon, now) == BALLOON_OTHERS_MAX);
}

/* QEMU keeps the target when its monitor closes, and so does the law. */
static void a_target_outlives_the_monitor(void)
{
	struct balloon balloon = booted(0);
	uint64_t now;

	balloon_tell(&balloon, 256 * MIB, 0);
	balloon_hear_actual(&balloon, 256 * MIB, 1000);
	balloon_forget(&balloon);
	EXPECT(balloon.target == 256 * MIB && !balloon.heard_ms && !balloon_is_live(&balloon));
	/* After a reset it has all of its memory, until its driver runs. */
	for (now = 100000; now < 105000; now += 1000) {
		balloon_hear_actual(&balloon, 512 * MIB, now);
		balloon_hear_running(&balloon, now);
		balloon_judge(&balloon, SLACK, now);
		EXPECT(balloon_follows(&balloon) && !others(&balloon, now));
	}
	report(&balloon, 512 * MIB, now);
	EXPECT(balloon.state == BALLOON_NO_DRIVER);
}

/* Targets that come and go faster than sizes are reported */
static void up_and_down_is_nobody_else(void)
{
	struct balloon balloon = booted(0);
	uint64_t now = 1000;
	int i;

	balloon_tell(&balloon, 256 * MIB, now);
	balloon_hear_actual(&balloon, 256 * MIB, now);
	for (i = 0; i < 10; i++) {
		balloon_tell(&balloon, 500 * MIB, now += 500);
		balloon_tell(&balloon, 256 * MIB, now += 500);
		balloon_hear_actual(&balloon, 384 * MIB, now += 500);
		balloon_hear_actual(&balloon, 256 * MIB, now += 500);
	}
	EXPECT(!others(&balloon, now));
}

static void a_pause_is_no_delay(void)
{
	struct balloon balloon = booted(0);
	uint64_t now;

	balloon_tell(&balloon, 256 * MIB, 1000);
	balloon_told(&balloon, balloon.target, 1000);
	/* It runs for every other second: ten seconds are five. */
	for (now = 2000; now < 10000; now += 2000) {
		balloon_hear_actual(&balloon, 512 * MIB, now);
		balloon_hear_paused(&balloon, "it does not run", now);
		balloon_judge(&balloon, SLACK, now);
		EXPECT(balloon.state == BALLOON_PAUSED);
		balloon_hear_actual(&balloon, 512 * MIB, now + 1000);
		balloon_hear_running(&balloon, now + 1000);
		balloon_judge(&balloon, SLACK, now + 1000);
		EXPECT(balloon_follows(&balloon));
	}
	report(&balloon, 512 * MIB, now);
	EXPECT(balloon.state == BALLOON_NO_DRIVER);
}

static void faults_per_second(void)
{
	struct balloon balloon = booted(1000);
	uint64_t i;

	for (i = 0; i < 60; i++) {
		struct guest_stats stats = stats_at(1700000000 + 2 * i, 100 * i);

		balloon_hear_stats(&balloon, &stats, 1000 + 2000 * i);
		/* Asked twice, the driver has nothing new. */
		balloon_hear_stats(&balloon, &stats, 2000 + 2000 * i);
	}
	EXPECT(balloon.major_faults > 49 && balloon.major_faults < 51);
	EXPECT(balloon.swap_in == 0);
	EXPECT(balloon.has_stats);
	balloon_judge(&balloon, SLACK, balloon.stats_ms + STATS_STALE_MS + 1);
	EXPECT(!balloon.has_stats);
}

static void nothing_unseen(void)
{
	struct unseen unseen = { 0 };
	uint64_t mapped;

	/* 5000 pages of text; merges make both grow. */
	for (mapped = 0; mapped < 100000; mapped += 1000)
		EXPECT(!unseen_step(&unseen, 5000 + mapped, mapped, mapped / 20000));
}

static void unseen_until_the_scanner_comes(void)
{
	struct unseen unseen = { 0 };

	EXPECT(unseen_step(&unseen, 25000, 20000, 7) == 0);
	/* Half of it is written to, the counters do not know. */
	EXPECT(unseen_step(&unseen, 15000, 20000, 7) == 10000);
	EXPECT(unseen_step(&unseen, 15000, 20000, 8) == 10000);
	/* They have heard of a part. */
	EXPECT(unseen_step(&unseen, 15000, 14000, 8) == 4000);
	EXPECT(unseen_step(&unseen, 15000, 10000, 8) == 0);
	EXPECT(unseen_step(&unseen, 15000, 10000, 9) == 0);
}

static void text_is_reclaimed(void)
{
	struct unseen unseen = { 0 };

	EXPECT(unseen_step(&unseen, 25000, 20000, 1) == 0);
	EXPECT(unseen_step(&unseen, 22000, 20000, 1) == 3000);
	EXPECT(unseen_step(&unseen, 22000, 20000, 2) == 3000);
	/* After a whole pass the counters are right, so that was text. */
	EXPECT(unseen_step(&unseen, 22000, 20000, 3) == 0);
	/* The module was loaded anew. */
	EXPECT(unseen_step(&unseen, 2000, 0, 0) == 0);
}

static const struct test tests[] = {
	TEST(follows),
	TEST(no_driver),
	TEST(gets_another_chance),
	TEST(small_debts_are_none),
	TEST(no_driver_whatever_is_told),
	TEST(time_for_a_new_target),
	TEST(others_are_named),
	TEST(a_target_outlives_the_monitor),
	TEST(up_and_down_is_nobody_else),
	TEST(a_pause_is_no_delay),
	TEST(faults_per_second),
	TEST(nothing_unseen),
	TEST(unseen_until_the_scanner_comes),
	TEST(text_is_reclaimed),
};

TEST_MAIN(tests)
