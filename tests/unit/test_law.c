// SPDX-License-Identifier: GPL-2.0
/* What the guests of a group may have: the policies and the law, by cases and by chance. */
#define _GNU_SOURCE
#include <string.h>
#include "../../userspace/daemon/policy.c"
#include "../../userspace/daemon/policy_equal.c"
#include "../../userspace/daemon/policy_entitlement.c"
#include "../../userspace/daemon/policy_demand.c"
#include "../../userspace/daemon/law.c"
#include "test.h"

#define MIB	(1ull << 20)
#define GUESTS	6

static const struct policy *const all[] = {
	&policy_equal, &policy_entitlement, &policy_demand,
};

/* One case of dividing, in MiB; up to four guests. */
static const struct dividing {
	const struct policy *policy;
	uint64_t total;
	size_t count;
	uint64_t room[4];
	uint64_t saved[4];
	/* demand: actual, available and faults; base is 100 */
	uint64_t actual[4];
	uint64_t available[4];
	double faults[4];
	uint64_t amount[4];
} dividings[] = {
	{ &policy_equal, 90, 3, { 100, 100, 100 }, { 1, 0, 50 }, .amount = { 30, 30, 30 } },
	{ &policy_equal, 90, 3, { 10, 100, 100 }, .amount = { 10, 40, 40 } },
	{ &policy_equal, 90, 3, { 10, 20, 30 }, .amount = { 10, 20, 30 } },
	{ &policy_equal, 0, 2, { 10, 20 }, .amount = { 0, 0 } },
	{ &policy_entitlement, 80, 2, { 100, 100 }, { 30, 10 }, .amount = { 60, 20 } },
	{ &policy_entitlement, 80, 2, { 100, 100 }, { 0, 0 }, .amount = { 40, 40 } },
	{ &policy_entitlement, 80, 2, { 100, 100 }, { 7, 0 }, .amount = { 80, 0 } },
	{ &policy_entitlement, 80, 2, { 50, 100 }, { 7, 0 }, .amount = { 50, 30 } },
	{ &policy_entitlement, 90, 3, { 20, 100, 100 }, { 50, 20, 10 }, .amount = { 20, 46, 23 } },
	/* uses 160 of 200: wants 200 - 100 of base; the other is at ease */
	{ &policy_demand, 60, 2, { 200, 200 }, { 0, 0 }, { 200, 200 }, { 40, 150 },
	  .amount = { 60, 0 } },
	{ &policy_demand, 140, 2, { 200, 200 }, { 0, 0 }, { 200, 200 }, { 40, 150 },
	  .amount = { 120, 20 } },
	/* at ease, but it reads back what it dropped: 1.1 * 200 - 100 */
	{ &policy_demand, 60, 2, { 200, 200 }, { 0, 0 }, { 200, 200 }, { 150, 150 }, { 100, 0 },
	  .amount = { 60, 0 } },
	/* nothing known of anybody: alike */
	{ &policy_demand, 60, 2, { 200, 200 }, .amount = { 30, 30 } },
};

static void policies_divide(void)
{
	size_t i, j;

	for (i = 0; i < sizeof(dividings) / sizeof(dividings[0]); i++) {
		const struct dividing *c = &dividings[i];
		struct share shares[4];

		memset(shares, 0, sizeof(shares));
		for (j = 0; j < c->count; j++)
			shares[j] = (struct share){
				.room = c->room[j] * MIB,
				.base = 100 * MIB,
				.actual = c->actual[j] * MIB,
				.saved = c->saved[j] * MIB,
				.has_stats = c->actual[j] > 0,
				.available = c->available[j] * MIB,
				.major_faults = c->faults[j],
				.amount = 12345,
			};
		c->policy->divide(shares, c->count, c->total * MIB);
		for (j = 0; j < c->count; j++) {
			test_note("case %zu guest %zu: %llu MiB", i, j,
				  (unsigned long long)(shares[j].amount / MIB));
			EXPECT(shares[j].amount / MIB == c->amount[j]);
		}
	}
}

/* Whatever the weights: all that fits is given, and nothing else. */
static void pouring_is_exact(void)
{
	unsigned long long seed;

	for (seed = 0; seed < 3000; seed++) {
		unsigned long long state = seed;
		struct share shares[GUESTS];
		uint64_t total = test_random(&state) % (1000 * MIB), rooms = 0, sum = 0;
		size_t i, count = 1 + test_random(&state) % GUESTS;
		const struct policy *policy = all[test_random(&state) % 3];

		memset(shares, 0, sizeof(shares));
		for (i = 0; i < count; i++) {
			shares[i].room = test_random(&state) % 3 ?
					 test_random(&state) % (300 * MIB) : 0;
			shares[i].saved = test_random(&state) % (1 + seed % 7);
			shares[i].actual = test_random(&state) % (400 * MIB);
			shares[i].available = test_random(&state) % (400 * MIB);
			shares[i].has_stats = test_random(&state) % 2;
			rooms += shares[i].room;
		}
		policy->divide(shares, count, total);
		for (i = 0; i < count; i++) {
			EXPECT(shares[i].amount <= shares[i].room);
			sum += shares[i].amount;
		}
		test_note("seed %llu, %s", seed, policy->name);
		EXPECT(sum == (total < rooms ? total : rooms));
	}
}

static const struct law_params params = {
	.policy = &policy_equal,
	.growth = 64 * MIB,
	.deadband = 10 * MIB,
	.average = 10,
};

/* A guest that has @actual MiB now, 100 of base, 300 at most. */
static struct law_guest guest_at(uint64_t actual)
{
	return (struct law_guest){
		.share = { .base = 100 * MIB, .actual = actual * MIB },
		.max = 300 * MIB,
		.live = true,
	};
}

static struct law_round step(struct law *law, struct law_guest *guests, size_t count,
			     uint64_t saved, bool host_short)
{
	struct law_round round = {
		.saved = saved * MIB, .host_short = host_short, .seconds = 1,
	};

	law_step(law, &params, &round, guests, count);
	return round;
}

/* Balloons that obey at once. */
static void obey(struct law_guest *guests, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (guests[i].live)
			guests[i].share.actual = guests[i].target;
}

static void begins_at_base(void)
{
	struct law_guest guests[2] = { guest_at(300), guest_at(300) };
	struct law law = { 0 };

	step(&law, guests, 2, 0, false);
	EXPECT(guests[0].target == 100 * MIB && guests[1].target == 100 * MIB);
}

static void grows_in_steps(void)
{
	struct law_guest guests[2] = { guest_at(100), guest_at(100) };
	struct law law = { 0 };
	uint64_t last = 0;
	int i, rounds = 0;

	step(&law, guests, 2, 0, false);
	for (i = 0; i < 200; i++) {
		uint64_t granted;

		obey(guests, 2);
		granted = step(&law, guests, 2, 300, false).granted;
		EXPECT(granted >= last && granted - last <= 64 * MIB && granted <= 300 * MIB);
		rounds += granted > last;
		last = granted;
	}
	EXPECT(last >= 290 * MIB);
	EXPECT(guests[0].target == guests[1].target);
	EXPECT(rounds >= 5 && rounds < 30);
}

static void takes_back_at_once(void)
{
	struct law_guest guests[2] = { guest_at(200), guest_at(200) };
	struct law law = { 0 };

	/* A daemon that begins again takes nothing from anybody. */
	step(&law, guests, 2, 200, false);
	EXPECT(guests[0].target == 200 * MIB && guests[1].target == 200 * MIB);
	step(&law, guests, 2, 80, false);
	EXPECT(guests[0].target == 140 * MIB && guests[1].target == 140 * MIB);
	step(&law, guests, 2, 0, false);
	EXPECT(guests[0].target == 100 * MIB && guests[1].target == 100 * MIB);
}

static void host_comes_first(void)
{
	struct law_guest guests[2] = { guest_at(200), guest_at(200) };
	struct law law = { 0 };

	step(&law, guests, 2, 200, false);
	step(&law, guests, 2, 200, true);
	EXPECT(guests[0].target == 100 * MIB && guests[1].target == 100 * MIB);
}

static void dead_guests_keep_theirs(void)
{
	struct law_guest guests[3] = { guest_at(100), guest_at(150), guest_at(100) };
	struct law law = { 0 };
	int i;

	guests[1].live = false;
	for (i = 0; i < 100; i++) {
		step(&law, guests, 3, 200, false);
		EXPECT(!guests[1].target);
		obey(guests, 3);
	}
	/* 200, less the 50 that the dead one holds, less a deadband at most */
	EXPECT(guests[0].target == guests[2].target);
	EXPECT(guests[0].target >= 170 * MIB && guests[0].target <= 175 * MIB);
}

static void nobody_grows_into_anothers(void)
{
	struct law_guest guests[2] = { guest_at(300), guest_at(100) };
	struct law law = { 0 };
	int i;

	/* The first is told to give 100 back, and does not yet. */
	for (i = 0; i < 20; i++) {
		step(&law, guests, 2, 200, false);
		EXPECT(guests[0].target == 200 * MIB);
		EXPECT(guests[1].target == 100 * MIB);
	}
	guests[0].share.actual = 200 * MIB;
	for (i = 0; i < 20; i++) {
		guests[1].share.actual = guests[1].target;
		step(&law, guests, 2, 200, false);
	}
	EXPECT(guests[1].target >= 190 * MIB && guests[1].target <= 200 * MIB);
}

static void small_changes_are_left_alone(void)
{
	struct law_guest guests[2] = { guest_at(150), guest_at(150) };
	struct law law = { 0 };
	int i;

	step(&law, guests, 2, 100, false);
	for (i = 0; i < 100; i++) {
		obey(guests, 2);
		step(&law, guests, 2, 100 + (uint64_t)i % 8, false);
		EXPECT(guests[0].target == 150 * MIB && guests[1].target == 150 * MIB);
	}
}

static void check_round(const struct law_guest *guests, size_t count,
			const struct law_round *round)
{
	uint64_t given = 0, dead = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct law_guest *guest = &guests[i];
		uint64_t base = guest->share.base;

		if (!guest->live) {
			dead += guest->share.actual > base ? guest->share.actual - base : 0;
			continue;
		}
		EXPECT(guest->target >= base);
		EXPECT(guest->target <= (guest->max > base ? guest->max : base));
		EXPECT(!round->host_short || guest->target == base);
		given += guest->target - base;
	}
	EXPECT(given + dead == round->granted);
	EXPECT(given <= (round->available > dead ? round->available - dead : 0));
}

/* Guests that come, go, die and drag their feet; savings that jump. */
static void by_chance(void)
{
	unsigned long long seed;

	for (seed = 0; seed < 400; seed++) {
		unsigned long long state = seed;
		struct law_params p = params;
		struct law_guest guests[GUESTS];
		struct law law = { 0 };
		size_t i, count = 1 + test_random(&state) % GUESTS;
		int n;

		p.policy = all[seed % 3];
		p.reserve = test_random(&state) % (50 * MIB);
		for (i = 0; i < count; i++)
			guests[i] = guest_at(100 + test_random(&state) % 200);
		for (n = 0; n < 60; n++) {
			struct law_round round = {
				.saved = test_random(&state) % (500 * MIB),
				.host_short = test_random(&state) % 20 == 0,
				.seconds = 1,
			};

			for (i = 0; i < count; i++) {
				guests[i].live = test_random(&state) % 10 != 0;
				guests[i].max = test_random(&state) % 12 ? 300 * MIB : 0;
				guests[i].share.saved = test_random(&state) % (90 * MIB);
				if (test_random(&state) % 3 && guests[i].target)
					guests[i].share.actual = guests[i].target;
				if (test_random(&state) % 30 == 0)
					guests[i].target = 0;
			}
			test_note("seed %llu round %d", seed, n);
			law_step(&law, &p, &round, guests, count);
			check_round(guests, count, &round);
		}
	}
}

/* The same over and over comes to rest, and near to what may be had. */
static void comes_to_rest(void)
{
	unsigned long long seed;

	for (seed = 0; seed < 300; seed++) {
		unsigned long long state = seed;
		struct law_params p = params;
		struct law_guest guests[GUESTS];
		uint64_t targets[GUESTS], saved = test_random(&state) % (400 * MIB), rooms;
		struct law law = { 0 };
		struct law_round round;
		size_t i, count = 1 + test_random(&state) % GUESTS;
		int n;

		p.policy = all[seed % 3];
		for (i = 0; i < count; i++) {
			guests[i] = guest_at(100 + test_random(&state) % 200);
			guests[i].share.saved = test_random(&state) % (90 * MIB);
		}
		for (n = 0; n < 150; n++) {
			round = (struct law_round){ .saved = saved, .seconds = 1 };
			law_step(&law, &p, &round, guests, count);
			obey(guests, count);
			for (i = 0; i < count; i++) {
				test_note("seed %llu round %d guest %zu", seed, n, i);
				EXPECT(n < 120 || guests[i].target == targets[i]);
				targets[i] = guests[i].target;
			}
		}
		rooms = count * 200 * MIB;
		EXPECT(round.granted + 10 * MIB + count * MIB >= (saved < rooms ? saved : rooms));
	}
}

static const struct test tests[] = {
	TEST(policies_divide),
	TEST(pouring_is_exact),
	TEST(begins_at_base),
	TEST(grows_in_steps),
	TEST(takes_back_at_once),
	TEST(host_comes_first),
	TEST(dead_guests_keep_theirs),
	TEST(nobody_grows_into_anothers),
	TEST(small_changes_are_left_alone),
	TEST(by_chance),
	TEST(comes_to_rest),
};

TEST_MAIN(tests)
