// SPDX-License-Identifier: GPL-2.0
/* Build the message of a request. */
#include <errno.h>
#include <netlink/genl/genl.h>
#include "conn.h"

void grpdedup_msg_init(struct grpdedup_msg *msg,
		       const struct grpdedup_conn *conn, int cmd)
{
	msg->err = 0;
	msg->nl = nlmsg_alloc();
	if (!msg->nl || !genlmsg_put(msg->nl, NL_AUTO_PORT, NL_AUTO_SEQ,
				     conn->family, 0, NLM_F_REQUEST, cmd,
				     GRPDEDUP_GENL_VERSION))
		msg->err = -ENOMEM;
}

void grpdedup_msg_str(struct grpdedup_msg *msg, int attr, const char *value)
{
	if (!msg->err && nla_put_string(msg->nl, attr, value) < 0)
		msg->err = -EMSGSIZE;
}

void grpdedup_msg_u32(struct grpdedup_msg *msg, int attr, uint32_t value)
{
	if (!msg->err && nla_put_u32(msg->nl, attr, value) < 0)
		msg->err = -EMSGSIZE;
}

void grpdedup_msg_u64(struct grpdedup_msg *msg, int attr, uint64_t value)
{
	if (!msg->err && nla_put_u64(msg->nl, attr, value) < 0)
		msg->err = -EMSGSIZE;
}

void grpdedup_msg_flag(struct grpdedup_msg *msg, int attr, bool value)
{
	if (!msg->err && value && nla_put_flag(msg->nl, attr) < 0)
		msg->err = -EMSGSIZE;
}
