// SPDX-License-Identifier: GPL-2.0
/* Requests about members. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "conn.h"

static void fill_member(struct nlattr **tb, void *row)
{
	struct grpdedup_member *member = row;

	member->group_id = grpdedup_attr_u32(tb, GRPDEDUP_A_GROUP_ID);
	grpdedup_attr_str(tb, GRPDEDUP_A_GROUP_NAME, member->group,
			  sizeof(member->group));
	member->pid = grpdedup_attr_u32(tb, GRPDEDUP_A_PID);
	grpdedup_attr_str(tb, GRPDEDUP_A_COMM, member->comm,
			  sizeof(member->comm));
	member->start_time = grpdedup_attr_u64(tb, GRPDEDUP_A_START_TIME);
	grpdedup_attr_counters(tb, &member->counters);
}

/*
 * Specify the process by a pidfd, so that the request cannot hit another
 * process that reuses the pid. Where pidfd_open() fails (an old kernel, a
 * sandbox, or a thread's id), send the pid and let the kernel decide. Returns
 * the pidfd to close, or -1.
 */
static int request_process(struct grpdedup_request *req, pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0)
		grpdedup_request_u32(req, GRPDEDUP_A_PIDFD, (uint32_t)fd);
	else if (errno == ESRCH && !req->err)
		req->err = -ESRCH;
	else
		grpdedup_request_u32(req, GRPDEDUP_A_PID, (uint32_t)pid);
	return fd;
}

static int send_process(struct grpdedup_conn *conn,
			struct grpdedup_request *req, pid_t pid,
			void (*fill)(struct nlattr **tb, void *reply),
			void *reply)
{
	int fd = request_process(req, pid);
	int err = grpdedup_conn_do(conn, req, fill, reply);

	if (fd >= 0)
		close(fd);
	return err;
}

int grpdedup_member_add(struct grpdedup_conn *conn, const char *group,
			pid_t pid, bool move, struct grpdedup_member *member)
{
	struct grpdedup_request req;

	*member = (struct grpdedup_member){ 0 };
	grpdedup_request_init(&req, conn, GRPDEDUP_CMD_MEMBER_ADD);
	grpdedup_request_str(&req, GRPDEDUP_A_GROUP_NAME, group);
	grpdedup_request_flag(&req, GRPDEDUP_A_MOVE, move);
	return send_process(conn, &req, pid, fill_member, member);
}

static void fill_left(struct nlattr **tb, void *reply)
{
	struct grpdedup_left *left = reply;

	grpdedup_attr_str(tb, GRPDEDUP_A_GROUP_NAME, left->group,
			  sizeof(left->group));
	left->pid = grpdedup_attr_u32(tb, GRPDEDUP_A_PID);
	left->pages = grpdedup_attr_u64(tb, GRPDEDUP_A_PAGES);
}

int grpdedup_member_del(struct grpdedup_conn *conn, pid_t pid, bool keep,
			struct grpdedup_left *left)
{
	struct grpdedup_request req;

	*left = (struct grpdedup_left){ 0 };
	grpdedup_request_init(&req, conn, GRPDEDUP_CMD_MEMBER_DEL);
	grpdedup_request_flag(&req, GRPDEDUP_A_KEEP, keep);
	return send_process(conn, &req, pid, fill_left, left);
}

int grpdedup_member_list(struct grpdedup_conn *conn, const char *group,
			 struct grpdedup_member **members, size_t *count)
{
	struct grpdedup_rows rows = { .size = sizeof(**members),
				      .fill = fill_member };
	struct grpdedup_request req;
	int err;

	grpdedup_request_init(&req, conn, GRPDEDUP_CMD_MEMBER_GET);
	if (group)
		grpdedup_request_str(&req, GRPDEDUP_A_GROUP_NAME, group);
	err = grpdedup_conn_dump(conn, &req, &rows);
	*members = rows.data;
	*count = rows.count;
	return err;
}
