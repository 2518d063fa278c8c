/* SPDX-License-Identifier: GPL-2.0 */
/* Keeping a member's memory apart from other groups and from ksmd. */
#ifndef GD_ISOLATE_H
#define GD_ISOLATE_H

#include <linux/types.h>

struct gd_member;

int gd_isolate_from_groups(struct gd_member *member);
int gd_isolate_from_ksm(struct gd_member *member);
int gd_isolate_all(struct gd_member *member, u64 *pages);

#endif /* GD_ISOLATE_H */
