/* SPDX-License-Identifier: GPL-2.0 */
/* The inbox of a scanner: all that other threads hand to it. */
#ifndef GD_INBOX_H
#define GD_INBOX_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

/**
 * struct gd_call - a function that a scanner runs for a thread that waits
 * @refs: the caller and the inbox hold one each: the caller may be killed
 * @link: place in the inbox
 * @fn: what to do, with the argument of gd_inbox_serve(). gd_inbox_call() has
 *	it called exactly once: if the scanner has stopped, with @cancelled set
 *	and a NULL argument.
 * @release: frees the struct that the call is embedded in
 * @cancelled: the scanner has stopped: @fn only undoes what the caller did
 * @result: out: what @fn returned, 0 or -errno
 * @done: completed when @result is set
 *
 * Modelled on struct damon_call_control. Unlike there, @fn is also called when
 * the call is cancelled, so that it is cleaned up in one place.
 */
struct gd_call {
	refcount_t		refs;
	struct list_head	link;
	int			(*fn)(struct gd_call *call, void *arg);
	void			(*release)(struct gd_call *call);
	bool			cancelled;
	int			result;
	struct completion	done;
};

/**
 * struct gd_inbox - requests of other threads to a scanner
 * @wake: where the scanner sleeps
 * @lock: protects @calls and @closed, and serializes writes of the pass fields
 * @calls: calls not served yet, oldest first
 * @closed: the scanner takes no more calls
 * @kicked: settings have changed or a pass was requested; has no lock
 * @in_pass: a pass is under way
 * @passes: passes that have ended
 * @passes_wanted: requested passes are served when that many have ended
 */
struct gd_inbox {
	wait_queue_head_t	wake;
	spinlock_t		lock;
	struct list_head	calls;
	bool			closed;
	bool			kicked;
	bool			in_pass;
	u64			passes;
	u64			passes_wanted;
};

void gd_inbox_init(struct gd_inbox *inbox);

/* The caller's end */
void gd_call_init(struct gd_call *call,
		  int (*fn)(struct gd_call *call, void *arg),
		  void (*release)(struct gd_call *call));
void gd_call_put(struct gd_call *call);
int gd_inbox_call(struct gd_inbox *inbox, struct gd_call *call);
void gd_inbox_kick(struct gd_inbox *inbox);
u64 gd_inbox_request_pass(struct gd_inbox *inbox);

/* The scanner's end */
void gd_inbox_serve(struct gd_inbox *inbox, void *arg);
bool gd_inbox_is_empty(const struct gd_inbox *inbox);
bool gd_inbox_clear_kick(struct gd_inbox *inbox);
void gd_inbox_close(struct gd_inbox *inbox);
void gd_inbox_begin_pass(struct gd_inbox *inbox);
void gd_inbox_end_pass(struct gd_inbox *inbox);

/* Has a pass been requested that has not ended yet? */
static inline bool gd_inbox_wants_pass(const struct gd_inbox *inbox)
{
	return READ_ONCE(inbox->passes) < READ_ONCE(inbox->passes_wanted);
}

#endif /* GD_INBOX_H */
