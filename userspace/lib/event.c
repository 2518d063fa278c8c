// SPDX-License-Identifier: GPL-2.0
/*
 * Events have a socket of their own: on the request socket they would arrive
 * between a request and its reply.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include "conn.h"

/* The multicast group "notify" of the netlink controller has a fixed number. */
#define CTRL_NOTIFY_GROUP	GENL_ID_CTRL

/*
 * For a reader that is held up: thousands of events; the default has room for
 * 86.
 */
#define EVENTS_BUFFER		(1 << 20)

struct grpdedup_events {
	struct grpdedup_conn *conn;
};

static int join(const struct grpdedup_conn *conn, uint32_t group)
{
	if (setsockopt(nl_socket_get_fd(conn->sock), SOL_NETLINK,
		       NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		return -errno;
	return 0;
}

int grpdedup_events_open(struct grpdedup_events **result)
{
	struct grpdedup_events *events = calloc(1, sizeof(*events));
	int size = EVENTS_BUFFER;
	int err;

	*result = NULL;
	if (!events)
		return -ENOMEM;
	err = grpdedup_conn_open(&events->conn);
	if (err)
		goto err_free;
	setsockopt(grpdedup_events_fd(events), SOL_SOCKET, SO_RCVBUFFORCE,
		   &size, sizeof(size));
	/* Without this multicast group, it is not the family we support. */
	err = events->conn->events_group ?
	      join(events->conn, events->conn->events_group) : -EOPNOTSUPP;
	if (!err)
		err = join(events->conn, CTRL_NOTIFY_GROUP);
	if (err)
		goto err_free;
	*result = events;
	return 0;

err_free:
	grpdedup_events_close(events);
	return err;
}

void grpdedup_events_close(struct grpdedup_events *events)
{
	if (!events)
		return;
	grpdedup_conn_close(events->conn);
	free(events);
}

int grpdedup_events_fd(const struct grpdedup_events *events)
{
	return nl_socket_get_fd(events->conn->sock);
}

static int parse(struct nlmsghdr *nlh, struct grpdedup_event *event)
{
	struct nlattr *tb[GRPDEDUP_A_MAX + 1];
	int err = grpdedup_attr_parse(nlh, tb);

	if (err)
		return err;
	*event = (struct grpdedup_event){ 0 };
	event->cmd = genlmsg_hdr(nlh)->cmd;
	event->group_id = grpdedup_attr_u32(tb, GRPDEDUP_A_GROUP_ID);
	grpdedup_attr_str(tb, GRPDEDUP_A_GROUP_NAME, event->group,
			  sizeof(event->group));
	event->rate = grpdedup_attr_u32(tb, GRPDEDUP_A_RATE);
	event->pid = grpdedup_attr_u32(tb, GRPDEDUP_A_PID);
	grpdedup_attr_str(tb, GRPDEDUP_A_COMM, event->comm,
			  sizeof(event->comm));
	event->reason = grpdedup_attr_u32(tb, GRPDEDUP_A_REASON);
	event->pages = grpdedup_attr_u64(tb, GRPDEDUP_A_PAGES);
	event->paused = grpdedup_attr_u32(tb, GRPDEDUP_A_PAUSED);
	event->request = grpdedup_attr_u64(tb, GRPDEDUP_A_REQUEST);
	event->error = grpdedup_attr_error(tb, GRPDEDUP_A_ERROR);
	grpdedup_attr_str(tb, GRPDEDUP_A_MESSAGE, event->message,
			  sizeof(event->message));
	grpdedup_attr_counters(tb, &event->counters);
	return 0;
}

/* After an unload the family's number is invalid, and the socket silent. */
static bool says_unloaded(const struct grpdedup_conn *conn,
			  struct nlmsghdr *nlh)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1];

	return nlh->nlmsg_type == GENL_ID_CTRL &&
	       nlmsg_datalen(nlh) >= (int)GENL_HDRLEN &&
	       genlmsg_hdr(nlh)->cmd == CTRL_CMD_DELFAMILY &&
	       genlmsg_parse(nlh, 0, tb, CTRL_ATTR_MAX, NULL) >= 0 &&
	       tb[CTRL_ATTR_FAMILY_ID] &&
	       nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]) == conn->family;
}

int grpdedup_events_read(struct grpdedup_events *events,
			 void (*fn)(const struct grpdedup_event *event,
				    void *arg),
			 void *arg)
{
	struct grpdedup_conn *conn = events->conn;
	struct grpdedup_event event;
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	struct nlmsghdr *nlh;
	ssize_t n;
	int left;

	n = recvfrom(grpdedup_events_fd(events), conn->buf, sizeof(conn->buf),
		     MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &len);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if ((size_t)n > sizeof(conn->buf))
		return -ENOBUFS;
	if (from.nl_pid != 0)
		return 0;

	left = (int)n;
	for (nlh = (struct nlmsghdr *)conn->buf; nlmsg_ok(nlh, left);
	     nlh = nlmsg_next(nlh, &left)) {
		if (says_unloaded(conn, nlh))
			return -EPROTONOSUPPORT;
		if (nlh->nlmsg_type == conn->family && !parse(nlh, &event))
			fn(&event, arg);
	}
	return 0;
}
