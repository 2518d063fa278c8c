// SPDX-License-Identifier: GPL-2.0
/* The policy of the paper: each guest gets the same. */
#include "policy.h"

static void divide_equal(struct share *shares, size_t count, uint64_t total)
{
	size_t i;

	for (i = 0; i < count; i++)
		shares[i].amount = 0;
	policy_pour(shares, NULL, count, total);
}

const struct policy policy_equal = {
	.name = "equal",
	.divide = divide_equal,
};
