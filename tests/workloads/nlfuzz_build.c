// SPDX-License-Identifier: GPL-2.0
/*
 * gd-nlfuzz: building datagrams. Most messages are right at first; then about half
 * of them are broken, in one to three ways.
 */
#include "nlfuzz.h"

#define MAX_PIECES	40
#define MESSAGE_MAX	(20 * 1024)

/* An attribute: what it is, and the length that it claims (-1: the right one). */
struct piece {
	uint16_t type, len;
	int claim;
	uint8_t data[96];
	uint16_t more;		/* bytes of noise behind the data */
};

struct draft {
	uint16_t type, flags, reserved, garbage;
	uint8_t cmd, version;
	int64_t claim;		/* nlmsg_len; -1: the right one */
	struct piece piece[MAX_PIECES];
	int n;
	int flips;		/* bits to turn over at the end */
};

static struct piece *put(struct draft *d, uint16_t type, const void *data, size_t len)
{
	struct piece *p = &d->piece[d->n];

	if (d->n == MAX_PIECES)
		return &d->piece[0];
	d->n++;
	memset(p, 0, sizeof(*p));
	p->type = type;
	p->len = len;
	p->claim = -1;
	memcpy(p->data, data, len);
	return p;
}

static void put_u32(struct draft *d, uint16_t type, uint32_t n)
{
	put(d, type, &n, sizeof(n));
}

static uint64_t extreme(struct worker *w)
{
	static const uint64_t numbers[] = {
		0, 1, 2, 511, 512, 513, GRPDEDUP_RATE_MAX, GRPDEDUP_RATE_MAX + 1, INT32_MAX,
		0x80000000, 0xfffffffe, 0xffffffff, 0x100000000, INT64_MAX, 0x8000000000000000,
		0xffffffffffffffff,
	};

	return numbers[roll(w, sizeof(numbers) / sizeof(numbers[0]))];
}

/* A name of the worker's pool, mostly; or of a group that is there; or of none at all. */
static void put_name(struct worker *w, struct draft *d)
{
	static const char * const tails[] = {
		"", "1", "2", "-three", ".?*!\"#%s%n~",
		"23456789-123456789-123456789-123456789-123456789-123456789-123",
	};
	struct group *g = &w->group[roll(w, MAX_GROUPS)];
	char name[GRPDEDUP_NAME_MAX + 1];

	if (once_in(w, 30))
		snprintf(name, sizeof(name), "z%u", (unsigned int)roll(w, 5));
	else if (g->used)
		snprintf(name, sizeof(name), "%s", g->name);
	else
		snprintf(name, sizeof(name), "%c%s", w->letter, tails[roll(w, 6)]);
	put(d, GRPDEDUP_A_GROUP_NAME, name, strlen(name) + 1);
}

static uint32_t odd_pid(struct worker *w)
{
	uint32_t pids[] = {
		0, 2, w->pid_max, w->pid_max + 1, INT32_MAX, 0x80000000, 0xffffffff,
		w->proc[NR_PROCS].pid, w->gone[roll(w, NR_GONE)].pid, 1,
	};
	unsigned int who = w->role == CROWD ? FIRST_CROWD + roll(w, 2) : roll(w, MAX_WORKERS);

	/* The crowd takes its neighbours' too, and process 1; who may nothing tries everybody's. */
	if (w->role != MODEL && once_in(w, 2))
		return atomic_load(&w->tallies[who].pid[roll(w, NR_PROCS)]);
	return pids[roll(w, w->role == CROWD ? 10 : 9)];
}

static void put_process(struct worker *w, struct draft *d)
{
	const struct proc *p = &w->proc[roll(w, NR_PROCS)];

	if (w->role == NOBODY || once_in(w, 5))
		put_u32(d, GRPDEDUP_A_PID, odd_pid(w));
	else if (once_in(w, 6))
		put_u32(d, GRPDEDUP_A_PIDFD, w->odd[roll(w, NR_ODD)]);
	else if (once_in(w, 10))
		put_u32(d, GRPDEDUP_A_PIDFD, w->gone[roll(w, NR_GONE)].pidfd);
	else if (once_in(w, 4))
		put_u32(d, GRPDEDUP_A_PIDFD, p->pidfd);
	else
		put_u32(d, GRPDEDUP_A_PID, p->pid);
}

static void put_settings(struct worker *w, struct draft *d, bool all)
{
	static const uint32_t rates[] = { 0, 0, 0, 1, 500, 100000, GRPDEDUP_RATE_MAX };
	uint64_t max = once_in(w, 2) ? 0 : extreme(w);

	if (all || !once_in(w, 3))
		put_u32(d, GRPDEDUP_A_RATE, rates[roll(w, 7)]);
	if (once_in(w, 3))
		put_u32(d, GRPDEDUP_A_SPLIT_MIN, 1 + roll(w, GRPDEDUP_BLOCK_PAGES));
	if (once_in(w, 3))
		put(d, GRPDEDUP_A_FRAMES_MAX, &max, sizeof(max));
}

/* The newest request of the worker's, or one that cannot be; the crowd also asks for others. */
static void put_request(struct worker *w, struct draft *d)
{
	uint64_t number = w->last_request;

	if (once_in(w, 4))
		number = ~roll(w, 16);
	else if (w->role == CROWD && once_in(w, 2))
		number = roll(w, w->last_request + 16);
	put(d, GRPDEDUP_A_REQUEST, &number, sizeof(number));
}

static void put_flags(struct worker *w, struct draft *d)
{
	static const uint16_t flags[GRPDEDUP_CMD_MAX + 1] = {
		[GRPDEDUP_CMD_GROUP_DEL] = GRPDEDUP_A_UNSHARE,
		[GRPDEDUP_CMD_MEMBER_ADD] = GRPDEDUP_A_MOVE,
		[GRPDEDUP_CMD_MEMBER_DEL] = GRPDEDUP_A_KEEP,
	};

	if (!flags[d->cmd])
		return;
	if (once_in(w, 2))
		put(d, flags[d->cmd], "", 0);
	if (once_in(w, 4))
		put(d, GRPDEDUP_A_FORCE, "", 0);
}

static bool takes_name(const struct draft *d)
{
	return d->cmd != GRPDEDUP_CMD_MEMBER_DEL && d->cmd != GRPDEDUP_CMD_REQUEST;
}

/* A good message, as far as its form goes. */
static void draft_good(struct worker *w, struct draft *d)
{
	static const uint8_t cmds[] = {
		GRPDEDUP_CMD_GROUP_ADD, GRPDEDUP_CMD_GROUP_ADD, GRPDEDUP_CMD_GROUP_SET,
		GRPDEDUP_CMD_GROUP_SET, GRPDEDUP_CMD_GROUP_DEL, GRPDEDUP_CMD_GROUP_GET,
		GRPDEDUP_CMD_GROUP_GET, GRPDEDUP_CMD_MEMBER_ADD, GRPDEDUP_CMD_MEMBER_ADD,
		GRPDEDUP_CMD_MEMBER_ADD, GRPDEDUP_CMD_MEMBER_DEL, GRPDEDUP_CMD_SCAN,
		GRPDEDUP_CMD_MEMBER_GET, GRPDEDUP_CMD_REQUEST, GRPDEDUP_CMD_PAUSE,
		GRPDEDUP_CMD_RESUME, GRPDEDUP_CMD_RESUME,
	};

	d->type = family;
	d->cmd = cmds[roll(w, sizeof(cmds))];
	d->version = GRPDEDUP_GENL_VERSION;
	d->flags = NLM_F_REQUEST | (once_in(w, 8) ? 0 : NLM_F_ACK);
	d->claim = -1;
	if (d->cmd == GRPDEDUP_CMD_MEMBER_GET ||
	    (d->cmd == GRPDEDUP_CMD_GROUP_GET && once_in(w, 8)))
		d->flags |= NLM_F_DUMP;
	if (takes_name(d) && (!(d->flags & NLM_F_DUMP) || once_in(w, 2)))
		put_name(w, d);
	if (d->cmd == GRPDEDUP_CMD_GROUP_ADD || d->cmd == GRPDEDUP_CMD_GROUP_SET)
		put_settings(w, d, d->cmd == GRPDEDUP_CMD_GROUP_ADD);
	if (d->cmd == GRPDEDUP_CMD_MEMBER_ADD || d->cmd == GRPDEDUP_CMD_MEMBER_DEL)
		put_process(w, d);
	if (d->cmd == GRPDEDUP_CMD_REQUEST)
		put_request(w, d);
	put_flags(w, d);
}

/* The ways to break one. An attribute, if there is one: */
static struct piece *any(struct worker *w, struct draft *d)
{
	if (!d->n)
		put_u32(d, GRPDEDUP_A_RATE, extreme(w));
	return &d->piece[roll(w, d->n)];
}

static void break_length(struct worker *w, struct draft *d)
{
	struct piece *p = any(w, d);

	p->len = roll(w, once_in(w, 2) ? p->len + 1 : 20);
}

static void break_claim(struct worker *w, struct draft *d)
{
	struct piece *p = any(w, d);
	int right = NLA_HDRLEN + p->len;
	int claims[] = { 0, 3, NLA_HDRLEN, right - 1, right + 1, right + 60, 0xffff };

	p->claim = claims[roll(w, 7)];
}

static void break_type(struct worker *w, struct draft *d)
{
	uint16_t types[] = {
		0, roll(w, GRPDEDUP_A_MAX + 3), GRPDEDUP_A_MAX + 1, 0x3fff, roll(w, 0x4000),
	};

	any(w, d)->type = types[roll(w, 5)];
}

static void break_type_flags(struct worker *w, struct draft *d)
{
	any(w, d)->type ^= once_in(w, 2) ? NLA_F_NESTED : NLA_F_NET_BYTEORDER;
}

static void break_twice(struct worker *w, struct draft *d)
{
	struct piece p = *any(w, d);
	struct piece *copy = put(d, p.type, p.data, p.len);

	if (once_in(w, 2) && p.len)
		copy->data[roll(w, p.len)] ^= 1 << roll(w, 8);
}

static void break_missing(struct worker *w, struct draft *d)
{
	struct piece *p = any(w, d);

	*p = d->piece[--d->n];
}

static void break_foreign(struct worker *w, struct draft *d)
{
	uint64_t value = extreme(w);

	put(d, roll(w, GRPDEDUP_A_MAX + 2), &value, once_in(w, 4) ? 0 : once_in(w, 3) ? 8 : 4);
}

static void break_number(struct worker *w, struct draft *d)
{
	struct piece *p = any(w, d);
	uint64_t value = extreme(w);

	memcpy(p->data, &value, p->len < 8 ? p->len : 8);
}

static void break_name(struct worker *w, struct draft *d)
{
	static const char * const names[] = {
		"", "z", "/", "z/", "z z", "z\n", "z\x7f", "z\xff", "z\0a",
	};
	char name[GRPDEDUP_NAME_MAX + 2] = "";
	size_t i = roll(w, 11), len = i == 8 ? 3 : i < 8 ? strlen(names[i]) : GRPDEDUP_NAME_MAX;
	struct piece *p;

	/* the longest one, and one that is too long */
	len += i == 10;
	if (i > 8)
		memset(name, 'z', len);
	else
		memcpy(name, names[i], len);
	p = put(d, GRPDEDUP_A_GROUP_NAME, name, len + !once_in(w, 3));
	/* over the one that is there */
	if (once_in(w, 2)) {
		d->piece[0] = *p;
		d->n--;
	}
}

/* What should be flat is a nest, with the other attributes in it, or nests in nests. */
static void break_nest(struct worker *w, struct draft *d)
{
	struct piece *p = any(w, d);
	struct nlattr head = { NLA_HDRLEN, p->type };
	unsigned int i, depth = 1 + roll(w, 20);

	for (i = 0; i < depth; i++) {
		head.nla_len = (depth - i) * NLA_HDRLEN;
		memcpy(p->data + i * NLA_HDRLEN, &head, sizeof(head));
	}
	p->len = depth * NLA_HDRLEN;
	p->type |= once_in(w, 2) ? NLA_F_NESTED : 0;
}

static void break_flags(struct worker *w, struct draft *d)
{
	uint16_t bits[] = {
		NLM_F_REQUEST, NLM_F_ACK, NLM_F_ECHO, NLM_F_ROOT, NLM_F_MATCH, NLM_F_DUMP,
		NLM_F_DUMP, NLM_F_MULTI, roll(w, 0x10000),
	};

	d->flags ^= bits[roll(w, 9)];
}

static void break_header(struct worker *w, struct draft *d)
{
	switch (roll(w, 3)) {
	case 0:
		d->version = roll(w, once_in(w, 2) ? GRPDEDUP_GENL_VERSION : 256);
		return;
	case 1:
		d->reserved = 1 + roll(w, 0xffff);
		return;
	default:
		d->cmd = once_in(w, 2) ? roll(w, GRPDEDUP_CMD_MAX + 3) : roll(w, 256);
	}
}

/* No other family: what it would do is not ours to test. */
static void break_family(struct worker *w, struct draft *d)
{
	static const uint16_t types[] = {
		NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE, NLMSG_OVERRUN, 0, 0xffff, 0x8000,
	};

	d->type = types[roll(w, 7)];
}

static void break_message_length(struct worker *w, struct draft *d)
{
	int64_t claims[] = { 0, 15, 16, 17, 19, 20, 21, 0x7fffffff, 0xffffffff, roll(w, 200) };

	/* mostly the rest of the datagram goes with it */
	if (once_in(w, 4))
		d->claim = claims[roll(w, 10)];
}

static void break_tail(struct worker *w, struct draft *d)
{
	d->garbage = 1 + roll(w, 20);
}

static void break_size(struct worker *w, struct draft *d)
{
	struct piece *p = any(w, d);

	if (once_in(w, 2)) {
		p->more = roll(w, 4000);
	} else {
		while (d->n < MAX_PIECES)
			put(d, p->type, p->data, p->len);
	}
}

static void break_bits(struct worker *w, struct draft *d)
{
	d->flips = 1 + roll(w, 6);
}

static void (* const ways[])(struct worker *, struct draft *) = {
	break_length, break_claim, break_type, break_type_flags, break_twice, break_missing,
	break_foreign, break_number, break_name, break_nest, break_flags, break_header,
	break_family, break_message_length, break_tail, break_size, break_bits, break_number,
	break_twice, break_missing, break_name, break_flags,
};

static size_t emit_piece(struct worker *w, uint8_t *at, const struct piece *p)
{
	size_t len = NLA_HDRLEN + p->len + p->more, i;
	struct nlattr attr = { p->claim < 0 ? len : (size_t)p->claim, p->type };

	memcpy(at, &attr, sizeof(attr));
	memcpy(at + NLA_HDRLEN, p->data, p->len);
	for (i = 0; i < p->more; i++)
		at[NLA_HDRLEN + p->len + i] = roll(w, 256);
	memset(at + len, 0, NLA_ALIGN(len) - len);
	return NLA_ALIGN(len);
}

static void emit(struct worker *w, const struct draft *d)
{
	struct nlmsghdr nlh = { .nlmsg_type = d->type, .nlmsg_flags = d->flags };
	struct genlmsghdr genl = { d->cmd, d->version, d->reserved };
	uint8_t *start = w->tally->data + w->len, *at = start + NLMSG_HDRLEN;
	int i;

	memcpy(at, &genl, sizeof(genl));
	at += GENL_HDRLEN;
	for (i = 0; i < d->n; i++)
		at += emit_piece(w, at, &d->piece[i]);
	for (i = 0; i < d->garbage; i++)
		*at++ = roll(w, 256);
	nlh.nlmsg_len = d->claim < 0 ? at - start : d->claim;
	memcpy(start, &nlh, sizeof(nlh));
	for (i = 0; i < d->flips; i++)
		start[roll(w, at - start)] ^= 1 << roll(w, 8);
	/* answers are told apart by this */
	((struct nlmsghdr *)start)->nlmsg_seq = ++w->seq;
	while ((at - start) % NLMSG_ALIGNTO)
		*at++ = 0;
	w->len += at - start;
}

static void build_message(struct worker *w)
{
	struct draft d = { .n = 0 };
	unsigned int i;

	draft_good(w, &d);
	if (once_in(w, 2))
		for (i = 1 + roll(w, 3); i; i--)
			ways[roll(w, sizeof(ways) / sizeof(ways[0]))](w, &d);
	emit(w, &d);
}

/* Nothing that affects other families, workers' groups or processes. */
static bool admissible(const struct worker *w)
{
	const struct nlmsghdr *nlh;
	unsigned int i, k;

	if (w->nr_seen == MAX_SEEN)
		return false;
	for (i = 0; i < w->nr_seen; i++) {
		nlh = (const void *)(w->tally->data + w->seen[i].at);
		if (nlh->nlmsg_type != family && nlh->nlmsg_type >= NLMSG_MIN_TYPE &&
		    nlh->nlmsg_type != 0xffff && nlh->nlmsg_type != 0x8000)
			return false;
		if (w->seen[i].kind == REQUEST && !model_knows(w, &w->seen[i].rq))
			return false;
		for (k = 0; k < i; k++)
			if (w->seen[k].seq == w->seen[i].seq)
				return false;
	}
	return true;
}

/* One message or several; now and then the end is cut off. */
void build_datagram(struct worker *w)
{
	unsigned int i;

	do {
		w->nr_built = once_in(w, 3) ? 1 : 1 + roll(w, MAX_BUILT);
		w->len = 0;
		for (i = 0; i < w->nr_built && w->len < DATAGRAM - MESSAGE_MAX; i++)
			build_message(w);
		w->nr_built = i;
		if (once_in(w, 20))
			w->len -= roll(w, w->len);
		grammar_walk(w);
		order_cut(w);
	} while (!admissible(w));
}
