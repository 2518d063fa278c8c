// SPDX-License-Identifier: GPL-2.0
/*
 * Calls: work that others hand to a group's scanner and wait for. Knows not what
 * the work is.
 */
#include <linux/slab.h>

#include "call.h"
#include "group.h"
#include "registry.h"

/* Drop a reference. */
void gd_call_put(struct gd_call *call)
{
	if (!refcount_dec_and_test(&call->refs))
		return;
	if (call->member)
		gd_member_put(call->member);
	kfree(call);
}

/**
 * gd_call_wait - hand a call to a group's scanner and wait
 * @group: the group
 * @call: from gd_call_create()
 *
 * Return: the call's result; -ENOENT if the scanner takes no more calls; -EINTR
 * if the caller was killed, the call goes on by itself then.
 */
int gd_call_wait(struct gd_group *group, struct gd_call *call)
{
	bool closed;

	spin_lock(&group->call_lock);
	closed = group->closed;
	if (!closed) {
		refcount_inc(&call->refs);
		list_add_tail(&call->link, &group->calls);
	}
	spin_unlock(&group->call_lock);
	if (closed)
		return -ENOENT;
	wake_up(&group->wake);
	if (wait_for_completion_killable(&call->done))
		return -EINTR;
	return call->result;
}

/**
 * gd_call_create - a call
 * @fn: what to do; it ends with gd_call_end()
 * @member: on whom, or NULL
 */
struct gd_call *gd_call_create(void (*fn)(struct gd_group *, struct gd_call *),
			       struct gd_member *member)
{
	struct gd_call *call = kzalloc(sizeof(*call), GFP_KERNEL);

	if (!call)
		return NULL;
	refcount_set(&call->refs, 1);
	init_completion(&call->done);
	call->fn = fn;
	call->member = member;
	if (member)
		gd_member_get(member);
	return call;
}

bool gd_call_is_waiting(struct gd_group *group)
{
	return !list_empty_careful(&group->calls);
}

/* The oldest call, out of the queue; NULL if there is none. */
struct gd_call *gd_call_next(struct gd_group *group)
{
	struct gd_call *call;

	spin_lock(&group->call_lock);
	call = list_first_entry_or_null(&group->calls, struct gd_call, link);
	if (call)
		list_del(&call->link);
	spin_unlock(&group->call_lock);
	return call;
}

/* Give a call's result to who waits for it. */
void gd_call_end(struct gd_call *call, int result)
{
	call->result = result;
	complete(&call->done);
	gd_call_put(call);
}

/**
 * gd_call_close - take no more calls, and end those that were not begun
 * @group: its scanner has stopped
 */
void gd_call_close(struct gd_group *group)
{
	struct gd_call *call;

	spin_lock(&group->call_lock);
	group->closed = true;
	spin_unlock(&group->call_lock);
	while ((call = gd_call_next(group))) {
		/* It was to join: the teardown will not meet it. */
		if (call->member && list_empty(&call->member->link))
			gd_registry_forget(call->member);
		gd_call_end(call, -ENOENT);
	}
}

