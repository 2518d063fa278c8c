// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of root about groups: adding, changing, pausing and deleting them.
 * Never touches pages: whatever does is a call that the group's scanner runs.
 * No request waits for that, because genetlink's lock is held meanwhile.
 */
#include <linux/ctype.h>
#include <linux/netlink.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "admin.h"
#include "fault.h"
#include "group.h"
#include "notify.h"
#include "registry.h"
#include "request.h"
#include "roster.h"
#include "scan.h"

/* Deletions: they wait for scanners to stop, each in its own work item. */
static struct workqueue_struct *deletions;

static void handle_fault(struct work_struct *work);

int gd_admin_init(void)
{
	gd_fault_init(handle_fault);
	deletions = alloc_workqueue("grpdedup", WQ_UNBOUND, 0);
	return deletions ? 0 : -ENOMEM;
}

void gd_admin_exit(void)
{
	destroy_workqueue(deletions);
}

static bool name_is_good(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++)
		if (!isascii(*name) || !isgraph(*name) || *name == '/')
			return false;
	return true;
}

static int check_name(const char *name, struct netlink_ext_ack *extack)
{
	struct gd_group *group;

	if (!name_is_good(name)) {
		NL_SET_ERR_MSG(extack,
			       "a group name has 1 to 63 printable ASCII characters without '/' or spaces");
		return -EINVAL;
	}
	/* Checked again when it is registered; this saves a thread. */
	group = gd_registry_find(name);
	if (!group)
		return 0;
	gd_group_put(group);
	NL_SET_ERR_MSG(extack, "a group with this name already exists");
	return -EEXIST;
}

static void delete(struct work_struct *work);

/**
 * gd_admin_add_group - create a group and start its scanner
 * @name: its name
 * @set: its settings, in range
 * @extack: set to the reason of a failure
 */
int gd_admin_add_group(const char *name, const struct gd_settings *set,
		       struct netlink_ext_ack *extack)
{
	struct gd_group *group;
	int err;

	err = check_name(name, extack);
	if (err)
		return err;
	group = gd_group_create(name, set);
	if (!group) {
		NL_SET_ERR_MSG(extack, "no memory for the group");
		return -ENOMEM;
	}
	INIT_WORK(&group->deletion, delete);
	err = gd_scan_start(group);
	if (err) {
		NL_SET_ERR_MSG(extack, "no memory for the group's scanner");
		goto out;
	}
	err = gd_registry_add(group, extack);
	if (err)
		gd_scan_stop(group);
	else
		gd_notify_group(group, GRPDEDUP_CMD_GROUP_ADD);
out:
	/* Our reference: another thread may have deleted the group already. */
	gd_group_put(group);
	return err;
}

/**
 * gd_admin_set_group - change some of a group's settings
 * @group: the group
 * @set: new settings, in range
 * @which: which of them to change, GD_SET_ bits
 * @extack: set to the reason of a failure
 */
int gd_admin_set_group(struct gd_group *group, const struct gd_settings *set,
		       u32 which, struct netlink_ext_ack *extack)
{
	int err = gd_registry_set(group, set, which);

	if (err) {
		NL_SET_ERR_MSG(extack,
			       "frames of its members are not charged to memory cgroups (cgroup.memory=nokmem): they need a limit");
		return err;
	}
	gd_inbox_kick(&group->inbox);
	gd_notify_group(group, GRPDEDUP_CMD_GROUP_SET);
	return 0;
}

/* Pausing */

static void set_paused(struct gd_group *group, enum grpdedup_paused paused)
{
	if (!gd_registry_pause(group, paused))
		return;
	gd_inbox_kick(&group->inbox);
	gd_notify_pause(group);
}

static void pause_all(enum grpdedup_paused paused)
{
	struct gd_group *group;
	unsigned long id;

	gd_registry_pause_new(paused);
	for (id = 0; (group = gd_registry_next(&id)); id++) {
		set_paused(group, paused);
		gd_group_put(group);
	}
}

static void handle_fault(struct work_struct *work)
{
	pr_err("grpdedup: all groups are paused: the module found a fault of its own\n");
	pause_all(GRPDEDUP_PAUSED_FAULT);
}

static enum grpdedup_paused by_request(bool pause)
{
	return pause ? GRPDEDUP_PAUSED_REQUEST : GRPDEDUP_PAUSED_NOT;
}

/**
 * gd_admin_pause - pause a group, or resume it
 * @group: the group
 * @pause: which of the two
 * @extack: set to the reason of a failure
 */
int gd_admin_pause(struct gd_group *group, bool pause,
		   struct netlink_ext_ack *extack)
{
	if (!pause && READ_ONCE(group->paused) == GRPDEDUP_PAUSED_FAULT) {
		NL_SET_ERR_MSG(extack,
			       "the module found a fault of its own, see the kernel log; only loading it anew helps");
		return -EIO;
	}
	set_paused(group, by_request(pause));
	return 0;
}

/* The same for all groups, and for those added later. */
void gd_admin_pause_all(bool pause)
{
	pause_all(by_request(pause));
}

/* Deletion */

/* Say that there is no room for copies, with both numbers. */
void gd_admin_explain_room(const struct gd_roster_call *call, char *message)
{
	snprintf(message, GD_MESSAGE_SIZE,
		 "unsharing needs up to %llu MiB, the host has room for %llu MiB; free some memory, or use --force",
		 DIV_ROUND_UP_ULL(call->need << PAGE_SHIFT, SZ_1M),
		 call->room << PAGE_SHIFT >> 20);
}

static void end_request(struct gd_request *request, int err,
			const char *message, u64 pages)
{
	gd_request_end(request, err, message, pages);
	gd_notify_request(request);
	gd_request_put(request);
}

/* Twice for a group if the module is unloaded meanwhile. */
static void delete(struct work_struct *work)
{
	struct gd_group *group = container_of(work, struct gd_group, deletion);
	struct gd_request *request;

	if (group->scan) {
		gd_scan_stop(group);
		gd_registry_remove(group);
		gd_notify_group(group, GRPDEDUP_CMD_GROUP_DEL);
	}
	request = xchg(&group->deleting, NULL);
	if (request)
		end_request(request, 0, NULL, group->unshared);
	gd_group_put(group);
}

static void queue_deletion(struct gd_group *group)
{
	gd_group_get(group);
	if (!queue_work(deletions, &group->deletion))
		gd_group_put(group);
}

/**
 * struct unsharing - unsharing the members of a group before it is deleted
 * @call: what the scanner does
 * @group: the group, with a reference
 * @request: the request, with a reference
 */
struct unsharing {
	struct gd_roster_call	call;
	struct gd_group		*group;
	struct gd_request	*request;
};

static void unshared(struct gd_roster_call *call, int err)
{
	struct unsharing *un = container_of(call, struct unsharing, call);
	struct gd_group *group = un->group;
	char message[GD_MESSAGE_SIZE];

	if (!err) {
		group->unshared = call->pages;
		WRITE_ONCE(group->deleting, un->request);
		queue_deletion(group);
	} else {
		if (err == -ENOSPC)
			gd_admin_explain_room(call, message);
		else
			strscpy(message,
				"some members could not be unshared; the group was not deleted; try again",
				sizeof(message));
		/* If the scanner is to stop, the module is unloaded. */
		if (err != -EINTR && err != -ENOENT)
			gd_registry_set_dying(group, false, NULL);
		gd_inbox_kick(&group->inbox);
		end_request(un->request, err, message, call->pages);
	}
	gd_group_put(group);
	kfree(un);
}

static struct unsharing *new_unsharing(struct gd_group *group, bool force,
				       struct gd_request *request)
{
	struct unsharing *un = kzalloc(sizeof(*un), GFP_KERNEL);

	if (!un)
		return NULL;
	un->call.call.fn = gd_roster_unshare;
	un->call.done = unshared;
	un->call.force = force;
	gd_group_get(group);
	un->group = group;
	un->request = request;
	return un;
}

/**
 * gd_admin_del_group - delete a group
 * @group: the group; the caller holds a reference
 * @unshare: unshare its members' frames first
 * @force: even if there seems to be no room for the copies
 * @extack: set to the reason of a failure
 *
 * Return: the accepted request, with a reference, or an ERR_PTR().
 */
struct gd_request *gd_admin_del_group(struct gd_group *group, bool unshare,
				      bool force,
				      struct netlink_ext_ack *extack)
{
	struct unsharing *un = NULL;
	struct gd_request *request;
	int err;

	request = gd_request_create(group->id, group->name, 0, extack);
	if (IS_ERR(request))
		return request;
	if (unshare) {
		un = new_unsharing(group, force, request);
		if (!un) {
			NL_SET_ERR_MSG(extack, "no memory for the request");
			err = -ENOMEM;
			goto err_drop;
		}
	}
	/* Ours; the other belongs to whoever ends it. */
	gd_request_get(request);
	err = gd_registry_set_dying(group, true, un ? NULL : request);
	if (err) {
		NL_SET_ERR_MSG(extack, "the group is already being deleted");
		goto err_put;
	}
	if (un)
		gd_inbox_post(&group->inbox, &un->call.call);
	else
		queue_deletion(group);
	return request;

err_put:
	gd_request_put(request);
	if (un)
		gd_group_put(group);
	kfree(un);
err_drop:
	gd_request_drop(request);
	return ERR_PTR(err);
}

/**
 * gd_admin_stop - delete all groups at unload; their frames stay shared
 *
 * Scanners stop after what they do at the moment. Requests that arrive later
 * find no group.
 */
void gd_admin_stop(void)
{
	struct gd_group *group;
	unsigned long id;
	bool any;

	gd_registry_close();
	do {
		any = false;
		for (id = 0; (group = gd_registry_next(&id)); id++) {
			any = true;
			gd_registry_set_dying(group, true, NULL);
			queue_deletion(group);
			gd_group_put(group);
		}
		flush_workqueue(deletions);
	} while (any);
	gd_fault_flush();
}
