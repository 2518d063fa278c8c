// SPDX-License-Identifier: GPL-2.0
/*
 * The inbox of a scanner: calls that other threads post, and requests for
 * passes. Does not know what the calls do. Nobody waits here.
 */
#include <linux/kthread.h>

#include "inbox.h"

void gd_inbox_init(struct gd_inbox *inbox)
{
	init_waitqueue_head(&inbox->wake);
	spin_lock_init(&inbox->lock);
	INIT_LIST_HEAD(&inbox->calls);
}

/**
 * gd_inbox_post - hand a call to a scanner
 * @inbox: the scanner's
 * @call: its function is set; belongs to that function from here on
 *
 * If the scanner has stopped, the function is called here.
 */
void gd_inbox_post(struct gd_inbox *inbox, struct gd_call *call)
{
	bool closed;

	spin_lock(&inbox->lock);
	closed = inbox->closed;
	if (!closed)
		list_add_tail(&call->link, &inbox->calls);
	spin_unlock(&inbox->lock);
	if (closed)
		call->fn(call, NULL);
	else
		wake_up(&inbox->wake);
}

/* Make the scanner read its settings again and check for requests. */
void gd_inbox_kick(struct gd_inbox *inbox)
{
	/* Pairs with xchg() below: what was set before the kick is seen. */
	smp_store_release(&inbox->kicked, true);
	wake_up(&inbox->wake);
}

/**
 * gd_inbox_request_pass - request a full pass now
 * @inbox: the scanner's
 *
 * Return: how many passes will have ended when the request is served. A pass
 * that is under way has seen some pages before the request: it does not count.
 */
u64 gd_inbox_request_pass(struct gd_inbox *inbox)
{
	u64 wanted;

	spin_lock(&inbox->lock);
	wanted = inbox->passes + 1 + inbox->in_pass;
	WRITE_ONCE(inbox->passes_wanted, max(inbox->passes_wanted, wanted));
	spin_unlock(&inbox->lock);
	gd_inbox_kick(inbox);
	return wanted;
}

/* Was the scanner kicked since the last call? */
bool gd_inbox_clear_kick(struct gd_inbox *inbox)
{
	/* A full barrier: a kick during what follows is not overwritten. */
	return READ_ONCE(inbox->kicked) && xchg(&inbox->kicked, false);
}

bool gd_inbox_is_empty(const struct gd_inbox *inbox)
{
	return list_empty(&inbox->calls);
}

static struct gd_call *dequeue(struct gd_inbox *inbox)
{
	struct gd_call *call;

	spin_lock(&inbox->lock);
	call = list_first_entry_or_null(&inbox->calls, struct gd_call, link);
	if (call)
		list_del(&call->link);
	spin_unlock(&inbox->lock);
	return call;
}

/**
 * gd_inbox_serve - run the queued calls
 * @inbox: the inbox of the scanner that calls this
 * @arg: argument of the calls' functions
 */
void gd_inbox_serve(struct gd_inbox *inbox, void *arg)
{
	struct gd_call *call;

	while (!kthread_should_stop() && (call = dequeue(inbox)))
		call->fn(call, arg);
}

/**
 * gd_inbox_close - refuse further calls, and cancel the queued ones
 * @inbox: its scanner has stopped
 */
void gd_inbox_close(struct gd_inbox *inbox)
{
	struct gd_call *call;

	spin_lock(&inbox->lock);
	inbox->closed = true;
	spin_unlock(&inbox->lock);
	while ((call = dequeue(inbox)))
		call->fn(call, NULL);
}

void gd_inbox_begin_pass(struct gd_inbox *inbox)
{
	spin_lock(&inbox->lock);
	inbox->in_pass = true;
	spin_unlock(&inbox->lock);
}

void gd_inbox_end_pass(struct gd_inbox *inbox)
{
	spin_lock(&inbox->lock);
	inbox->in_pass = false;
	WRITE_ONCE(inbox->passes, inbox->passes + 1);
	spin_unlock(&inbox->lock);
}
