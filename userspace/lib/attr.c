// SPDX-License-Identifier: GPL-2.0
/* Convert attributes of replies and events into plain values. */
#include <errno.h>
#include <netlink/genl/genl.h>
#include "conn.h"

/* MAX_ERRNO of the kernel */
#define ERRNO_MAX	4095

/*
 * The policy checks lengths, so that the getters need not. The parser skips
 * attributes that this header does not know (of a newer module).
 */
static struct nla_policy policy[GRPDEDUP_A_MAX + 1] = {
	[GRPDEDUP_A_GROUP_NAME] = { .type = NLA_STRING },
	[GRPDEDUP_A_GROUP_ID] = { .type = NLA_U32 },
	[GRPDEDUP_A_RATE] = { .type = NLA_U32 },
	[GRPDEDUP_A_SPLIT_MIN] = { .type = NLA_U32 },
	[GRPDEDUP_A_FRAMES_MAX] = { .type = NLA_U64 },
	[GRPDEDUP_A_TID] = { .type = NLA_U32 },
	[GRPDEDUP_A_MEMBERS] = { .type = NLA_U32 },
	[GRPDEDUP_A_PID] = { .type = NLA_U32 },
	[GRPDEDUP_A_COMM] = { .type = NLA_STRING },
	[GRPDEDUP_A_START_TIME] = { .type = NLA_U64 },
	[GRPDEDUP_A_PASS] = { .type = NLA_U64 },
	[GRPDEDUP_A_REASON] = { .type = NLA_U32 },
	[GRPDEDUP_A_PAGES] = { .type = NLA_U64 },
	[GRPDEDUP_A_COUNTERS] = { .type = NLA_NESTED },
	[GRPDEDUP_A_REQUEST] = { .type = NLA_U64 },
	[GRPDEDUP_A_STATE] = { .type = NLA_U32 },
	[GRPDEDUP_A_ERROR] = { .type = NLA_U32 },
	[GRPDEDUP_A_MESSAGE] = { .type = NLA_STRING },
	[GRPDEDUP_A_PAUSED] = { .type = NLA_U32 },
};

int grpdedup_attr_parse(struct nlmsghdr *nlh, struct nlattr **tb)
{
	return genlmsg_parse(nlh, 0, tb, GRPDEDUP_A_MAX, policy) < 0 ?
	       -EBADMSG : 0;
}

uint32_t grpdedup_attr_u32(struct nlattr **tb, int attr)
{
	return tb[attr] ? nla_get_u32(tb[attr]) : 0;
}

uint64_t grpdedup_attr_u64(struct nlattr **tb, int attr)
{
	return tb[attr] ? nla_get_u64(tb[attr]) : 0;
}

int grpdedup_attr_error(struct nlattr **tb, int attr)
{
	uint32_t value = grpdedup_attr_u32(tb, attr);

	return value <= ERRNO_MAX ? -(int)value : -EBADMSG;
}

void grpdedup_attr_str(struct nlattr **tb, int attr, char *buf, size_t size)
{
	buf[0] = '\0';
	if (tb[attr])
		nla_strlcpy(buf, tb[attr], size);
}

void grpdedup_attr_counters(struct nlattr **tb,
			    struct grpdedup_counters *counters)
{
	struct nlattr *nla;
	int left;

	if (!tb[GRPDEDUP_A_COUNTERS])
		return;
	nla_for_each_nested(nla, tb[GRPDEDUP_A_COUNTERS], left) {
		int id = nla_type(nla);

		if (id <= GRPDEDUP_CNT_PAD || id > GRPDEDUP_CNT_MAX ||
		    nla_len(nla) != sizeof(uint64_t))
			continue;
		counters->value[id] = nla_get_u64(nla);
		counters->present |= UINT64_C(1) << id;
	}
}
