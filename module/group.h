/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A group of processes that may share memory: identity, settings, counters, and
 * its scanner's inbox.
 *
 * Lock order:
 *   registry lock (mutex: who is in which group, settings, generation)
 *   inbox lock of a group (spinlock: see inbox.h)
 *   mmap lock of a member -> folio lock -> PTE lock
 * Parking tries the folio lock inside the PTE lock, and never waits for it. The
 * first two are not held together with any other lock of these, and the
 * registry lock is never held while waiting for a scanner. Trees, blocks and
 * frames belong to the scanner and have no lock.
 */
#ifndef GD_GROUP_H
#define GD_GROUP_H

#include <linux/grpdedup.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "counters.h"
#include "inbox.h"

struct gd_request;
struct gd_scan;

/**
 * struct gd_settings - settings of a group
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
 * @set: settings; written under the registry lock, read by the scanner when it
 *	is kicked
 * @nr_members: number of members; registry lock
 * @dying: being deleted: nothing may join, and nothing is scanned;
 *	written under the registry lock
 * @paused: &enum grpdedup_paused; written under the registry lock
 * @cnt: counters; written by the scanner
 * @inbox: what other threads hand to the scanner
 * @task: the scanner, with a reference; set by gd_scan_start()
 * @scan: the scanner's own state; NULL when it has stopped
 * @deletion: stops the scanner: requests must not wait for that
 * @deleting: the request to delete it, with a reference, or NULL
 * @unshared: mappings that it has unshared
 */
struct gd_group {
	refcount_t		refs;
	u32			id;
	char			name[GRPDEDUP_NAME_MAX + 1];
	struct gd_settings	set;
	u32			nr_members;
	bool			dying;
	enum grpdedup_paused	paused;
	struct gd_counters	cnt;
	struct gd_inbox		inbox;
	struct task_struct	*task;
	struct gd_scan		*scan;
	struct work_struct	deletion;
	struct gd_request	*deleting;
	u64			unshared;
};

struct gd_group *gd_group_create(const char *name,
				 const struct gd_settings *set);
void gd_group_get(struct gd_group *group);
void gd_group_put(struct gd_group *group);

#endif /* GD_GROUP_H */
