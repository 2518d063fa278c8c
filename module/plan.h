/* SPDX-License-Identifier: GPL-2.0 */
/* Deciding what to merge in one block, and accounting for the results. */
#ifndef GD_PLAN_H
#define GD_PLAN_H

#include "block.h"
#include "merge.h"
#include "walk.h"

/* Lone frames to unshare at one visit. */
#define GD_LONE_MAX	GD_BLOCK_PAGES

/**
 * struct gd_plan - working memory for one block of one member
 * @block: the block
 * @inherited: frames met for the first time came by fork, not by a merge
 * @only_pending: visit %GD_PENDING slots only
 * @split_min: matches that a huge page must have to be split
 * @foreign: out: found a shared page that is not a frame of the group
 * @reserve_is_low: no frame may be made that takes from the reserve
 * @nr_visited: out: pages visited
 * @nr_lone: out: frames that nobody else has mapped for some passes
 * @nr_wanted: matches found in a huge page
 * @snap: the pages
 * @batch: merges to carry out
 * @slot: slot of each merge, or of each match in a huge page
 * @lone: slot of each lone frame
 * @frame: frame of each merge
 */
struct gd_plan {
	struct gd_block		*block;
	bool			inherited;
	bool			only_pending;
	u32			split_min;
	bool			foreign;
	bool			reserve_is_low;
	unsigned int		nr_visited;
	unsigned int		nr_lone;
	unsigned int		nr_wanted;
	struct gd_snapshot	snap;
	struct gd_merge_batch	batch;
	struct gd_slot		*slot[GD_BLOCK_PAGES];
	struct gd_frame		*frame[GD_BLOCK_PAGES];
	struct gd_slot		*lone[GD_LONE_MAX];
};

void gd_plan_visit(struct gd_plan *plan);
void gd_plan_watch(struct gd_plan *plan, enum grpdedup_counter skipped);
void gd_plan_execute(struct gd_plan *plan);
void gd_plan_settle_lone(struct gd_plan *plan);

#endif /* GD_PLAN_H */
