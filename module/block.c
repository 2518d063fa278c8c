// SPDX-License-Identifier: GPL-2.0
/*
 * What the scanner remembers about each page: slots, 512 to a block of 2 MiB.
 * Independent of page tables and processes. Every change of a slot's state goes
 * through the three functions gd_slot_clear/set/share, which keep trees, frames
 * and gauges in step with it.
 *
 * A slot and a tree node are the same 32 bytes. A slot's block is found through
 * the page that the slots lie on: its private field points to the block.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "block.h"
#include "page.h"
#include "reserve.h"

#define GD_SLOTS_ORDER	get_order(GD_BLOCK_PAGES * sizeof(struct gd_slot))
#define GD_BLOCK_BYTES	(sizeof(struct gd_block) + (PAGE_SIZE << GD_SLOTS_ORDER))

void gd_blocks_init(struct gd_blocks *blocks, struct gd_dedup *dedup)
{
	xa_init(&blocks->xa);
	blocks->dedup = dedup;
}

/* The gauge that a state is counted in. */
static enum grpdedup_counter gauge(enum gd_state state)
{
	switch (state) {
	case GD_VOLATILE:
		return GRPDEDUP_CNT_PAGES_VOLATILE;
	case GD_UNSTABLE:
	case GD_PENDING:
	case GD_BUSY:
		return GRPDEDUP_CNT_PAGES_UNSHARED;
	default:
		return GRPDEDUP_CNT_UNSPEC;
	}
}

struct gd_block *gd_block_of(struct gd_slot *slot)
{
	return (struct gd_block *)page_private(virt_to_head_page(slot));
}

static void unlink_shared(struct gd_block *block, struct gd_slot *slot)
{
	struct gd_blocks *owner = block->owner;
	struct gd_frame *frame = slot->frame;

	frame->slots--;
	gd_counters_add(&owner->cnt, GRPDEDUP_CNT_PAGES_SHARED, -1);
	if (frame->zero)
		gd_blocks_count(owner, GRPDEDUP_CNT_PAGES_ZERO, -1);
	if (slot->node.word & GD_SLOT_COUNTED)
		gd_frame_unuse(&owner->dedup->frames, frame);
}

static void unlink_slot(struct gd_block *block, struct gd_slot *slot)
{
	enum gd_state state = gd_slot_state(slot);
	struct gd_blocks *owner = block->owner;

	if (state == GD_EMPTY)
		return;
	block->nr_used--;
	if (state == GD_SHARED) {
		unlink_shared(block, slot);
		return;
	}
	gd_blocks_count(owner, gauge(state), -1);
	if (state == GD_UNSTABLE)
		gd_tree_erase(&owner->dedup->unstable, &slot->node);
	if (state == GD_PENDING && !--block->nr_pending)
		list_del_init(&block->pending);
}

/* Forget a page. */
void gd_slot_clear(struct gd_block *block, struct gd_slot *slot)
{
	unlink_slot(block, slot);
	slot->node.word = GD_EMPTY;
}

/**
 * gd_slot_set - record the state and digest of a page
 * @block: the slot's
 * @slot: the page
 * @state: any but %GD_EMPTY and %GD_SHARED
 * @digest: of its content; a new one also resets the count of failures
 */
void gd_slot_set(struct gd_block *block, struct gd_slot *slot,
		 enum gd_state state, u64 digest)
{
	struct gd_dedup *dedup = block->owner->dedup;
	u64 fails = slot->node.word & GD_SLOT_FAILS;

	if (gd_slot_state(slot) == GD_SHARED ||
	    gd_tree_digest(&slot->node) != digest)
		fails = 0;
	unlink_slot(block, slot);
	slot->node.word = digest << GD_TAG_BITS | fails | state;
	block->nr_used++;
	gd_blocks_count(block->owner, gauge(state), 1);
	if (state == GD_UNSTABLE)
		gd_tree_insert(&dedup->unstable, &slot->node);
	if (state == GD_PENDING && !block->nr_pending++)
		list_add_tail(&block->pending, &dedup->pending);
}

/**
 * gd_slot_share - record that a page maps a frame
 * @block: the slot's
 * @slot: the page
 * @frame: of the group
 * @counted: mapping it freed a page. A mapping that fork made, or whose old
 *	page a forked process still maps, saves nothing.
 */
void gd_slot_share(struct gd_block *block, struct gd_slot *slot,
		   struct gd_frame *frame, bool counted)
{
	struct gd_blocks *owner = block->owner;

	unlink_slot(block, slot);
	slot->frame = frame;
	frame->slots++;
	slot->node.word = (frame->node.word & ~GD_TAG_MASK) | GD_SHARED;
	block->nr_used++;
	gd_counters_add(&owner->cnt, GRPDEDUP_CNT_PAGES_SHARED, 1);
	if (frame->zero)
		gd_blocks_count(owner, GRPDEDUP_CNT_PAGES_ZERO, 1);
	if (counted) {
		slot->node.word |= GD_SLOT_COUNTED;
		gd_frame_use(&owner->dedup->frames, frame);
	}
}

/*
 * A merge of this page failed once more; of a shared page: it was alone once
 * more.
 */
void gd_slot_fail(struct gd_slot *slot)
{
	if (gd_slot_fails(slot) < GD_SLOT_FAILS_MAX)
		slot->node.word += 1 << GD_SLOT_FAILS_SHIFT;
}

void gd_slot_reset_fails(struct gd_slot *slot)
{
	slot->node.word &= ~(u64)GD_SLOT_FAILS;
}

static void set_credit(struct gd_block *block, u32 credit)
{
	struct gd_blocks *owner = block->owner;

	owner->credit += (s64)credit - block->credit;
	block->credit = credit;
	WRITE_ONCE(owner->cnt.v[GRPDEDUP_CNT_PAGES_SHARING],
		   owner->credit >> 16);
}

/* Add a shared page's share of the savings to its block's. */
void gd_block_credit_saving(struct gd_block *block, const struct gd_slot *slot)
{
	u32 k = slot->frame->users;

	if (slot->node.word & GD_SLOT_COUNTED)
		set_credit(block, block->credit + ((k - 1) << 16) / k);
}

static struct gd_block *create_block(struct gd_blocks *blocks, unsigned long start)
{
	struct gd_block *block;
	struct page *page;

	block = kzalloc(sizeof(*block), GD_GFP_CHARGED);
	if (!block)
		return NULL;
	page = alloc_pages(GD_GFP_CHARGED | __GFP_COMP | __GFP_ZERO,
			   GD_SLOTS_ORDER);
	if (!page)
		goto err_free;
	set_page_private(page, (unsigned long)block);
	block->owner = blocks;
	block->start = start;
	block->slot = page_address(page);
	INIT_LIST_HEAD(&block->pending);
	if (xa_is_err(xa_store(&blocks->xa, start >> PMD_SHIFT, block,
			       GFP_KERNEL)))
		goto err_put;
	gd_blocks_count(blocks, GRPDEDUP_CNT_METADATA_BYTES, GD_BLOCK_BYTES);
	return block;

err_put:
	set_page_private(page, 0);
	__free_pages(page, GD_SLOTS_ORDER);
err_free:
	kfree(block);
	return NULL;
}

static void clear_range(struct gd_block *block, unsigned int first,
			unsigned int end)
{
	unsigned int i;

	if (!block->nr_used)
		return;
	for (i = first; i < end; i++) {
		struct gd_slot *slot = &block->slot[i];

		if (gd_slot_state(slot) == GD_SHARED)
			gd_blocks_count(block->owner, GRPDEDUP_CNT_COW_BREAKS, 1);
		gd_slot_clear(block, slot);
	}
}

static void destroy_block(struct gd_block *block)
{
	struct page *page = virt_to_page(block->slot);
	unsigned int i;

	for (i = 0; block->nr_used && i < GD_BLOCK_PAGES; i++)
		gd_slot_clear(block, &block->slot[i]);
	set_credit(block, 0);
	xa_erase(&block->owner->xa, block->start >> PMD_SHIFT);
	gd_blocks_count(block->owner, GRPDEDUP_CNT_METADATA_BYTES,
			-(s64)GD_BLOCK_BYTES);
	set_page_private(page, 0);
	__free_pages(page, GD_SLOTS_ORDER);
	kfree(block);
}

/* Forget all pages of a member: many millions for a large guest. May sleep. */
void gd_blocks_destroy(struct gd_blocks *blocks)
{
	struct gd_block *block;
	unsigned long index;

	xa_for_each(&blocks->xa, index, block) {
		destroy_block(block);
		cond_resched();
	}
	xa_destroy(&blocks->xa);
	/* The member may outlive the trees: dumps hold references to it. */
	blocks->dedup = NULL;
}

/**
 * gd_blocks_sweep - forget pages that the pass just ended did not find
 * @blocks: the member's; all of its address space was visited
 *
 * May sleep.
 */
void gd_blocks_sweep(struct gd_blocks *blocks)
{
	struct gd_block *block;
	unsigned long index;

	xa_for_each(&blocks->xa, index, block) {
		if (block->pass != blocks->dedup->pass)
			block->next = 0;
		clear_range(block, block->next, GD_BLOCK_PAGES);
		if (!block->nr_used)
			destroy_block(block);
		cond_resched();
	}
}

/* The block of @addr, or NULL. */
struct gd_block *gd_block_find(struct gd_blocks *blocks, unsigned long addr)
{
	return xa_load(&blocks->xa, addr >> PMD_SHIFT);
}

/**
 * gd_block_get - the block of @addr
 * @blocks: the member's
 * @addr: any address
 * @page: a page in it that can be merged, or NULL
 *
 * Return: the block, created if necessary, or NULL, which is counted: no
 * memory, or a reserve of it is left.
 */
struct gd_block *gd_block_get(struct gd_blocks *blocks, unsigned long addr,
			      struct page *page)
{
	struct gd_block *block = gd_block_find(blocks, addr);

	if (block)
		return block;
	if (gd_reserve_is_low() && !(page && gd_reserve_gains(page))) {
		gd_blocks_count(blocks, GRPDEDUP_CNT_SKIP_RESERVE, 1);
		return NULL;
	}
	block = create_block(blocks, addr & GD_BLOCK_MASK);
	if (!block)
		gd_blocks_count(blocks, GRPDEDUP_CNT_SKIP_NOMEM, 1);
	return block;
}

/**
 * gd_block_begin - start to visit the slots [@first, @end)
 * @block: a block; within a pass its parts are visited in rising order
 * @first: index
 * @end: index
 *
 * Slots between the last part and this one are no longer mapped.
 */
void gd_block_begin(struct gd_block *block, unsigned int first,
		    unsigned int end)
{
	u64 pass = block->owner->dedup->pass;

	if (block->pass != pass) {
		block->pass = pass;
		block->next = 0;
		set_credit(block, 0);
	}
	if (first > block->next)
		clear_range(block, block->next, first);
	block->next = end;
}
