// SPDX-License-Identifier: GPL-2.0
/* Requests about groups. */
#include "conn.h"

static void fill_group(struct nlattr **tb, void *row)
{
	struct grpdedup_group *group = row;

	group->id = grpdedup_attr_u32(tb, GRPDEDUP_A_GROUP_ID);
	grpdedup_attr_str(tb, GRPDEDUP_A_GROUP_NAME, group->name,
			  sizeof(group->name));
	group->rate = grpdedup_attr_u32(tb, GRPDEDUP_A_RATE);
	group->split_min = grpdedup_attr_u32(tb, GRPDEDUP_A_SPLIT_MIN);
	group->frames_max = grpdedup_attr_u64(tb, GRPDEDUP_A_FRAMES_MAX);
	group->tid = grpdedup_attr_u32(tb, GRPDEDUP_A_TID);
	group->members = grpdedup_attr_u32(tb, GRPDEDUP_A_MEMBERS);
	group->paused = grpdedup_attr_u32(tb, GRPDEDUP_A_PAUSED);
	grpdedup_attr_counters(tb, &group->counters);
}

static int send_params(struct grpdedup_conn *conn, int cmd,
		       const struct grpdedup_group_params *params)
{
	struct grpdedup_msg msg;

	grpdedup_msg_init(&msg, conn, cmd);
	grpdedup_msg_str(&msg, GRPDEDUP_A_GROUP_NAME, params->name);
	if (params->set & GRPDEDUP_SET_RATE)
		grpdedup_msg_u32(&msg, GRPDEDUP_A_RATE, params->rate);
	if (params->set & GRPDEDUP_SET_SPLIT_MIN)
		grpdedup_msg_u32(&msg, GRPDEDUP_A_SPLIT_MIN, params->split_min);
	if (params->set & GRPDEDUP_SET_FRAMES_MAX)
		grpdedup_msg_u64(&msg, GRPDEDUP_A_FRAMES_MAX,
				 params->frames_max);
	return grpdedup_conn_do(conn, &msg, NULL, NULL);
}

int grpdedup_group_add(struct grpdedup_conn *conn,
		       const struct grpdedup_group_params *params)
{
	return send_params(conn, GRPDEDUP_CMD_GROUP_ADD, params);
}

int grpdedup_group_set(struct grpdedup_conn *conn,
		       const struct grpdedup_group_params *params)
{
	return send_params(conn, GRPDEDUP_CMD_GROUP_SET, params);
}

int grpdedup_group_del(struct grpdedup_conn *conn, const char *name,
		       unsigned int flags, struct grpdedup_request *request)
{
	struct grpdedup_msg msg;

	grpdedup_msg_init(&msg, conn, GRPDEDUP_CMD_GROUP_DEL);
	grpdedup_msg_str(&msg, GRPDEDUP_A_GROUP_NAME, name);
	grpdedup_msg_flag(&msg, GRPDEDUP_A_UNSHARE,
			  flags & GRPDEDUP_FLAG_UNSHARE);
	grpdedup_msg_flag(&msg, GRPDEDUP_A_FORCE, flags & GRPDEDUP_FLAG_FORCE);
	return grpdedup_request_send(conn, &msg, request);
}

int grpdedup_group_get(struct grpdedup_conn *conn, const char *name,
		       struct grpdedup_group *group)
{
	struct grpdedup_msg msg;

	*group = (struct grpdedup_group){ 0 };
	grpdedup_msg_init(&msg, conn, GRPDEDUP_CMD_GROUP_GET);
	grpdedup_msg_str(&msg, GRPDEDUP_A_GROUP_NAME, name);
	return grpdedup_conn_do(conn, &msg, fill_group, group);
}

int grpdedup_group_list(struct grpdedup_conn *conn,
			struct grpdedup_group **groups, size_t *count)
{
	struct grpdedup_rows rows = { .size = sizeof(**groups),
				      .fill = fill_group };
	struct grpdedup_msg msg;
	int err;

	grpdedup_msg_init(&msg, conn, GRPDEDUP_CMD_GROUP_GET);
	err = grpdedup_conn_dump(conn, &msg, &rows);
	*groups = rows.data;
	*count = rows.count;
	return err;
}

static void fill_pass(struct nlattr **tb, void *reply)
{
	*(uint64_t *)reply = grpdedup_attr_u64(tb, GRPDEDUP_A_PASS);
}

int grpdedup_group_scan(struct grpdedup_conn *conn, const char *name,
			uint64_t *pass)
{
	struct grpdedup_msg msg;

	*pass = 0;
	grpdedup_msg_init(&msg, conn, GRPDEDUP_CMD_SCAN);
	grpdedup_msg_str(&msg, GRPDEDUP_A_GROUP_NAME, name);
	return grpdedup_conn_do(conn, &msg, fill_pass, pass);
}

static int send_name(struct grpdedup_conn *conn, int cmd, const char *name)
{
	struct grpdedup_msg msg;

	grpdedup_msg_init(&msg, conn, cmd);
	if (name)
		grpdedup_msg_str(&msg, GRPDEDUP_A_GROUP_NAME, name);
	return grpdedup_conn_do(conn, &msg, NULL, NULL);
}

int grpdedup_group_pause(struct grpdedup_conn *conn, const char *name)
{
	return send_name(conn, GRPDEDUP_CMD_PAUSE, name);
}

int grpdedup_group_resume(struct grpdedup_conn *conn, const char *name)
{
	return send_name(conn, GRPDEDUP_CMD_RESUME, name);
}

const char *grpdedup_group_paused(uint32_t paused)
{
	switch (paused) {
	case GRPDEDUP_PAUSED_NOT:
		return NULL;
	case GRPDEDUP_PAUSED_REQUEST:
		return "paused by request";
	case GRPDEDUP_PAUSED_FAULT:
		return "paused: the module found a fault, see the kernel log";
	default:
		return "paused";
	}
}
