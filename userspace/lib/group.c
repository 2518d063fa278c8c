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
	grpdedup_attr_counters(tb, &group->counters);
}

static int send_params(struct grpdedup_conn *conn, int cmd,
		       const struct grpdedup_group_params *params)
{
	struct grpdedup_request req;

	grpdedup_request_init(&req, conn, cmd);
	grpdedup_request_str(&req, GRPDEDUP_A_GROUP_NAME, params->name);
	if (params->set & GRPDEDUP_SET_RATE)
		grpdedup_request_u32(&req, GRPDEDUP_A_RATE, params->rate);
	if (params->set & GRPDEDUP_SET_SPLIT_MIN)
		grpdedup_request_u32(&req, GRPDEDUP_A_SPLIT_MIN,
				     params->split_min);
	if (params->set & GRPDEDUP_SET_FRAMES_MAX)
		grpdedup_request_u64(&req, GRPDEDUP_A_FRAMES_MAX,
				     params->frames_max);
	return grpdedup_conn_do(conn, &req, NULL, NULL);
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
		       bool unshare)
{
	struct grpdedup_request req;

	grpdedup_request_init(&req, conn, GRPDEDUP_CMD_GROUP_DEL);
	grpdedup_request_str(&req, GRPDEDUP_A_GROUP_NAME, name);
	grpdedup_request_flag(&req, GRPDEDUP_A_UNSHARE, unshare);
	return grpdedup_conn_do(conn, &req, NULL, NULL);
}

int grpdedup_group_get(struct grpdedup_conn *conn, const char *name,
		       struct grpdedup_group *group)
{
	struct grpdedup_request req;

	*group = (struct grpdedup_group){ 0 };
	grpdedup_request_init(&req, conn, GRPDEDUP_CMD_GROUP_GET);
	grpdedup_request_str(&req, GRPDEDUP_A_GROUP_NAME, name);
	return grpdedup_conn_do(conn, &req, fill_group, group);
}

int grpdedup_group_list(struct grpdedup_conn *conn,
			struct grpdedup_group **groups, size_t *count)
{
	struct grpdedup_rows rows = { .size = sizeof(**groups),
				      .fill = fill_group };
	struct grpdedup_request req;
	int err;

	grpdedup_request_init(&req, conn, GRPDEDUP_CMD_GROUP_GET);
	err = grpdedup_conn_dump(conn, &req, &rows);
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
	struct grpdedup_request req;

	*pass = 0;
	grpdedup_request_init(&req, conn, GRPDEDUP_CMD_SCAN);
	grpdedup_request_str(&req, GRPDEDUP_A_GROUP_NAME, name);
	return grpdedup_conn_do(conn, &req, fill_pass, pass);
}
