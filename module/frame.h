/* SPDX-License-Identifier: GPL-2.0 */
/* Frames: the shared pages of a group, and its stable tree. */
#ifndef GD_FRAME_H
#define GD_FRAME_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/rhashtable-types.h>

#include "counters.h"
#include "tree.h"

/*
 * Maximum mappings of a frame when a page is merged into it, as for ksmd. fork
 * multiplies mappings unchecked: 256 * 2^22 processes stay below the sign bit
 * of the page's counters. The limit also bounds the damage of one bad page of
 * memory.
 */
#define GD_FRAME_MAPPINGS_MAX	256

#define GD_PFN_NONE		(~0UL)

/**
 * struct gd_frames - all frames of one group; owned by its scanner
 * @stable: frames with room for more mappings, by digest
 * @table: all frames, by PFN: the only way to recognise a frame
 * @idle: frames that no known page maps
 * @used: the others
 * @nr: frames that have their page
 * @max: most frames allowed, 0 = no limit
 * @cnt: the group's counters
 */
struct gd_frames {
	struct gd_tree		stable;
	struct rhashtable	table;
	struct list_head	idle;
	struct list_head	used;
	u64			nr;
	u64			max;
	struct gd_counters	*cnt;
};

/**
 * struct gd_frame - one shared page
 * @node: place in the stable tree; the tag is unused
 * @hash: place in the table
 * @link: place in the list of idle or of used frames
 * @pfn: its page's number; %GD_PFN_NONE: the page is freed, and slots still
 *	point here until they are visited
 * @users: page slots counted as mapping it; fork's copies are not among them
 * @slots: page slots that point here, fork's copies too; they keep it alive
 * @planned: merges planned but not carried out yet
 * @in_tree: @node is in the tree
 * @zero: all bytes are zero
 * @retired: the page's memory failed; nothing more is merged into it
 * @lone: its only mapping is about to be unshared
 *
 * The page belongs to the frame from its allocation on, and its bytes never
 * change: pipes and read-only pins may keep seeing it. page->private stays
 * unused, as the page may outlive us.
 */
struct gd_frame {
	struct gd_tree_node	node;
	struct rhash_head	hash;
	struct list_head	link;
	unsigned long		pfn;
	u32			users;
	u32			slots;
	u16			planned;
	bool			in_tree;
	bool			zero;
	bool			retired;
	bool			lone;
};

static inline struct gd_frame *gd_frame_of(struct gd_tree_node *node)
{
	return container_of(node, struct gd_frame, node);
}

static inline struct page *gd_frame_page(const struct gd_frame *frame)
{
	return pfn_to_page(frame->pfn);
}

int gd_frames_init(struct gd_frames *frames, struct gd_counters *cnt);
void gd_frames_destroy(struct gd_frames *frames);
struct gd_frame *gd_frame_create(struct gd_frames *frames, struct page *src,
				 u64 digest);
int gd_frame_mappings(const struct gd_frame *frame);
struct gd_frame *gd_frame_lookup(struct gd_frames *frames, struct page *page);
struct gd_frame *gd_frame_match(struct gd_frames *frames, struct page *page,
				u64 digest);
void gd_frame_use(struct gd_frames *frames, struct gd_frame *frame);
void gd_frame_unuse(struct gd_frames *frames, struct gd_frame *frame);
void gd_frames_reap_idle(struct gd_frames *frames);
void gd_frames_reap_all(struct gd_frames *frames);

#endif /* GD_FRAME_H */
