// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: its operations, what they accept, and who may
 * request them. An operation parses a request, calls admin.c and fills a reply.
 *
 * Genetlink holds a lock of all families around each request: none may wait for
 * a scanner. The operations run in parallel, each holding only its own
 * references.
 */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <net/genetlink.h>

#include "family.h"
#include "group.h"
#include "netlink.h"
#include "netlink_ops.h"

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
	[GRPDEDUP_A_FORCE] = { .type = NLA_FLAG },
};

static const struct nla_policy member_add_policy[GRPDEDUP_A_MAX + 1] = {
	POLICY_GROUP, POLICY_PROCESS,
	[GRPDEDUP_A_MOVE] = { .type = NLA_FLAG },
	[GRPDEDUP_A_FORCE] = { .type = NLA_FLAG },
};

static const struct nla_policy member_del_policy[GRPDEDUP_A_MAX + 1] = {
	POLICY_PROCESS,
	[GRPDEDUP_A_KEEP] = { .type = NLA_FLAG },
	[GRPDEDUP_A_FORCE] = { .type = NLA_FLAG },
};

static const struct nla_policy request_policy[GRPDEDUP_A_MAX + 1] = {
	[GRPDEDUP_A_REQUEST] = { .type = NLA_U64 },
};

/*
 * GENL_ADMIN_PERM would check CAP_NET_ADMIN. Changing memory, and knowing which
 * processes share it, needs CAP_SYS_ADMIN. Numbers of processes are the host's
 * everywhere, also in events, which have no caller: elsewhere they would mean
 * other processes.
 */
static int check(const struct genlmsghdr *hdr, struct sk_buff *skb,
		 struct netlink_ext_ack *extack)
{
	/* A program of version 1 would take "accepted" for "done". */
	if (hdr->version < GRPDEDUP_GENL_VERSION) {
		NL_SET_ERR_MSG(extack,
			       "the program speaks an older version of the interface; install the module's");
		return -EPROTO;
	}
	if (!netlink_capable(skb, CAP_SYS_ADMIN))
		NL_SET_ERR_MSG(extack,
			       "this needs CAP_SYS_ADMIN in the host's user namespace");
	else if (task_active_pid_ns(current) != &init_pid_ns)
		NL_SET_ERR_MSG(extack,
			       "processes have other numbers in this pid namespace; run this in the host's");
	else
		return 0;
	return -EPERM;
}

static int check_caller(gd_genl_ops_t *ops, struct sk_buff *skb,
			struct genl_info *info)
{
	return check(info->genlhdr, skb, info->extack);
}

/* A dump asks itself: 6.1 loses the sentence of one that does not start. */
int gd_netlink_check_dump(struct netlink_callback *cb)
{
	return check(nlmsg_data(cb->nlh), cb->skb, cb->extack);
}

#define OP(_cmd, _policy, ...)						\
	{								\
		.cmd = GRPDEDUP_CMD_##_cmd,				\
		.policy = _policy,					\
		.maxattr = GRPDEDUP_A_MAX,				\
		__VA_ARGS__						\
	}

static const struct genl_ops ops[] = {
	OP(GROUP_ADD, settings_policy, .doit = gd_netlink_group_add),
	OP(GROUP_SET, settings_policy, .doit = gd_netlink_group_set),
	OP(GROUP_DEL, group_del_policy, .doit = gd_netlink_group_del),
	OP(GROUP_GET, group_policy, .doit = gd_netlink_group_get,
	   .dumpit = gd_netlink_group_dump),
	OP(MEMBER_ADD, member_add_policy, .doit = gd_netlink_member_add),
	OP(MEMBER_DEL, member_del_policy, .doit = gd_netlink_member_del),
	OP(MEMBER_GET, group_policy, .dumpit = gd_netlink_member_dump),
	OP(SCAN, group_policy, .doit = gd_netlink_scan),
	OP(REQUEST, request_policy, .doit = gd_netlink_request_get),
	OP(PAUSE, group_policy, .doit = gd_netlink_pause),
	OP(RESUME, group_policy, .doit = gd_netlink_pause),
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
