// SPDX-License-Identifier: GPL-2.0
/* What the guests of a group may have: the law, by cases and by chance. */
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
		.follows = true,
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
	/* A MiB is not divided. */
	EXPECT(guests[0].target - guests[1].target <= MIB);
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
	guests[1].follows = false;
	guests[1].target = 150 * MIB;
	for (i = 0; i < 100; i++) {
		step(&law, guests, 3, 200, false);
		EXPECT(guests[1].target == 150 * MIB);
		obey(guests, 3);
		/* Beyond its target: that is not the others' fault. */
		guests[1].share.actual = 290 * MIB;
	}
	/* 200, less the 50 that the dead one was told, less a deadband at most */
	EXPECT(guests[0].target == guests[2].target);
	EXPECT(guests[0].target >= 170 * MIB && guests[0].target <= 175 * MIB);
}

/* Until QEMU has acknowledged that one has less, no other has more. */
static void what_is_in_force_counts(void)
{
	struct law_guest guests[2] = { guest_at(100), guest_at(100) };
	struct law law = { 0 };
	int i;

	guests[0].target = 200 * MIB;
	guests[0].in_force = 200 * MIB;
	guests[1].target = 100 * MIB;
	for (i = 0; i < 10; i++) {
		step(&law, guests, 2, 100, false);
		EXPECT(guests[0].target == 150 * MIB && guests[1].target == 100 * MIB);
	}
	guests[0].in_force = 150 * MIB;
	step(&law, guests, 2, 100, false);
	EXPECT(guests[0].target == 150 * MIB && guests[1].target == 150 * MIB);
	/* One that is lost counts with the higher of both. */
	guests[0].live = guests[0].follows = false;
	guests[0].in_force = 190 * MIB;
	step(&law, guests, 2, 100, false);
	EXPECT(guests[1].target == 110 * MIB);
}

/* It is told less when there is less, but never more; what it holds is its own affair. */
static void who_does_not_follow_cuts_nobody(void)
{
	struct law_guest guests[3] = { guest_at(100), guest_at(150), guest_at(100) };
	struct law law = { 0 };
	int i;

	guests[1].target = 150 * MIB;
	guests[1].follows = false;
	guests[1].share.actual = 300 * MIB;
	for (i = 0; i < 100; i++) {
		step(&law, guests, 3, 200, false);
		EXPECT(guests[1].target <= 150 * MIB);
		guests[0].share.actual = guests[0].target;
		guests[2].share.actual = guests[2].target;
	}
	EXPECT(guests[0].target + guests[2].target >= 340 * MIB);
	step(&law, guests, 3, 0, false);
	for (i = 0; i < 3; i++)
		EXPECT(guests[i].target == 100 * MIB);
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

/* A step among many is less than a MiB for each: it must not get lost. */
static void many_guests_grow_too(void)
{
	static const size_t counts[] = { 1, 3, 64, 65, 200 };
	struct law_guest guests[200];
	size_t c, i;
	int n;

	for (c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		size_t count = counts[c];
		struct law law = { 0 };
		uint64_t granted = 0;

		for (i = 0; i < count; i++)
			guests[i] = guest_at(100);
		for (n = 0; n < 250; n++) {
			granted = step(&law, guests, count, 50 * count, false).granted;
			obey(guests, count);
		}
		test_note("%zu guests: %llu MiB", count, (unsigned long long)(granted / MIB));
		EXPECT(granted + 11 * MIB >= 50 * count * MIB);
		for (i = 0; i < count; i++)
			EXPECT(guests[i].target + MIB >= guests[0].target);
	}
}

/* One that owes less than makes it stuck costs the others that, and no more. */
static void dawdlers_cost_what_they_owe(void)
{
	struct law_guest guests[100];
	struct law law = { 0 };
	uint64_t granted = 0;
	size_t i;
	int n;

	for (i = 0; i < 100; i++)
		guests[i] = guest_at(100);
	for (n = 0; n < 250; n++) {
		guests[0].share.actual = guests[0].target ? guests[0].target + 5 * MIB : 300 * MIB;
		granted = step(&law, guests, 100, 5000, false).granted;
		obey(guests, 100);
	}
	EXPECT(granted >= 4980 * MIB && granted <= 4995 * MIB);
}

/* What was told to grow and has not is told otherwise when savings fall. */
static void promises_are_withdrawn(void)
{
	struct law_guest guests[2] = { guest_at(200), guest_at(100) };
	struct law law = { 0 };

	guests[0].target = 200 * MIB;
	guests[1].target = 200 * MIB;
	step(&law, guests, 2, 200, false);
	EXPECT(guests[0].target == 200 * MIB && guests[1].target == 200 * MIB);
	/* The first has to give back half, but still holds all that there is. */
	step(&law, guests, 2, 100, false);
	EXPECT(guests[0].target == 150 * MIB && guests[1].target == 100 * MIB);
	guests[0].share.actual = 170 * MIB;
	step(&law, guests, 2, 100, false);
	EXPECT(guests[0].target == 150 * MIB && guests[1].target == 130 * MIB);
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

/* At rest, guests shift only if that is worth a balloon's work. */
static void small_shifts_are_left_alone(void)
{
	static const struct {
		uint64_t saved[3];
		uint64_t target[3];
	} rounds[] = {
		{ { 20, 20, 20 }, { 150, 150, 150 } },
		{ { 22, 20, 18 }, { 150, 150, 150 } },
		{ { 18, 20, 22 }, { 150, 150, 150 } },
		/* The third may grow by 12; so the others fall, though by less than 10. */
		{ { 44, 44, 62 }, { 144, 144, 162 } },
		{ { 20, 20, 20 }, { 150, 150, 150 } },
		{ { 30, 20, 10 }, { 175, 150, 125 } },
	};
	struct law_guest guests[3] = { guest_at(150), guest_at(150), guest_at(150) };
	struct law_params p = params;
	struct law law = { 0 };
	size_t i, j;

	p.policy = &policy_entitlement;
	for (i = 0; i < 2 * sizeof(rounds) / sizeof(rounds[0]); i++) {
		struct law_round round = { .saved = 150 * MIB, .seconds = 1 };

		for (j = 0; j < 3; j++)
			guests[j].share.saved = rounds[i / 2].saved[j] * MIB;
		law_step(&law, &p, &round, guests, 3);
		obey(guests, 3);
		/* The first time those that grow wait for those that shrink. */
		for (j = 0; j < 3 && i % 2; j++) {
			test_note("round %zu guest %zu: %llu", i / 2, j,
				  (unsigned long long)(guests[j].target / MIB));
			EXPECT(guests[j].target == rounds[i / 2].target[j] * MIB);
		}
	}
}

/* Down at once, up with the time constant; the reserve is not given out. */
static void savings_are_averaged(void)
{
	struct law_params p = params;
	struct law law = { 0 };
	struct law_round round = { .saved = 200 * MIB, .seconds = 1 };
	int n;

	p.reserve = 20 * MIB;
	law_step(&law, &p, &round, NULL, 0);
	EXPECT(round.available == 180 * MIB);
	round.saved = 0;
	law_step(&law, &p, &round, NULL, 0);
	EXPECT(round.available == 0);
	round.saved = 200 * MIB;
	for (n = 0; n < 10; n++)
		law_step(&law, &p, &round, NULL, 0);
	/* 200 * (1 - 1 / e) - 20 */
	EXPECT(round.available / MIB == 106);
	round.host_short = true;
	law_step(&law, &p, &round, NULL, 0);
	EXPECT(round.available == 0);
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
			dead += guest->target > base ? guest->target - base : 0;
			continue;
		}
		EXPECT(guest->target >= base);
		EXPECT(guest->target <= (guest->max > base ? guest->max : base));
		EXPECT(!round->host_short || guest->target == base);
		EXPECT((guest->target - base) % MIB == 0 || guest->target == guest->max);
		given += guest->target - base;
	}
	EXPECT(given + dead == round->granted);
	EXPECT(given <= (round->available > dead ? round->available - dead : 0));
}

/*
 * With what they are told now, the live ones come to hold no more than they may; or no
 * more than they hold already. @was: what they were told before, or hold
 */
static void check_sums(const struct law_guest *guests, size_t count,
		       const struct law_params *p, const struct law_round *round, uint64_t was)
{
	uint64_t may = round->available, hold = 0, will = 0, given = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct law_guest *guest = &guests[i];
		uint64_t base = guest->share.base;
		uint64_t held = guest->share.actual > base ? guest->share.actual - base : 0;
		uint64_t told = guest->target > base ? guest->target - base : 0;

		if (!guest->live || (!guest->follows && held > told))
			held = told;
		hold += held;
		will += held > told ? held : told;
		given += guest->live ? told : 0;
	}
	EXPECT(will <= (may > hold ? may : hold));
	EXPECT(given <= was + p->growth);
	EXPECT(may + p->reserve <= round->saved || !may);
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
		uint64_t saved = test_random(&state) % (500 * MIB);
		size_t i, count = 1 + test_random(&state) % GUESTS;
		int n;

		p.policy = all[seed % 3];
		p.reserve = test_random(&state) % (50 * MIB);
		for (i = 0; i < count; i++) {
			guests[i] = guest_at(100);
			guests[i].share.actual += test_random(&state) % (200 * MIB);
		}
		for (n = 0; n < 60; n++) {
			struct law_round round = {
				.saved = saved,
				.host_short = test_random(&state) % 20 == 0,
				.seconds = 1,
			};
			uint64_t was = 0;

			if (test_random(&state) % 4 == 0)
				saved = test_random(&state) % (500 * MIB);
			for (i = 0; i < count; i++) {
				guests[i].live = test_random(&state) % 10 != 0;
				guests[i].follows = guests[i].live && test_random(&state) % 8;
				guests[i].max = test_random(&state) % 12 ? 300 * MIB + 4096 : 0;
				guests[i].share.saved = test_random(&state) % (90 * MIB);
				if (test_random(&state) % 3 && guests[i].target)
					guests[i].share.actual = guests[i].target;
				if (test_random(&state) % 30 == 0)
					guests[i].target = 0;
				was += guests[i].share.actual > guests[i].target ?
				       guests[i].share.actual : guests[i].target;
				was -= 100 * MIB;
			}
			test_note("seed %llu round %d", seed, n);
			law_step(&law, &p, &round, guests, count);
			check_round(guests, count, &round);
			check_sums(guests, count, &p, &round, was);
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
	TEST(begins_at_base),
	TEST(grows_in_steps),
	TEST(takes_back_at_once),
	TEST(host_comes_first),
	TEST(dead_guests_keep_theirs),
	TEST(what_is_in_force_counts),
	TEST(who_does_not_follow_cuts_nobody),
	TEST(nobody_grows_into_anothers),
	TEST(many_guests_grow_too),
	TEST(dawdlers_cost_what_they_owe),
	TEST(promises_are_withdrawn),
	TEST(small_changes_are_left_alone),
	TEST(small_shifts_are_left_alone),
	TEST(savings_are_averaged),
	TEST(by_chance),
	TEST(comes_to_rest),
};

TEST_MAIN(tests)
