// SPDX-License-Identifier: GPL-2.0
/* scan: request a pass and, with --wait, wait for its end. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "../lib/parse.h"
#include "cli.h"
#include "interrupt.h"
#include "output.h"

#define POLL_MS		30
#define PROGRESS_MS	300

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void show_progress(const struct grpdedup_group *group, uint64_t first)
{
	static uint64_t last;
	uint64_t now = now_ms();

	if (!isatty(STDERR_FILENO) || now - last < PROGRESS_MS)
		return;
	last = now;
	fprintf(stderr, "\rgroup %s: %" PRIu64 " pages visited ", group->name,
		grpdedup_counter_or_0(&group->counters,
				      GRPDEDUP_CNT_PAGES_SCANNED) -
			first);
}

static void end_progress(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* @timeout 0: no limit. *group: state before the request; updated. */
static int wait_for_pass(struct grpdedup_conn *conn, const char *name,
			 struct grpdedup_group *group, uint64_t pass,
			 unsigned int timeout)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	uint64_t first = grpdedup_counter_or_0(&group->counters,
					       GRPDEDUP_CNT_PAGES_SCANNED);
	uint64_t end = now_ms() + timeout;
	uint32_t id = group->id;
	sigset_t mask;
	uint64_t passes;
	int err;

	interrupt_catch(&mask);
	for (;;) {
		err = grpdedup_group_get(conn, name, group);
		/* Another group of the same name has its own passes. */
		if (!err && group->id != id)
			err = -ENOENT;
		if (err)
			return err;
		if (!grpdedup_counter_get(&group->counters,
					  GRPDEDUP_CNT_FULL_SCANS, &passes))
			return -EOPNOTSUPP;
		if (passes >= pass)
			return 0;
		if (group->paused)
			return -ECANCELED;
		if (interrupt_signal())
			return -EINTR;
		if (timeout && now_ms() >= end)
			return -ETIMEDOUT;
		show_progress(group, first);
		ppoll(NULL, 0, &pause, &mask);
	}
}

static int wait_and_tell(struct grpdedup_conn *conn, const char *name,
			 struct grpdedup_group *group, uint64_t pass,
			 unsigned int timeout)
{
	char size[32];
	uint64_t saved;
	int err;

	err = wait_for_pass(conn, name, group, pass, timeout);
	end_progress();
	if (err == -EINTR) {
		fprintf(stderr, "grpdedup: group %s: stopped waiting; pass %" PRIu64 " continues\n",
			group->name, pass);
		interrupt_die();
	}
	if (err == -ECANCELED) {
		fprintf(stderr, "grpdedup: group %s: pass %" PRIu64 " does not end: %s\n",
			group->name, pass, grpdedup_group_paused(group->paused));
		return CLI_REFUSED;
	}
	if (err == -ETIMEDOUT) {
		fprintf(stderr, "grpdedup: group %s: pass %" PRIu64 " timed out\n",
			group->name, pass);
		return CLI_REFUSED;
	}
	if (err)
		return cli_fail(conn, err, "group %s: pass %" PRIu64, name, pass);
	saved = grpdedup_counter_or_0(&group->counters,
				      GRPDEDUP_CNT_PAGES_SHARING);
	printf("group %s: pass %" PRIu64 " ended, %s saved\n", group->name, pass,
	       text_size(size, sizeof(size),
			 (double)saved * (double)page_size()));
	return CLI_DONE;
}

static int scan(const char *name, bool wait, unsigned int timeout)
{
	struct grpdedup_group group;
	struct grpdedup_conn *conn;
	uint64_t pass;
	int status = cli_connect(&conn);
	int err = 0;

	if (status)
		return status;
	if (wait)
		err = grpdedup_group_get(conn, name, &group);
	if (!err)
		err = grpdedup_group_scan(conn, name, &pass);
	if (err)
		status = cli_fail(conn, err, "group %s", name);
	else if (wait)
		status = wait_and_tell(conn, name, &group, pass, timeout);
	else
		printf("group %s: requested pass %" PRIu64 "\n", name, pass);
	grpdedup_conn_close(conn);
	return status;
}

int cmd_scan(int argc, char **argv)
{
	static const struct option options[] = {
		{ "wait", no_argument, NULL, 'w' },
		{ "timeout", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 }
	};
	unsigned int timeout = 0;
	bool wait = false;
	const char *name;
	const char *bad;
	int option;
	int status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'w':
			wait = true;
			break;
		case 't':
			bad = parse_seconds(optarg, &timeout);
			if (bad)
				return cli_usage("--timeout '%s' %s", optarg, bad);
			break;
		default:
			return cli_usage(NULL);
		}
	}
	if (timeout && !wait)
		return cli_usage("--timeout needs --wait");
	status = cli_one_group(argc, argv, &name);
	return status ? status : scan(name, wait, timeout);
}
