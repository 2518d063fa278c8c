// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: parse a request, call admin.c, fill a reply.
 *
 * A request may wait for a scanner; the family therefore runs its operations in
 * parallel, each holding only its own references.
 */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/sched/task.h>
#include <net/genetlink.h>

#include "admin.h"
#include "family.h"
#include "fill.h"
#include "group.h"
#include "member.h"
#include "netlink.h"
#include "process.h"
#include "registry.h"

/* Not const: 6.1's policies take pointers to non-const ranges. */
static struct netlink_range_validation rate_range = {
	.max = GRPDEDUP_RATE_MAX,
};

static struct netlink_range_validation pid_range = {
	.min = 1, .max = INT_MAX,
};

static struct netlink_range_validation pidfd_range = {
	.max = INT_MAX,
};

#define POLICY_GROUP							\
	[GRPDEDUP_A_GROUP_NAME] = { .type = NLA_NUL_STRING,		\
				    .len = GRPDEDUP_NAME_MAX }
#define POLICY_SETTINGS							\
	[GRPDEDUP_A_RATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &rate_range),	\
	[GRPDEDUP_A_SPLIT_MIN] = NLA_POLICY_RANGE(NLA_U32, 1,		\
						  GRPDEDUP_BLOCK_PAGES),	\
	[GRPDEDUP_A_FRAMES_MAX] = { .type = NLA_U64 }
#define POLICY_PROCESS							\
	[GRPDEDUP_A_PID] = NLA_POLICY_FULL_RANGE(NLA_U32, &pid_range),	\
	[GRPDEDUP_A_PIDFD] = NLA_POLICY_FULL_RANGE(NLA_U32, &pidfd_range)

static const struct nla_policy settings_policy[GRPDEDUP_A_MAX + 1] = {
	POLICY_GROUP, POLICY_SETTINGS,
};

static const struct nla_policy group_policy[GRPDEDUP_A_MAX + 1] = {
	POLICY_GROUP,
};

static const struct nla_policy group_del_policy[GRPDEDUP_A_MAX + 1] = {
	POLICY_GROUP,
	[GRPDEDUP_A_UNSHARE] = { .type = NLA_FLAG },
};

static const struct nla_policy member_add_policy[GRPDEDUP_A_MAX + 1] = {
	POLICY_GROUP, POLICY_PROCESS,
	[GRPDEDUP_A_MOVE] = { .type = NLA_FLAG },
};

static const struct nla_policy member_del_policy[GRPDEDUP_A_MAX + 1] = {
	POLICY_PROCESS,
	[GRPDEDUP_A_KEEP] = { .type = NLA_FLAG },
};

/* The group name of a request, or NULL; bytes after its NUL are refused. */
static const char *name_of(struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	struct nlattr *name = attrs ? attrs[GRPDEDUP_A_GROUP_NAME] : NULL;

	if (!name)
		NL_SET_ERR_MSG(extack, "a group name is missing");
	else if (strlen(nla_data(name)) + 1 != nla_len(name))
		NL_SET_ERR_MSG_ATTR(extack, name,
				    "the group name has bytes after its NUL");
	else
		return nla_data(name);
	return NULL;
}

static struct gd_group *find_group(struct nlattr **attrs,
				   struct netlink_ext_ack *extack)
{
	const char *name = name_of(attrs, extack);
	struct gd_group *group;

	if (!name)
		return ERR_PTR(-EINVAL);
	group = gd_registry_find(name);
	if (group)
		return group;
	NL_SET_ERR_MSG_ATTR(extack, attrs[GRPDEDUP_A_GROUP_NAME],
			    "there is no group with this name");
	return ERR_PTR(-ENOENT);
}

static struct task_struct *find_process(struct genl_info *info)
{
	struct nlattr *pid = info->attrs[GRPDEDUP_A_PID];
	struct nlattr *pidfd = info->attrs[GRPDEDUP_A_PIDFD];
	struct task_struct *task;

	if (!pid == !pidfd) {
		NL_SET_ERR_MSG(info->extack,
			       "specify either a pid or a pidfd, not both");
		return ERR_PTR(-EINVAL);
	}
	if (pid) {
		task = gd_process_find(nla_get_u32(pid));
		if (!task)
			NL_SET_ERR_MSG_ATTR(info->extack, pid,
					    "there is no process with this pid");
	} else {
		task = gd_process_find_pidfd(nla_get_u32(pidfd));
		if (IS_ERR(task))
			NL_SET_ERR_MSG_ATTR(info->extack, pidfd,
					    "cannot open /proc to look up the pidfd");
		else if (!task)
			NL_SET_ERR_MSG_ATTR(info->extack, pidfd,
					    "not a pidfd, or its process is gone");
	}
	return task ?: ERR_PTR(-ESRCH);
}

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

static int group_add(struct sk_buff *skb, struct genl_info *info)
{
	struct gd_settings set = { .split_min = GRPDEDUP_SPLIT_MIN_DEFAULT };
	const char *name = name_of(info->attrs, info->extack);

	if (!name)
		return -EINVAL;
	if (!(parse_settings(info, &set) & GD_SET_RATE)) {
		NL_SET_ERR_MSG(info->extack, "a group needs a rate");
		return -EINVAL;
	}
	return gd_admin_add_group(name, &set, info->extack);
}

static int group_set(struct sk_buff *skb, struct genl_info *info)
{
	struct gd_group *group = find_group(info->attrs, info->extack);
	struct gd_settings set;
	int err = 0;
	u32 which;

	if (IS_ERR(group))
		return PTR_ERR(group);
	which = parse_settings(info, &set);
	if (which) {
		gd_admin_set_group(group, &set, which);
	} else {
		NL_SET_ERR_MSG(info->extack, "there is nothing to set");
		err = -EINVAL;
	}
	gd_group_put(group);
	return err;
}

static int group_del(struct sk_buff *skb, struct genl_info *info)
{
	struct gd_group *group = find_group(info->attrs, info->extack);
	int err;

	if (IS_ERR(group))
		return PTR_ERR(group);
	err = gd_admin_del_group(group, info->attrs[GRPDEDUP_A_UNSHARE],
				 info->extack);
	gd_group_put(group);
	return err;
}

/* Allocated first: a request that was carried out must not report a failure. */
static struct sk_buff *begin_reply(struct genl_info *info, u8 cmd, void **hdr)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (reply)
		*hdr = genlmsg_put_reply(reply, info, &gd_family, 0, cmd);
	else
		NL_SET_ERR_MSG(info->extack, "no memory for the reply");
	return reply;
}

/* Send a reply, unless filling it failed with @err. */
static int end_reply(struct genl_info *info, struct sk_buff *reply, void *hdr,
		     int err)
{
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

static int group_get(struct sk_buff *skb, struct genl_info *info)
{
	struct gd_group *group = find_group(info->attrs, info->extack);
	struct sk_buff *reply;
	int err = -ENOMEM;
	void *hdr;

	if (IS_ERR(group))
		return PTR_ERR(group);
	reply = begin_reply(info, GRPDEDUP_CMD_GROUP_GET, &hdr);
	if (reply)
		err = end_reply(info, reply, hdr, gd_fill_group(reply, group));
	gd_group_put(group);
	return err;
}

static int group_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long id = cb->args[0];
	struct gd_group *group;
	int err = 0;

	cb->seq = gd_registry_generation();
	for (; !err && (group = gd_registry_next(&id)); id++) {
		void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
					cb->nlh->nlmsg_seq, &gd_family,
					NLM_F_MULTI, GRPDEDUP_CMD_GROUP_GET);

		err = hdr ? gd_fill_group(skb, group) : -EMSGSIZE;
		gd_group_put(group);
		if (err) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genl_dump_check_consistent(cb, hdr);
		genlmsg_end(skb, hdr);
	}
	cb->args[0] = id;
	return skb->len;
}

static int add_member(struct genl_info *info, struct gd_group *group,
		      struct task_struct *task)
{
	struct gd_member *member;
	struct sk_buff *reply;
	void *hdr;
	int err;

	reply = begin_reply(info, GRPDEDUP_CMD_MEMBER_ADD, &hdr);
	if (!reply)
		return -ENOMEM;
	err = gd_admin_assign(group, task, info->attrs[GRPDEDUP_A_MOVE],
			      &member, info->extack);
	if (!err) {
		err = gd_fill_member_id(reply, member);
		gd_member_put(member);
	}
	return end_reply(info, reply, hdr, err);
}

static int member_add(struct sk_buff *skb, struct genl_info *info)
{
	struct gd_group *group = find_group(info->attrs, info->extack);
	struct task_struct *task;
	int err;

	if (IS_ERR(group))
		return PTR_ERR(group);
	task = find_process(info);
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
	struct sk_buff *reply;
	u64 pages = 0;
	void *hdr;
	int err;

	reply = begin_reply(info, GRPDEDUP_CMD_MEMBER_DEL, &hdr);
	if (!reply)
		return -ENOMEM;
	err = gd_admin_unassign(member, info->attrs[GRPDEDUP_A_KEEP], &pages,
				info->extack) ?:
	      gd_fill_member_id(reply, member) ?:
	      nla_put_u64_64bit(reply, GRPDEDUP_A_PAGES, pages,
				GRPDEDUP_A_PAD);
	return end_reply(info, reply, hdr, err);
}

static int member_del(struct sk_buff *skb, struct genl_info *info)
{
	struct task_struct *task = find_process(info);
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

static int member_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long id = cb->args[0];
	struct gd_member *member;
	int only = cb->args[1];
	int err = 0;

	cb->seq = gd_registry_generation();
	for (; (member = gd_registry_next_member(&id)); id++) {
		void *hdr;

		if (only && member->group->id != only) {
			gd_member_put(member);
			continue;
		}
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &gd_family, NLM_F_MULTI,
				  GRPDEDUP_CMD_MEMBER_GET);
		err = hdr ? gd_fill_member(skb, member) : -EMSGSIZE;
		gd_member_put(member);
		if (err) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genl_dump_check_consistent(cb, hdr);
		genlmsg_end(skb, hdr);
	}
	cb->args[0] = id;
	return skb->len;
}

static int scan(struct sk_buff *skb, struct genl_info *info)
{
	struct gd_group *group = find_group(info->attrs, info->extack);
	struct sk_buff *reply;
	int err = -ENOMEM;
	void *hdr;

	if (IS_ERR(group))
		return PTR_ERR(group);
	reply = begin_reply(info, GRPDEDUP_CMD_SCAN, &hdr);
	if (reply) {
		err = gd_fill_group_id(reply, group) ?:
		      nla_put_u64_64bit(reply, GRPDEDUP_A_PASS,
					gd_inbox_request_pass(&group->inbox), GRPDEDUP_A_PAD);
		err = end_reply(info, reply, hdr, err);
	}
	gd_group_put(group);
	return err;
}

/*
 * GENL_ADMIN_PERM would check CAP_NET_ADMIN. Changing memory, and knowing which
 * processes share it, needs CAP_SYS_ADMIN.
 */
static int check_caller(gd_genl_ops_t *ops, struct sk_buff *skb,
			struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "this needs CAP_SYS_ADMIN in the host's user namespace");
	return -EPERM;
}

static int check_dump(struct netlink_callback *cb)
{
	if (netlink_capable(cb->skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(cb->extack,
		       "this needs CAP_SYS_ADMIN in the host's user namespace");
	return -EPERM;
}

/*
 * Resolve the optional group name once, at the start: the dump may block, and
 * the group may be deleted meanwhile.
 */
static int start_member_dump(struct netlink_callback *cb)
{
	struct nlattr **attrs = gd_dump_attrs(cb);
	struct gd_group *group;
	int err = check_dump(cb);

	if (err || !attrs || !attrs[GRPDEDUP_A_GROUP_NAME])
		return err;
	group = find_group(attrs, cb->extack);
	if (IS_ERR(group))
		return PTR_ERR(group);
	cb->args[1] = group->id;
	gd_group_put(group);
	return 0;
}

#define OP(_cmd, _policy, ...)						\
	{								\
		.cmd = GRPDEDUP_CMD_##_cmd,				\
		.policy = _policy,					\
		.maxattr = GRPDEDUP_A_MAX,				\
		__VA_ARGS__						\
	}

static const struct genl_ops ops[] = {
	OP(GROUP_ADD, settings_policy, .doit = group_add),
	OP(GROUP_SET, settings_policy, .doit = group_set),
	OP(GROUP_DEL, group_del_policy, .doit = group_del),
	OP(GROUP_GET, group_policy, .doit = group_get, .start = check_dump,
	   .dumpit = group_dump),
	OP(MEMBER_ADD, member_add_policy, .doit = member_add),
	OP(MEMBER_DEL, member_del_policy, .doit = member_del),
	OP(MEMBER_GET, group_policy, .start = start_member_dump,
	   .dumpit = member_dump),
	OP(SCAN, group_policy, .doit = scan),
};

static const struct genl_multicast_group mcgrps[] = {
	{ .name = GRPDEDUP_MCGRP_EVENTS, GD_MCAST_GUARD },
};

struct genl_family gd_family __ro_after_init = {
	.name		= GRPDEDUP_GENL_NAME,
	.version	= GRPDEDUP_GENL_VERSION,
	.netnsok	= false,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.pre_doit	= check_caller,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.mcgrps		= mcgrps,
	.n_mcgrps	= ARRAY_SIZE(mcgrps),
};

int __init gd_netlink_init(void)
{
	return genl_register_family(&gd_family);
}

void gd_netlink_exit(void)
{
	genl_unregister_family(&gd_family);
}
