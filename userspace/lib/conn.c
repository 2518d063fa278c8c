// SPDX-License-Identifier: GPL-2.0
/*
 * The request socket: find the family, send a request, collect the replies.
 *
 * libnl builds and parses messages here but does not receive them: its receive
 * loop maps the kernel's errno to fewer NLE_ codes, ignores the status of a
 * dump, and does not support extended acks (as of 3.7).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include "array.h"
#include "conn.h"

/* Retries of a dump that is interrupted by concurrent changes. */
#define DUMP_TRIES	50
#define DUMP_PAUSE_US	2000

typedef int (*reply_fn)(struct nlmsghdr *nlh, void *arg);

struct exchange {
	const struct nlmsghdr *request;
	reply_fn fn;
	void *arg;
	bool done;
	bool interrupted;
	int err;
};

/* An exchange ends with an error, an ack (error 0), or the end of a dump. */
static void end_exchange(struct grpdedup_conn *conn, struct exchange *x,
			 const struct nlmsghdr *nlh)
{
	size_t tlvs = NLMSG_HDRLEN + sizeof(int);
	const int *status = nlmsg_data(nlh);

	x->done = true;
	if (nlmsg_datalen(nlh) < (int)sizeof(int)) {
		/* NLMSG_DONE of older kernels may have no status. */
		if (nlh->nlmsg_type == NLMSG_ERROR)
			x->err = -EBADMSG;
		return;
	}
	if (!*status)
		return;
	x->err = *status;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = nlmsg_data(nlh);

		if (nlmsg_datalen(nlh) < (int)sizeof(*e))
			return;
		tlvs = NLMSG_HDRLEN + sizeof(*e);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			tlvs += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	}
	grpdedup_extack_sentence(nlh, tlvs, x->request, conn->error,
				 sizeof(conn->error));
}

static void handle(struct grpdedup_conn *conn, struct exchange *x,
		   struct nlmsghdr *nlh)
{
	int err;

	if (nlh->nlmsg_seq != x->request->nlmsg_seq)
		return;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		x->interrupted = true;
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
		end_exchange(conn, x, nlh);
		return;
	}
	if (nlh->nlmsg_type < NLMSG_MIN_TYPE || !x->fn || x->err)
		return;
	/* Read the rest anyway, or it is taken for the next request's reply. */
	err = x->fn(nlh, x->arg);
	if (err)
		x->err = err;
}

static int receive(struct grpdedup_conn *conn, struct exchange *x)
{
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	struct nlmsghdr *nlh;
	ssize_t n;
	int left;

	n = recvfrom(nl_socket_get_fd(conn->sock), conn->buf, sizeof(conn->buf),
		     MSG_TRUNC, (struct sockaddr *)&from, &len);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if ((size_t)n > sizeof(conn->buf))
		return -EMSGSIZE;
	if (from.nl_pid != 0)
		return 0;

	left = (int)n;
	for (nlh = (struct nlmsghdr *)conn->buf; nlmsg_ok(nlh, left) && !x->done;
	     nlh = nlmsg_next(nlh, &left))
		handle(conn, x, nlh);
	return 0;
}

static int transact(struct grpdedup_conn *conn, struct nl_msg *msg,
		    struct exchange *x)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	int err;

	conn->error[0] = '\0';
	nlh->nlmsg_seq = NL_AUTO_SEQ;
	nl_complete_msg(conn->sock, msg);
	nlh->nlmsg_flags |= NLM_F_ACK;
	x->request = nlh;
	if (send(nl_socket_get_fd(conn->sock), nlh, nlh->nlmsg_len, 0) < 0)
		return -errno;
	while (!x->done) {
		err = receive(conn, x);
		if (err)
			return err;
	}
	/*
	 * The module sends a message with each error. Without one, the netlink
	 * core did not find the family: the module has been unloaded.
	 */
	if (x->err == -ENOENT && !conn->error[0])
		return -EPROTONOSUPPORT;
	return x->err;
}

struct do_arg {
	void (*fill)(struct nlattr **tb, void *reply);
	void *reply;
};

static int do_reply(struct nlmsghdr *nlh, void *data)
{
	struct nlattr *tb[GRPDEDUP_A_MAX + 1];
	struct do_arg *arg = data;
	int err = grpdedup_attr_parse(nlh, tb);

	if (!err)
		arg->fill(tb, arg->reply);
	return err;
}

int grpdedup_conn_check(struct grpdedup_conn *conn)
{
	conn->error[0] = '\0';
	if (conn->version == GRPDEDUP_GENL_VERSION)
		return 0;
	snprintf(conn->error, sizeof(conn->error),
		 "the module speaks version %" PRIu32 " of the interface, this program needs version %d: install both of the same release",
		 conn->version, GRPDEDUP_GENL_VERSION);
	return -EPROTO;
}

int grpdedup_conn_do(struct grpdedup_conn *conn, struct grpdedup_msg *msg,
		     void (*fill)(struct nlattr **tb, void *reply), void *reply)
{
	struct do_arg arg = { .fill = fill, .reply = reply };
	struct exchange x = { .fn = fill ? do_reply : NULL, .arg = &arg };
	int err = grpdedup_conn_check(conn);

	if (!err)
		err = msg->err;
	if (!err)
		err = transact(conn, msg->nl, &x);
	nlmsg_free(msg->nl);
	return err;
}

static int dump_reply(struct nlmsghdr *nlh, void *data)
{
	struct nlattr *tb[GRPDEDUP_A_MAX + 1];
	struct grpdedup_rows *rows = data;
	int err = grpdedup_attr_parse(nlh, tb);
	void *bigger, *row;

	if (err)
		return err;
	bigger = array_grow(rows->data, &rows->room, rows->count, rows->size);
	if (!bigger)
		return -ENOMEM;
	rows->data = bigger;
	row = (char *)rows->data + rows->count * rows->size;
	memset(row, 0, rows->size);
	rows->fill(tb, row);
	rows->count++;
	return 0;
}

int grpdedup_conn_dump(struct grpdedup_conn *conn, struct grpdedup_msg *msg,
		       struct grpdedup_rows *rows)
{
	int err = grpdedup_conn_check(conn);
	int tries;

	if (!err)
		err = msg->err;
	if (!err)
		nlmsg_hdr(msg->nl)->nlmsg_flags |= NLM_F_DUMP;
	for (tries = 0; !err; tries++) {
		struct exchange x = { .fn = dump_reply, .arg = rows };

		rows->count = 0;
		err = transact(conn, msg->nl, &x);
		if (err || !x.interrupted)
			break;
		if (tries == DUMP_TRIES)
			err = -EAGAIN;
		else
			usleep(DUMP_PAUSE_US);
	}
	nlmsg_free(msg->nl);
	if (err) {
		free(rows->data);
		rows->data = NULL;
		rows->count = 0;
	}
	return err;
}

static uint32_t find_group(struct nlattr *groups, const char *name)
{
	struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1];
	struct nlattr *group;
	int left;

	nla_for_each_nested(group, groups, left) {
		if (nla_parse_nested(tb, CTRL_ATTR_MCAST_GRP_MAX, group, NULL) ||
		    !tb[CTRL_ATTR_MCAST_GRP_NAME] || !tb[CTRL_ATTR_MCAST_GRP_ID])
			continue;
		if (!nla_strcmp(tb[CTRL_ATTR_MCAST_GRP_NAME], name))
			return nla_get_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
	}
	return 0;
}

static int family_reply(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1];
	struct grpdedup_conn *conn = arg;

	if (genlmsg_parse(nlh, 0, tb, CTRL_ATTR_MAX, NULL) < 0 ||
	    !tb[CTRL_ATTR_FAMILY_ID] || !tb[CTRL_ATTR_VERSION])
		return -EBADMSG;
	conn->family = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	conn->version = nla_get_u32(tb[CTRL_ATTR_VERSION]);
	if (tb[CTRL_ATTR_MCAST_GROUPS])
		conn->events_group = find_group(tb[CTRL_ATTR_MCAST_GROUPS],
						GRPDEDUP_MCGRP_EVENTS);
	return 0;
}

/* Resolving the family by name makes the kernel try to load the module. */
static int find_family(struct grpdedup_conn *conn)
{
	struct exchange x = { .fn = family_reply, .arg = conn };
	struct nl_msg *msg = nlmsg_alloc();
	int err = -ENOMEM;

	if (msg && genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, GENL_ID_CTRL, 0,
			       NLM_F_REQUEST, CTRL_CMD_GETFAMILY, 1) &&
	    !nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, GRPDEDUP_GENL_NAME))
		err = transact(conn, msg, &x);
	nlmsg_free(msg);
	return err == -ENOENT ? -EPROTONOSUPPORT : err;
}

int grpdedup_conn_open(struct grpdedup_conn **result)
{
	struct grpdedup_conn *conn = calloc(1, sizeof(*conn));
	int one = 1;
	int err;
	int fd;

	*result = NULL;
	if (!conn)
		return -ENOMEM;
	conn->sock = nl_socket_alloc();
	if (!conn->sock) {
		err = -ENOMEM;
		goto err_free;
	}
	err = -EIO;
	errno = 0;
	if (genl_connect(conn->sock) < 0) {
		if (errno)
			err = -errno;
		goto err_free;
	}
	/* These may fail: errors then have no message. */
	fd = nl_socket_get_fd(conn->sock);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	err = find_family(conn);
	if (err)
		goto err_free;
	*result = conn;
	return 0;

err_free:
	grpdedup_conn_close(conn);
	return err;
}

void grpdedup_conn_close(struct grpdedup_conn *conn)
{
	if (!conn)
		return;
	grpdedup_events_close(conn->events);
	nl_socket_free(conn->sock);
	free(conn);
}

const char *grpdedup_conn_error(const struct grpdedup_conn *conn)
{
	return conn->error;
}

uint32_t grpdedup_conn_family_version(const struct grpdedup_conn *conn)
{
	return conn->version;
}
