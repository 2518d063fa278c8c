/* SPDX-License-Identifier: GPL-2.0 */
/* A scanner's members: the list of them, and the cursor of the pass. */
#ifndef GD_ROSTER_H
#define GD_ROSTER_H

#include <linux/grpdedup.h>
#include <linux/list.h>

#include "inbox.h"
#include "visit.h"

struct gd_member;

/**
 * struct gd_roster - the members of a scanner; owned by it
 * @members: list of &struct gd_member
 * @failed: those that could not join
 * @member: next one to visit in this pass; NULL when all have been visited
 * @left_out: this pass has given up a member's memory
 * @watches: number of the watch that is due, or under way
 * @next_watch: when it goes on, ns
 * @dedup: the group's trees and frames
 * @visit: working memory of the visits
 */
struct gd_roster {
	struct list_head	members;
	struct list_head	failed;
	struct gd_member	*member;
	bool			left_out;
	u64			watches;
	u64			next_watch;
	struct gd_dedup		*dedup;
	struct gd_visit		visit;
};

/**
 * struct gd_roster_call - a call about a member, or about all of them
 * @call: its argument is the roster
 * @done: called at the end, with 0 or -errno, in the scanner, or, if the call
 *	was cancelled (-ENOENT), in whatever thread posted it or stopped the
 *	scanner; frees the struct that this is embedded in
 * @member: the member, or NULL; the caller holds a reference until @done
 * @reason: why the membership ends, &enum grpdedup_reason
 * @keep: leave frames shared
 * @force: unshare even if there seems to be no room for the copies
 * @pages: out: mappings unshared
 * @need: out: pages that the copies may take, with -ENOSPC
 * @room: out: pages that the host has for them, with -ENOSPC
 */
struct gd_roster_call {
	struct gd_call		call;
	void			(*done)(struct gd_roster_call *call, int err);
	struct gd_member	*member;
	enum grpdedup_reason	reason;
	bool			keep;
	bool			force;
	u64			pages;
	u64			need;
	u64			room;
};

void gd_roster_init(struct gd_roster *roster, struct gd_dedup *dedup);
void gd_roster_exit(struct gd_roster *roster);
void gd_roster_rewind(struct gd_roster *roster);
unsigned int gd_roster_visit(struct gd_roster *roster);
void gd_roster_remove_gone(struct gd_roster *roster);
void gd_roster_watch(struct gd_roster *roster);

/* Calls */
void gd_roster_join(struct gd_call *call, void *roster);
void gd_roster_leave(struct gd_call *call, void *roster);
void gd_roster_unshare(struct gd_call *call, void *roster);

#endif /* GD_ROSTER_H */
