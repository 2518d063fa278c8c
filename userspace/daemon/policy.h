/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the memory that a group may have is divided among its guests. A policy
 * depends on its arguments only, and never sees two groups.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct share - one guest of a group, as a policy sees it; memory in bytes
 * @room: maximum above its base (max - base)
 * @actual: present size of the guest, base included
 * @saved: contribution of its pages to the group's savings: the kernel's
 *	per-member pages_sharing, (k-1)/k for a frame of k mappings
 * @has_stats: the fields below are valid (the guest's driver reports them)
 * @available: stat-available-memory
 * @major_faults: per second, moving average
 * @swap_in: bytes per second, moving average
 * @amount: result: bytes above base, 0..room
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

/* NULL if there is no such policy. */
const struct policy *policy_find(const char *name);
/* "equal, entitlement, demand", for error messages. */
const char *policy_names(void);

/*
 * Adds to the amounts in proportion to @weights, up to the room of each share:
 * what a share cannot take goes to the others by their weights, and once all
 * shares with a weight are full, evenly to the rest. Returns what is left.
 */
uint64_t policy_pour(struct share *shares, const double *weights, size_t count,
		     uint64_t total);

#endif /* POLICY_H */
