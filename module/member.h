/* SPDX-License-Identifier: GPL-2.0 */
/* One process in one group. */
#ifndef GD_MEMBER_H
#define GD_MEMBER_H

#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/sched.h>

#include "block.h"
#include "ksm.h"
#include "request.h"
#include "vma.h"

struct gd_group;
struct netlink_ext_ack;

/**
 * struct gd_member - an address space that belongs to a group
 * @refs: the registry's reference and those of users
 * @id: unique, rising; the order of listings
 * @group: its group, with a reference once it has one
 * @mm: the address space (mmgrab); a user reference is held per step only
 * @pid: of the thread group leader
 * @nr: its number in the initial pid namespace
 * @comm: its name when it was assigned
 * @start_time: when it started, ns since boot
 * @uncharged: frames are not charged to its memory cgroup: its group must limit
 *	them
 * @by_mm: place in the table of all members; registry lock
 * @ended: the membership is over; registry lock
 * @counted: among its group's members; registry lock
 * @lock: protects @state and @why
 * @state: &enum grpdedup_state
 * @why: why its last request failed, or ""
 * @link: place in the group's list
 * @blocks: what is known of its pages
 * @known: all of its memory was visited once: frames met for the first time are
 *	not its parent's
 * @addr: where this pass goes on
 * @pass: the last pass that has ended for it
 * @contended: visits of this pass that could not get its mmap lock
 * @contended_run: those since the last one that could
 * @ksm: what it had of ksmd's
 * @taken: end of the area that was last taken from ksmd
 * @watched: number of the last watch that looked at it
 * @exposed: pages of ksmd's may be left, or come back from swap
 * @skipped: bytes of areas that this pass has skipped, from %GD_VMA_SHARED on
 *
 * From @link on, all is owned by the scanner.
 */
struct gd_member {
	refcount_t		refs;
	u32			id;
	struct gd_group		*group;
	struct mm_struct	*mm;
	struct pid		*pid;
	pid_t			nr;
	char			comm[TASK_COMM_LEN];
	u64			start_time;
	bool			uncharged;
	struct hlist_node	by_mm;
	bool			ended;
	bool			counted;
	spinlock_t		lock;
	enum grpdedup_state	state;
	char			why[GD_MESSAGE_SIZE];
	struct list_head	link;
	struct gd_blocks	blocks;
	bool			known;
	unsigned long		addr;
	u64			pass;
	u32			contended;
	u32			contended_run;
	struct gd_ksm		ksm;
	unsigned long		taken;
	u64			watched;
	bool			exposed;
	u64			skipped[GD_SKIPPED_CLASSES];
};

struct gd_member *gd_member_create(struct task_struct *task,
				   struct netlink_ext_ack *extack);
void gd_member_get(struct gd_member *member);
void gd_member_put(struct gd_member *member);
void gd_member_set_state(struct gd_member *member, enum grpdedup_state state);
void gd_member_begin_leaving(struct gd_member *member);
void gd_member_set_why(struct gd_member *member, const char *why);
enum grpdedup_state gd_member_state(struct gd_member *member, char *why);
bool gd_member_is_gone(const struct gd_member *member);
bool gd_member_has_execed(const struct gd_member *member);

#endif /* GD_MEMBER_H */
