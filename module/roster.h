/* SPDX-License-Identifier: GPL-2.0 */
/* A scanner's list of members: joining, leaving, and noticing who is gone. */
#ifndef GD_ROSTER_H
#define GD_ROSTER_H

#include <linux/grpdedup.h>
#include <linux/types.h>

struct gd_call;
struct gd_group;
struct gd_member;

/* Calls, run by the scanner */
void gd_roster_enter(struct gd_group *group, struct gd_call *call);
void gd_roster_leave(struct gd_group *group, struct gd_call *call);
void gd_roster_unshare(struct gd_group *group, struct gd_call *call);

void gd_roster_check(struct gd_group *group);
void gd_roster_gone(struct gd_group *group, struct gd_member *member);
void gd_roster_clear(struct gd_group *group);
struct gd_member *gd_roster_next(struct gd_group *group,
				 struct gd_member *member);
int gd_roster_claim(struct gd_group *group, struct gd_member *member);
int gd_roster_unshare_foreign(struct gd_group *group, struct gd_member *member);

#endif /* GD_ROSTER_H */
