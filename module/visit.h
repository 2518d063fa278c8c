/* SPDX-License-Identifier: GPL-2.0 */
/* Visiting one block of a member. */
#ifndef GD_VISIT_H
#define GD_VISIT_H

struct gd_block;
struct gd_group;

unsigned int gd_visit_next(struct gd_group *group);
unsigned int gd_visit_pending(struct gd_group *group, struct gd_block *block);

#endif /* GD_VISIT_H */
