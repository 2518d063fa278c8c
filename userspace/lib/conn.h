/* SPDX-License-Identifier: GPL-2.0 */
/* Internal to libgrpdedup: the socket, a request, a reply. */
#ifndef GRPDEDUP_CONN_H
#define GRPDEDUP_CONN_H

#include <netlink/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include "libgrpdedup.h"

/* The kernel sends dumps in skbs of up to 32 KiB if the reader has room. */
#define GRPDEDUP_RECV_SIZE	65536

/* @events: ends of requests, NULL if nobody listens for them */
struct grpdedup_conn {
	struct nl_sock *sock;
	uint16_t family;
	uint32_t version;
	uint32_t events_group;
	struct grpdedup_events *events;
	char error[GRPDEDUP_MESSAGE_SIZE];
	char buf[GRPDEDUP_RECV_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* Once @err is set, adding attributes does nothing; sending returns @err. */
struct grpdedup_msg {
	struct nl_msg *nl;
	int err;
};

/* The result of a dump: an array of rows of @size bytes, filled by @fill. */
struct grpdedup_rows {
	void *data;
	size_t size;
	size_t count;
	size_t room;
	void (*fill)(struct nlattr **tb, void *row);
};

void grpdedup_msg_init(struct grpdedup_msg *msg,
		       const struct grpdedup_conn *conn, int cmd);
void grpdedup_msg_str(struct grpdedup_msg *msg, int attr, const char *value);
void grpdedup_msg_u32(struct grpdedup_msg *msg, int attr, uint32_t value);
void grpdedup_msg_u64(struct grpdedup_msg *msg, int attr, uint64_t value);
void grpdedup_msg_flag(struct grpdedup_msg *msg, int attr, bool value);

/* Both free the message. @fill is called for each reply, and may be NULL. */
int grpdedup_conn_do(struct grpdedup_conn *conn, struct grpdedup_msg *msg,
		     void (*fill)(struct nlattr **tb, void *reply),
		     void *reply);
int grpdedup_conn_dump(struct grpdedup_conn *conn, struct grpdedup_msg *msg,
		       struct grpdedup_rows *rows);
/* As grpdedup_conn_do(), for a request that a scanner carries out. */
int grpdedup_request_send(struct grpdedup_conn *conn, struct grpdedup_msg *msg,
			  struct grpdedup_request *request);

int grpdedup_attr_parse(struct nlmsghdr *nlh, struct nlattr **tb);
uint32_t grpdedup_attr_u32(struct nlattr **tb, int attr);
uint64_t grpdedup_attr_u64(struct nlattr **tb, int attr);
/* An errno of the kernel, as 0 or a negative errno. */
int grpdedup_attr_error(struct nlattr **tb, int attr);
void grpdedup_attr_str(struct nlattr **tb, int attr, char *buf, size_t size);
void grpdedup_attr_counters(struct nlattr **tb,
			    struct grpdedup_counters *counters);

/* The sentence of a refusal; @tlvs: where its attributes begin in @reply. */
void grpdedup_extack_sentence(const struct nlmsghdr *reply, size_t tlvs,
			      const struct nlmsghdr *request, char *buf,
			      size_t size);

#endif /* GRPDEDUP_CONN_H */
