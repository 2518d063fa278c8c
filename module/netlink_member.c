// SPDX-License-Identifier: GPL-2.0
/* Requests about members. */
#include <linux/sched/task.h>
#include <net/genetlink.h>

#include "admin.h"
#include "fill.h"
#include "group.h"
#include "member.h"
#include "netlink_ops.h"
#include "registry.h"

static int add_member(struct genl_info *info, struct gd_group *group,
		      struct task_struct *task)
{
	bool move = info->attrs[GRPDEDUP_A_MOVE];
	bool force = info->attrs[GRPDEDUP_A_FORCE];
	struct gd_request *request;
	struct gd_member *member;
	struct sk_buff *reply;
	void *hdr;
	int err;

	reply = gd_netlink_begin_reply(info, GRPDEDUP_CMD_MEMBER_ADD, &hdr);
	if (!reply)
		return -ENOMEM;
	member = gd_member_create(task, info->extack);
	if (IS_ERR(member))
		return gd_netlink_end_reply(info, reply, hdr, PTR_ERR(member));
	err = gd_fill_group_id(reply, group) ?: gd_fill_process(reply, member);
	request = err ? ERR_PTR(err) :
			gd_admin_assign(group, member, move, force,
					info->extack);
	gd_member_put(member);
	return gd_netlink_reply_accepted(info, reply, hdr, request);
}

int gd_netlink_member_add(struct sk_buff *skb, struct genl_info *info)
{
	struct gd_group *group = gd_netlink_find_group(info->attrs, info->extack);
	struct task_struct *task;
	int err;

	if (IS_ERR(group))
		return PTR_ERR(group);
	task = gd_netlink_find_process(info);
	if (IS_ERR(task)) {
		err = PTR_ERR(task);
	} else {
		err = add_member(info, group, task);
		put_task_struct(task);
	}
	gd_group_put(group);
	return err;
}

static int del_member(struct genl_info *info, struct gd_member *member)
{
	bool keep = info->attrs[GRPDEDUP_A_KEEP];
	bool force = info->attrs[GRPDEDUP_A_FORCE];
	struct gd_request *request;
	struct sk_buff *reply;
	void *hdr;
	int err;

	reply = gd_netlink_begin_reply(info, GRPDEDUP_CMD_MEMBER_DEL, &hdr);
	if (!reply)
		return -ENOMEM;
	err = gd_fill_member_id(reply, member);
	request = err ? ERR_PTR(err) :
			gd_admin_unassign(member, keep, force, info->extack);
	return gd_netlink_reply_accepted(info, reply, hdr, request);
}

int gd_netlink_member_del(struct sk_buff *skb, struct genl_info *info)
{
	struct task_struct *task = gd_netlink_find_process(info);
	struct gd_member *member;
	int err;

	if (IS_ERR(task))
		return PTR_ERR(task);
	member = gd_registry_find_member(task);
	put_task_struct(task);
	if (!member) {
		NL_SET_ERR_MSG(info->extack, "the process is in no group");
		return -ESRCH;
	}
	err = del_member(info, member);
	gd_member_put(member);
	return err;
}

/*
 * Resolve the optional group name once: the dump may block, and the group may
 * be deleted meanwhile.
 */
static int begin_member_dump(struct netlink_callback *cb)
{
	struct nlattr **attrs = gd_dump_attrs(cb);
	int err = gd_netlink_check_dump(cb);
	struct gd_group *group;

	if (err || cb->args[2])
		return err;
	cb->args[2] = true;
	if (!attrs || !attrs[GRPDEDUP_A_GROUP_NAME])
		return 0;
	group = gd_netlink_find_group(attrs, cb->extack);
	if (IS_ERR(group))
		return PTR_ERR(group);
	cb->args[1] = group->id;
	gd_group_put(group);
	return 0;
}

int gd_netlink_member_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long id = cb->args[0];
	int err = begin_member_dump(cb);
	struct gd_member *member;
	int only = cb->args[1];

	if (err)
		return err;
	cb->seq = gd_registry_generation();
	for (; (member = gd_registry_next_member(&id)); id++) {
		void *hdr;

		if (only && member->group->id != only) {
			gd_member_put(member);
			continue;
		}
		hdr = gd_netlink_begin_row(skb, cb, GRPDEDUP_CMD_MEMBER_GET);
		err = hdr ? gd_fill_member(skb, member) : -EMSGSIZE;
		gd_member_put(member);
		gd_netlink_end_row(skb, cb, hdr, err);
		if (err)
			break;
	}
	cb->args[0] = id;
	return skb->len;
}
