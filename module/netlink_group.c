// SPDX-License-Identifier: GPL-2.0
/* Requests about groups. */
#include <net/genetlink.h>

#include "admin.h"
#include "fill.h"
#include "group.h"
#include "netlink_ops.h"
#include "registry.h"

/* Read the settings of a request. Returns which it has, GD_SET_ bits. */
static u32 parse_settings(struct genl_info *info, struct gd_settings *set)
{
	struct nlattr **a = info->attrs;
	u32 which = 0;

	if (a[GRPDEDUP_A_RATE]) {
		set->rate = nla_get_u32(a[GRPDEDUP_A_RATE]);
		which |= GD_SET_RATE;
	}
	if (a[GRPDEDUP_A_SPLIT_MIN]) {
		set->split_min = nla_get_u32(a[GRPDEDUP_A_SPLIT_MIN]);
		which |= GD_SET_SPLIT_MIN;
	}
	if (a[GRPDEDUP_A_FRAMES_MAX]) {
		set->frames_max = nla_get_u64(a[GRPDEDUP_A_FRAMES_MAX]);
		which |= GD_SET_FRAMES_MAX;
	}
	return which;
}

int gd_netlink_group_add(struct sk_buff *skb, struct genl_info *info)
{
	struct gd_settings set = { .split_min = GRPDEDUP_SPLIT_MIN_DEFAULT };
	const char *name = gd_netlink_name_of(info->attrs, info->extack);

	if (!name)
		return -EINVAL;
	if (!(parse_settings(info, &set) & GD_SET_RATE)) {
		NL_SET_ERR_MSG(info->extack, "a group needs a rate");
		return -EINVAL;
	}
	return gd_admin_add_group(name, &set, info->extack);
}

int gd_netlink_group_set(struct sk_buff *skb, struct genl_info *info)
{
	struct gd_group *group = gd_netlink_find_group(info->attrs, info->extack);
	struct gd_settings set;
	int err = 0;
	u32 which;

	if (IS_ERR(group))
		return PTR_ERR(group);
	which = parse_settings(info, &set);
	if (which) {
		err = gd_admin_set_group(group, &set, which, info->extack);
	} else {
		NL_SET_ERR_MSG(info->extack, "there is nothing to set");
		err = -EINVAL;
	}
	gd_group_put(group);
	return err;
}

static int del_group(struct genl_info *info, struct gd_group *group)
{
	bool unshare = info->attrs[GRPDEDUP_A_UNSHARE];
	bool force = info->attrs[GRPDEDUP_A_FORCE];
	struct gd_request *request;
	struct sk_buff *reply;
	void *hdr;
	int err;

	reply = gd_netlink_begin_reply(info, GRPDEDUP_CMD_GROUP_DEL, &hdr);
	if (!reply)
		return -ENOMEM;
	err = gd_fill_group_id(reply, group);
	request = err ? ERR_PTR(err) :
			gd_admin_del_group(group, unshare, force, info->extack);
	return gd_netlink_reply_accepted(info, reply, hdr, request);
}

int gd_netlink_group_del(struct sk_buff *skb, struct genl_info *info)
{
	struct gd_group *group = gd_netlink_find_group(info->attrs, info->extack);
	int err;

	if (IS_ERR(group))
		return PTR_ERR(group);
	err = del_group(info, group);
	gd_group_put(group);
	return err;
}

int gd_netlink_group_get(struct sk_buff *skb, struct genl_info *info)
{
	struct gd_group *group = gd_netlink_find_group(info->attrs, info->extack);
	struct sk_buff *reply;
	int err = -ENOMEM;
	void *hdr;

	if (IS_ERR(group))
		return PTR_ERR(group);
	reply = gd_netlink_begin_reply(info, GRPDEDUP_CMD_GROUP_GET, &hdr);
	if (reply)
		err = gd_netlink_end_reply(info, reply, hdr, gd_fill_group(reply, group));
	gd_group_put(group);
	return err;
}

int gd_netlink_group_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long id = cb->args[0];
	struct gd_group *group;
	int err = gd_netlink_check_dump(cb);

	if (err)
		return err;
	cb->seq = gd_registry_generation();
	for (; (group = gd_registry_next(&id)); id++) {
		void *hdr = gd_netlink_begin_row(skb, cb,
						 GRPDEDUP_CMD_GROUP_GET);

		err = hdr ? gd_fill_group(skb, group) : -EMSGSIZE;
		gd_group_put(group);
		gd_netlink_end_row(skb, cb, hdr, err);
		if (err)
			break;
	}
	cb->args[0] = id;
	return skb->len;
}

/* Pause or resume the group that is named, or all. */
int gd_netlink_pause(struct sk_buff *skb, struct genl_info *info)
{
	bool pause = info->genlhdr->cmd == GRPDEDUP_CMD_PAUSE;
	struct gd_group *group;
	int err;

	if (!info->attrs[GRPDEDUP_A_GROUP_NAME]) {
		gd_admin_pause_all(pause);
		return 0;
	}
	group = gd_netlink_find_group(info->attrs, info->extack);
	if (IS_ERR(group))
		return PTR_ERR(group);
	err = gd_admin_pause(group, pause, info->extack);
	gd_group_put(group);
	return err;
}

int gd_netlink_scan(struct sk_buff *skb, struct genl_info *info)
{
	struct gd_group *group = gd_netlink_find_group(info->attrs, info->extack);
	struct sk_buff *reply;
	int err = -ENOMEM;
	void *hdr;

	if (IS_ERR(group))
		return PTR_ERR(group);
	if (READ_ONCE(group->paused)) {
		NL_SET_ERR_MSG(info->extack,
			       "the group is paused; resume it first");
		gd_group_put(group);
		return -EBUSY;
	}
	reply = gd_netlink_begin_reply(info, GRPDEDUP_CMD_SCAN, &hdr);
	if (reply) {
		err = gd_fill_group_id(reply, group) ?:
		      nla_put_u64_64bit(reply, GRPDEDUP_A_PASS,
					gd_inbox_request_pass(&group->inbox),
					GRPDEDUP_A_PAD);
		err = gd_netlink_end_reply(info, reply, hdr, err);
	}
	gd_group_put(group);
	return err;
}
