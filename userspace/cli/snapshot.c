// SPDX-License-Identifier: GPL-2.0
/* Groups and members, sorted. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "snapshot.h"

static int by_id(const void *a, const void *b)
{
	const struct grpdedup_group *x = a;
	const struct grpdedup_group *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int by_group_and_pid(const void *a, const void *b)
{
	const struct grpdedup_member *x = a;
	const struct grpdedup_member *y = b;

	if (x->group_id != y->group_id)
		return x->group_id > y->group_id ? 1 : -1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int take_group(struct grpdedup_conn *conn, const char *name,
		      struct snapshot *snap)
{
	snap->groups = malloc(sizeof(*snap->groups));
	if (!snap->groups)
		return -ENOMEM;
	snap->group_count = 1;
	return grpdedup_group_get(conn, name, snap->groups);
}

static int take_accounts(struct snapshot *snap)
{
	char path[PATH_MAX];
	size_t i;

	snap->accounts = calloc(snap->group_count + 1, sizeof(*snap->accounts));
	if (!snap->accounts)
		return -ENOMEM;
	/* A scanner may have ended meanwhile. */
	for (i = 0; i < snap->group_count; i++)
		if (!grpdedup_account_get(snap->groups[i].tid, path, sizeof(path)))
			snap->accounts[i] = strdup(path);
	return 0;
}

int snapshot_take(struct grpdedup_conn *conn, const char *name,
		  struct snapshot *snap)
{
	int err;

	*snap = (struct snapshot){ 0 };
	if (name)
		err = take_group(conn, name, snap);
	else
		err = grpdedup_group_list(conn, &snap->groups,
					  &snap->group_count);
	if (!err)
		err = grpdedup_member_list(conn, name, &snap->members,
					   &snap->member_count);
	if (err && name)
		return cli_fail(conn, err, "group %s", name);
	if (err)
		return cli_fail(conn, err, "cannot read the groups");
	if (snap->group_count)
		qsort(snap->groups, snap->group_count, sizeof(*snap->groups),
		      by_id);
	err = take_accounts(snap);
	if (err)
		return cli_fail(NULL, err, "cannot read the groups");
	if (snap->member_count)
		qsort(snap->members, snap->member_count, sizeof(*snap->members),
		      by_group_and_pid);
	return CLI_DONE;
}

void snapshot_free(struct snapshot *snap)
{
	size_t i;

	for (i = 0; snap->accounts && i < snap->group_count; i++)
		free(snap->accounts[i]);
	free(snap->accounts);
	free(snap->groups);
	free(snap->members);
}
