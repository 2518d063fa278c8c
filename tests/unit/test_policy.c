// SPDX-License-Identifier: GPL-2.0
/* How the policies divide what a group may have, by cases and by chance. */
#define _GNU_SOURCE
#include <string.h>
#include "../../userspace/daemon/policy.c"
#include "../../userspace/daemon/policy_equal.c"
#include "../../userspace/daemon/policy_entitlement.c"
#include "../../userspace/daemon/policy_demand.c"
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
	double swap_in[4];
	bool mute[4];
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
	{ &policy_demand, 60, 2, { 200, 200 }, { 0, 0 }, { 200, 200 }, { 150, 150 },
	  .swap_in = { 1 << 20, 2 << 20 }, .amount = { 0, 60 } },
	/* what a silent one needs is not known, whatever is left of it */
	{ &policy_demand, 60, 2, { 200, 200 }, { 0, 0 }, { 200, 200 }, { 40, 40 },
	  .mute = { true, false }, .amount = { 0, 60 } },
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
				.has_stats = c->actual[j] > 0 && !c->mute[j],
				.available = c->available[j] * MIB,
				.major_faults = c->faults[j],
				.swap_in = c->swap_in[j],
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
		uint64_t total = test_random(&state) % (seed % 3 ? 1000 * MIB : 16);
		uint64_t rooms = 0, sum = 0;
		size_t i, count = 1 + test_random(&state) % GUESTS;
		const struct policy *policy = all[test_random(&state) % 3];

		memset(shares, 0, sizeof(shares));
		for (i = 0; i < count; i++) {
			shares[i].room = test_random(&state) % 3 ?
					 test_random(&state) % (300 * MIB) : 0;
			/* of any magnitude, 0 included */
			shares[i].saved = test_random(&state) >> test_random(&state) % 64;
			shares[i].saved *= test_random(&state) % 4 > 0;
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

static void policies_are_found(void)
{
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		EXPECT(policy_find(all[i]->name) == all[i]);
		EXPECT(strstr(policy_names(), all[i]->name));
	}
	EXPECT(!policy_find("fair") && !policy_find("equa") && !policy_find(""));
}

static const struct test tests[] = {
	TEST(policies_divide),
	TEST(pouring_is_exact),
	TEST(policies_are_found),
};

TEST_MAIN(tests)
