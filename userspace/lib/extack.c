// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's message about a rejected request. After a failed policy check of
 * the netlink core, the message does not name the attribute, so append the
 * attribute's name and limits.
 */
#include <stdarg.h>
#include <stdio.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include "conn.h"

struct text {
	char *buf;
	size_t size;
	size_t len;
};

static const char *const attr_names[GRPDEDUP_A_MAX + 1] = {
	[GRPDEDUP_A_GROUP_NAME] = "group_name",
	[GRPDEDUP_A_GROUP_ID] = "group_id",
	[GRPDEDUP_A_RATE] = "rate",
	[GRPDEDUP_A_SPLIT_MIN] = "split_min",
	[GRPDEDUP_A_FRAMES_MAX] = "frames_max",
	[GRPDEDUP_A_PID] = "pid",
	[GRPDEDUP_A_PIDFD] = "pidfd",
	[GRPDEDUP_A_UNSHARE] = "unshare",
	[GRPDEDUP_A_KEEP] = "keep",
	[GRPDEDUP_A_MOVE] = "move",
	[GRPDEDUP_A_REQUEST] = "request",
	[GRPDEDUP_A_FORCE] = "force",
};

__attribute__((format(printf, 2, 3)))
static void append(struct text *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (text->len >= text->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text->buf + text->len, text->size - text->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		text->len += (size_t)n;
}

static void append_attr(struct text *text, unsigned int attr)
{
	if (attr <= GRPDEDUP_A_MAX && attr_names[attr])
		append(text, "%s", attr_names[attr]);
	else
		append(text, "attribute %u", attr);
}

static void append_limits(struct text *text, struct nlattr *policy)
{
	struct nlattr *tb[NL_POLICY_TYPE_ATTR_MAX + 1];

	if (nla_parse_nested(tb, NL_POLICY_TYPE_ATTR_MAX, policy, NULL))
		return;
	if (tb[NL_POLICY_TYPE_ATTR_MIN_VALUE_U] &&
	    tb[NL_POLICY_TYPE_ATTR_MAX_VALUE_U])
		append(text, ": %llu to %llu",
		       (unsigned long long)nla_get_u64(tb[NL_POLICY_TYPE_ATTR_MIN_VALUE_U]),
		       (unsigned long long)nla_get_u64(tb[NL_POLICY_TYPE_ATTR_MAX_VALUE_U]));
	else if (tb[NL_POLICY_TYPE_ATTR_MAX_LENGTH])
		append(text, ": at most %u bytes",
		       nla_get_u32(tb[NL_POLICY_TYPE_ATTR_MAX_LENGTH]));
}

static const struct nlattr *attr_at(const struct nlmsghdr *request, uint32_t offs)
{
	if (offs < NLMSG_HDRLEN || request->nlmsg_len < NLA_HDRLEN ||
	    offs > request->nlmsg_len - NLA_HDRLEN)
		return NULL;
	return (const struct nlattr *)((const char *)request + offs);
}

static void compose(struct text *text, struct nlattr **tb,
		    const struct nlmsghdr *request)
{
	const struct nlattr *bad = NULL;
	struct nlattr *msg = tb[NLMSGERR_ATTR_MSG];

	if (msg)
		append(text, "%.*s", nla_len(msg), (const char *)nla_data(msg));
	if (tb[NLMSGERR_ATTR_OFFS])
		bad = attr_at(request, nla_get_u32(tb[NLMSGERR_ATTR_OFFS]));
	if (tb[NLMSGERR_ATTR_MISS_TYPE]) {
		append(text, msg ? " (missing: " : "missing: ");
		append_attr(text, nla_get_u32(tb[NLMSGERR_ATTR_MISS_TYPE]));
		append(text, msg ? ")" : "");
	} else if (bad && (!msg || tb[NLMSGERR_ATTR_POLICY])) {
		append(text, msg ? " (" : "not accepted: ");
		append_attr(text, nla_type(bad));
		if (tb[NLMSGERR_ATTR_POLICY])
			append_limits(text, tb[NLMSGERR_ATTR_POLICY]);
		append(text, msg ? ")" : "");
	}
}

void grpdedup_extack_sentence(const struct nlmsghdr *reply, size_t tlvs,
			      const struct nlmsghdr *request, char *buf,
			      size_t size)
{
	static struct nla_policy policy[NLMSGERR_ATTR_MAX + 1] = {
		[NLMSGERR_ATTR_MSG] = { .type = NLA_STRING },
		[NLMSGERR_ATTR_OFFS] = { .type = NLA_U32 },
		[NLMSGERR_ATTR_POLICY] = { .type = NLA_NESTED },
		[NLMSGERR_ATTR_MISS_TYPE] = { .type = NLA_U32 },
	};
	struct text text = { .buf = buf, .size = size };
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];

	buf[0] = '\0';
	if (!(reply->nlmsg_flags & NLM_F_ACK_TLVS) || tlvs >= reply->nlmsg_len)
		return;
	if (nla_parse(tb, NLMSGERR_ATTR_MAX,
		      (struct nlattr *)((char *)reply + tlvs),
		      (int)(reply->nlmsg_len - tlvs), policy) < 0)
		return;
	compose(&text, tb, request);
}
