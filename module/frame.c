// SPDX-License-Identifier: GPL-2.0
/*
 * Frames: the shared pages of a group, and its stable tree. Independent of
 * members and page tables.
 *
 * A frame is an order-0 page of our own, never one of a member (a member that
 * chose the page could choose the memory cells that hold another member's
 * data). The kernel counts its mappings; when only our reference is left,
 * put_page() frees it like any other page.
 */
#include <linux/mm.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "fault.h"
#include "frame.h"
#include "page.h"

/* Longest run of equal digests compared: a member can provoke collisions. */
#define GD_PROBES_MAX	8
/*
 * Frames to check for mappings per call: 1/PART of all, at least MIN, and MORE
 * for each frame that is freed.
 */
#define GD_REAP_PART	64
#define GD_REAP_MIN	4096
#define GD_REAP_MORE	16

static const struct rhashtable_params table_params = {
	.key_len	= sizeof(unsigned long),
	.key_offset	= offsetof(struct gd_frame, pfn),
	.head_offset	= offsetof(struct gd_frame, hash),
	.automatic_shrinking = true,
};

int gd_frames_init(struct gd_frames *frames, struct gd_counters *cnt)
{
	frames->stable = GD_TREE_INIT;
	frames->cnt = cnt;
	INIT_LIST_HEAD(&frames->idle);
	INIT_LIST_HEAD(&frames->used);
	return rhashtable_init(&frames->table, &table_params);
}

static bool has_page(const struct gd_frame *frame)
{
	return frame->pfn != GD_PFN_NONE;
}

/* Pages that are still mapped stay valid: they are ordinary kernel pages. */
void gd_frames_destroy(struct gd_frames *frames)
{
	struct gd_frame *frame, *next;

	frames->stable = GD_TREE_INIT;
	rhashtable_destroy(&frames->table);
	list_splice_init(&frames->used, &frames->idle);
	list_for_each_entry_safe(frame, next, &frames->idle, link) {
		if (has_page(frame))
			put_page(gd_frame_page(frame));
		kfree(frame);
		cond_resched();
	}
}

/* How many PTEs map the frame, of members or not; it has its page. */
int gd_frame_mappings(const struct gd_frame *frame)
{
	return gd_folio_mapcount(page_folio(gd_frame_page(frame)));
}

static void tree_add(struct gd_frames *frames, struct gd_frame *frame)
{
	if (frame->in_tree || frame->retired)
		return;
	gd_tree_insert(&frames->stable, &frame->node);
	frame->in_tree = true;
}

static void tree_remove(struct gd_frames *frames, struct gd_frame *frame)
{
	if (!frame->in_tree)
		return;
	gd_tree_erase(&frames->stable, &frame->node);
	frame->in_tree = false;
}

/**
 * gd_frame_create - a new frame with the content of a page
 * @frames: the group's
 * @src: page to copy; may change meanwhile, merging compares again
 * @digest: its digest
 *
 * Return: the frame, idle, or NULL: no memory, or the limit is reached.
 */
struct gd_frame *gd_frame_create(struct gd_frames *frames, struct page *src,
				 u64 digest)
{
	u64 max = frames->max;
	struct gd_frame *frame;
	struct page *page;

	if (max && frames->nr >= max)
		return NULL;
	frame = kzalloc(sizeof(*frame), GD_GFP_CHARGED);
	if (!frame)
		return NULL;
	page = gd_page_alloc();
	if (!page)
		goto err_free;
	if (gd_page_copy(page, src))
		goto err_put;
	frame->pfn = page_to_pfn(page);
	frame->node.word = digest << GD_TAG_BITS;
	frame->zero = gd_page_is_zero(page);
	if (rhashtable_insert_fast(&frames->table, &frame->hash, table_params))
		goto err_put;
	list_add_tail(&frame->link, &frames->idle);
	tree_add(frames, frame);
	frames->nr++;
	gd_counters_add(frames->cnt, GRPDEDUP_CNT_METADATA_BYTES,
			sizeof(*frame));
	return frame;

err_put:
	put_page(page);
err_free:
	kfree(frame);
	return NULL;
}

static void free_page_of(struct gd_frames *frames, struct gd_frame *frame)
{
	tree_remove(frames, frame);
	rhashtable_remove_fast(&frames->table, &frame->hash, table_params);
	put_page(gd_frame_page(frame));
	frame->pfn = GD_PFN_NONE;
	frames->nr--;
}

static void destroy_frame(struct gd_frames *frames, struct gd_frame *frame)
{
	list_del(&frame->link);
	gd_counters_add(frames->cnt, GRPDEDUP_CNT_METADATA_BYTES,
			-(s64)sizeof(*frame));
	kfree(frame);
}

/**
 * gd_frame_lookup - is @page a frame of this group?
 * @frames: the group's
 * @page: any page
 */
struct gd_frame *gd_frame_lookup(struct gd_frames *frames, struct page *page)
{
	unsigned long pfn = page_to_pfn(page);

	return rhashtable_lookup_fast(&frames->table, &pfn, table_params);
}

/*
 * Is there room for one more mapping? A full frame leaves the tree, so that the
 * next page of this content starts a twin. One that only planned merges would
 * make full stays, as they may fail.
 */
static bool usable(struct gd_frames *frames, struct gd_frame *frame)
{
	int nr = gd_frame_mappings(frame);

	if (unlikely(PageHWPoison(gd_frame_page(frame))))
		frame->retired = true;
	else if (nr < GD_FRAME_MAPPINGS_MAX)
		return nr + frame->planned < GD_FRAME_MAPPINGS_MAX;
	tree_remove(frames, frame);
	return false;
}

/* The first frame from @node on with the same digest and room, or NULL. */
static struct gd_frame *next_usable(struct gd_frames *frames,
				    struct gd_tree_node *node)
{
	struct gd_tree_node *next;
	int probes;

	for (probes = 0; node && probes < GD_PROBES_MAX; probes++) {
		next = gd_tree_next(node);
		if (usable(frames, gd_frame_of(node)))
			return gd_frame_of(node);
		node = next;
	}
	return NULL;
}

/**
 * gd_frame_match - find a frame with the content of a page
 * @frames: the group's
 * @page: the page
 * @digest: its digest
 *
 * Compares bytes only if there is a choice: merging compares them anyway.
 */
struct gd_frame *gd_frame_match(struct gd_frames *frames, struct page *page,
				u64 digest)
{
	struct gd_frame *frame, *other;
	int probes;

	frame = next_usable(frames, gd_tree_first(&frames->stable, digest));
	if (!frame)
		return NULL;
	other = next_usable(frames, gd_tree_next(&frame->node));
	if (!other)
		return frame;
	for (probes = 0; frame && probes < GD_PROBES_MAX; probes++) {
		if (gd_page_equals(gd_frame_page(frame), page))
			return frame;
		frame = next_usable(frames, gd_tree_next(&frame->node));
	}
	return NULL;
}

/* One more page slot is known to map @frame. */
void gd_frame_use(struct gd_frames *frames, struct gd_frame *frame)
{
	if (frame->users++) {
		gd_counters_add(frames->cnt, GRPDEDUP_CNT_PAGES_SHARING, 1);
		return;
	}
	gd_counters_add(frames->cnt, GRPDEDUP_CNT_PAGES_SHARED, 1);
	list_move_tail(&frame->link, &frames->used);
}

/* One page slot less; at half the limit a full frame returns to the tree. */
void gd_frame_unuse(struct gd_frames *frames, struct gd_frame *frame)
{
	if (gd_fault(!frame->users))
		return;
	if (has_page(frame) && gd_frame_mappings(frame) < GD_FRAME_MAPPINGS_MAX / 2)
		tree_add(frames, frame);
	if (--frame->users) {
		gd_counters_add(frames->cnt, GRPDEDUP_CNT_PAGES_SHARING, -1);
		return;
	}
	gd_counters_add(frames->cnt, GRPDEDUP_CNT_PAGES_SHARED, -1);
	list_move_tail(&frame->link, &frames->idle);
}

/*
 * Only the scanner maps frames, and a page that is not mapped can get no new
 * reference: a count of one, ours, is final.
 */
static bool free_if_unmapped(struct gd_frames *frames, struct gd_frame *frame)
{
	bool unmapped = has_page(frame) &&
			page_ref_count(gd_frame_page(frame)) == 1;

	if (unmapped)
		free_page_of(frames, frame);
	if (!frame->slots && !has_page(frame))
		destroy_frame(frames, frame);
	return unmapped;
}

static void reap(struct gd_frames *frames, struct list_head *list)
{
	u64 left = max_t(u64, frames->nr / GD_REAP_PART, GD_REAP_MIN);
	struct gd_frame *frame;
	LIST_HEAD(looked_at);

	while (left-- && !list_empty(list)) {
		frame = list_first_entry(list, struct gd_frame, link);
		list_move_tail(&frame->link, &looked_at);
		if (free_if_unmapped(frames, frame))
			left += GD_REAP_MORE;
		cond_resched();
	}
	list_splice_tail(&looked_at, list);
}

/**
 * gd_frames_reap_idle - free the idle frames that are not mapped
 * @frames: the group's; no merge is planned
 *
 * May sleep.
 */
void gd_frames_reap_idle(struct gd_frames *frames)
{
	reap(frames, &frames->idle);
}

/**
 * gd_frames_reap_all - free the pages of all frames that are not mapped
 * @frames: the group's; no merge is planned
 *
 * Once all mappings of a frame have been written to, its page is pure overhead.
 * It must not wait for the next visit of these pages, which may be hours away,
 * or never come (the group is paused). May sleep.
 */
void gd_frames_reap_all(struct gd_frames *frames)
{
	reap(frames, &frames->idle);
	reap(frames, &frames->used);
}
