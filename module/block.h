/* SPDX-License-Identifier: GPL-2.0 */
/* What the scanner remembers about each page: slots, 512 to a block. */
#ifndef GD_BLOCK_H
#define GD_BLOCK_H

#include <linux/list.h>
#include <linux/xarray.h>

#include "counters.h"
#include "dedup.h"
#include "frame.h"
#include "tree.h"
#include "walk.h"

/**
 * enum gd_state - what is known about a page
 * @GD_EMPTY: nothing
 * @GD_VOLATILE: its digest, which is new or has changed
 * @GD_UNSTABLE: in the unstable tree: unchanged since the last visit, unique
 * @GD_PENDING: a frame of its content exists: to be merged at the next visit
 * @GD_BUSY: unchanged and matched, but could not be merged
 * @GD_SHARED: maps a frame of the group
 */
enum gd_state {
	GD_EMPTY,
	GD_VOLATILE,
	GD_UNSTABLE,
	GD_PENDING,
	GD_BUSY,
	GD_SHARED,
};

/* The tag of a slot's word: state, whether the frame counts it, failures. */
#define GD_SLOT_STATE		0x07
#define GD_SLOT_COUNTED		0x08
#define GD_SLOT_FAILS		0xf0
#define GD_SLOT_FAILS_SHIFT	4
#define GD_SLOT_FAILS_MAX	15

/**
 * struct gd_slot - one page of a member, 32 bytes
 * @node: digest, tag, and place in the unstable tree if %GD_UNSTABLE
 * @frame: the frame that it maps if %GD_SHARED, in place of the tree links
 */
struct gd_slot {
	union {
		struct gd_tree_node	node;
		struct gd_frame		*frame;
	};
};

static_assert(sizeof(struct gd_slot) == 32);

/**
 * struct gd_blocks - the blocks of one member
 * @xa: &struct gd_block by address / 2 MiB
 * @dedup: the group's
 * @cnt: the member's counters
 * @credit: sum over the blocks, see &gd_block.credit
 */
struct gd_blocks {
	struct xarray		xa;
	struct gd_dedup		*dedup;
	struct gd_counters	cnt;
	u64			credit;
};

/**
 * struct gd_block - 512 slots
 * @owner: the member's blocks
 * @pending: place in the group's list, while @nr_pending
 * @start: first address
 * @slot: the slots
 * @pass: the last pass that visited it
 * @credit: the block's share of the savings, in pages / 65536: a frame with k
 *	users saves k - 1 pages, (k - 1) / k for each of them
 * @nr_used: slots that are not %GD_EMPTY
 * @nr_pending: slots that are %GD_PENDING
 * @next: index after the last slot visited in this pass
 * @split_fails: how often in a row its huge page could not be split
 */
struct gd_block {
	struct gd_blocks	*owner;
	struct list_head	pending;
	unsigned long		start;
	struct gd_slot		*slot;
	u64			pass;
	u32			credit;
	u16			nr_used;
	u16			nr_pending;
	u16			next;
	u8			split_fails;
};

static inline enum gd_state gd_slot_state(const struct gd_slot *slot)
{
	return slot->node.word & GD_SLOT_STATE;
}

static inline unsigned int gd_slot_fails(const struct gd_slot *slot)
{
	return (slot->node.word & GD_SLOT_FAILS) >> GD_SLOT_FAILS_SHIFT;
}

static inline void gd_blocks_count(struct gd_blocks *blocks,
				   enum grpdedup_counter id, s64 n)
{
	gd_counters_add(&blocks->cnt, id, n);
	gd_counters_add(blocks->dedup->cnt, id, n);
}

void gd_blocks_init(struct gd_blocks *blocks, struct gd_dedup *dedup);
void gd_blocks_destroy(struct gd_blocks *blocks);
void gd_blocks_sweep(struct gd_blocks *blocks);

struct gd_block *gd_block_find(struct gd_blocks *blocks, unsigned long addr);
struct gd_block *gd_block_get(struct gd_blocks *blocks, unsigned long addr,
			      struct page *page);
void gd_block_begin(struct gd_block *block, unsigned int first,
		    unsigned int end);
struct gd_block *gd_block_of(struct gd_slot *slot);

void gd_slot_clear(struct gd_block *block, struct gd_slot *slot);
void gd_slot_set(struct gd_block *block, struct gd_slot *slot,
		 enum gd_state state, u64 digest);
void gd_slot_share(struct gd_block *block, struct gd_slot *slot,
		   struct gd_frame *frame, bool counted);
void gd_slot_fail(struct gd_slot *slot);
void gd_slot_reset_fails(struct gd_slot *slot);
void gd_block_credit_saving(struct gd_block *block, const struct gd_slot *slot);

#endif /* GD_BLOCK_H */
