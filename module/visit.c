// SPDX-License-Identifier: GPL-2.0
/*
 * Visiting one block of a member: find the area, take the snapshot, have it
 * planned and merged. Owns the plan. Independent of the group and its scanner:
 * the caller advances from member to member.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "hold.h"
#include "isolate.h"
#include "ksm.h"
#include "lock.h"
#include "member.h"
#include "plan.h"
#include "split.h"
#include "visit.h"
#include "vma.h"

/**
 * gd_visit_init - allocate the working memory; does nothing the second time
 * @visit: zeroed
 * @cnt: the group's counters
 */
int gd_visit_init(struct gd_visit *visit, struct gd_counters *cnt)
{
	if (visit->plan)
		return 0;
	visit->plan = kvzalloc(sizeof(*visit->plan), GFP_KERNEL);
	if (!visit->plan)
		return -ENOMEM;
	gd_counters_add(cnt, GRPDEDUP_CNT_METADATA_BYTES,
			sizeof(*visit->plan));
	return 0;
}

/* Free what is kept from visit to visit: a pass has ended. */
void gd_visit_trim(struct gd_visit *visit)
{
	if (visit->plan)
		gd_merge_put_spares(&visit->plan->batch);
}

void gd_visit_exit(struct gd_visit *visit)
{
	gd_visit_trim(visit);
	kvfree(visit->plan);
	visit->plan = NULL;
}

/* Count an area that is not merged and has no frames. */
static void skip_vma(struct gd_member *member, struct vm_area_struct *vma,
		     enum gd_vma_class class)
{
	member->skipped[class - GD_VMA_SHARED] += vma->vm_end - vma->vm_start;
}

/* A pass over the member's memory has ended: publish what it skipped. */
static void count_skipped(struct gd_member *member)
{
	static const enum grpdedup_counter ids[GD_SKIPPED_CLASSES] = {
		[GD_VMA_SHARED - GD_VMA_SHARED] = GRPDEDUP_CNT_SKIP_VMA_SHARED,
		[GD_VMA_HUGETLB - GD_VMA_SHARED] = GRPDEDUP_CNT_SKIP_VMA_HUGETLB,
		[GD_VMA_FILE - GD_VMA_SHARED] = GRPDEDUP_CNT_SKIP_VMA_FILE,
		[GD_VMA_OTHER - GD_VMA_SHARED] = GRPDEDUP_CNT_SKIP_VMA_OTHER,
	};
	int i;

	for (i = 0; i < GD_SKIPPED_CLASSES; i++) {
		u64 old = gd_counters_read(&member->blocks.cnt, ids[i]);

		gd_blocks_count(&member->blocks, ids[i],
				member->skipped[i] - old);
	}
}

/* The member leaves: nothing of it is skipped any more. */
void gd_visit_forget(struct gd_member *member)
{
	memset(member->skipped, 0, sizeof(member->skipped));
	count_skipped(member);
}

/* Once in a pass: a member that repeats it must not hold up the scan. */
static bool is_to_take(struct gd_member *member, struct vm_area_struct *vma,
		       unsigned long addr)
{
	return vma->vm_flags & VM_MERGEABLE && addr >= member->taken;
}

/*
 * The next area that needs a visit, from *addr on: one that may hold frames,
 * one that ksmd may merge, or a private mapping of a file that it could merge
 * until now. *addr is set to its start, or to where the search continues.
 * *last: there is no such area.
 */
static struct vm_area_struct *next_area(struct gd_member *member,
					unsigned long *addr, bool *last)
{
	VMA_ITERATOR(vmi, member->mm, *addr);
	struct vm_area_struct *vma;
	int n = 0;

	*last = false;
	for_each_vma(vmi, vma) {
		enum gd_vma_class class = gd_vma_classify(vma);

		*addr = max(*addr, vma->vm_start);
		if (class <= GD_VMA_WATCH || is_to_take(member, vma, *addr) ||
		    (class == GD_VMA_FILE && *addr < member->taken))
			return vma;
		skip_vma(member, vma, class);
		*addr = vma->vm_end;
		if (++n == GD_VMAS_PER_HOLD)
			return NULL;
	}
	*last = true;
	return NULL;
}

/*
 * Plan for the snapshot just taken, merge, and unshare foreign pages and frames
 * that have been alone for a while.
 */
static unsigned int work_on(struct gd_visit *visit, struct gd_member *member,
			    enum gd_vma_class class)
{
	struct gd_plan *plan = visit->plan;

	plan->inherited = !member->known;
	plan->split_min = visit->split_min;
	plan->batch.mm = member->mm;
	if (class == GD_VMA_MERGE)
		gd_plan_visit(plan);
	else
		gd_plan_watch(plan, class == GD_VMA_LOCKED ?
				    GRPDEDUP_CNT_SKIP_LOCKED :
				    GRPDEDUP_CNT_UNSPEC);
	gd_plan_execute(plan);
	if (plan->foreign || plan->nr_lone) {
		gd_isolate_block(member, plan->block->start);
		gd_plan_settle_lone(plan);
	}
	return plan->nr_visited;
}

/*
 * Visit the part of an area in one block, and move *addr past it. The mmap read
 * lock is held, and released here.
 */
static unsigned int visit_area(struct gd_visit *visit, struct gd_member *member,
			       struct vm_area_struct *vma, unsigned long *addr)
{
	struct gd_plan *plan = visit->plan;
	unsigned long start = gd_walk_next(member->mm, *addr, vma->vm_end);
	unsigned long end = min3((start & GD_BLOCK_MASK) + GD_BLOCK_SIZE,
				 vma->vm_end, start + visit->bytes_max);
	enum gd_vma_class class = gd_vma_classify(vma);
	bool any;

	if (start == vma->vm_end) {
		mmap_read_unlock(member->mm);
		*addr = start;
		return 0;
	}
	any = gd_walk_snapshot(vma, start, end, &plan->snap);
	mmap_read_unlock(member->mm);
	*addr = start + ((plan->snap.end - plan->snap.first) << PAGE_SHIFT);
	if (!any && !gd_block_find(&member->blocks, start))
		return 0;

	plan->block = gd_block_get(&member->blocks, start,
				   gd_walk_first(&plan->snap));
	if (!plan->block) {
		gd_walk_put(&plan->snap);
		return 0;
	}
	plan->only_pending = false;
	gd_block_begin(plan->block, plan->snap.first, plan->snap.end);
	return work_on(visit, member, class);
}

/*
 * Take one area from ksmd. The visits that follow find what it has merged
 * there, so a member that makes areas mergeable in a loop costs its group's
 * rate only. The mmap read lock is held, and released here.
 */
static enum gd_visit_result take_from_ksm(struct gd_member *member,
					  struct vm_area_struct *vma,
					  unsigned long addr)
{
	unsigned long end = vma->vm_end;

	mmap_read_unlock(member->mm);
	if (!gd_lock_mmap_write(member->mm))
		return GD_VISIT_CONTENDED;
	gd_ksm_take(&member->ksm, member->mm, addr, 1);
	mmap_write_unlock(member->mm);
	member->taken = end;
	return GD_VISIT_MORE;
}

/*
 * Unshare pages of ksmd's in one block of a private mapping of a file, where
 * nothing is merged. The mmap read lock is held, and released here.
 */
static unsigned int visit_file(struct gd_member *member,
			       struct vm_area_struct *vma, unsigned long *addr)
{
	unsigned long start = gd_walk_next(member->mm, *addr, vma->vm_end);
	unsigned long end = min((start & GD_BLOCK_MASK) + GD_BLOCK_SIZE,
				vma->vm_end);

	mmap_read_unlock(member->mm);
	*addr = end;
	if (start == end)
		return 0;
	gd_isolate_block(member, start);
	return (end - start) >> PAGE_SHIFT;
}

static enum gd_visit_result visit_member(struct gd_visit *visit,
					 struct gd_member *member,
					 unsigned int *visited)
{
	unsigned long *addr = &member->addr;
	struct vm_area_struct *vma;
	bool last;

	if (!gd_lock_mmap_read(member->mm))
		return GD_VISIT_CONTENDED;
	vma = next_area(member, addr, &last);
	if (!vma) {
		mmap_read_unlock(member->mm);
		if (!last)
			return GD_VISIT_MORE;
		count_skipped(member);
		return GD_VISIT_END;
	}
	if (is_to_take(member, vma, *addr))
		return take_from_ksm(member, vma, *addr);
	if (gd_vma_classify(vma) <= GD_VMA_WATCH)
		*visited = visit_area(visit, member, vma, addr);
	else
		*visited = visit_file(member, vma, addr);
	return GD_VISIT_MORE;
}

static bool split(struct gd_visit *visit, struct gd_block *block,
		  struct vm_area_struct *vma, unsigned long addr)
{
	if (block->nr_pending < visit->split_min)
		return false;
	if (gd_split_huge(vma, addr)) {
		block->split_fails++;
		return false;
	}
	block->split_fails = 0;
	gd_blocks_count(block->owner, GRPDEDUP_CNT_THP_SPLITS, 1);
	return true;
}

/* Slots still pending after the visit (no split) become GD_BUSY. */
static void give_up(struct gd_block *block)
{
	unsigned int i;

	for (i = 0; i < GD_BLOCK_PAGES; i++) {
		struct gd_slot *slot = &block->slot[i];

		if (gd_slot_state(slot) != GD_PENDING)
			continue;
		gd_slot_set(block, slot, GD_BUSY, gd_tree_digest(&slot->node));
		gd_blocks_count(block->owner, GRPDEDUP_CNT_SKIP_THP, 1);
	}
}

static unsigned int visit_pending_area(struct gd_visit *visit,
				       struct gd_member *member,
				       struct gd_block *block,
				       unsigned long *addr)
{
	unsigned long end = block->start + GD_BLOCK_SIZE;
	struct gd_plan *plan = visit->plan;
	struct vm_area_struct *vma;
	bool whole = false;

	if (!gd_lock_mmap_read(member->mm)) {
		*addr = end;
		return 0;
	}
	vma = find_vma(member->mm, *addr);
	if (!vma || vma->vm_start >= end) {
		*addr = end;
		mmap_read_unlock(member->mm);
		return 0;
	}
	*addr = max(*addr, vma->vm_start);
	end = min(end, vma->vm_end);
	if (gd_vma_classify(vma) != GD_VMA_MERGE) {
		mmap_read_unlock(member->mm);
		*addr = end;
		return 0;
	}
	gd_walk_snapshot(vma, *addr, end, &plan->snap);
	if (plan->snap.huge) {
		gd_walk_put(&plan->snap);
		whole = !split(visit, block, vma, *addr);
		if (!whole)
			gd_walk_snapshot(vma, *addr, end, &plan->snap);
	}
	mmap_read_unlock(member->mm);
	*addr = end;
	/* The huge page was not split: keep what is known of its pages. */
	if (whole || plan->snap.huge) {
		gd_walk_put(&plan->snap);
		return 0;
	}
	plan->block = block;
	plan->only_pending = true;
	return work_on(visit, member, GD_VMA_MERGE);
}

static unsigned int visit_pending_areas(struct gd_visit *visit,
					struct gd_member *member,
					struct gd_block *block)
{
	unsigned long addr = block->start;
	unsigned long end = addr + GD_BLOCK_SIZE;
	unsigned int visited = 0;

	while (addr < end && block->nr_pending)
		visited += visit_pending_area(visit, member, block, &addr);
	return visited;
}

/**
 * gd_visit_pending - merge the pending pages of a block
 * @visit: from gd_visit_init()
 * @block: a block on the pending list; it is removed from it
 *
 * Return: pages visited.
 */
unsigned int gd_visit_pending(struct gd_visit *visit, struct gd_block *block)
{
	struct gd_member *member = container_of(block->owner, struct gd_member,
						blocks);
	unsigned int before, visited = 0;
	struct gd_hold hold;

	if (gd_hold_get(&hold, member->mm)) {
		/* A page may have found its partner earlier in this block. */
		do {
			before = block->nr_pending;
			visited += visit_pending_areas(visit, member, block);
		} while (block->nr_pending && block->nr_pending < before);
		gd_hold_put(&hold);
	}
	if (block->nr_pending)
		give_up(block);
	return visited;
}

/**
 * gd_visit_next - visit the next block of a member
 * @visit: from gd_visit_init()
 * @member: the member; its address is moved past what was visited
 * @visited: set to the number of pages visited, if there were any
 *
 * Return: &enum gd_visit_result.
 */
enum gd_visit_result gd_visit_next(struct gd_visit *visit,
				   struct gd_member *member,
				   unsigned int *visited)
{
	enum gd_visit_result result;
	struct gd_hold hold;

	if (!gd_hold_get(&hold, member->mm))
		return GD_VISIT_GONE;
	result = visit_member(visit, member, visited);
	gd_hold_put(&hold);
	return result;
}
