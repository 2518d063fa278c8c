/* SPDX-License-Identifier: GPL-2.0 */
/* The lookup structures of a group: trees, frames, pending blocks. */
#ifndef GD_DEDUP_H
#define GD_DEDUP_H

#include <linux/list.h>

#include "counters.h"
#include "frame.h"
#include "tree.h"

/**
 * struct gd_dedup - the trees and frames of a group; owned by its scanner
 * @unstable: slots of unique content, by digest
 * @frames: frames and the stable tree
 * @pending: blocks with pages to be merged soon, oldest first
 * @seed: seed of the digests
 * @pass: number of the current pass
 * @cnt: the group's counters
 */
struct gd_dedup {
	struct gd_tree		unstable;
	struct gd_frames	frames;
	struct list_head	pending;
	u64			seed;
	u64			pass;
	struct gd_counters	*cnt;
};

int gd_dedup_init(struct gd_dedup *dedup, struct gd_counters *cnt);
void gd_dedup_exit(struct gd_dedup *dedup);

#endif /* GD_DEDUP_H */
