// SPDX-License-Identifier: GPL-2.0
/* The lookup structures of a group: trees, frames, pending blocks. */
#include <linux/random.h>

#include "dedup.h"

int gd_dedup_init(struct gd_dedup *dedup, struct gd_counters *cnt)
{
	dedup->unstable = GD_TREE_INIT;
	INIT_LIST_HEAD(&dedup->pending);
	get_random_bytes(&dedup->seed, sizeof(dedup->seed));
	dedup->cnt = cnt;
	return gd_frames_init(&dedup->frames, cnt);
}

/* All blocks have been destroyed. Frames that are mapped stay mapped. */
void gd_dedup_exit(struct gd_dedup *dedup)
{
	gd_frames_destroy(&dedup->frames);
}
