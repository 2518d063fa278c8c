// SPDX-License-Identifier: GPL-2.0
/* Replies, and the state of requests that were accepted. */
#include <net/genetlink.h>

#include "family.h"
#include "fill.h"
#include "netlink_ops.h"
#include "request.h"

/* Allocated first: a request that was carried out must not report a failure. */
struct sk_buff *gd_netlink_begin_reply(struct genl_info *info, u8 cmd,
				       void **hdr)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (reply)
		*hdr = genlmsg_put_reply(reply, info, &gd_family, 0, cmd);
	else
		NL_SET_ERR_MSG(info->extack, "no memory for the reply");
	return reply;
}

/* Send a reply, unless filling it failed with @err. */
int gd_netlink_end_reply(struct genl_info *info, struct sk_buff *reply,
			 void *hdr, int err)
{
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

/* Finish the reply to a request that was accepted, or fail like it. */
int gd_netlink_reply_accepted(struct genl_info *info, struct sk_buff *reply,
			      void *hdr, struct gd_request *request)
{
	u64 id;

	if (IS_ERR(request))
		return gd_netlink_end_reply(info, reply, hdr, PTR_ERR(request));
	id = request->id;
	gd_request_put(request);
	return gd_netlink_end_reply(info, reply, hdr,
			 nla_put_u64_64bit(reply, GRPDEDUP_A_REQUEST, id,
					   GRPDEDUP_A_PAD));
}

/* Begin one row of a dump. NULL: it does not fit, and comes with the next. */
void *gd_netlink_begin_row(struct sk_buff *skb, struct netlink_callback *cb,
			   u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &gd_family, NLM_F_MULTI, cmd);
}

/* End a row, or take it back if filling it failed with @err. */
void gd_netlink_end_row(struct sk_buff *skb, struct netlink_callback *cb,
			void *hdr, int err)
{
	if (err) {
		genlmsg_cancel(skb, hdr);
		return;
	}
	genl_dump_check_consistent(cb, hdr);
	genlmsg_end(skb, hdr);
}

int gd_netlink_request_get(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[GRPDEDUP_A_REQUEST];
	struct gd_request *request;
	struct sk_buff *reply;
	int err = -ENOMEM;
	void *hdr;

	if (!id) {
		NL_SET_ERR_MSG(info->extack, "the number of a request is missing");
		return -EINVAL;
	}
	request = gd_request_find(nla_get_u64(id));
	if (!request) {
		NL_SET_ERR_MSG_ATTR(info->extack, id,
				    "there is no request with this number, or it ended long ago");
		return -ENOENT;
	}
	reply = gd_netlink_begin_reply(info, GRPDEDUP_CMD_REQUEST, &hdr);
	if (reply) {
		err = gd_fill_request(reply, request);
		err = gd_netlink_end_reply(info, reply, hdr, err);
	}
	gd_request_put(request);
	return err;
}
