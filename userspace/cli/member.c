// SPDX-License-Identifier: GPL-2.0
/*
 * assign, move, unassign: each sends the requests for all its processes, then
 * waits for all of them, as each may take a while.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include "../lib/parse.h"
#include "cli.h"
#include "output.h"
#include "request.h"

/**
 * struct order - what a command line asks for
 * @group: the group to join, NULL: leave the group
 * @flags: GRPDEDUP_FLAG_
 * @no_wait: it is enough that the kernel accepts the requests
 * @pids: process ids, as text
 */
struct order {
	const char *group;
	unsigned int flags;
	bool no_wait;
	char **pids;
	size_t count;
};

/* Check all arguments first, so that none is applied if one is wrong. */
static int take_pids(struct order *order, int argc, char **argv)
{
	const char *bad;
	uint64_t pid;
	int i;

	if (optind >= argc)
		return cli_usage("missing PID");
	for (i = optind; i < argc; i++) {
		bad = parse_number(argv[i], INT_MAX, &pid);
		if (!bad && !pid)
			bad = "is not a process";
		if (bad)
			return cli_usage("process id '%s' %s", argv[i], bad);
	}
	order->pids = &argv[optind];
	order->count = (size_t)(argc - optind);
	return CLI_DONE;
}

static pid_t pid_of(const char *arg)
{
	uint64_t pid = 0;

	parse_number(arg, INT_MAX, &pid);
	return (pid_t)pid;
}

/* A refusal is in *request as well. */
static void send(struct grpdedup_conn *conn, const struct order *order,
		 pid_t pid, struct grpdedup_request *request)
{
	if (order->group)
		grpdedup_member_add(conn, order->group, pid, order->flags,
				    request);
	else
		grpdedup_member_del(conn, pid, order->flags, request);
}

static void print_accepted(const struct order *order, pid_t pid,
			   const struct grpdedup_request *request)
{
	printf("pid %d: request %" PRIu64 " accepted: %s %s\n", pid,
	       request->number, order->group ? "join" : "leave",
	       order->group ? order->group : request->group);
}

static void print_done(const struct order *order, pid_t pid,
		       const struct grpdedup_request *request)
{
	char comm[GRPDEDUP_COMM_SIZE * 4];
	char size[32];

	if (order->group)
		printf("pid %d (%s): in %s\n", pid,
		       text_escape(comm, sizeof(comm), request->comm),
		       order->group);
	else if (order->flags & GRPDEDUP_FLAG_KEEP)
		printf("pid %d: left %s, its shared pages stay shared\n", pid,
		       request->group);
	else
		printf("pid %d: %" PRIu64 " pages unshared (%s), left %s\n", pid,
		       request->pages,
		       text_size(size, sizeof(size),
				 (double)request->pages * (double)page_size()),
		       request->group);
}

/* Report on requests[0], and wait for it before if that is wanted. */
static int finish(struct grpdedup_conn *conn, const struct order *order,
		  pid_t pid, struct grpdedup_request *requests, size_t count)
{
	int err = 0;

	if (!order->no_wait || requests[0].ended)
		err = request_wait(conn, requests, count);
	if (err && order->group)
		return cli_fail(conn, err, "pid %d, group %s", pid, order->group);
	if (err)
		return cli_fail(conn, err, "pid %d", pid);
	if (order->no_wait)
		print_accepted(order, pid, &requests[0]);
	else
		print_done(order, pid, &requests[0]);
	fflush(stdout);
	return CLI_DONE;
}

static int carry_out(const struct order *order)
{
	struct grpdedup_request *requests;
	struct grpdedup_conn *conn;
	int status = cli_connect(&conn);
	size_t i;

	if (status)
		return status;
	requests = calloc(order->count, sizeof(*requests));
	if (!requests)
		status = cli_fail(NULL, -ENOMEM, "cannot send the requests");
	if (requests && !order->no_wait)
		grpdedup_conn_watch(conn);
	for (i = 0; requests && i < order->count; i++)
		send(conn, order, pid_of(order->pids[i]), &requests[i]);
	for (i = 0; requests && i < order->count && status != CLI_ABSENT; i++)
		status = cli_worse(status,
				   finish(conn, order, pid_of(order->pids[i]),
					  &requests[i], order->count - i));
	free(requests);
	grpdedup_conn_close(conn);
	return status;
}

static int join_group(struct order *order, int argc, char **argv)
{
	int status;

	if (optind >= argc)
		return cli_usage("missing GROUP");
	order->group = argv[optind++];
	if (!order->group[0])
		return cli_usage("the name of a group cannot be empty");
	status = take_pids(order, argc, argv);
	return status ? status : carry_out(order);
}

/* Each verb has its own of these options, with the same letters. */
static int parse_options(struct order *order, int argc, char **argv,
			 const struct option *options)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'k':
			order->flags |= GRPDEDUP_FLAG_KEEP;
			break;
		case 'f':
			order->flags |= GRPDEDUP_FLAG_FORCE;
			break;
		case 'n':
			order->no_wait = true;
			break;
		default:
			return cli_usage(NULL);
		}
	}
	return CLI_DONE;
}

int cmd_assign(int argc, char **argv)
{
	static const struct option options[] = {
		{ "no-wait", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 }
	};
	struct order order = { 0 };
	int status = parse_options(&order, argc, argv, options);

	return status ? status : join_group(&order, argc, argv);
}

int cmd_move(int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "no-wait", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 }
	};
	struct order order = { .flags = GRPDEDUP_FLAG_MOVE };
	int status = parse_options(&order, argc, argv, options);

	return status ? status : join_group(&order, argc, argv);
}

int cmd_unassign(int argc, char **argv)
{
	static const struct option options[] = {
		{ "keep", no_argument, NULL, 'k' },
		{ "force", no_argument, NULL, 'f' },
		{ "no-wait", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 }
	};
	struct order order = { 0 };
	int status = parse_options(&order, argc, argv, options);

	if (status)
		return status;
	if (order.flags == (GRPDEDUP_FLAG_KEEP | GRPDEDUP_FLAG_FORCE))
		return cli_usage("--force has no use with --keep");
	status = take_pids(&order, argc, argv);
	return status ? status : carry_out(&order);
}
