/* SPDX-License-Identifier: GPL-2.0 */
/* Requests of root: groups and their members. */
#ifndef GD_ADMIN_H
#define GD_ADMIN_H

#include <linux/types.h>

struct gd_group;
struct gd_member;
struct gd_request;
struct gd_settings;
struct netlink_ext_ack;
struct task_struct;

int gd_admin_init(void);
void gd_admin_stop(void);
void gd_admin_exit(void);

int gd_admin_add_group(const char *name, const struct gd_settings *set,
		       struct netlink_ext_ack *extack);
int gd_admin_set_group(struct gd_group *group, const struct gd_settings *set,
		       u32 which, struct netlink_ext_ack *extack);
struct gd_request *gd_admin_del_group(struct gd_group *group, bool unshare,
				      bool force,
				      struct netlink_ext_ack *extack);
int gd_admin_pause(struct gd_group *group, bool pause,
		   struct netlink_ext_ack *extack);
void gd_admin_pause_all(bool pause);

struct gd_request *gd_admin_assign(struct gd_group *group,
				   struct gd_member *member, bool move,
				   bool force, struct netlink_ext_ack *extack);
struct gd_request *gd_admin_unassign(struct gd_member *member, bool keep,
				     bool force,
				     struct netlink_ext_ack *extack);

/* Between admin.c and admin_member.c */
struct gd_roster_call;
void gd_admin_explain_room(const struct gd_roster_call *call, char *message);

#endif /* GD_ADMIN_H */
