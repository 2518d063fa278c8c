/* SPDX-License-Identifier: GPL-2.0 */
/* Keeping an address space alive for one step of a scanner. */
#ifndef GD_HOLD_H
#define GD_HOLD_H

#include <linux/types.h>

struct mem_cgroup;
struct mm_struct;

/**
 * struct gd_hold - what a step holds of an address space
 * @mm: the address space, with a user reference
 * @memcg: its memory cgroup, which is charged for the step's allocations
 * @old: the one that was active before
 */
struct gd_hold {
	struct mm_struct	*mm;
	struct mem_cgroup	*memcg;
	struct mem_cgroup	*old;
};

bool gd_hold_get(struct gd_hold *hold, struct mm_struct *mm);
void gd_hold_put(struct gd_hold *hold);

#endif /* GD_HOLD_H */
