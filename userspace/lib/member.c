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
	member->state = grpdedup_attr_u32(tb, GRPDEDUP_A_STATE);
	grpdedup_attr_str(tb, GRPDEDUP_A_MESSAGE, member->message,
			  sizeof(member->message));
	grpdedup_attr_counters(tb, &member->counters);
}

/*
 * Specify the process by a pidfd, so that the request cannot hit another
 * process that reuses the pid. Where pidfd_open() fails (an old kernel, a
 * sandbox, or a thread's id), send the pid and let the kernel decide. Returns
 * the pidfd to close, or -1.
 */
static int msg_process(struct grpdedup_msg *msg, pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0)
		grpdedup_msg_u32(msg, GRPDEDUP_A_PIDFD, (uint32_t)fd);
	else if (errno == ESRCH && !msg->err)
		msg->err = -ESRCH;
	else
		grpdedup_msg_u32(msg, GRPDEDUP_A_PID, (uint32_t)pid);
	return fd;
}

static int send_process(struct grpdedup_conn *conn, struct grpdedup_msg *msg,
			pid_t pid, struct grpdedup_request *request)
{
	int fd = msg_process(msg, pid);
	int err = grpdedup_request_send(conn, msg, request);

	if (fd >= 0)
		close(fd);
	return err;
}

int grpdedup_member_add(struct grpdedup_conn *conn, const char *group,
			pid_t pid, unsigned int flags,
			struct grpdedup_request *request)
{
	struct grpdedup_msg msg;

	grpdedup_msg_init(&msg, conn, GRPDEDUP_CMD_MEMBER_ADD);
	grpdedup_msg_str(&msg, GRPDEDUP_A_GROUP_NAME, group);
	grpdedup_msg_flag(&msg, GRPDEDUP_A_MOVE, flags & GRPDEDUP_FLAG_MOVE);
	grpdedup_msg_flag(&msg, GRPDEDUP_A_FORCE, flags & GRPDEDUP_FLAG_FORCE);
	return send_process(conn, &msg, pid, request);
}

int grpdedup_member_del(struct grpdedup_conn *conn, pid_t pid,
			unsigned int flags, struct grpdedup_request *request)
{
	struct grpdedup_msg msg;

	grpdedup_msg_init(&msg, conn, GRPDEDUP_CMD_MEMBER_DEL);
	grpdedup_msg_flag(&msg, GRPDEDUP_A_KEEP, flags & GRPDEDUP_FLAG_KEEP);
	grpdedup_msg_flag(&msg, GRPDEDUP_A_FORCE, flags & GRPDEDUP_FLAG_FORCE);
	return send_process(conn, &msg, pid, request);
}

int grpdedup_member_list(struct grpdedup_conn *conn, const char *group,
			 struct grpdedup_member **members, size_t *count)
{
	struct grpdedup_rows rows = { .size = sizeof(**members),
				      .fill = fill_member };
	struct grpdedup_msg msg;
	int err;

	grpdedup_msg_init(&msg, conn, GRPDEDUP_CMD_MEMBER_GET);
	if (group)
		grpdedup_msg_str(&msg, GRPDEDUP_A_GROUP_NAME, group);
	err = grpdedup_conn_dump(conn, &msg, &rows);
	*members = rows.data;
	*count = rows.count;
	return err;
}
