// SPDX-License-Identifier: GPL-2.0
/*
 * Satori's sharing entitlement (Milos et al., 2009): in proportion to what the
 * pages of each guest contribute to the savings. A guest that contributes
 * nothing gets only what the others cannot take.
 */
#include <stdlib.h>
#include "policy.h"

static void divide_by_saving(struct share *shares, size_t count, uint64_t total)
{
	double *weights = calloc(count ? count : 1, sizeof(*weights));
	size_t i;

	for (i = 0; i < count; i++) {
		shares[i].amount = 0;
		if (weights)
			weights[i] = (double)shares[i].saved;
	}
	policy_pour(shares, weights, count, total);
	free(weights);
}

const struct policy policy_entitlement = {
	.name = "entitlement",
	.divide = divide_by_saving,
};
