// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel made up for the client library, to be included before its sources:
 * what they send ends in answer(), what they receive is what that has queued.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <linux/grpdedup.h>

/* The stand-in of tests/workloads has threads. */
#ifndef FAKE
#define FAKE	static
#endif

#define FAMILY		77
#define EVENTS_GROUP	9

FAKE uint32_t family_version = GRPDEDUP_GENL_VERSION;

struct datagram {
	size_t len;
	uint32_t from;
	char data[32768] __attribute__((aligned(4)));
};

FAKE struct datagram queue[64];
FAKE size_t queue_in;
FAKE size_t queue_out;
FAKE int receive_error;

/* The same for the socket @events_fd. */
FAKE struct datagram event_queue[64];
FAKE size_t event_in;
FAKE size_t event_out;
FAKE int event_error;
FAKE int events_fd = -1;

/* What happens while a client waits for events; if that is a signal, an errno. */
FAKE int (*meanwhile)(void);
FAKE unsigned int waits;
FAKE bool signals_end_waits;

/* The last request, and how often one came since a test began. */
FAKE char request[4096] __attribute__((aligned(4)));
FAKE unsigned int requests;
FAKE void (*answer)(void);

static struct nlmsghdr *request_header(void)
{
	return (struct nlmsghdr *)request;
}

static ssize_t fake_send(int fd, const void *buf, size_t len, int flags)
{
	(void)fd;
	(void)flags;
	memcpy(request, buf, len < sizeof(request) ? len : sizeof(request));
	requests++;
	answer();
	return (ssize_t)len;
}

static ssize_t fail_once(int *err)
{
	errno = *err;
	*err = 0;
	return -1;
}

static ssize_t fake_recvfrom(int fd, void *buf, size_t len, int flags,
			     struct sockaddr *from, socklen_t *from_len)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	bool is_event = fd == events_fd;
	size_t *out = is_event ? &event_out : &queue_out;
	struct datagram *d = is_event ? &event_queue[*out] : &queue[*out];

	(void)flags;
	if (is_event ? event_error : receive_error)
		return fail_once(is_event ? &event_error : &receive_error);
	if (*out == (is_event ? event_in : queue_in)) {
		errno = EAGAIN;
		return -1;
	}
	(*out)++;
	address.nl_pid = d->from;
	memcpy(from, &address, *from_len < sizeof(address) ? *from_len : sizeof(address));
	memcpy(buf, d->data, d->len < len ? d->len : len);
	return (ssize_t)d->len;
}

/* Time does not pass, unless nothing happens. */
static int fake_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
		      const sigset_t *mask)
{
	int err;

	(void)count;
	signals_end_waits = mask;
	waits++;
	err = meanwhile ? meanwhile() : 0;
	if (err) {
		errno = err;
		return -1;
	}
	if (fds->fd >= 0 && (event_in != event_out || event_error))
		return 1;
	nanosleep(timeout, NULL);
	return 0;
}

static struct datagram *new_datagram(void)
{
	struct datagram *d = &queue[queue_in];

	if (queue_in++ == sizeof(queue) / sizeof(queue[0]))
		abort();

	d->len = 0;
	d->from = 0;
	return d;
}

static struct datagram *new_event(void)
{
	struct datagram *d = &event_queue[event_in++];

	d->len = 0;
	d->from = 0;
	return d;
}

static struct nlmsghdr *put_header(struct datagram *d, int type, int flags)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(d->data + d->len);

	*nlh = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = (uint16_t)type,
		.nlmsg_flags = (uint16_t)flags,
		.nlmsg_seq = request_header()->nlmsg_seq,
	};
	d->len += NLMSG_HDRLEN;
	return nlh;
}

static void put_bytes(struct datagram *d, struct nlmsghdr *nlh, const void *data,
		      size_t len)
{
	memset(d->data + d->len, 0, NLMSG_ALIGN(len));
	memcpy(d->data + d->len, data, len);
	d->len += NLMSG_ALIGN(len);
	nlh->nlmsg_len += NLMSG_ALIGN(len);
}

static void put_attr(struct datagram *d, struct nlmsghdr *nlh, int type,
		     const void *data, size_t len)
{
	struct nlattr nla = {
		.nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = (uint16_t)type,
	};

	put_bytes(d, nlh, &nla, sizeof(nla));
	put_bytes(d, nlh, data, len);
}

static void put_u32(struct datagram *d, struct nlmsghdr *nlh, int type, uint32_t value)
{
	put_attr(d, nlh, type, &value, sizeof(value));
}

static void put_u64(struct datagram *d, struct nlmsghdr *nlh, int type, uint64_t value)
{
	put_attr(d, nlh, type, &value, sizeof(value));
}

static void put_str(struct datagram *d, struct nlmsghdr *nlh, int type, const char *value)
{
	put_attr(d, nlh, type, value, strlen(value) + 1);
}

static struct nlmsghdr *put_reply(struct datagram *d, int type, int cmd, int flags)
{
	struct nlmsghdr *nlh = put_header(d, type, flags);
	struct genlmsghdr genl = { .cmd = (uint8_t)cmd, .version = GRPDEDUP_GENL_VERSION };

	put_bytes(d, nlh, &genl, sizeof(genl));
	return nlh;
}

/* The beginning of a refusal, or of an ack; attributes may follow. */
static struct nlmsghdr *put_error(struct datagram *d, int err, int flags)
{
	struct nlmsghdr *nlh = put_header(d, NLMSG_ERROR, flags);
	struct nlmsgerr e = { .error = err, .msg = *request_header() };

	put_bytes(d, nlh, &e, sizeof(e));
	return nlh;
}

static void ack(void)
{
	put_error(new_datagram(), 0, NLM_F_CAPPED);
}

static void answer_family(void)
{
	struct datagram *d = new_datagram();
	struct nlmsghdr *nlh = put_reply(d, GENL_ID_CTRL, CTRL_CMD_NEWFAMILY, 0);
	uint16_t id = FAMILY;
	/* groups: { 1: { id, name } } */
	struct {
		struct nlattr outer;
		struct nlattr id_attr;
		uint32_t id;
		struct nlattr name_attr;
		char name[8];
	} groups = {
		{ sizeof(groups), 1 },
		{ 8, CTRL_ATTR_MCAST_GRP_ID }, EVENTS_GROUP,
		{ 4 + sizeof("events"), CTRL_ATTR_MCAST_GRP_NAME }, "events",
	};

	put_str(d, nlh, CTRL_ATTR_FAMILY_NAME, "grpdedup");
	put_attr(d, nlh, CTRL_ATTR_FAMILY_ID, &id, sizeof(id));
	put_u32(d, nlh, CTRL_ATTR_VERSION, family_version);
	put_attr(d, nlh, CTRL_ATTR_MCAST_GROUPS, &groups, sizeof(groups));
	ack();
}

#define send	fake_send
#define recvfrom	fake_recvfrom
#define ppoll		fake_ppoll
