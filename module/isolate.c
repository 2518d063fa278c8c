// SPDX-License-Identifier: GPL-2.0
/*
 * Keeping a member's memory apart: pages that it shares with other groups or
 * through ksmd are made private; when it leaves, all shared pages are. Runs in
 * the scanner, with a user reference on the member's address space.
 */
#include "dedup.h"
#include "isolate.h"
#include "lock.h"
#include "member.h"
#include "unshare.h"
#include "vma.h"

static bool is_own_frame(struct page *page, void *dedup)
{
	return gd_frame_lookup(&((struct gd_dedup *)dedup)->frames, page);
}

static int unshare(struct gd_member *member, struct gd_unshare *un)
{
	int err = gd_unshare_mm(member->mm, un);

	gd_blocks_count(&member->blocks, GRPDEDUP_CNT_UNSHARES, un->done);
	return err;
}

static int unshare_foreign(struct gd_member *member,
			   int (*then)(struct mm_struct *mm))
{
	struct gd_unshare un = {
		.keep = is_own_frame, .arg = member->blocks.dedup, .then = then,
	};

	return unshare(member, &un);
}

/**
 * gd_isolate_from_groups - unshare the frames of other groups
 * @member: the member
 *
 * Return: 0 if one scan of all of its memory found none, or -errno.
 */
int gd_isolate_from_groups(struct gd_member *member)
{
	return unshare_foreign(member, NULL);
}

/**
 * gd_isolate_from_ksm - the same, and make its areas unmergeable for ksmd
 * @member: the member
 *
 * KSM pages are unshared first: the kernel would unmerge an area in one hold of
 * the lock, invoke the OOM killer if the memory cgroup is full, and on 6.1 skip
 * pages that userfaultfd write-protects.
 *
 * Return: 0, or -errno: -EBUSY if the mmap lock could not be taken.
 */
int gd_isolate_from_ksm(struct gd_member *member)
{
	bool mergeable;

	if (!gd_lock_mmap_read(member->mm))
		return -EBUSY;
	mergeable = gd_vma_is_mergeable(member->mm);
	mmap_read_unlock(member->mm);
	return unshare_foreign(member, mergeable ? gd_vma_take_from_ksm : NULL);
}

/**
 * gd_isolate_all - unshare all frames, the group's own as well
 * @member: the member
 * @pages: increased by the number of mappings unshared
 *
 * Return: 0 if one scan of all of its memory found no frame, or -errno.
 */
int gd_isolate_all(struct gd_member *member, u64 *pages)
{
	struct gd_unshare un = { .keep = NULL };
	int err = unshare(member, &un);

	*pages += un.done;
	return err;
}
