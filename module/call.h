/* SPDX-License-Identifier: GPL-2.0 */
/* Calls: work that others hand to a group's scanner and wait for. */
#ifndef GD_CALL_H
#define GD_CALL_H

#include <linux/completion.h>
#include <linux/grpdedup.h>
#include <linux/list.h>
#include <linux/refcount.h>

struct gd_group;
struct gd_member;

/**
 * struct gd_call - work that a scanner does for somebody who waits
 * @refs: the caller and the scanner hold one each: the caller may be killed
 * @link: place in the queue
 * @fn: what to do, in the scanner's context
 * @member: on whom, with a reference, or NULL
 * @reason: why a membership ends, &enum grpdedup_reason
 * @keep: leave frames shared
 * @pages: out: mappings unshared
 * @result: out: 0 or -errno
 * @done: completed when the result is there
 */
struct gd_call {
	refcount_t		refs;
	struct list_head	link;
	void			(*fn)(struct gd_group *group,
				      struct gd_call *call);
	struct gd_member	*member;
	enum grpdedup_reason	reason;
	bool			keep;
	u64			pages;
	int			result;
	struct completion	done;
};

/* The caller's end */
struct gd_call *gd_call_create(void (*fn)(struct gd_group *, struct gd_call *),
			       struct gd_member *member);
int gd_call_wait(struct gd_group *group, struct gd_call *call);
void gd_call_put(struct gd_call *call);

/* The scanner's end */
struct gd_call *gd_call_next(struct gd_group *group);
bool gd_call_is_waiting(struct gd_group *group);
void gd_call_end(struct gd_call *call, int result);
void gd_call_close(struct gd_group *group);

#endif /* GD_CALL_H */
