/* SPDX-License-Identifier: GPL-2.0 */
/* Inside of libgrpdedup: the socket, a request, a reply. */
#ifndef GD_CONN_H
#define GD_CONN_H

#include <netlink/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include "libgrpdedup.h"

/* The kernel sends dumps in skbs of up to 32 KiB if the reader has room. */
#define GD_RECV_SIZE	65536
#define GD_ERROR_SIZE	512

struct gd_conn {
	struct nl_sock *sock;
	uint16_t family;
	uint32_t version;
	uint32_t events_group;
	char error[GD_ERROR_SIZE];
	char buf[GD_RECV_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* Puts into a request that failed already do nothing; sending it reports. */
struct gd_request {
	struct nl_msg *msg;
	int err;
};

/* A dump in the making: an array of @size byte rows, each made by @fill. */
struct gd_rows {
	void *data;
	size_t size;
	size_t count;
	size_t room;
	void (*fill)(struct nlattr **tb, void *row);
};

void gd_request_init(struct gd_request *req, const struct gd_conn *conn, int cmd);
void gd_request_str(struct gd_request *req, int attr, const char *value);
void gd_request_u32(struct gd_request *req, int attr, uint32_t value);
void gd_request_u64(struct gd_request *req, int attr, uint64_t value);
void gd_request_flag(struct gd_request *req, int attr, bool value);

/* Both free the request. @fill may be NULL; it sees each reply. */
int gd_conn_do(struct gd_conn *conn, struct gd_request *req,
	       void (*fill)(struct nlattr **tb, void *reply), void *reply);
int gd_conn_dump(struct gd_conn *conn, struct gd_request *req,
		 struct gd_rows *rows);

int gd_attr_parse(struct nlmsghdr *nlh, struct nlattr **tb);
uint32_t gd_attr_u32(struct nlattr **tb, int attr);
uint64_t gd_attr_u64(struct nlattr **tb, int attr);
void gd_attr_str(struct nlattr **tb, int attr, char *buf, size_t size);
void gd_attr_counters(struct nlattr **tb, struct gd_counters *counters);

/* The sentence of a refusal; @tlvs: where its attributes begin in @reply. */
void gd_extack_sentence(const struct nlmsghdr *reply, size_t tlvs,
			const struct nlmsghdr *request, char *buf, size_t size);

#endif /* GD_CONN_H */
