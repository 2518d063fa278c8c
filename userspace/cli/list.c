// SPDX-License-Identifier: GPL-2.0
/* list and dump: for scripts. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "cli.h"
#include "row.h"
#include "snapshot.h"

int cmd_list(int argc, char **argv)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	struct snapshot snap;
	struct grpdedup_conn *conn;
	bool pids = false;
	int status;
	size_t i;

	if (getopt_long(argc, argv, "", options, NULL) != -1)
		return cli_usage(NULL);
	if (optind < argc) {
		pids = !strcmp(argv[optind], "pids");
		if (!pids && strcmp(argv[optind], "groups"))
			return cli_usage("unknown list '%s'", argv[optind]);
	}
	if (optind + 1 < argc)
		return cli_usage("unexpected argument '%s'", argv[optind + 1]);
	status = cli_connect(&conn);
	if (status)
		return status;
	status = snapshot_take(conn, NULL, &snap);
	for (i = 0; !status && pids && i < snap.member_count; i++)
		if (snap.members[i].state != GRPDEDUP_STATE_FAILED)
			printf("%" PRIu32 "\n", snap.members[i].pid);
	for (i = 0; !status && !pids && i < snap.group_count; i++)
		puts(snap.groups[i].name);
	snapshot_free(&snap);
	grpdedup_conn_close(conn);
	return status;
}

static void dump_names(void)
{
	const struct grpdedup_member member = { 0 };
	const struct grpdedup_group group = { 0 };
	struct row row;

	row_of_group(&row, &group, NULL);
	fputs("#group", stdout);
	tsv_names(stdout, &row);
	row_of_member(&row, &member);
	fputs("#member", stdout);
	tsv_names(stdout, &row);
}

static void dump_values(const struct snapshot *snap)
{
	struct row row;
	size_t i;

	for (i = 0; i < snap->group_count; i++) {
		row_of_group(&row, &snap->groups[i], snap->accounts[i]);
		fputs("group", stdout);
		tsv_values(stdout, &row);
	}
	for (i = 0; i < snap->member_count; i++) {
		row_of_member(&row, &snap->members[i]);
		fputs("member", stdout);
		tsv_values(stdout, &row);
	}
}

int cmd_dump(int argc, char **argv)
{
	static const struct option options[] = {
		{ "header", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct snapshot snap;
	struct grpdedup_conn *conn;
	bool header = false;
	int option;
	int status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'h')
			return cli_usage(NULL);
		header = true;
	}
	if (optind < argc)
		return cli_usage("unexpected argument '%s'", argv[optind]);
	status = cli_connect(&conn);
	if (status)
		return status;
	status = snapshot_take(conn, NULL, &snap);
	if (!status && header)
		dump_names();
	if (!status)
		dump_values(&snap);
	snapshot_free(&snap);
	grpdedup_conn_close(conn);
	return status;
}
