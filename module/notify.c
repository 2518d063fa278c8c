// SPDX-License-Identifier: GPL-2.0
/*
 * Events: one function for each fact. None fails its caller: a listener that
 * misses an event finds the state in a listing.
 */
#include <net/genetlink.h>

#include "family.h"
#include "fill.h"
#include "group.h"
#include "notify.h"

static struct sk_buff *begin_event(enum grpdedup_cmd what, void **hdr)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&gd_family, &init_net, 0))
		return NULL;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb) {
		/* Report to the listeners that they missed an event. */
		genl_set_err(&gd_family, &init_net, 0, 0, -ENOBUFS);
		return NULL;
	}
	*hdr = genlmsg_put(skb, 0, 0, &gd_family, 0, what);
	return skb;
}

static void end_event(struct sk_buff *skb, void *hdr, int err)
{
	if (err) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, hdr);
	genlmsg_multicast(&gd_family, skb, 0, 0, GFP_KERNEL);
}

/* A group was added, changed or deleted: @what is the command. */
void gd_notify_group(const struct gd_group *group, enum grpdedup_cmd what)
{
	struct sk_buff *skb;
	void *hdr;

	skb = begin_event(what, &hdr);
	if (!skb)
		return;
	end_event(skb, hdr, gd_fill_group_id(skb, group) ?:
		      (what == GRPDEDUP_CMD_GROUP_DEL ?
		       nla_put_u64_64bit(skb, GRPDEDUP_A_PAGES,
					 group->unshared, GRPDEDUP_A_PAD) :
		       nla_put_u32(skb, GRPDEDUP_A_RATE,
				   READ_ONCE(group->set.rate))));
}

/* A group was paused or resumed. */
void gd_notify_pause(const struct gd_group *group)
{
	enum grpdedup_paused paused = READ_ONCE(group->paused);
	struct sk_buff *skb;
	void *hdr;

	skb = begin_event(paused ? GRPDEDUP_CMD_PAUSE : GRPDEDUP_CMD_RESUME,
			  &hdr);
	if (!skb)
		return;
	end_event(skb, hdr, gd_fill_group_id(skb, group) ?:
		      nla_put_u32(skb, GRPDEDUP_A_PAUSED, paused));
}

/* A request has ended. */
void gd_notify_request(const struct gd_request *request)
{
	struct sk_buff *skb;
	void *hdr;

	skb = begin_event(GRPDEDUP_CMD_REQUEST, &hdr);
	if (!skb)
		return;
	end_event(skb, hdr, gd_fill_request(skb, request));
}

void gd_notify_member_add(const struct gd_member *member)
{
	struct sk_buff *skb;
	void *hdr;

	skb = begin_event(GRPDEDUP_CMD_MEMBER_ADD, &hdr);
	if (!skb)
		return;
	end_event(skb, hdr, gd_fill_member_id(skb, member));
}

void gd_notify_member_del(const struct gd_member *member,
			  enum grpdedup_reason reason, u64 pages)
{
	struct sk_buff *skb;
	void *hdr;

	skb = begin_event(GRPDEDUP_CMD_MEMBER_DEL, &hdr);
	if (!skb)
		return;
	end_event(skb, hdr, gd_fill_member_id(skb, member) ?:
		      nla_put_u32(skb, GRPDEDUP_A_REASON, reason) ?:
		      nla_put_u64_64bit(skb, GRPDEDUP_A_PAGES, pages,
					GRPDEDUP_A_PAD));
}

/* A pass has ended that merged, and by which pages_sharing grew by @pages. */
void gd_notify_reclaim(const struct gd_group *group, u64 pages)
{
	struct sk_buff *skb;
	void *hdr;

	skb = begin_event(GRPDEDUP_CMD_RECLAIM, &hdr);
	if (!skb)
		return;
	end_event(skb, hdr, gd_fill_group_id(skb, group) ?:
		      nla_put_u64_64bit(skb, GRPDEDUP_A_PAGES, pages,
					GRPDEDUP_A_PAD) ?:
		      gd_fill_group_counters(skb, group));
}
