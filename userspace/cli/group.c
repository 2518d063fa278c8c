// SPDX-License-Identifier: GPL-2.0
/* add-group, set-group, del-group. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include "../lib/parse.h"
#include "cli.h"
#include "output.h"
#include "request.h"

static int parse_param(int option, struct grpdedup_group_params *params)
{
	const char *bad = NULL;
	uint64_t number = 0;

	switch (option) {
	case 'r':
		bad = parse_rate(optarg, &params->rate);
		if (bad)
			return cli_usage("--rate '%s' %s", optarg, bad);
		params->set |= GRPDEDUP_SET_RATE;
		return CLI_DONE;
	case 's':
		bad = parse_number(optarg, UINT32_MAX, &number);
		if (bad)
			return cli_usage("--split-min '%s' %s", optarg, bad);
		params->split_min = (uint32_t)number;
		params->set |= GRPDEDUP_SET_SPLIT_MIN;
		return CLI_DONE;
	case 'm':
		bad = parse_number(optarg, UINT64_MAX, &number);
		if (bad)
			return cli_usage("--max-frames '%s' %s", optarg, bad);
		params->frames_max = number;
		params->set |= GRPDEDUP_SET_FRAMES_MAX;
		return CLI_DONE;
	default:
		return cli_usage(NULL);
	}
}

static int parse_params(int argc, char **argv,
			struct grpdedup_group_params *params)
{
	static const struct option options[] = {
		{ "rate", required_argument, NULL, 'r' },
		{ "split-min", required_argument, NULL, 's' },
		{ "max-frames", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 }
	};
	int status = CLI_DONE;
	int option;

	*params = (struct grpdedup_group_params){ 0 };
	while (!status &&
	       (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		status = parse_param(option, params);
	return status ? status : cli_one_group(argc, argv, &params->name);
}

static void print_added(const struct grpdedup_group_params *params)
{
	double bytes = (double)params->rate * (double)page_size();
	char size[32];

	if (params->rate)
		printf("group %s: rate %" PRIu32 " pages/s (%s/s)\n", params->name,
		       params->rate, text_size(size, sizeof(size), bytes));
	else
		printf("group %s: rate 0 (no passes)\n", params->name);
}

int cmd_add_group(int argc, char **argv)
{
	struct grpdedup_group_params params;
	struct grpdedup_conn *conn;
	int status;
	int err;

	status = parse_params(argc, argv, &params);
	if (status)
		return status;
	if (!(params.set & GRPDEDUP_SET_RATE))
		return cli_usage("--rate is required");
	status = cli_connect(&conn);
	if (status)
		return status;
	err = grpdedup_group_add(conn, &params);
	if (err)
		status = cli_fail(conn, err, "group %s", params.name);
	else
		print_added(&params);
	grpdedup_conn_close(conn);
	return status;
}

static void print_changes(const struct grpdedup_group *old,
			  const struct grpdedup_group_params *params)
{
	const char *comma = "";

	printf("group %s: ", params->name);
	if (params->set & GRPDEDUP_SET_RATE) {
		printf("rate %" PRIu32 " -> %" PRIu32 " pages/s", old->rate,
		       params->rate);
		comma = ", ";
	}
	if (params->set & GRPDEDUP_SET_SPLIT_MIN) {
		printf("%ssplit-min %" PRIu32 " -> %" PRIu32, comma,
		       old->split_min, params->split_min);
		comma = ", ";
	}
	if (params->set & GRPDEDUP_SET_FRAMES_MAX)
		printf("%smax-frames %" PRIu64 " -> %" PRIu64, comma,
		       old->frames_max, params->frames_max);
	putchar('\n');
}

int cmd_set_group(int argc, char **argv)
{
	struct grpdedup_group_params params;
	struct grpdedup_group old;
	struct grpdedup_conn *conn;
	int status;
	int err;

	status = parse_params(argc, argv, &params);
	if (status)
		return status;
	if (!params.set)
		return cli_usage("nothing to change");
	status = cli_connect(&conn);
	if (status)
		return status;
	err = grpdedup_group_get(conn, params.name, &old);
	if (!err)
		err = grpdedup_group_set(conn, &params);
	if (err)
		status = cli_fail(conn, err, "group %s", params.name);
	else
		print_changes(&old, &params);
	grpdedup_conn_close(conn);
	return status;
}

static int del_group(const char *name, unsigned int flags, bool no_wait)
{
	struct grpdedup_request request;
	struct grpdedup_conn *conn;
	int status = cli_connect(&conn);
	int err;

	if (status)
		return status;
	if (!no_wait)
		grpdedup_conn_watch(conn);
	err = grpdedup_group_del(conn, name, flags, &request);
	if (!err && !no_wait)
		err = request_wait(conn, &request, 1);
	if (err)
		status = cli_fail(conn, err, "group %s", name);
	else if (no_wait)
		printf("group %s: request %" PRIu64 " accepted: delete\n", name,
		       request.number);
	else
		printf("group %s: deleted, %s\n", name,
		       flags & GRPDEDUP_FLAG_UNSHARE ?
		       "its pages are unshared" : "its shared pages stay shared");
	grpdedup_conn_close(conn);
	return status;
}

int cmd_del_group(int argc, char **argv)
{
	static const struct option options[] = {
		{ "unshare", no_argument, NULL, 'u' },
		{ "force", no_argument, NULL, 'f' },
		{ "no-wait", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 }
	};
	unsigned int flags = 0;
	bool no_wait = false;
	const char *name;
	int option;
	int status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'u':
			flags |= GRPDEDUP_FLAG_UNSHARE;
			break;
		case 'f':
			flags |= GRPDEDUP_FLAG_FORCE;
			break;
		case 'n':
			no_wait = true;
			break;
		default:
			return cli_usage(NULL);
		}
	}
	if (flags == GRPDEDUP_FLAG_FORCE)
		return cli_usage("--force needs --unshare");
	status = cli_one_group(argc, argv, &name);
	return status ? status : del_group(name, flags, no_wait);
}
