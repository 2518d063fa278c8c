// SPDX-License-Identifier: GPL-2.0
/*
 * gd-nlfuzz: sockets of every kind, and what comes back. The kernel serves a
 * datagram before send() returns: what has no answer then gets none.
 */
#include <sys/socket.h>

#include "nlfuzz_wire.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

uint16_t family;
static uint32_t events_group;
static char inbox[256 * 1024];

static void option(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

/* The attribute @type of the genl message @nlh; @size 0: a string that fits where @data points. */
static const struct nlattr *find_attr(const struct nlmsghdr *nlh, size_t head, int type)
{
	const char *at = (const char *)nlh + head, *end = (const char *)nlh + nlh->nlmsg_len;
	const struct nlattr *attr;

	for (; at + NLA_HDRLEN <= end; at += NLA_ALIGN(attr->nla_len)) {
		attr = (const void *)at;
		if (attr->nla_len < NLA_HDRLEN || at + attr->nla_len > end)
			return NULL;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
	}
	return NULL;
}

/* The value of an attribute of @size bytes; of a string of at most 63 if @size is 0. */
bool wire_attr(const struct nlmsghdr *nlh, int type, void *data, size_t size)
{
	const struct nlattr *attr = find_attr(nlh, NLMSG_LENGTH(GENL_HDRLEN), type);
	size_t len;

	if (!attr)
		return false;
	len = attr->nla_len - NLA_HDRLEN;
	if (size && len != size)
		return false;
	if (!size && (!len || len > GRPDEDUP_NAME_MAX + 1 || strnlen((const char *)(attr + 1), len) != len - 1))
		return false;
	memcpy(data, attr + 1, len);
	return true;
}

/* One of the counters; 0 if it is not there. */
uint64_t wire_counter(const struct nlmsghdr *nlh, int id)
{
	const struct nlattr *nest, *attr;
	const char *at, *end;
	uint64_t n = 0;

	nest = find_attr(nlh, NLMSG_LENGTH(GENL_HDRLEN), GRPDEDUP_A_COUNTERS);
	if (!nest)
		return 0;
	at = (const char *)(nest + 1);
	end = (const char *)nest + nest->nla_len;
	for (; at + NLA_HDRLEN + sizeof(n) <= end; at += NLA_ALIGN(attr->nla_len)) {
		attr = (const void *)at;
		if (attr->nla_len < NLA_HDRLEN)
			break;
		if (attr->nla_type == id && attr->nla_len == NLA_HDRLEN + sizeof(n))
			memcpy(&n, attr + 1, sizeof(n));
	}
	return n;
}

static int new_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (fd < 0)
		gd_die("gd-nlfuzz: socket");
	return fd;
}

/* Ask the controller for the numbers of the family and of its events. */
void wire_find_family(void)
{
	static const char ask[] = GRPDEDUP_GENL_NAME;
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
		struct nlattr attr;
		char name[12];
	} q = {
		{ sizeof(q), GENL_ID_CTRL, NLM_F_REQUEST, 1, 0 }, { CTRL_CMD_GETFAMILY, 2, 0 },
		{ NLA_HDRLEN + sizeof(ask), CTRL_ATTR_FAMILY_NAME }, GRPDEDUP_GENL_NAME,
	};
	const struct nlmsghdr *nlh = (const void *)inbox;
	const struct nlattr *attr;
	int fd = new_socket();

	send(fd, &q, sizeof(q), 0);
	if (recv(fd, inbox, sizeof(inbox), 0) < NLMSG_HDRLEN || nlh->nlmsg_type == NLMSG_ERROR ||
	    !wire_attr(nlh, CTRL_ATTR_FAMILY_ID, &family, sizeof(family))) {
		fprintf(stderr, "gd-nlfuzz: no family %s here\n", ask);
		exit(3);
	}
	/* a nest of nests, of which ours has one: its last four bytes are the number */
	attr = find_attr(nlh, NLMSG_LENGTH(GENL_HDRLEN), CTRL_ATTR_MCAST_GROUPS);
	if (!attr || attr->nla_len < 5 * NLA_HDRLEN)
		gd_die("gd-nlfuzz: the family has no events");
	attr += 2;
	while ((const char *)attr < inbox + nlh->nlmsg_len &&
	       attr->nla_type != CTRL_ATTR_MCAST_GRP_ID)
		attr = (const void *)((const char *)attr + NLA_ALIGN(attr->nla_len));
	memcpy(&events_group, attr + 1, sizeof(events_group));
	close(fd);
}

/* A socket of some kind; @plain: one that tells all. */
void wire_open(struct worker *w, struct conn *c, bool plain)
{
	bool small = !plain && once_in(w, 16);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (c->fd > 0)
		close(c->fd);
	c->fd = new_socket();
	c->stale = false;
	c->explains = plain || !once_in(w, 3);
	c->roomy = !small && w->role != NOBODY;
	option(c->fd, SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20);
	if (small)
		option(c->fd, SOL_SOCKET, SO_RCVBUF, 1);
	option(c->fd, SOL_NETLINK, NETLINK_EXT_ACK, c->explains);
	option(c->fd, SOL_NETLINK, NETLINK_CAP_ACK, plain || once_in(w, 2));
	option(c->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, once_in(w, 2));
	if (once_in(w, 2) && connect(c->fd, (void *)&kernel, sizeof(kernel)))
		gd_die("gd-nlfuzz: connect");
}

static struct seen *seen_of(struct worker *w, uint32_t seq)
{
	unsigned int i;

	for (i = 0; i < w->nr_seen; i++)
		if (w->seen[i].seq == seq)
			return &w->seen[i];
	return NULL;
}

/* Does a refusal come with a sentence? */
static bool says_why(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = NLMSG_DATA(nlh);
	size_t head = NLMSG_LENGTH(sizeof(*e));
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		head += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || head > nlh->nlmsg_len)
		return false;
	attr = find_attr(nlh, head, NLMSGERR_ATTR_MSG);
	return attr && attr->nla_len > NLA_HDRLEN + 8;
}

static void take_answer(struct worker *w, const struct conn *c, const struct nlmsghdr *nlh)
{
	struct seen *seen = seen_of(w, nlh->nlmsg_seq);
	int err = 0;

	if (!seen) {
		if (!c->stale)
			wrong(w, NULL, "an answer of type %u to no message", nlh->nlmsg_type);
		return;
	}
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
		memcpy(&err, NLMSG_DATA(nlh), sizeof(err));
		/* a listing that finds no room at first may say so, and go on */
		if (seen->answered && (c->roomy || !seen->rq.dump))
			wrong(w, seen, "a second answer: %d", err);
		if (err > 0 || err <= -MAX_ERRNO)
			wrong(w, seen, "a strange answer: %d", err);
		seen->answered = true;
		seen->err = -err;
		seen->done = nlh->nlmsg_type == NLMSG_DONE;
		seen->said_why = nlh->nlmsg_type == NLMSG_ERROR && says_why(nlh);
	} else if (nlh->nlmsg_type == family) {
		seen->replies++;
		wire_attr(nlh, GRPDEDUP_A_REQUEST, &seen->number, sizeof(seen->number));
	} else {
		wrong(w, seen, "an answer of type %u", nlh->nlmsg_type);
	}
}

/* Read all that is there. Returns whether something got lost. */
static bool collect(struct worker *w, const struct conn *c)
{
	const struct nlmsghdr *nlh;
	bool lost = false;
	int n;

	for (;;) {
		n = recv(c->fd, inbox, sizeof(inbox), MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return lost;
		if (n < 0 && errno == ENOBUFS && !c->roomy) {
			lost = true;
			continue;
		}
		if (n < 0)
			wrong(w, NULL, "recv: %s", strerror(errno));
		for (nlh = (const void *)inbox; NLMSG_OK(nlh, n); nlh = NLMSG_NEXT(nlh, n))
			take_answer(w, c, nlh);
	}
}

/* What the kernel may say to a request that it understands. */
static bool may_be(const struct worker *w, const struct seen *seen, bool dumping, int want)
{
	static const int crowds[] = { 0, EEXIST, ENOENT, ESRCH, EBUSY, EINVAL };
	size_t i;

	if (seen->rq.outdated)
		return seen->err == EPROTO;
	/* one dump at a time */
	if (seen->rq.dump && seen->err == EBUSY)
		return dumping;
	if (w->role == NOBODY)
		return seen->err == EPERM;
	/* the others may have ended so many requests that the newest one is forgotten */
	if (w->role == MODEL)
		return seen->err == want || (seen->rq.cmd == GRPDEDUP_CMD_REQUEST && !want &&
					     seen->err == ENOENT);
	for (i = 0; i < sizeof(crowds) / sizeof(crowds[0]); i++)
		if (seen->err == crowds[i])
			return true;
	return false;
}

/* How a malformed message is refused; a dump that is running may come before its form. */
static bool is_refusal(const struct seen *seen, bool dumping)
{
	if (seen->foreign_type)
		return seen->err == ENOENT;
	return seen->err == EINVAL || seen->err == ERANGE || seen->err == EOPNOTSUPP ||
	       (seen->err == EBUSY && dumping);
}

static void judge_request(struct worker *w, const struct conn *c, struct seen *seen, bool dumping)
{
	static const unsigned int replies[GRPDEDUP_CMD_MAX + 1] = {
		[GRPDEDUP_CMD_GROUP_GET] = 1, [GRPDEDUP_CMD_MEMBER_ADD] = 1,
		[GRPDEDUP_CMD_MEMBER_DEL] = 1, [GRPDEDUP_CMD_SCAN] = 1,
		[GRPDEDUP_CMD_GROUP_DEL] = 1, [GRPDEDUP_CMD_REQUEST] = 1,
	};
	int want = w->role == MODEL ? model_expect(w, &seen->rq) : 0;

	if (!may_be(w, seen, dumping, want))
		wrong(w, seen, "answered with %d (%s), and it must be %d (%s)", seen->err,
		      strerror(seen->err), want, strerror(want));
	if (seen->err && c->explains && !seen->rq.dump && !seen->said_why && c->roomy)
		wrong(w, seen, "refused with %s and no sentence", strerrorname_np(seen->err));
	if (!seen->err && !seen->rq.dump && c->roomy && seen->replies != replies[seen->rq.cmd])
		wrong(w, seen, "%u replies", seen->replies);
	if (!seen->err && order_ends_later(&seen->rq) && c->roomy && !seen->number)
		wrong(w, seen, "accepted without a number");
	if (w->role == MODEL && !seen->err && !order_ends_later(&seen->rq))
		model_apply(w, &seen->rq);
}

/* The answer got lost, or says that the reply did: the request was served nevertheless. */
static void assume(struct worker *w, const struct seen *seen)
{
	atomic_fetch_add(&w->tally->unknown, 1);
	w->unsure = true;
	if (w->role == MODEL && seen->kind == REQUEST && !model_expect(w, &seen->rq))
		model_apply(w, &seen->rq);
}

static void judge(struct worker *w, const struct conn *c, bool lost)
{
	unsigned int i;
	bool dumping = c->stale;

	for (i = 0; i < w->nr_seen; i++) {
		struct seen *seen = &w->seen[i];
		bool dump = seen->kind == REQUEST && seen->rq.dump;

		if (seen->answered ? !c->roomy && (seen->err == EAGAIN || seen->err == ENOBUFS) :
		    lost || seen->ack || dump || seen->kind == MALFORMED) {
			if (!seen->answered && !lost)
				wrong(w, seen, "no answer");
			assume(w, seen);
			continue;
		}
		if (seen->kind == SKIPPED && seen->err)
			wrong(w, seen, "no request, and answered with %d", seen->err);
		if (seen->kind == MALFORMED && !is_refusal(seen, dumping))
			wrong(w, seen, "malformed, and answered with %d", seen->err);
		if (seen->kind == REQUEST)
			judge_request(w, c, seen, dumping);
		dumping |= dump;
		if (seen->err)
			atomic_fetch_add(&w->tally->refused[seen->err], 1);
		else if (seen->kind == SKIPPED)
			atomic_fetch_add(&w->tally->skipped, 1);
		else
			atomic_fetch_add(&w->tally->accepted, 1);
	}
}

static int send_all(const struct worker *w, const struct conn *c)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	bool addressed = w->seq & 1;
	int err;

	atomic_store(&w->tally->len, w->len);
	atomic_store(&w->tally->since, gd_now());
	err = sendto(c->fd, w->tally->data, w->len, 0, addressed ? (void *)&kernel : NULL,
		     addressed ? sizeof(kernel) : 0) < 0 ? errno : 0;
	atomic_store(&w->tally->since, 0);
	return err;
}

/* Send the datagram and judge what comes back. */
void wire_exchange(struct worker *w, struct conn *c)
{
	int err = send_all(w, c);
	bool lost;

	/* the answers did not fit: the kernel was at it all the same */
	if (err && (err != ENOBUFS || c->roomy))
		wrong(w, NULL, "send: %s", strerror(err));
	lost = collect(w, c) || err;
	judge(w, c, lost);
	order_settle(w);
	atomic_fetch_add(&w->tally->sent, w->nr_seen);
	if (w->nr_seen < w->nr_built)
		atomic_fetch_add(&w->tally->unseen, w->nr_built - w->nr_seen);
	c->stale &= lost;
}

/* How has an accepted request ended? ENOENT: it is unknown; EINPROGRESS: not yet. */
int wire_ask(struct worker *w, uint64_t number)
{
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
		struct nlattr attr;
		uint64_t number;
	} q = {
		{ sizeof(q), family, NLM_F_REQUEST, ++w->seq, 0 },
		{ GRPDEDUP_CMD_REQUEST, GRPDEDUP_GENL_VERSION, 0 },
		{ NLA_HDRLEN + sizeof(number), GRPDEDUP_A_REQUEST }, number,
	};
	const struct nlmsghdr *nlh = (const void *)inbox;
	uint32_t end = EINPROGRESS;
	int err;

	if (send(w->clean.fd, &q, sizeof(q), 0) < 0 ||
	    recv(w->clean.fd, inbox, sizeof(inbox), MSG_DONTWAIT) < 0)
		wrong(w, NULL, "asking for a request: %s", strerror(errno));
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		memcpy(&err, NLMSG_DATA(nlh), sizeof(err));
		if (err != -ENOENT)
			wrong(w, NULL, "asking for a request: %s", strerror(-err));
		return ENOENT;
	}
	wire_attr(nlh, GRPDEDUP_A_ERROR, &end, sizeof(end));
	return end;
}

/* A listing on a socket of its own, entry by entry. */
void wire_dump(struct worker *w, uint8_t cmd, wire_entry_t *each)
{
	struct { struct nlmsghdr nlh; struct genlmsghdr genl; } q = {
		{ sizeof(q), family, NLM_F_REQUEST | NLM_F_DUMP, ++w->seq, 0 },
		{ cmd, GRPDEDUP_GENL_VERSION, 0 },
	};
	const struct nlmsghdr *nlh;
	int n, err = 0;

	if (send(w->clean.fd, &q, sizeof(q), 0) < 0)
		wrong(w, NULL, "send: %s", strerror(errno));
	for (;;) {
		n = recv(w->clean.fd, inbox, sizeof(inbox), MSG_DONTWAIT);
		if (n < 0)
			wrong(w, NULL, "a listing without end: %s", strerror(errno));
		for (nlh = (const void *)inbox; NLMSG_OK(nlh, n); nlh = NLMSG_NEXT(nlh, n)) {
			if (nlh->nlmsg_seq != w->seq)
				wrong(w, NULL, "a listing with the answer to another message");
			if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
				memcpy(&err, NLMSG_DATA(nlh), sizeof(err));
				if (err < 0)
					wrong(w, NULL, "a listing: %s", strerror(-err));
				return;
			}
			each(w, nlh);
		}
	}
}

/* Join the events, or join anew; who may not must be refused. The crowd has no room for them. */
void wire_listen(struct worker *w)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int group = events_group;

	if (w->events.fd >= 0)
		close(w->events.fd);
	w->events.fd = new_socket();
	/* a socket without a number of its own passes for the sender of the events */
	if (bind(w->events.fd, (void *)&any, sizeof(any)))
		gd_die("gd-nlfuzz: bind");
	option(w->events.fd, SOL_SOCKET, SO_RCVBUFFORCE, w->role == CROWD ? 1 : 16 << 20);
	if (!setsockopt(w->events.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) ==
	    (w->role == NOBODY))
		wrong(w, NULL, "joining the events: %s", strerror(errno));
}

/* Take the events that have come, and count those of the worker's groups. */
void wire_hear(struct worker *w)
{
	char name[GRPDEDUP_NAME_MAX + 1];
	const struct nlmsghdr *nlh = (const void *)inbox;
	uint8_t cmd;

	/* an event is a datagram of its own */
	while (w->events.fd >= 0 && recv(w->events.fd, inbox, sizeof(inbox), MSG_DONTWAIT) > 0) {
		cmd = ((const struct genlmsghdr *)NLMSG_DATA(nlh))->cmd;
		if (nlh->nlmsg_type != family || cmd > GRPDEDUP_CMD_MAX ||
		    !wire_attr(nlh, GRPDEDUP_A_GROUP_NAME, name, 0))
			wrong(w, NULL, "an event of type %u, command %u", nlh->nlmsg_type, cmd);
		if (name[0] == w->letter)
			w->heard[cmd]++;
	}
}
