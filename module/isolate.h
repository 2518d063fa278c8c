/* SPDX-License-Identifier: GPL-2.0 */
/* Keeping a member's memory apart from other groups and from ksmd. */
#ifndef GD_ISOLATE_H
#define GD_ISOLATE_H

#include <linux/types.h>

struct gd_member;

void gd_isolate_block(struct gd_member *member, unsigned long addr);
int gd_isolate_join(struct gd_member *member);
void gd_isolate_watch(struct gd_member *member);
int gd_isolate_leave(struct gd_member *member, u64 *pages);

#endif /* GD_ISOLATE_H */
