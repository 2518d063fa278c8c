/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the memory that a group may have is divided among its guests. A policy is
 * pure: what it is told decides what it says. It never sees two groups.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct share - one guest of a group, as a policy sees it; memory in bytes
 * @room: most that it can take above its base (max - base)
 * @actual: what the guest has now, base included
 * @saved: what its pages contribute to the group's savings: the kernel's
 *	per-member pages_sharing, (k-1)/k for a frame of k mappings
 * @has_stats: the fields below are known (the guest's driver answers)
 * @available: stat-available-memory
 * @major_faults: per second, average of the last seconds
 * @swap_in: bytes per second, likewise
 * @amount: the answer: bytes above base, 0..room
 */
struct share {
	uint64_t room;
	uint64_t actual;
	uint64_t base;
	uint64_t saved;
	bool has_stats;
	uint64_t available;
	double major_faults;
	double swap_in;
	uint64_t amount;
};

/**
 * struct policy - one way to divide
 * @name: as in the configuration
 * @divide: sets each share's amount; their sum is @total, or the sum of all
 *	rooms if that is less
 */
struct policy {
	const char *name;
	void (*divide)(struct share *shares, size_t count, uint64_t total);
};

extern const struct policy policy_equal;
extern const struct policy policy_entitlement;
extern const struct policy policy_demand;

/* NULL if there is none of that name. */
const struct policy *policy_find(const char *name);
/* "equal, entitlement, demand", for complaints. */
const char *policy_names(void);

/*
 * Adds to the amounts in proportion to @weights, never above a share's room:
 * what one cannot take goes to the others by their weights, and when all that
 * have a weight are full, evenly to the rest. Returns what nobody can take.
 */
uint64_t policy_pour(struct share *shares, const double *weights, size_t count,
		     uint64_t total);

#endif /* POLICY_H */
