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
#define GRPDEDUP_ERROR_SIZE	512

struct grpdedup_conn {
	struct nl_sock *sock;
	uint16_t family;
	uint32_t version;
	uint32_t events_group;
	char error[GRPDEDUP_ERROR_SIZE];
	char buf[GRPDEDUP_RECV_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* Once @err is set, adding attributes does nothing; sending returns @err. */
struct grpdedup_request {
	struct nl_msg *msg;
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

void grpdedup_request_init(struct grpdedup_request *req,
			   const struct grpdedup_conn *conn, int cmd);
void grpdedup_request_str(struct grpdedup_request *req, int attr,
			  const char *value);
void grpdedup_request_u32(struct grpdedup_request *req, int attr,
			  uint32_t value);
void grpdedup_request_u64(struct grpdedup_request *req, int attr,
			  uint64_t value);
void grpdedup_request_flag(struct grpdedup_request *req, int attr, bool value);

/* Both free the request. @fill is called for each reply, and may be NULL. */
int grpdedup_conn_do(struct grpdedup_conn *conn, struct grpdedup_request *req,
		     void (*fill)(struct nlattr **tb, void *reply),
		     void *reply);
int grpdedup_conn_dump(struct grpdedup_conn *conn, struct grpdedup_request *req,
		       struct grpdedup_rows *rows);

int grpdedup_attr_parse(struct nlmsghdr *nlh, struct nlattr **tb);
uint32_t grpdedup_attr_u32(struct nlattr **tb, int attr);
uint64_t grpdedup_attr_u64(struct nlattr **tb, int attr);
void grpdedup_attr_str(struct nlattr **tb, int attr, char *buf, size_t size);
void grpdedup_attr_counters(struct nlattr **tb,
			    struct grpdedup_counters *counters);

/* The sentence of a refusal; @tlvs: where its attributes begin in @reply. */
void grpdedup_extack_sentence(const struct nlmsghdr *reply, size_t tlvs,
			      const struct nlmsghdr *request, char *buf,
			      size_t size);

#endif /* GRPDEDUP_CONN_H */
