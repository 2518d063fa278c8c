// SPDX-License-Identifier: GPL-2.0
/*
 * Visiting one block of a member: find the area, take the snapshot, have it
 * planned and merged, and move the cursor on.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "group.h"
#include "lock.h"
#include "plan.h"
#include "roster.h"
#include "scan.h"
#include "split.h"
#include "visit.h"
#include "vma.h"

/* Areas to look at for one hold of the mmap lock. */
#define GD_VMAS_PER_STEP	64
/* At least, if there is anything to visit. */
#define GD_STEPS_PER_SECOND	20

/**
 * struct visit - what a visit holds of a member
 * @memcg: the memory cgroup that is charged for the visit's allocations
 * @old: the one that was active before
 */
struct visit {
	struct mem_cgroup	*memcg;
	struct mem_cgroup	*old;
};

/* The address space stays alive until release_member(): never longer than one block. */
static bool hold_member(struct gd_member *member, struct visit *visit)
{
	if (!mmget_not_zero(member->mm))
		return false;
	visit->memcg = get_mem_cgroup_from_mm(member->mm);
	visit->old = set_active_memcg(visit->memcg);
	return true;
}

static void release_member(struct gd_member *member, struct visit *visit)
{
	set_active_memcg(visit->old);
	mem_cgroup_put(visit->memcg);
	mmput_async(member->mm);
}

static void end_member(struct gd_group *group, bool complete)
{
	struct gd_scan *scan = group->scan;
	struct gd_member *member = scan->member;

	if (complete) {
		gd_blocks_sweep(&member->blocks);
		member->passes++;
	} else {
		gd_blocks_count(&member->blocks, GRPDEDUP_CNT_SKIP_CONTENDED, 1);
	}
	scan->member = gd_roster_next(group, member);
	scan->addr = 0;
}

/* Counts an area without frames that is not merged. */
static void skip_vma(struct gd_member *member, struct vm_area_struct *vma,
		     enum gd_vma_class class)
{
	enum grpdedup_counter id = GRPDEDUP_CNT_SKIP_VMA_OTHER;

	if (class == GD_VMA_SHARED)
		id = GRPDEDUP_CNT_SKIP_VMA_SHARED;
	else if (class == GD_VMA_HUGETLB)
		id = GRPDEDUP_CNT_SKIP_VMA_HUGETLB;
	gd_blocks_count(&member->blocks, id, vma_pages(vma));
}

/*
 * The next area that frames may be in, from *addr on; *addr is moved to it, or to
 * where the search goes on. *last says that there is none, *mergeable that ksmd
 * may merge one of those looked at: also private mappings of files are such.
 */
static struct vm_area_struct *next_area(struct gd_member *member,
					unsigned long *addr, bool *last,
					bool *mergeable)
{
	VMA_ITERATOR(vmi, member->mm, *addr);
	struct vm_area_struct *vma;
	int n = 0;

	*last = false;
	*mergeable = false;
	for_each_vma(vmi, vma) {
		enum gd_vma_class class = gd_vma_classify(vma);

		*mergeable |= !!(vma->vm_flags & VM_MERGEABLE);
		*addr = max(*addr, vma->vm_start);
		if (class <= GD_VMA_WATCH)
			return vma;
		skip_vma(member, vma, class);
		*addr = vma->vm_end;
		if (++n == GD_VMAS_PER_STEP)
			return NULL;
	}
	*last = true;
	return NULL;
}

/* Plans for the snapshot just taken, merges, and looks for foreign frames. */
static unsigned int work_on(struct gd_group *group, struct gd_member *member,
			    enum gd_vma_class class)
{
	struct gd_plan *plan = group->scan->plan;

	plan->inherited = !member->passes;
	plan->split_min = READ_ONCE(group->set.split_min);
	plan->batch.mm = member->mm;
	if (class == GD_VMA_MERGE)
		gd_plan_visit(plan);
	else
		gd_plan_watch(plan, class == GD_VMA_LOCKED ?
				    GRPDEDUP_CNT_SKIP_LOCKED :
				    GRPDEDUP_CNT_UNSPEC);
	gd_plan_execute(plan);
	if (plan->foreign)
		gd_roster_unshare_foreign(group, member);
	return plan->nr_visited;
}

/* At a low rate, work comes in small steps rather than in a block per second. */
static unsigned long step_bytes(struct gd_group *group)
{
	u32 rate = READ_ONCE(group->set.rate);

	if (gd_group_scan_wanted(group))
		return GD_BLOCK_SIZE;
	return clamp_t(unsigned long, rate / GD_STEPS_PER_SECOND, 1,
		       GD_BLOCK_PAGES) << PAGE_SHIFT;
}

/* Visit what one area has in one block; the mmap read lock is held, and dropped. */
static unsigned int visit_area(struct gd_group *group, struct gd_member *member,
			       struct vm_area_struct *vma)
{
	struct gd_scan *scan = group->scan;
	struct gd_plan *plan = scan->plan;
	unsigned long start = gd_walk_next(member->mm, scan->addr,
					   vma->vm_end);
	unsigned long end = min3((start & GD_BLOCK_MASK) + GD_BLOCK_SIZE,
				 vma->vm_end, start + step_bytes(group));
	enum gd_vma_class class = gd_vma_classify(vma);
	bool any;

	if (start == vma->vm_end) {
		mmap_read_unlock(member->mm);
		scan->addr = start;
		return 0;
	}
	any = gd_walk_snapshot(vma, start, end, &plan->snap);
	mmap_read_unlock(member->mm);
	scan->addr = start +
		     ((plan->snap.end - plan->snap.first) << PAGE_SHIFT);
	if (!any && !gd_block_find(&member->blocks, start))
		return 0;

	plan->block = gd_block_get(&member->blocks, start);
	if (!plan->block) {
		gd_blocks_count(&member->blocks, GRPDEDUP_CNT_SKIP_NOMEM, 1);
		gd_walk_put(&plan->snap);
		return 0;
	}
	plan->only_pending = false;
	gd_block_begin(plan->block, plan->snap.first, plan->snap.end);
	return work_on(group, member, class);
}

static unsigned int visit_member(struct gd_group *group,
				 struct gd_member *member)
{
	struct gd_scan *scan = group->scan;
	struct vm_area_struct *vma;
	bool last, mergeable;

	if (!gd_lock_mmap_read(member->mm)) {
		end_member(group, false);
		return 0;
	}
	vma = next_area(member, &scan->addr, &last, &mergeable);
	if (mergeable) {
		mmap_read_unlock(member->mm);
		if (gd_roster_claim(group, member) ||
		    !gd_lock_mmap_read(member->mm)) {
			end_member(group, false);
			return 0;
		}
		/* Once: offering it to ksmd again and again must not stop us. */
		vma = next_area(member, &scan->addr, &last, &mergeable);
	}
	if (vma)
		return visit_area(group, member, vma);
	mmap_read_unlock(member->mm);
	if (last)
		end_member(group, true);
	return 0;
}

static bool split(struct gd_group *group, struct gd_block *block,
		  struct vm_area_struct *vma, unsigned long addr)
{
	if (block->nr_pending < READ_ONCE(group->set.split_min))
		return false;
	if (gd_split_huge(vma, addr)) {
		block->split_fails++;
		return false;
	}
	block->split_fails = 0;
	gd_blocks_count(block->owner, GRPDEDUP_CNT_THP_SPLITS, 1);
	return true;
}

/* What still waits after a visit (the huge page stays) waits no longer. */
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

static unsigned int visit_pending_area(struct gd_group *group,
				       struct gd_member *member,
				       struct gd_block *block,
				       unsigned long *addr)
{
	unsigned long end = block->start + GD_BLOCK_SIZE;
	struct gd_plan *plan = group->scan->plan;
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
		whole = !split(group, block, vma, *addr);
		if (!whole)
			gd_walk_snapshot(vma, *addr, end, &plan->snap);
	}
	mmap_read_unlock(member->mm);
	*addr = end;
	/* Its pages are as they were: they are not to be forgotten. */
	if (whole || plan->snap.huge) {
		gd_walk_put(&plan->snap);
		return 0;
	}
	plan->block = block;
	plan->only_pending = true;
	return work_on(group, member, GD_VMA_MERGE);
}

static unsigned int visit_pending_areas(struct gd_group *group,
					struct gd_member *member,
					struct gd_block *block)
{
	unsigned long addr = block->start;
	unsigned long end = addr + GD_BLOCK_SIZE;
	unsigned int visited = 0;

	while (addr < end && block->nr_pending)
		visited += visit_pending_area(group, member, block, &addr);
	return visited;
}

/**
 * gd_visit_pending - merge what waits in a block
 * @group: the group
 * @block: one of its pending blocks; afterwards it is not pending any more
 *
 * Return: pages visited.
 */
unsigned int gd_visit_pending(struct gd_group *group, struct gd_block *block)
{
	struct gd_member *member = container_of(block->owner, struct gd_member,
						blocks);
	unsigned int before, visited = 0;
	struct visit visit;

	if (hold_member(member, &visit)) {
		/* A page may have found its partner earlier in this block. */
		do {
			before = block->nr_pending;
			visited += visit_pending_areas(group, member, block);
		} while (block->nr_pending && block->nr_pending < before);
		release_member(member, &visit);
	}
	if (block->nr_pending)
		give_up(block);
	return visited;
}

/**
 * gd_visit_next - visit the next block of the member that the cursor is at
 * @group: the group; the cursor is at a member
 *
 * Return: pages visited.
 */
unsigned int gd_visit_next(struct gd_group *group)
{
	struct gd_member *member = group->scan->member;
	unsigned int visited;
	struct visit visit;

	if (!hold_member(member, &visit)) {
		gd_roster_gone(group, member);
		return 0;
	}
	visited = visit_member(group, member);
	release_member(member, &visit);
	return visited;
}
