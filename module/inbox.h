/* SPDX-License-Identifier: GPL-2.0 */
/* The inbox of a scanner: all that other threads hand to it. */
#ifndef GD_INBOX_H
#define GD_INBOX_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

/**
 * struct gd_call - a function that a scanner is to run
 * @link: place in the inbox
 * @fn: what to do, with the argument of gd_inbox_serve(); NULL: the scanner has
 *	stopped, and the function only undoes what its caller did. It is called
 *	exactly once, and frees the struct that the call is embedded in.
 */
struct gd_call {
	struct list_head	link;
	void			(*fn)(struct gd_call *call, void *arg);
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
void gd_inbox_post(struct gd_inbox *inbox, struct gd_call *call);
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
