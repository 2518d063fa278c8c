// SPDX-License-Identifier: GPL-2.0
/*
 * gd-nlfuzz: which messages a datagram holds, and which of them are well-formed.
 * Written after the description of the interface, not after the module.
 */
#include "nlfuzz.h"

/* What an attribute must be; a command takes those whose bit is set. */
enum form { NONE, NAME, RATE, SPLIT_MIN, FRAMES_MAX, PID, PIDFD, FLAG, NUMBER };

static const enum form forms[GRPDEDUP_A_MAX + 1] = {
	[GRPDEDUP_A_GROUP_NAME] = NAME, [GRPDEDUP_A_RATE] = RATE,
	[GRPDEDUP_A_SPLIT_MIN] = SPLIT_MIN, [GRPDEDUP_A_FRAMES_MAX] = FRAMES_MAX,
	[GRPDEDUP_A_PID] = PID, [GRPDEDUP_A_PIDFD] = PIDFD, [GRPDEDUP_A_UNSHARE] = FLAG,
	[GRPDEDUP_A_KEEP] = FLAG, [GRPDEDUP_A_MOVE] = FLAG,
	[GRPDEDUP_A_FORCE] = FLAG, [GRPDEDUP_A_REQUEST] = NUMBER,
};

#define A(x)	(1U << GRPDEDUP_A_##x)
#define PROCESS	(A(PID) | A(PIDFD))
#define SETTINGS	(A(GROUP_NAME) | A(RATE) | A(SPLIT_MIN) | A(FRAMES_MAX))

static const struct {
	bool can_do, can_dump;
	uint32_t takes;
} commands[GRPDEDUP_CMD_MAX + 1] = {
	[GRPDEDUP_CMD_GROUP_ADD] = { true, false, SETTINGS },
	[GRPDEDUP_CMD_GROUP_SET] = { true, false, SETTINGS },
	[GRPDEDUP_CMD_GROUP_DEL] = { true, false, A(GROUP_NAME) | A(UNSHARE) | A(FORCE) },
	[GRPDEDUP_CMD_GROUP_GET] = { true, true, A(GROUP_NAME) },
	[GRPDEDUP_CMD_MEMBER_ADD] = { true, false, A(GROUP_NAME) | PROCESS | A(MOVE) | A(FORCE) },
	[GRPDEDUP_CMD_MEMBER_DEL] = { true, false, PROCESS | A(KEEP) | A(FORCE) },
	[GRPDEDUP_CMD_MEMBER_GET] = { false, true, A(GROUP_NAME) },
	[GRPDEDUP_CMD_SCAN] = { true, false, A(GROUP_NAME) },
	[GRPDEDUP_CMD_REQUEST] = { true, false, A(REQUEST) },
	[GRPDEDUP_CMD_PAUSE] = { true, false, A(GROUP_NAME) },
	[GRPDEDUP_CMD_RESUME] = { true, false, A(GROUP_NAME) },
};

bool grammar_name_is_good(const char *name)
{
	size_t n = strlen(name);

	return n >= 1 && n <= GRPDEDUP_NAME_MAX && strcspn(name, "/ \t") == n &&
	       strspn(name, "!\"#$%&'()*+,-.0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
			    "abcdefghijklmnopqrstuvwxyz{|}~") == n;
}

/* At most 63 bytes and a NUL. What follows a NUL is not the form's matter. */
static bool take_name(struct request *rq, const char *data, size_t len)
{
	size_t n = strnlen(data, len), max = GRPDEDUP_NAME_MAX + 1;

	if (n == len || len > max || (len == max && data[len - 1]))
		return false;
	memset(rq->name, 0, sizeof(rq->name));
	memcpy(rq->name, data, n);
	rq->has_name = true;
	rq->name_ends_early = n + 1 != len;
	return true;
}

static bool take_number(struct request *rq, enum form form, uint32_t n)
{
	switch (form) {
	case RATE:
		rq->has_rate = true;
		rq->rate = n;
		return n <= GRPDEDUP_RATE_MAX;
	case SPLIT_MIN:
		rq->has_split_min = true;
		rq->split_min = n;
		return n >= 1 && n <= GRPDEDUP_BLOCK_PAGES;
	case PID:
		rq->has_pid = true;
		rq->pid = n;
		return n >= 1 && n <= INT32_MAX;
	default:
		rq->has_pidfd = true;
		rq->pidfd = n;
		return n <= INT32_MAX;
	}
}

static bool take_u64(bool *has, uint64_t *n, const char *data, size_t len)
{
	*has = len == sizeof(*n);
	if (*has)
		memcpy(n, data, len);
	return *has;
}

static bool take_attr(struct request *rq, int type, const char *data, size_t len)
{
	uint32_t n;

	switch (forms[type]) {
	case NONE:
		return false;
	case NAME:
		return take_name(rq, data, len);
	case FRAMES_MAX:
		return take_u64(&rq->has_frames_max, &rq->frames_max, data, len);
	case NUMBER:
		return take_u64(&rq->has_number, &rq->number, data, len);
	case FLAG:
		rq->move |= type == GRPDEDUP_A_MOVE;
		return !len;
	default:
		if (len != sizeof(n))
			return false;
		memcpy(&n, data, len);
		return take_number(rq, forms[type], n);
	}
}

/* Of two attributes of a type the last one counts, but both must be right. */
static bool take_attrs(struct request *rq, const char *data, size_t left)
{
	const struct nlattr *attr;
	size_t step;
	int type;

	while (left >= NLA_HDRLEN) {
		attr = (const void *)data;
		type = attr->nla_type & NLA_TYPE_MASK;
		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > left)
			return false;
		if (type > GRPDEDUP_A_MAX || !(commands[rq->cmd].takes & 1U << type) ||
		    attr->nla_type & NLA_F_NESTED)
			return false;
		if (!take_attr(rq, type, data + NLA_HDRLEN, attr->nla_len - NLA_HDRLEN))
			return false;
		step = NLA_ALIGN(attr->nla_len);
		if (step >= left)
			return true;
		data += step;
		left -= step;
	}
	return !left;
}

static enum kind parse(const struct nlmsghdr *nlh, struct request *rq)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	uint16_t flags = nlh->nlmsg_flags;
	size_t len = nlh->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);

	memset(rq, 0, sizeof(*rq));
	if (!(flags & NLM_F_REQUEST) || nlh->nlmsg_type < NLMSG_MIN_TYPE)
		return SKIPPED;
	if (nlh->nlmsg_type != family || nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return MALFORMED;
	if (genl->reserved)
		return MALFORMED;
	rq->dump = (flags & NLM_F_DUMP) == NLM_F_DUMP;
	if (rq->dump)
		flags &= ~NLM_F_DUMP;
	if (flags & ~(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO))
		return MALFORMED;
	rq->cmd = genl->cmd;
	rq->outdated = genl->version < GRPDEDUP_GENL_VERSION;
	if (genl->cmd > GRPDEDUP_CMD_MAX ||
	    !(rq->dump ? commands[genl->cmd].can_dump : commands[genl->cmd].can_do))
		return MALFORMED;
	return take_attrs(rq, (const char *)genl + GENL_HDRLEN, len) ? REQUEST : MALFORMED;
}

/* Which messages does the kernel find? Where a length is wrong, it stops. */
void grammar_walk(struct worker *w)
{
	size_t at = 0;

	w->nr_seen = 0;
	while (w->len - at >= NLMSG_HDRLEN && w->nr_seen < MAX_SEEN) {
		const struct nlmsghdr *nlh = (const void *)(w->tally->data + at);
		struct seen *seen = &w->seen[w->nr_seen];

		if (nlh->nlmsg_len < NLMSG_HDRLEN || nlh->nlmsg_len > w->len - at)
			break;
		memset(seen, 0, sizeof(*seen));
		seen->kind = parse(nlh, &seen->rq);
		seen->seq = nlh->nlmsg_seq;
		seen->ack = nlh->nlmsg_flags & NLM_F_ACK;
		seen->foreign_type = seen->kind == MALFORMED && nlh->nlmsg_type != family;
		seen->at = at;
		w->nr_seen++;
		at += NLMSG_ALIGN(nlh->nlmsg_len);
		if (at >= w->len)
			break;
	}
}
