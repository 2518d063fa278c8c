// SPDX-License-Identifier: GPL-2.0
/*
 * Keeping a member's memory apart: pages that it shares with other groups or
 * through ksmd are made private; when it leaves, all shared pages are. Runs in
 * the scanner.
 */
#include "dedup.h"
#include "isolate.h"
#include "ksm.h"
#include "member.h"
#include "unshare.h"

static struct gd_frame *own_frame(struct page *page, struct gd_member *member)
{
	return gd_frame_lookup(&member->blocks.dedup->frames, page);
}

static bool is_own_frame(struct page *page, void *member)
{
	return own_frame(page, member);
}

static bool is_worth_keeping(struct page *page, void *member)
{
	struct gd_frame *frame = own_frame(page, member);

	return frame && !frame->lone;
}

static void count(void *member, unsigned int nr)
{
	struct gd_member *m = member;

	gd_blocks_count(&m->blocks, GRPDEDUP_CNT_UNSHARES, nr);
}

/**
 * gd_isolate_block - unshare foreign pages of one block, and lone frames
 * @member: the member; a user reference on its address space is held
 * @addr: an address in the block
 */
void gd_isolate_block(struct gd_member *member, unsigned long addr)
{
	struct gd_unshare un = {
		.keep = is_worth_keeping, .count = count, .arg = member,
	};

	gd_unshare_block(member->mm, addr, &un);
}

/**
 * gd_isolate_join - unshare what a new member shares outside of its group
 * @member: the member
 *
 * That is frames of other groups, and pages of ksmd's, to which its memory is
 * unmergeable from now on. A page of ksmd's that is swapped out or moving at
 * this moment comes back shared, and is unshared when a pass finds it, or
 * gd_isolate_watch().
 *
 * Return: 0, or -errno as of gd_unshare_mm().
 */
int gd_isolate_join(struct gd_member *member)
{
	struct gd_unshare un = {
		.keep = is_own_frame, .count = count, .arg = member,
		.ksm = &member->ksm,
	};
	int err = gd_unshare_mm(member->mm, &un);

	member->exposed = err || un.absent;
	return err;
}

/**
 * gd_isolate_watch - keep ksmd's pages out of a member that no pass visits
 * @member: of a group with rate 0
 */
void gd_isolate_watch(struct gd_member *member)
{
	if (gd_ksm_has_areas(member->mm) || member->exposed)
		gd_isolate_join(member);
}

/**
 * gd_isolate_leave - unshare all frames, the group's own as well
 * @member: the member
 * @pages: increased by the number of mappings unshared
 *
 * Return: 0, or -errno as of gd_unshare_mm().
 */
int gd_isolate_leave(struct gd_member *member, u64 *pages)
{
	struct gd_unshare un = { .count = count, .arg = member };
	int err = gd_unshare_mm(member->mm, &un);

	*pages += un.done;
	return err;
}
