/* SPDX-License-Identifier: GPL-2.0 */
/* The registry of all groups and members. */
#ifndef GD_REGISTRY_H
#define GD_REGISTRY_H

#include <linux/types.h>

struct gd_group;
struct gd_member;
struct gd_request;
struct gd_settings;
struct netlink_ext_ack;
struct task_struct;

/* Which settings a request has */
#define GD_SET_RATE		0x1
#define GD_SET_SPLIT_MIN	0x2
#define GD_SET_FRAMES_MAX	0x4

/* Groups */
int gd_registry_add(struct gd_group *group, struct netlink_ext_ack *extack);
void gd_registry_remove(struct gd_group *group);
int gd_registry_set(struct gd_group *group, const struct gd_settings *set,
		    u32 which);
int gd_registry_set_dying(struct gd_group *group, bool dying,
			  struct gd_request *request);
struct gd_group *gd_registry_find(const char *name);
struct gd_group *gd_registry_next(unsigned long *id);
u32 gd_registry_generation(void);
bool gd_registry_pause(struct gd_group *group, enum grpdedup_paused paused);
void gd_registry_pause_new(enum grpdedup_paused paused);
void gd_registry_close(void);
void gd_registry_exit(void);

/* Members */
int gd_registry_join(struct gd_group *group, struct gd_member *member,
		     struct gd_member **other, struct netlink_ext_ack *extack);
void gd_registry_forget(struct gd_member *member);
void gd_registry_reject(struct gd_member *member);
struct gd_member *gd_registry_find_member(struct task_struct *task);
struct gd_member *gd_registry_next_member(unsigned long *id);

#endif /* GD_REGISTRY_H */
