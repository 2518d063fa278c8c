/* SPDX-License-Identifier: GPL-2.0 */
/* Events: one function for each fact. None fails its caller. */
#ifndef GD_NOTIFY_H
#define GD_NOTIFY_H

#include <linux/grpdedup.h>
#include <linux/types.h>

struct gd_group;
struct gd_member;
struct gd_request;

void gd_notify_group(const struct gd_group *group, enum grpdedup_cmd what);
void gd_notify_pause(const struct gd_group *group);
void gd_notify_request(const struct gd_request *request);
void gd_notify_member_add(const struct gd_member *member);
void gd_notify_member_del(const struct gd_member *member,
			  enum grpdedup_reason reason, u64 pages);
void gd_notify_reclaim(const struct gd_group *group, u64 pages);

#endif /* GD_NOTIFY_H */
