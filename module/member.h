/* SPDX-License-Identifier: GPL-2.0 */
/* One process in one group. */
#ifndef GD_MEMBER_H
#define GD_MEMBER_H

#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/sched.h>

#include "block.h"

struct gd_group;

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
 * @by_mm: place in the table of all members; registry lock
 * @ended: the membership is over; registry lock
 * @link: place in the group's list; owned by the scanner
 * @blocks: what is known of its pages; owned by the scanner
 * @known: all of its memory was visited once: frames met for the first time are
 *	not its parent's; owned by the scanner
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
	struct hlist_node	by_mm;
	bool			ended;
	struct list_head	link;
	struct gd_blocks	blocks;
	bool			known;
};

struct gd_member *gd_member_create(struct task_struct *task,
				   struct mm_struct *mm);
void gd_member_get(struct gd_member *member);
void gd_member_put(struct gd_member *member);
bool gd_member_is_gone(const struct gd_member *member);
bool gd_member_has_execed(const struct gd_member *member);

#endif /* GD_MEMBER_H */
