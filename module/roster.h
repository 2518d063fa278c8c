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
 * @member: next one to visit in this pass; NULL when all have been visited
 * @addr: next address in it
 * @dedup: the group's trees and frames
 * @visit: working memory of the visits
 */
struct gd_roster {
	struct list_head	members;
	struct gd_member	*member;
	unsigned long		addr;
	struct gd_dedup		*dedup;
	struct gd_visit		visit;
};

/**
 * struct gd_roster_call - a call about a member, or about all of them
 * @call: its argument is the roster
 * @member: the member, with a reference, or NULL
 * @reason: why the membership ends, &enum grpdedup_reason
 * @keep: leave frames shared
 * @pages: out: mappings unshared
 */
struct gd_roster_call {
	struct gd_call		call;
	struct gd_member	*member;
	enum grpdedup_reason	reason;
	bool			keep;
	u64			pages;
};

void gd_roster_init(struct gd_roster *roster, struct gd_dedup *dedup);
void gd_roster_exit(struct gd_roster *roster);
void gd_roster_rewind(struct gd_roster *roster);
unsigned int gd_roster_visit(struct gd_roster *roster);
void gd_roster_remove_gone(struct gd_roster *roster);

/* Calls */
struct gd_roster_call *gd_roster_call_create(int (*fn)(struct gd_call *call,
						       void *roster),
					     struct gd_member *member);
int gd_roster_join(struct gd_call *call, void *roster);
int gd_roster_leave(struct gd_call *call, void *roster);
int gd_roster_unshare(struct gd_call *call, void *roster);

#endif /* GD_ROSTER_H */
