/* SPDX-License-Identifier: GPL-2.0 */
/* Requests of root: groups and their members. */
#ifndef GD_ADMIN_H
#define GD_ADMIN_H

#include <linux/types.h>

struct gd_group;
struct gd_member;
struct gd_settings;
struct netlink_ext_ack;
struct task_struct;

int gd_admin_add_group(const char *name, const struct gd_settings *set,
		       struct netlink_ext_ack *extack);
void gd_admin_set_group(struct gd_group *group, const struct gd_settings *set,
			u32 which);
int gd_admin_del_group(struct gd_group *group, bool unshare,
		       struct netlink_ext_ack *extack);
void gd_admin_del_all_groups(void);

int gd_admin_assign(struct gd_group *group, struct task_struct *task, bool move,
		    struct gd_member **memberp, struct netlink_ext_ack *extack);
int gd_admin_unassign(struct gd_member *member, bool keep, u64 *pages,
		      struct netlink_ext_ack *extack);

#endif /* GD_ADMIN_H */
