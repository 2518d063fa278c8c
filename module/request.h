/* SPDX-License-Identifier: GPL-2.0 */
/* Accepted requests: their numbers, and how they ended. */
#ifndef GD_REQUEST_H
#define GD_REQUEST_H

#include <linux/grpdedup.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct netlink_ext_ack;

/* Longest sentence about a failure, with its NUL. */
#define GD_MESSAGE_SIZE	160

/**
 * struct gd_request - a request that a scanner, or a work item, carries out
 * @refs: that of whoever carries it out, the table's, and those of users
 * @id: its number
 * @link: place in the list of those that have ended, oldest first
 * @group_id: the group that it is about
 * @group: its name
 * @pid: the process that it is about, 0 if none
 * @ended: it has ended; the rest is valid then
 * @err: 0 or -errno
 * @pages: mappings unshared
 * @message: why it failed
 *
 * What is set at the end is written once, before @ended.
 */
struct gd_request {
	refcount_t		refs;
	u64			id;
	struct list_head	link;
	u32			group_id;
	char			group[GRPDEDUP_NAME_MAX + 1];
	pid_t			pid;
	bool			ended;
	int			err;
	u64			pages;
	char			message[GD_MESSAGE_SIZE];
};

struct gd_request *gd_request_create(u32 group_id, const char *group, pid_t pid,
				     struct netlink_ext_ack *extack);
void gd_request_end(struct gd_request *request, int err, const char *message,
		    u64 pages);
void gd_request_drop(struct gd_request *request);
struct gd_request *gd_request_find(u64 id);
void gd_request_get(struct gd_request *request);
void gd_request_put(struct gd_request *request);
void gd_request_exit(void);

#endif /* GD_REQUEST_H */
