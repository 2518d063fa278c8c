/* SPDX-License-Identifier: GPL-2.0 */
/* The scanner: one kernel thread for each group. */
#ifndef GD_SCAN_H
#define GD_SCAN_H

#include <linux/types.h>

#include "pace.h"

struct gd_group;
struct gd_member;
struct gd_plan;

/**
 * struct gd_scan - a scanner's cursor and working memory
 * @pace: schedule
 * @member: next member to visit; NULL when all have been
 * @addr: next address in it
 * @pass_start: when the pass began, ns
 * @next_exit_check: when to look after the members, ns
 * @merges: the group's merges when the pass began
 * @busy: the group's SKIP_BUSY when the pass began
 * @plan: working memory; there as soon as there is a member
 */
struct gd_scan {
	struct gd_pace		pace;
	struct gd_member	*member;
	unsigned long		addr;
	u64			pass_start;
	u64			next_exit_check;
	u64			merges;
	u64			busy;
	struct gd_plan		*plan;
};

int gd_scan_start(struct gd_group *group);
void gd_scan_stop(struct gd_group *group);

#endif /* GD_SCAN_H */
