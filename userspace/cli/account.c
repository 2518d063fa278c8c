// SPDX-License-Identifier: GPL-2.0
/* account: which cgroup pays for a group's scanner. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "cli.h"

static int account(const char *name, const char *path)
{
	struct grpdedup_conn *conn;
	int status = cli_connect(&conn);
	int err;

	if (status)
		return status;
	err = grpdedup_account_set(conn, name, path);
	if (err)
		status = cli_fail(conn, err, "group %s", name);
	else if (!strcmp(path, "none"))
		printf("group %s: its scanner is accounted to the root cgroup\n", name);
	else
		printf("group %s: its scanner is accounted to %s\n", name, path);
	grpdedup_conn_close(conn);
	return status;
}

int cmd_account(int argc, char **argv)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };

	if (getopt_long(argc, argv, "", options, NULL) != -1)
		return cli_usage(NULL);
	if (optind >= argc)
		return cli_usage("missing GROUP");
	if (!argv[optind][0])
		return cli_usage("the name of a group cannot be empty");
	if (optind + 1 >= argc)
		return cli_usage("missing PATH, or none");
	if (!argv[optind + 1][0])
		return cli_usage("the path of a cgroup cannot be empty");
	if (optind + 2 < argc)
		return cli_usage("unexpected argument '%s'", argv[optind + 2]);
	return account(argv[optind], argv[optind + 1]);
}
