/* SPDX-License-Identifier: GPL-2.0 */
/* Filling messages with groups and members. */
#ifndef GD_FILL_H
#define GD_FILL_H

#include <linux/skbuff.h>

struct gd_group;
struct gd_member;
struct gd_request;

int gd_fill_group_id(struct sk_buff *skb, const struct gd_group *group);
int gd_fill_group(struct sk_buff *skb, const struct gd_group *group);
int gd_fill_group_counters(struct sk_buff *skb, const struct gd_group *group);
int gd_fill_process(struct sk_buff *skb, const struct gd_member *member);
int gd_fill_member_id(struct sk_buff *skb, const struct gd_member *member);
int gd_fill_member(struct sk_buff *skb, struct gd_member *member);
int gd_fill_request(struct sk_buff *skb, const struct gd_request *request);

#endif /* GD_FILL_H */
