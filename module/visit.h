/* SPDX-License-Identifier: GPL-2.0 */
/* Visiting one block of a member. */
#ifndef GD_VISIT_H
#define GD_VISIT_H

#include <linux/types.h>

struct gd_block;
struct gd_counters;
struct gd_member;
struct gd_plan;

/**
 * struct gd_visit - how a scanner visits, and its working memory
 * @plan: working memory, some 30 KiB; allocated for the first member
 * @split_min: matching pages that a huge page must hold to be split
 * @bytes_max: maximum to visit at once
 */
struct gd_visit {
	struct gd_plan	*plan;
	u32		split_min;
	unsigned long	bytes_max;
};

/**
 * enum gd_visit_result - result of a visit
 * @GD_VISIT_MORE: the member has more memory, from the new address on
 * @GD_VISIT_END: all of the member's memory has been visited
 * @GD_VISIT_CONTENDED: its mmap lock could not be taken: come back later
 * @GD_VISIT_GONE: its address space has lost its last user
 */
enum gd_visit_result {
	GD_VISIT_MORE,
	GD_VISIT_END,
	GD_VISIT_CONTENDED,
	GD_VISIT_GONE,
};

int gd_visit_init(struct gd_visit *visit, struct gd_counters *cnt);
void gd_visit_trim(struct gd_visit *visit);
void gd_visit_exit(struct gd_visit *visit);

enum gd_visit_result gd_visit_next(struct gd_visit *visit,
				   struct gd_member *member,
				   unsigned int *visited);
unsigned int gd_visit_pending(struct gd_visit *visit, struct gd_block *block);
void gd_visit_forget(struct gd_member *member);

#endif /* GD_VISIT_H */
