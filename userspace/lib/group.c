// SPDX-License-Identifier: GPL-2.0
/* Requests about groups. */
#include "conn.h"

static void fill_group(struct nlattr **tb, void *row)
{
	struct gd_group *group = row;

	group->id = gd_attr_u32(tb, GRPDEDUP_A_GROUP_ID);
	gd_attr_str(tb, GRPDEDUP_A_GROUP_NAME, group->name, sizeof(group->name));
	group->rate = gd_attr_u32(tb, GRPDEDUP_A_RATE);
	group->split_min = gd_attr_u32(tb, GRPDEDUP_A_SPLIT_MIN);
	group->frames_max = gd_attr_u64(tb, GRPDEDUP_A_FRAMES_MAX);
	group->tid = gd_attr_u32(tb, GRPDEDUP_A_TID);
	group->members = gd_attr_u32(tb, GRPDEDUP_A_MEMBERS);
	gd_attr_counters(tb, &group->counters);
}

static int send_params(struct gd_conn *conn, int cmd,
		       const struct gd_group_params *params)
{
	struct gd_request req;

	gd_request_init(&req, conn, cmd);
	gd_request_str(&req, GRPDEDUP_A_GROUP_NAME, params->name);
	if (params->set & GD_SET_RATE)
		gd_request_u32(&req, GRPDEDUP_A_RATE, params->rate);
	if (params->set & GD_SET_SPLIT_MIN)
		gd_request_u32(&req, GRPDEDUP_A_SPLIT_MIN, params->split_min);
	if (params->set & GD_SET_FRAMES_MAX)
		gd_request_u64(&req, GRPDEDUP_A_FRAMES_MAX, params->frames_max);
	return gd_conn_do(conn, &req, NULL, NULL);
}

int gd_group_add(struct gd_conn *conn, const struct gd_group_params *params)
{
	return send_params(conn, GRPDEDUP_CMD_GROUP_ADD, params);
}

int gd_group_set(struct gd_conn *conn, const struct gd_group_params *params)
{
	return send_params(conn, GRPDEDUP_CMD_GROUP_SET, params);
}

int gd_group_del(struct gd_conn *conn, const char *name, bool unshare)
{
	struct gd_request req;

	gd_request_init(&req, conn, GRPDEDUP_CMD_GROUP_DEL);
	gd_request_str(&req, GRPDEDUP_A_GROUP_NAME, name);
	gd_request_flag(&req, GRPDEDUP_A_UNSHARE, unshare);
	return gd_conn_do(conn, &req, NULL, NULL);
}

int gd_group_get(struct gd_conn *conn, const char *name, struct gd_group *group)
{
	struct gd_request req;

	*group = (struct gd_group){ 0 };
	gd_request_init(&req, conn, GRPDEDUP_CMD_GROUP_GET);
	gd_request_str(&req, GRPDEDUP_A_GROUP_NAME, name);
	return gd_conn_do(conn, &req, fill_group, group);
}

int gd_group_list(struct gd_conn *conn, struct gd_group **groups, size_t *count)
{
	struct gd_rows rows = { .size = sizeof(**groups), .fill = fill_group };
	struct gd_request req;
	int err;

	gd_request_init(&req, conn, GRPDEDUP_CMD_GROUP_GET);
	err = gd_conn_dump(conn, &req, &rows);
	*groups = rows.data;
	*count = rows.count;
	return err;
}

static void fill_pass(struct nlattr **tb, void *reply)
{
	*(uint64_t *)reply = gd_attr_u64(tb, GRPDEDUP_A_PASS);
}

int gd_group_scan(struct gd_conn *conn, const char *name, uint64_t *pass)
{
	struct gd_request req;

	*pass = 0;
	gd_request_init(&req, conn, GRPDEDUP_CMD_SCAN);
	gd_request_str(&req, GRPDEDUP_A_GROUP_NAME, name);
	return gd_conn_do(conn, &req, fill_pass, pass);
}
