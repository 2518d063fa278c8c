// SPDX-License-Identifier: GPL-2.0
/* assign, move, unassign: each handles all its processes. */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include "../lib/parse.h"
#include "cli.h"
#include "output.h"

/* Check all arguments first, so that none is applied if one is wrong. */
static int check_pids(int argc, char **argv, int first)
{
	const char *bad;
	uint64_t pid;
	int i;

	if (first >= argc)
		return cli_usage("missing PID");
	for (i = first; i < argc; i++) {
		bad = parse_number(argv[i], INT_MAX, &pid);
		if (!bad && !pid)
			bad = "is not a process";
		if (bad)
			return cli_usage("process id '%s' %s", argv[i], bad);
	}
	return CLI_DONE;
}

static pid_t pid_of(const char *arg)
{
	uint64_t pid = 0;

	parse_number(arg, INT_MAX, &pid);
	return (pid_t)pid;
}

static int add_one(struct grpdedup_conn *conn, const char *group, pid_t pid,
		   bool move)
{
	struct grpdedup_member member;
	char comm[GRPDEDUP_COMM_SIZE * 4];
	int err = grpdedup_member_add(conn, group, pid, move, &member);

	if (err)
		return cli_fail(conn, err, "pid %d, group %s", pid, group);
	printf("pid %d (%s): in %s\n", pid,
	       text_escape(comm, sizeof(comm), member.comm), group);
	return CLI_DONE;
}

static int add_members(int argc, char **argv, bool move)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	struct grpdedup_conn *conn;
	const char *group;
	int status;
	int i;

	if (getopt_long(argc, argv, "", options, NULL) != -1)
		return cli_usage(NULL);
	if (optind >= argc)
		return cli_usage("missing GROUP");
	group = argv[optind++];
	if (!group[0])
		return cli_usage("the name of a group cannot be empty");
	status = check_pids(argc, argv, optind);
	if (!status)
		status = cli_connect(&conn);
	if (status)
		return status;
	for (i = optind; i < argc && status != CLI_ABSENT; i++)
		status = cli_worse(status, add_one(conn, group, pid_of(argv[i]), move));
	grpdedup_conn_close(conn);
	return status;
}

int cmd_assign(int argc, char **argv)
{
	return add_members(argc, argv, false);
}

int cmd_move(int argc, char **argv)
{
	return add_members(argc, argv, true);
}

static int del_one(struct grpdedup_conn *conn, pid_t pid, bool keep)
{
	struct grpdedup_left left;
	char size[32];
	int err = grpdedup_member_del(conn, pid, keep, &left);

	if (err)
		return cli_fail(conn, err, "pid %d", pid);
	if (keep)
		printf("pid %d: left %s, its shared pages stay shared\n", pid,
		       left.group);
	else
		printf("pid %d: %" PRIu64 " pages unshared (%s), left %s\n", pid,
		       left.pages,
		       text_size(size, sizeof(size),
				 (double)left.pages * (double)page_size()),
		       left.group);
	return CLI_DONE;
}

int cmd_unassign(int argc, char **argv)
{
	static const struct option options[] = {
		{ "keep", no_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 }
	};
	struct grpdedup_conn *conn;
	bool keep = false;
	int option;
	int status;
	int i;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'k')
			return cli_usage(NULL);
		keep = true;
	}
	status = check_pids(argc, argv, optind);
	if (!status)
		status = cli_connect(&conn);
	if (status)
		return status;
	for (i = optind; i < argc && status != CLI_ABSENT; i++)
		status = cli_worse(status, del_one(conn, pid_of(argv[i]), keep));
	grpdedup_conn_close(conn);
	return status;
}
