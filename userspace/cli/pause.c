// SPDX-License-Identifier: GPL-2.0
/* pause and resume: some groups, or all. */
#include <getopt.h>
#include <stdio.h>
#include "cli.h"

typedef int (*pause_fn)(struct grpdedup_conn *conn, const char *name);

static int check_names(int argc, char **argv, bool all)
{
	int i;

	if (all && optind < argc)
		return cli_usage("--all excludes '%s'", argv[optind]);
	if (!all && optind >= argc)
		return cli_usage("missing GROUP, or --all");
	for (i = optind; i < argc; i++)
		if (!argv[i][0])
			return cli_usage("the name of a group cannot be empty");
	return CLI_DONE;
}

/* @name NULL: all groups */
static int change_one(struct grpdedup_conn *conn, pause_fn fn, const char *name,
		      const char *done)
{
	const char *which = name ? "group " : "all groups";
	int err = fn(conn, name);

	if (!name)
		name = "";
	if (err)
		return cli_fail(conn, err, "%s%s", which, name);
	printf("%s%s: %s\n", which, name, done);
	return CLI_DONE;
}

static int change(int argc, char **argv, pause_fn fn, const char *done)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 }
	};
	struct grpdedup_conn *conn;
	bool all = false;
	int option;
	int status;
	int i;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'a')
			return cli_usage(NULL);
		all = true;
	}
	status = check_names(argc, argv, all);
	if (!status)
		status = cli_connect(&conn);
	if (status)
		return status;
	if (all)
		status = change_one(conn, fn, NULL, done);
	for (i = optind; i < argc && status != CLI_ABSENT; i++)
		status = cli_worse(status, change_one(conn, fn, argv[i], done));
	grpdedup_conn_close(conn);
	return status;
}

int cmd_pause(int argc, char **argv)
{
	return change(argc, argv, grpdedup_group_pause, "paused");
}

int cmd_resume(int argc, char **argv)
{
	return change(argc, argv, grpdedup_group_resume, "resumed");
}
