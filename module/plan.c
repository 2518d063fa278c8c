// SPDX-License-Identifier: GPL-2.0
/*
 * Deciding what to merge in one block, and accounting for the results.
 * Snapshot, digests, trees and merging meet here; no lock of the member is
 * held.
 *
 * A page whose digest is the same as at its last visit is looked up in the
 * stable tree. A hit is a merge. If there is none, the unstable tree is
 * searched: a hit there is a page of equal content elsewhere; a frame is made,
 * this page is merged now with its neighbours, and the other one waits
 * (%GD_PENDING) until its own block is visited. Else the page goes into the
 * unstable tree, where it stays as long as its digest does: a steady pass costs
 * hashing and nothing else.
 *
 * Nothing here has to be right for memory to stay right: merging compares bytes
 * once they cannot be written.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "dedup.h"
#include "page.h"
#include "plan.h"
#include "reserve.h"

/* Failed merges in a row before a page is left alone for a while. */
#define GD_FAILS_FREE	3
/* The longest rest is 2^5 passes. */
#define GD_REST_SHIFT	5
/* Visits that find a frame alone before it is unshared. */
#define GD_LONE_VISITS	3

static void count(struct gd_plan *plan, enum grpdedup_counter id, s64 n)
{
	gd_blocks_count(plan->block->owner, id, n);
}

/* A page that cannot be merged (a long-term pin) is tried less often. */
static bool is_resting(const struct gd_slot *slot, u64 pass)
{
	unsigned int fails = gd_slot_fails(slot);
	unsigned int shift;

	if (fails < GD_FAILS_FREE)
		return false;
	shift = min_t(unsigned int, fails - GD_FAILS_FREE + 1, GD_REST_SHIFT);
	return pass & ((1 << shift) - 1);
}

static void forget(struct gd_plan *plan, struct gd_slot *slot)
{
	if (gd_slot_state(slot) == GD_SHARED)
		count(plan, GRPDEDUP_CNT_COW_BREAKS, 1);
	gd_slot_clear(plan->block, slot);
}

static void add_merge(struct gd_plan *plan, unsigned int i,
		      struct gd_frame *frame)
{
	struct gd_merge *m = &plan->batch.merge[plan->batch.nr];

	*m = (struct gd_merge){
		.addr = plan->block->start + i * PAGE_SIZE,
		.page = plan->snap.page[i],
		.target = gd_frame_page(frame),
	};
	/* The snapshot's reference passes to the merge. */
	plan->snap.kind[i] = GD_KIND_NONE;
	plan->slot[plan->batch.nr] = &plan->block->slot[i];
	plan->frame[plan->batch.nr] = frame;
	plan->batch.nr++;
	frame->planned++;
}

/*
 * @partner has the digest of the page being visited: merge it at its own next
 * visit, which compares the bytes.
 */
static void mark_pending(struct gd_plan *plan, struct gd_slot *partner)
{
	gd_slot_set(gd_block_of(partner), partner, GD_PENDING,
		    gd_tree_digest(&partner->node));
}

static struct gd_slot *find_partner(struct gd_plan *plan, u64 digest)
{
	struct gd_tree_node *node;

	node = gd_tree_first(&plan->block->owner->dedup->unstable, digest);
	return node ? container_of(node, struct gd_slot, node) : NULL;
}

/* May a frame be made for a page? Counts the page if not. */
static bool has_reserve(struct gd_plan *plan, struct page *page)
{
	if (!plan->reserve_is_low || gd_reserve_gains(page))
		return true;
	count(plan, GRPDEDUP_CNT_SKIP_RESERVE, 1);
	return false;
}

/* In a huge page only count the matches: they must justify the split. */
static void match_huge(struct gd_plan *plan, unsigned int i, u64 digest)
{
	struct gd_frames *frames = &plan->block->owner->dedup->frames;
	struct gd_slot *slot = &plan->block->slot[i];
	struct page *page = plan->snap.page[i];
	bool has_frame = gd_frame_match(frames, page, digest);

	if (!has_frame && !find_partner(plan, digest))
		gd_slot_set(plan->block, slot, GD_UNSTABLE, digest);
	else if (has_frame || has_reserve(plan, page))
		plan->slot[plan->nr_wanted++] = slot;
	else
		gd_slot_set(plan->block, slot, GD_BUSY, digest);
}

static struct gd_frame *create_frame(struct gd_plan *plan, struct page *page,
				     u64 digest)
{
	struct gd_frames *frames = &plan->block->owner->dedup->frames;
	struct gd_frame *frame;

	if (!has_reserve(plan, page))
		return NULL;
	frame = gd_frame_create(frames, page, digest);
	if (!frame)
		count(plan, GRPDEDUP_CNT_SKIP_NOMEM, 1);
	return frame;
}

static void match(struct gd_plan *plan, unsigned int i, u64 digest)
{
	struct gd_frames *frames = &plan->block->owner->dedup->frames;
	struct gd_slot *slot = &plan->block->slot[i];
	struct page *page = plan->snap.page[i];
	struct gd_slot *partner = find_partner(plan, digest);
	struct gd_frame *frame;

	frame = gd_frame_match(frames, page, digest);
	if (!frame && !partner) {
		gd_slot_set(plan->block, slot, GD_UNSTABLE, digest);
		return;
	}
	if (!frame)
		frame = create_frame(plan, page, digest);
	if (!frame) {
		gd_slot_set(plan->block, slot, GD_BUSY, digest);
		return;
	}
	if (partner)
		mark_pending(plan, partner);
	add_merge(plan, i, frame);
}

static void visit_anon(struct gd_plan *plan, unsigned int i)
{
	struct gd_dedup *dedup = plan->block->owner->dedup;
	struct gd_slot *slot = &plan->block->slot[i];
	u64 digest = gd_page_hash(plan->snap.page[i], dedup->seed);

	plan->nr_visited++;
	if (gd_slot_state(slot) == GD_SHARED)
		forget(plan, slot);
	if (gd_slot_state(slot) == GD_EMPTY ||
	    gd_tree_digest(&slot->node) != digest)
		gd_slot_set(plan->block, slot, GD_VOLATILE, digest);
	else if (gd_slot_state(slot) == GD_UNSTABLE ||
		 is_resting(slot, dedup->pass))
		return;
	else if (plan->snap.huge)
		match_huge(plan, i, digest);
	else
		match(plan, i, digest);
}

/*
 * A frame that only this page maps saves nothing, and can be neither swapped
 * nor moved. Another page of its content may turn up: wait for some visits.
 */
static void watch_lone(struct gd_plan *plan, struct gd_slot *slot)
{
	struct gd_frame *frame = slot->frame;

	if (frame->users > 1 || frame->slots > 1 || frame->planned ||
	    gd_frame_mappings(frame) > 1) {
		gd_slot_reset_fails(slot);
		return;
	}
	gd_slot_fail(slot);
	if (gd_slot_fails(slot) < GD_LONE_VISITS)
		return;
	frame->lone = true;
	plan->lone[plan->nr_lone++] = slot;
}

static void visit_frame(struct gd_plan *plan, unsigned int i)
{
	struct gd_slot *slot = &plan->block->slot[i];
	struct page *page = plan->snap.page[i];
	struct gd_frame *frame;

	if (gd_slot_state(slot) == GD_SHARED &&
	    slot->frame->pfn == page_to_pfn(page)) {
		plan->nr_visited++;
		gd_block_credit_saving(plan->block, slot);
		watch_lone(plan, slot);
		return;
	}
	frame = gd_frame_lookup(&plan->block->owner->dedup->frames, page);
	if (gd_slot_state(slot) == GD_SHARED || !frame)
		forget(plan, slot);
	if (!frame) {
		plan->foreign = true;
		return;
	}
	plan->nr_visited++;
	gd_slot_share(plan->block, slot, frame, !plan->inherited);
	gd_block_credit_saving(plan->block, slot);
}

/* Is the huge page worth a split? Then its matches become pending. */
static void decide_split(struct gd_plan *plan)
{
	bool split = plan->nr_wanted >= plan->split_min &&
		     !(plan->block->owner->dedup->pass &
		       ((1 << min_t(u8, plan->block->split_fails,
				    GD_REST_SHIFT)) - 1));
	unsigned int i;

	for (i = 0; i < plan->nr_wanted; i++)
		gd_slot_set(plan->block, plan->slot[i],
			    split ? GD_PENDING : GD_BUSY,
			    gd_tree_digest(&plan->slot[i]->node));
	if (!split)
		count(plan, GRPDEDUP_CNT_SKIP_THP, plan->nr_wanted);
}

static void begin_plan(struct gd_plan *plan)
{
	plan->foreign = false;
	plan->reserve_is_low = gd_reserve_is_low();
	plan->nr_visited = 0;
	plan->nr_lone = 0;
	plan->nr_wanted = 0;
	plan->batch.nr = 0;
	plan->batch.zaps = 0;
}

/**
 * gd_plan_visit - visit the pages of a snapshot and plan merges
 * @plan: block, snapshot and settings are set; the area is %GD_VMA_MERGE
 */
void gd_plan_visit(struct gd_plan *plan)
{
	struct gd_snapshot *snap = &plan->snap;
	unsigned int i;

	begin_plan(plan);
	for (i = snap->first; i < snap->end; i++) {
		struct gd_slot *slot = &plan->block->slot[i];

		if (plan->only_pending && gd_slot_state(slot) != GD_PENDING)
			continue;
		switch (snap->kind[i]) {
		case GD_KIND_ANON:
			visit_anon(plan, i);
			break;
		case GD_KIND_FRAME:
			visit_frame(plan, i);
			break;
		case GD_KIND_SWAPCACHE:
			count(plan, GRPDEDUP_CNT_SKIP_SWAPCACHE, 1);
			fallthrough;
		default:
			forget(plan, slot);
		}
	}
	if (snap->huge)
		decide_split(plan);
	count(plan, GRPDEDUP_CNT_PAGES_SCANNED, plan->nr_visited);
}

/**
 * gd_plan_watch - follow the frames in an area that is not to be merged
 * @plan: block and snapshot are set
 * @skipped: counter of the other pages, or %GRPDEDUP_CNT_UNSPEC
 */
void gd_plan_watch(struct gd_plan *plan, enum grpdedup_counter skipped)
{
	struct gd_snapshot *snap = &plan->snap;
	unsigned int i;

	begin_plan(plan);
	for (i = snap->first; i < snap->end; i++) {
		if (snap->kind[i] == GD_KIND_FRAME) {
			visit_frame(plan, i);
			continue;
		}
		forget(plan, &plan->block->slot[i]);
		if (skipped && snap->kind[i] != GD_KIND_NONE)
			count(plan, skipped, 1);
	}
	count(plan, GRPDEDUP_CNT_PAGES_SCANNED, plan->nr_visited);
}

/* The counter of a failed merge, and the new state of the page. */
static enum grpdedup_counter failure(u8 result, enum gd_state *state)
{
	*state = GD_EMPTY;
	switch (result) {
	case GD_MERGE_BUSY:
		*state = GD_BUSY;
		return GRPDEDUP_CNT_SKIP_BUSY;
	case GD_MERGE_NOMEM:
		*state = GD_BUSY;
		return GRPDEDUP_CNT_SKIP_NOMEM;
	case GD_MERGE_CONTENDED:
		*state = GD_BUSY;
		return GRPDEDUP_CNT_SKIP_CONTENDED;
	case GD_MERGE_SWAPCACHE:
		return GRPDEDUP_CNT_SKIP_SWAPCACHE;
	case GD_MERGE_RACED:
		*state = GD_BUSY;
		return GRPDEDUP_CNT_SKIP_RACED;
	default:
		return GRPDEDUP_CNT_UNSPEC;
	}
}

static void book_failure(struct gd_plan *plan, struct gd_slot *slot, u8 result)
{
	enum gd_state state;
	enum grpdedup_counter id = failure(result, &state);

	if (id)
		count(plan, id, 1);
	if (state == GD_EMPTY) {
		gd_slot_clear(plan->block, slot);
		return;
	}
	gd_slot_set(plan->block, slot, state, gd_tree_digest(&slot->node));
	/* Colliding digests look like a lost race, and back off too. */
	if (result == GD_MERGE_BUSY || result == GD_MERGE_RACED)
		gd_slot_fail(slot);
}

static void book(struct gd_plan *plan, struct gd_merge *m,
		 struct gd_slot *slot, struct gd_frame *frame)
{
	if (m->result != GD_MERGE_DONE) {
		book_failure(plan, slot, m->result);
		return;
	}
	gd_slot_share(plan->block, slot, frame, m->freed);
	gd_block_credit_saving(plan->block, slot);
	count(plan, GRPDEDUP_CNT_MERGES, 1);
	if (m->large)
		count(plan, GRPDEDUP_CNT_LARGE_MERGES, 1);
}

/* Drop the merges' references, in batches: most are the last ones. */
static void release(struct gd_merge_batch *batch)
{
	unsigned int i, n;

	for (i = 0; i < batch->nr; i += n) {
		for (n = 0; n < GD_MERGE_BATCH && i + n < batch->nr; n++)
			batch->page[n] = batch->merge[i + n].page;
		release_pages(batch->page, n);
	}
}

/**
 * gd_plan_execute - merge what was planned and account for the results
 * @plan: from gd_plan_visit(); the batch's mm is set
 *
 * Also drops the references of the snapshot, and does so first: to the merge,
 * each reference that it does not know of is a pin.
 */
void gd_plan_execute(struct gd_plan *plan)
{
	struct gd_merge_batch *batch = &plan->batch;
	unsigned int i;

	gd_walk_put(&plan->snap);
	if (!batch->nr)
		return;
	gd_merge_run(batch);
	for (i = 0; i < batch->nr; i++) {
		plan->frame[i]->planned--;
		book(plan, &batch->merge[i], plan->slot[i], plan->frame[i]);
	}
	release(batch);
	count(plan, GRPDEDUP_CNT_ZAPS, batch->zaps);
}

/**
 * gd_plan_settle_lone - record which lone frames were unshared
 * @plan: after gd_isolate_block()
 *
 * The page keeps the frame's content, so its digest is known, and unique.
 */
void gd_plan_settle_lone(struct gd_plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->nr_lone; i++) {
		struct gd_slot *slot = plan->lone[i];
		struct gd_frame *frame = slot->frame;

		frame->lone = false;
		if (gd_frame_mappings(frame))
			continue;
		gd_slot_set(plan->block, slot, GD_UNSTABLE,
			    gd_tree_digest(&frame->node));
		count(plan, GRPDEDUP_CNT_LONE_UNSHARES, 1);
	}
}
