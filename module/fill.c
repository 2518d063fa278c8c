// SPDX-License-Identifier: GPL-2.0
/* Putting groups and members into messages: replies, listings and events. */
#include <net/netlink.h>

#include "fill.h"
#include "group.h"

/* What a member does not have: passes and CPU time are the scanner's. */
static bool of_member(int id)
{
	return id != GRPDEDUP_CNT_FULL_SCANS && id != GRPDEDUP_CNT_CPU_NS;
}

static int put_counter(struct sk_buff *skb, int id, u64 value)
{
	return nla_put_u64_64bit(skb, id, value, GRPDEDUP_CNT_PAD);
}

static int fill_counters(struct sk_buff *skb, const struct gd_counters *cnt,
			 const u64 *cpu_ns)
{
	struct nlattr *nest = nla_nest_start(skb, GRPDEDUP_A_COUNTERS);
	int id, err = 0;

	if (!nest)
		return -EMSGSIZE;
	for (id = GRPDEDUP_CNT_PAD + 1; id <= GRPDEDUP_CNT_MAX && !err; id++) {
		if (cpu_ns && id == GRPDEDUP_CNT_CPU_NS)
			err = put_counter(skb, id, *cpu_ns);
		else if (cpu_ns || of_member(id))
			err = put_counter(skb, id, gd_counters_read(cnt, id));
	}
	if (err)
		nla_nest_cancel(skb, nest);
	else
		nla_nest_end(skb, nest);
	return err;
}

int gd_fill_group_id(struct sk_buff *skb, const struct gd_group *group)
{
	return nla_put_u32(skb, GRPDEDUP_A_GROUP_ID, group->id) ?:
	       nla_put_string(skb, GRPDEDUP_A_GROUP_NAME, group->name);
}

int gd_fill_group_counters(struct sk_buff *skb, const struct gd_group *group)
{
	u64 cpu_ns = READ_ONCE(group->task->se.sum_exec_runtime);

	return fill_counters(skb, &group->dedup.cnt, &cpu_ns);
}

int gd_fill_group(struct sk_buff *skb, const struct gd_group *group)
{
	return gd_fill_group_id(skb, group) ?:
	       nla_put_u32(skb, GRPDEDUP_A_RATE, READ_ONCE(group->set.rate)) ?:
	       nla_put_u32(skb, GRPDEDUP_A_SPLIT_MIN,
			   READ_ONCE(group->set.split_min)) ?:
	       nla_put_u64_64bit(skb, GRPDEDUP_A_FRAMES_MAX,
				 READ_ONCE(group->set.frames_max),
				 GRPDEDUP_A_PAD) ?:
	       nla_put_u32(skb, GRPDEDUP_A_TID, group->task->pid) ?:
	       nla_put_u32(skb, GRPDEDUP_A_MEMBERS,
			   READ_ONCE(group->nr_members)) ?:
	       gd_fill_group_counters(skb, group);
}

int gd_fill_member_id(struct sk_buff *skb, const struct gd_member *member)
{
	return gd_fill_group_id(skb, member->group) ?:
	       nla_put_u32(skb, GRPDEDUP_A_PID, member->nr) ?:
	       nla_put_string(skb, GRPDEDUP_A_COMM, member->comm);
}

int gd_fill_member(struct sk_buff *skb, const struct gd_member *member)
{
	return gd_fill_member_id(skb, member) ?:
	       nla_put_u64_64bit(skb, GRPDEDUP_A_START_TIME,
				 member->start_time, GRPDEDUP_A_PAD) ?:
	       fill_counters(skb, &member->blocks.cnt, NULL);
}
