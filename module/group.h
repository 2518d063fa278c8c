/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Groups of processes that may share memory.
 *
 * Lock order:
 *   registry lock (mutex: who is in which group, settings, generation)
 *     -> call lock of a group (spinlock: its queue of calls)
 *   mmap lock of a member -> folio lock -> PTE lock
 * The registry lock is never held while waiting for a scanner, nor together with
 * an mmap lock. Trees, blocks and frames belong to the scanner and have no lock.
 */
#ifndef GD_GROUP_H
#define GD_GROUP_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "block.h"
#include "member.h"

struct netlink_ext_ack;
struct gd_scan;

/**
 * struct gd_settings - what a user sets of a group
 * @rate: pages visited per second, 0 is paused
 * @split_min: matching pages that a huge page must hold to be split
 * @frames_max: most frames, 0 = no limit
 */
struct gd_settings {
	u32	rate;
	u32	split_min;
	u64	frames_max;
};

/**
 * struct gd_group - processes that may share memory
 * @refs: the registry's reference and those of users
 * @id: unique while the module is loaded
 * @name: unique among the groups
 * @set: settings; written under the registry lock, read by the scanner
 * @nr_members: number of members; registry lock
 * @dying: being deleted: nobody may join and nothing is scanned any more;
 *	written under the registry lock
 * @task: its scanner, with a reference
 * @wake: where the scanner sleeps
 * @call_lock: protects @calls and @closed
 * @calls: work handed to the scanner
 * @closed: the scanner takes no more calls
 * @kicked: settings have changed or a pass was asked for: look again
 * @in_pass: a pass is under way; call lock
 * @passes: passes that have ended; call lock
 * @scan_wanted: passes asked for are served when that many have ended; call lock
 * @members: list of members; owned by the scanner, like all below
 * @dedup: trees, frames, counters
 * @scan: cursor and working memory
 */
struct gd_group {
	refcount_t		refs;
	u32			id;
	char			name[GRPDEDUP_NAME_MAX + 1];
	struct gd_settings	set;
	u32			nr_members;
	bool			dying;
	struct task_struct	*task;
	wait_queue_head_t	wake;
	spinlock_t		call_lock;
	struct list_head	calls;
	bool			closed;
	bool			kicked;
	bool			in_pass;
	u64			passes;
	u64			scan_wanted;
	struct list_head	members;
	struct gd_dedup		dedup;
	struct gd_scan		*scan;
};

/* Was a pass asked for that has not ended yet? */
static inline bool gd_group_scan_wanted(const struct gd_group *group)
{
	return group->passes < READ_ONCE(group->scan_wanted);
}

int gd_group_add(const char *name, const struct gd_settings *set,
		 struct netlink_ext_ack *extack);
void gd_group_set(struct gd_group *group, const struct gd_settings *set,
		  u32 which);
int gd_group_del(struct gd_group *group, bool unshare,
		 struct netlink_ext_ack *extack);
void gd_group_del_all(void);
void gd_group_put(struct gd_group *group);
u64 gd_group_scan(struct gd_group *group);

int gd_group_assign(struct gd_group *group, struct task_struct *task, bool move,
		    struct gd_member **memberp, struct netlink_ext_ack *extack);
int gd_group_unassign(struct gd_member *member, bool keep, u64 *pages,
		      struct netlink_ext_ack *extack);

#endif /* GD_GROUP_H */
