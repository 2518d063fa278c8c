// SPDX-License-Identifier: GPL-2.0
/* Shared by the policies: distribution by weight, and their names. */
#include <string.h>
#include "policy.h"

static const struct policy *const policies[] = {
	&policy_equal,
	&policy_entitlement,
	&policy_demand,
};

const struct policy *policy_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		if (!strcmp(policies[i]->name, name))
			return policies[i];
	return NULL;
}

const char *policy_names(void)
{
	return "equal, entitlement, demand";
}

/* NULL weights: all are equal. */
static double weight_of(const struct share *share, const double *weights, size_t i)
{
	if (share->amount >= share->room)
		return 0;
	return weights ? weights[i] : 1;
}

/* One round: each share gets its part, up to its room. Returns the rest. */
static uint64_t pour_once(struct share *shares, const double *weights, size_t count,
			  uint64_t total)
{
	uint64_t left = total;
	double sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += weight_of(&shares[i], weights, i);
	for (i = 0; i < count && left && sum > 0; i++) {
		double weight = weight_of(&shares[i], weights, i);
		uint64_t part = (uint64_t)((double)total * (weight / sum));
		uint64_t room = shares[i].room - shares[i].amount;

		if (weight <= 0)
			continue;
		/* Rounding must neither lose bytes nor stop progress. */
		if (!part)
			part = 1;
		if (part > room)
			part = room;
		if (part > left)
			part = left;
		shares[i].amount += part;
		left -= part;
	}
	return left;
}

static uint64_t pour(struct share *shares, const double *weights, size_t count,
		     uint64_t total)
{
	uint64_t left = total;

	do {
		total = left;
		left = pour_once(shares, weights, count, total);
	} while (left && left < total);
	return left;
}

uint64_t policy_pour(struct share *shares, const double *weights, size_t count,
		     uint64_t total)
{
	return pour(shares, NULL, count, pour(shares, weights, count, total));
}
