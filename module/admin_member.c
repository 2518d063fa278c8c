// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of root about members: assigning, moving, unassigning. What touches
 * pages is a call that a group's scanner runs; nothing here waits for it.
 */
#include <linux/netlink.h>
#include <linux/slab.h>

#include "admin.h"
#include "group.h"
#include "ksm.h"
#include "member.h"
#include "notify.h"
#include "registry.h"
#include "request.h"
#include "roster.h"

/**
 * struct change - a change of a process's membership, until it has ended
 * @call: what a scanner does now: one process leaves, or joins
 * @request: the request, with a reference
 * @group: where to join, with a reference; NULL: the process only leaves
 * @joiner: the new member, with a reference, if @group
 * @leaver: the old one, with a reference, or NULL
 * @move: it may be in another group
 * @left: it has left that group
 */
struct change {
	struct gd_roster_call	call;
	struct gd_request	*request;
	struct gd_group		*group;
	struct gd_member	*joiner;
	struct gd_member	*leaver;
	bool			move;
	bool			left;
};

static void free_change(struct change *change)
{
	if (change->request)
		gd_request_put(change->request);
	if (change->leaver)
		gd_member_put(change->leaver);
	if (change->joiner)
		gd_member_put(change->joiner);
	if (change->group)
		gd_group_put(change->group);
	kfree(change);
}

/* @member: whom to tell, if it failed */
static void end(struct change *change, struct gd_member *member, int err,
		const char *message)
{
	if (err && member)
		gd_member_set_why(member, message);
	gd_request_end(change->request, err, err ? message : NULL,
		       change->call.pages);
	gd_notify_request(change->request);
	free_change(change);
}

static const char out_of_time[] =
	"out of time: its address space is locked, or the host busy; try again";

static const char *why_not_joined(const struct change *change, int err)
{
	switch (err) {
	case -ESRCH:
		return "the process is gone";
	case -ENOENT:
	case -EINTR:
		return "the group is being deleted";
	case -ENOMEM:
		return change->left ?
		       "no memory to join; the process left its old group: assign it again" :
		       "no memory to add the process; try again";
	case -EBUSY:
		return out_of_time;
	default:
		return "pages that it shares outside the group could not be unshared; try again";
	}
}

static void joined(struct gd_roster_call *call, int err)
{
	struct change *change = container_of(call, struct change, call);

	end(change, change->joiner, err, why_not_joined(change, err));
}

static void why_not_left(const struct gd_roster_call *call, int err,
			 char *message)
{
	const char *text = "it could not be unshared, and is still in its group; try again";

	switch (err) {
	case -ENOSPC:
		gd_admin_explain_room(call, message);
		return;
	case -ENOMEM:
		text = "no memory for the copies; it is still in its group; try again";
		break;
	case -EBUSY:
		text = out_of_time;
		break;
	case -ENOENT:
	case -EINTR:
		text = "the process's group is being deleted";
		break;
	case -ESRCH:
		text = "the process has already left its group";
		break;
	}
	strscpy(message, text, GD_MESSAGE_SIZE);
}

static int begin_join(struct change *change, struct netlink_ext_ack *extack);

static void left(struct gd_roster_call *call, int err)
{
	struct change *change = container_of(call, struct change, call);
	struct netlink_ext_ack extack = {};
	char message[GD_MESSAGE_SIZE];

	if (!change->group || (err && err != -ESRCH)) {
		if (err)
			why_not_left(call, err, message);
		end(change, change->leaver, err, message);
		return;
	}
	/* Moving, the second part: it may have been assigned anew meanwhile. */
	change->left |= !err;
	gd_ksm_pass_on(&change->joiner->ksm, &change->leaver->ksm);
	gd_member_put(change->leaver);
	change->leaver = NULL;
	err = begin_join(change, &extack);
	if (err) {
		gd_ksm_give_back(&change->joiner->ksm, change->joiner->mm);
		end(change, NULL, err, extack._msg);
	}
}

static void begin_leave(struct change *change, enum grpdedup_reason reason)
{
	struct gd_member *member = change->leaver;

	change->call.call.fn = gd_roster_leave;
	change->call.done = left;
	change->call.member = member;
	change->call.reason = reason;
	gd_member_begin_leaving(member);
	gd_inbox_post(&member->group->inbox, &change->call.call);
}

/*
 * Register the member and let it join; first let it leave another group, or
 * clean up after an attempt to join that failed. Returns 0 if the change goes
 * on, and belongs to a scanner.
 */
static int begin_join(struct change *change, struct netlink_ext_ack *extack)
{
	struct gd_member *other;
	bool failed;
	int err;

	err = gd_registry_join(change->group, change->joiner, &other, extack);
	if (!err) {
		change->call.call.fn = gd_roster_join;
		change->call.done = joined;
		change->call.member = change->joiner;
		gd_inbox_post(&change->group->inbox, &change->call.call);
		return 0;
	}
	if (!other)
		return err;
	failed = gd_member_state(other, NULL) == GRPDEDUP_STATE_FAILED;
	if (!failed && !change->move) {
		NL_SET_ERR_MSG(extack,
			       "the process is in another group; use \"move\", or unassign it first");
		gd_member_put(other);
		return err;
	}
	change->leaver = other;
	begin_leave(change, GRPDEDUP_REASON_MOVE);
	return 0;
}

static struct change *new_change(struct gd_group *group,
				 struct gd_member *member,
				 struct netlink_ext_ack *extack)
{
	struct change *change = kzalloc(sizeof(*change), GFP_KERNEL);
	struct gd_request *request;

	if (!change) {
		NL_SET_ERR_MSG(extack, "no memory for the request");
		return ERR_PTR(-ENOMEM);
	}
	request = gd_request_create(group->id, group->name, member->nr, extack);
	if (IS_ERR(request)) {
		kfree(change);
		return ERR_CAST(request);
	}
	change->request = request;
	return change;
}

/**
 * gd_admin_assign - make a process a member
 * @group: the group
 * @member: from gd_member_create()
 * @move: allow moving it from another group, whose frames it loses first
 * @force: unshare them even if there seems to be no room for the copies
 * @extack: set to the reason of a failure
 *
 * Return: the accepted request, with a reference, or an ERR_PTR().
 */
struct gd_request *gd_admin_assign(struct gd_group *group,
				   struct gd_member *member, bool move,
				   bool force, struct netlink_ext_ack *extack)
{
	struct change *change = new_change(group, member, extack);
	struct gd_request *request;
	int err;

	if (IS_ERR(change))
		return ERR_CAST(change);
	request = change->request;
	gd_request_get(request);
	gd_group_get(group);
	change->group = group;
	gd_member_get(member);
	change->joiner = member;
	change->move = move;
	change->call.force = force;
	err = begin_join(change, extack);
	if (!err)
		return request;
	gd_request_drop(request);
	change->request = NULL;
	free_change(change);
	gd_request_put(request);
	return ERR_PTR(err);
}

/**
 * gd_admin_unassign - end a membership
 * @member: the member
 * @keep: leave its frames shared; else none is left in its memory on success
 * @force: unshare them even if there seems to be no room for the copies
 * @extack: set to the reason of a failure
 *
 * Return: the accepted request, with a reference, or an ERR_PTR().
 */
struct gd_request *gd_admin_unassign(struct gd_member *member, bool keep,
				     bool force, struct netlink_ext_ack *extack)
{
	struct change *change = new_change(member->group, member, extack);
	struct gd_request *request;

	if (IS_ERR(change))
		return ERR_CAST(change);
	request = change->request;
	gd_request_get(request);
	gd_member_get(member);
	change->leaver = member;
	change->call.keep = keep;
	change->call.force = force;
	begin_leave(change, GRPDEDUP_REASON_UNASSIGN);
	return request;
}
