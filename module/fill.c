// SPDX-License-Identifier: GPL-2.0
/* Filling messages with groups and members: replies, listings, events. */
#include <net/netlink.h>

#include "fill.h"
#include "group.h"
#include "member.h"
#include "request.h"

/* Passes and CPU time are counted per group only. */
static bool is_of_member(int id)
{
	return id != GRPDEDUP_CNT_FULL_SCANS && id != GRPDEDUP_CNT_CPU_NS;
}

static u64 value_of(int id, const struct gd_counters *cnt,
		    const struct gd_group *group)
{
	if (group && id == GRPDEDUP_CNT_FULL_SCANS)
		return READ_ONCE(group->inbox.passes);
	if (group && id == GRPDEDUP_CNT_CPU_NS)
		return READ_ONCE(group->task->se.sum_exec_runtime);
	return gd_counters_read(cnt, id);
}

/* Counters of a group, or, if @group is NULL, of a member. */
static int fill_counters(struct sk_buff *skb, const struct gd_counters *cnt,
			 const struct gd_group *group)
{
	struct nlattr *nest = nla_nest_start(skb, GRPDEDUP_A_COUNTERS);
	int id, err = 0;

	if (!nest)
		return -EMSGSIZE;
	for (id = GRPDEDUP_CNT_PAD + 1; id <= GRPDEDUP_CNT_MAX && !err; id++)
		if (group || is_of_member(id))
			err = nla_put_u64_64bit(skb, id,
						value_of(id, cnt, group),
						GRPDEDUP_CNT_PAD);
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
	return fill_counters(skb, &group->cnt, group);
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
	       nla_put_u32(skb, GRPDEDUP_A_PAUSED, READ_ONCE(group->paused)) ?:
	       gd_fill_group_counters(skb, group);
}

int gd_fill_process(struct sk_buff *skb, const struct gd_member *member)
{
	return nla_put_u32(skb, GRPDEDUP_A_PID, member->nr) ?:
	       nla_put_string(skb, GRPDEDUP_A_COMM, member->comm);
}

int gd_fill_member_id(struct sk_buff *skb, const struct gd_member *member)
{
	return gd_fill_group_id(skb, member->group) ?:
	       gd_fill_process(skb, member);
}

int gd_fill_member(struct sk_buff *skb, struct gd_member *member)
{
	char why[GD_MESSAGE_SIZE];
	enum grpdedup_state state = gd_member_state(member, why);

	return gd_fill_member_id(skb, member) ?:
	       nla_put_u64_64bit(skb, GRPDEDUP_A_START_TIME,
				 member->start_time, GRPDEDUP_A_PAD) ?:
	       nla_put_u32(skb, GRPDEDUP_A_STATE, state) ?:
	       (why[0] ? nla_put_string(skb, GRPDEDUP_A_MESSAGE, why) : 0) ?:
	       fill_counters(skb, &member->blocks.cnt, NULL);
}

static int fill_end(struct sk_buff *skb, const struct gd_request *request)
{
	return nla_put_u64_64bit(skb, GRPDEDUP_A_PAGES, request->pages,
				 GRPDEDUP_A_PAD) ?:
	       nla_put_u32(skb, GRPDEDUP_A_ERROR, -request->err) ?:
	       (request->err ? nla_put_string(skb, GRPDEDUP_A_MESSAGE,
					      request->message) : 0);
}

int gd_fill_request(struct sk_buff *skb, const struct gd_request *request)
{
	/* Pairs with the release in gd_request_end(). */
	bool ended = smp_load_acquire(&request->ended);

	return nla_put_u64_64bit(skb, GRPDEDUP_A_REQUEST, request->id,
				 GRPDEDUP_A_PAD) ?:
	       nla_put_u32(skb, GRPDEDUP_A_GROUP_ID, request->group_id) ?:
	       nla_put_string(skb, GRPDEDUP_A_GROUP_NAME, request->group) ?:
	       (request->pid ? nla_put_u32(skb, GRPDEDUP_A_PID,
					   request->pid) : 0) ?:
	       (ended ? fill_end(skb, request) : 0);
}
