// SPDX-License-Identifier: GPL-2.0
/*
 * Guests that are short of memory first, then all alike. The demand of a guest
 * follows from its own statistics: what it uses and cannot free, plus a
 * quarter; at least a tenth more than it has while it faults or swaps in.
 */
#include <stdlib.h>
#include "policy.h"

/* Above these rates a guest lacks memory for its working set. */
#define FAULTS_PER_SECOND	20.0
#define SWAP_IN_PER_SECOND	(1024.0 * 1024.0)

static double wanted(const struct share *share)
{
	double used = share->available < share->actual ?
		      (double)(share->actual - share->available) : 0;
	double want = used * 1.25;

	if (!share->has_stats)
		return 0;
	if ((share->major_faults > FAULTS_PER_SECOND ||
	     share->swap_in > SWAP_IN_PER_SECOND) && want < (double)share->actual * 1.1)
		want = (double)share->actual * 1.1;
	want -= (double)share->base;
	if (want > (double)share->room)
		want = (double)share->room;
	return want > 0 ? want : 0;
}

static void divide_by_need(struct share *shares, size_t count, uint64_t total)
{
	double *wants = calloc(count ? count : 1, sizeof(*wants));
	double sum = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		shares[i].amount = 0;
		if (wants)
			wants[i] = wanted(&shares[i]);
		if (wants)
			sum += wants[i];
	}
	if (wants && sum >= (double)total) {
		policy_pour(shares, wants, count, total);
	} else {
		for (i = 0; i < count && wants; i++)
			shares[i].amount = (uint64_t)wants[i];
		for (i = 0; i < count; i++)
			total -= shares[i].amount;
		policy_pour(shares, NULL, count, total);
	}
	free(wants);
}

const struct policy policy_demand = {
	.name = "demand",
	.divide = divide_by_need,
};
