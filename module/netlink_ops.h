/* SPDX-License-Identifier: GPL-2.0 */
/* The operations of the family, and what they share. */
#ifndef GD_NETLINK_OPS_H
#define GD_NETLINK_OPS_H

#include <net/genetlink.h>

struct gd_group;
struct gd_request;
struct task_struct;

/* netlink.c: may the caller have this dump? */
int gd_netlink_check_dump(struct netlink_callback *cb);

/* netlink_parse.c */
const char *gd_netlink_name_of(struct nlattr **attrs,
			       struct netlink_ext_ack *extack);
struct gd_group *gd_netlink_find_group(struct nlattr **attrs,
				       struct netlink_ext_ack *extack);
struct task_struct *gd_netlink_find_process(struct genl_info *info);

/* netlink_reply.c */
struct sk_buff *gd_netlink_begin_reply(struct genl_info *info, u8 cmd,
				       void **hdr);
int gd_netlink_end_reply(struct genl_info *info, struct sk_buff *reply,
			 void *hdr, int err);
int gd_netlink_reply_accepted(struct genl_info *info, struct sk_buff *reply,
			      void *hdr, struct gd_request *request);
void *gd_netlink_begin_row(struct sk_buff *skb, struct netlink_callback *cb,
			   u8 cmd);
void gd_netlink_end_row(struct sk_buff *skb, struct netlink_callback *cb,
			void *hdr, int err);
int gd_netlink_request_get(struct sk_buff *skb, struct genl_info *info);

/* netlink_group.c */
int gd_netlink_group_add(struct sk_buff *skb, struct genl_info *info);
int gd_netlink_group_set(struct sk_buff *skb, struct genl_info *info);
int gd_netlink_group_del(struct sk_buff *skb, struct genl_info *info);
int gd_netlink_group_get(struct sk_buff *skb, struct genl_info *info);
int gd_netlink_group_dump(struct sk_buff *skb, struct netlink_callback *cb);
int gd_netlink_pause(struct sk_buff *skb, struct genl_info *info);
int gd_netlink_scan(struct sk_buff *skb, struct genl_info *info);

/* netlink_member.c */
int gd_netlink_member_add(struct sk_buff *skb, struct genl_info *info);
int gd_netlink_member_del(struct sk_buff *skb, struct genl_info *info);
int gd_netlink_member_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* GD_NETLINK_OPS_H */
