// SPDX-License-Identifier: GPL-2.0
/* show: tables, or JSON. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../lib/parse.h"
#include "cli.h"
#include "output.h"
#include "row.h"
#include "snapshot.h"

#define WATCH_MS	2000

struct view {
	const char *group;
	bool json;
	unsigned int watch_ms;
};

/* Scanners are in the root cgroup by default. */
static void print_account(const char *group, const char *account)
{
	char escaped[1024];

	if (account && strcmp(account, "/"))
		printf("%s: its scanner is accounted to %s\n", group,
		       text_escape(escaped, sizeof(escaped), account));
}

static void print_groups(const struct snapshot *snap, struct row *rows)
{
	size_t i;

	for (i = 0; i < snap->group_count; i++)
		row_of_group(&rows[i], &snap->groups[i], snap->accounts[i]);
	table_print(stdout, rows, snap->group_count);
	for (i = 0; i < snap->group_count; i++) {
		const char *paused =
			grpdedup_group_paused(snap->groups[i].paused);

		if (paused)
			printf("%s: %s\n", snap->groups[i].name, paused);
		print_account(snap->groups[i].name, snap->accounts[i]);
		print_skips(stdout, &snap->groups[i]);
	}
}

/* "pid 4121 (qemu), web: failed: there is no memory" */
static void print_message(const struct grpdedup_member *member)
{
	char comm[GRPDEDUP_COMM_SIZE * 4];
	char message[GRPDEDUP_MESSAGE_SIZE * 4];
	bool failed = member->state == GRPDEDUP_STATE_FAILED;

	if (!member->message[0] && !failed)
		return;
	printf("pid %" PRIu32 " (%s), %s: %s%s%s\n", member->pid,
	       text_escape(comm, sizeof(comm), member->comm), member->group,
	       failed ? "failed" : "the last request failed",
	       member->message[0] ? ": " : "",
	       text_escape(message, sizeof(message), member->message));
}

static void print_members(const struct snapshot *snap, struct row *rows)
{
	size_t i;

	if (snap->member_count)
		putchar('\n');
	for (i = 0; i < snap->member_count; i++)
		row_of_member(&rows[i], &snap->members[i]);
	table_print(stdout, rows, snap->member_count);
	for (i = 0; i < snap->member_count; i++)
		print_message(&snap->members[i]);
}

static int print_tables(const struct snapshot *snap)
{
	size_t most = snap->group_count > snap->member_count ?
		      snap->group_count : snap->member_count;
	struct row *rows;

	if (!snap->group_count) {
		fputs("grpdedup: no groups; create one with: grpdedup add-group NAME --rate R\n",
		      stderr);
		return CLI_DONE;
	}
	rows = malloc(most * sizeof(*rows));
	if (!rows)
		return cli_fail(NULL, -ENOMEM, "cannot show the groups");
	print_groups(snap, rows);
	print_members(snap, rows);
	free(rows);
	return CLI_DONE;
}

static void print_json_members(const struct snapshot *snap, uint32_t group_id)
{
	const char *comma = "";
	struct row row;
	size_t i;

	for (i = 0; i < snap->member_count; i++) {
		if (snap->members[i].group_id != group_id)
			continue;
		row_of_member(&row, &snap->members[i]);
		printf("%s{", comma);
		json_fields(stdout, &row);
		putchar('}');
		comma = ",";
	}
}

static void print_json(const struct snapshot *snap)
{
	struct row row;
	size_t i;

	printf("{\"page_size\":%" PRIu64 ",\"groups\":[", page_size());
	for (i = 0; i < snap->group_count; i++) {
		row_of_group(&row, &snap->groups[i], snap->accounts[i]);
		fputs(i ? ",{" : "{", stdout);
		json_fields(stdout, &row);
		fputs(",\"members\":[", stdout);
		print_json_members(snap, snap->groups[i].id);
		fputs("]}", stdout);
	}
	puts("]}");
}

static int show_once(struct grpdedup_conn *conn, const struct view *view)
{
	struct snapshot snap;
	int status = snapshot_take(conn, view->group, &snap);

	if (!status && view->watch_ms && !view->json && isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);
	if (!status && view->json)
		print_json(&snap);
	else if (!status)
		status = print_tables(&snap);
	snapshot_free(&snap);
	return status;
}

static int show(const struct view *view)
{
	struct grpdedup_conn *conn;
	int status = cli_connect(&conn);

	if (status)
		return status;
	status = show_once(conn, view);
	while (!status && view->watch_ms) {
		if (fflush(stdout))
			break;
		poll(NULL, 0, (int)view->watch_ms);
		if (!view->json && !isatty(STDOUT_FILENO))
			putchar('\n');
		status = show_once(conn, view);
	}
	grpdedup_conn_close(conn);
	return status;
}

int cmd_show(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "watch", optional_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 }
	};
	struct view view = { 0 };
	const char *bad;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			view.json = true;
			break;
		case 'w':
			view.watch_ms = WATCH_MS;
			bad = optarg ? parse_seconds(optarg, &view.watch_ms) : NULL;
			if (bad)
				return cli_usage("--watch '%s' %s", optarg, bad);
			break;
		default:
			return cli_usage(NULL);
		}
	}
	if (optind + 1 < argc)
		return cli_usage("unexpected argument '%s'", argv[optind + 1]);
	if (optind < argc && !argv[optind][0])
		return cli_usage("the name of a group cannot be empty");
	view.group = argv[optind];
	return show(&view);
}
