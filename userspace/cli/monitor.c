// SPDX-License-Identifier: GPL-2.0
/* monitor: print events as lines until SIGINT or SIGTERM. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include "cli.h"
#include "output.h"
#include "row.h"

struct style {
	bool time;
	bool json;
};

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static const char *time_stamp(char *buf, size_t size)
{
	struct timespec ts;
	char zone[8] = "";
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &ts);
	localtime_r(&ts.tv_sec, &tm);
	len = strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	/* ISO 8601 has +hh:mm where strftime has +hhmm. */
	snprintf(buf + len, size - len, ".%03ld%.3s:%s", ts.tv_nsec / 1000000,
		 zone, zone + 3);
	return buf;
}

static void print_line(const struct grpdedup_event *event, const char *time)
{
	char comm[GRPDEDUP_COMM_SIZE * 4];
	char size[32];

	printf("%s%s%s %s", time ? time : "", time ? " " : "", event_name(event),
	       event->group);
	switch (event->cmd) {
	case GRPDEDUP_CMD_GROUP_ADD:
	case GRPDEDUP_CMD_GROUP_SET:
		printf(" rate %" PRIu32, event->rate);
		break;
	case GRPDEDUP_CMD_MEMBER_ADD:
	case GRPDEDUP_CMD_MEMBER_DEL:
		printf(" pid %" PRIu32 " (%s)", event->pid,
		       text_escape(comm, sizeof(comm), event->comm));
		break;
	}
	if (event->cmd == GRPDEDUP_CMD_MEMBER_DEL)
		printf(" %s, %" PRIu64 " pages unshared",
		       reason_name(event->reason), event->pages);
	if (event->cmd == GRPDEDUP_CMD_RECLAIM)
		printf(" %" PRIu64 " pages (%s)", event->pages,
		       text_size(size, sizeof(size),
				 (double)event->pages * (double)page_size()));
	putchar('\n');
}

static void print_event(const struct grpdedup_event *event, void *arg)
{
	const struct style *style = arg;
	const char *time = NULL;
	struct row row;
	char stamp[64];

	/* An event of a newer module. */
	if (!event_name(event))
		return;
	if (style->time)
		time = time_stamp(stamp, sizeof(stamp));
	if (style->json) {
		row_of_event(&row, event, time);
		putchar('{');
		json_fields(stdout, &row);
		puts("}");
	} else {
		print_line(event, time);
	}
	fflush(stdout);
}

/*
 * Block signals so that none is missed between testing "stopped" and waiting.
 */
static void catch_signals(sigset_t *normal)
{
	struct sigaction sa = { .sa_handler = stop };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, normal);
	sigdelset(normal, SIGINT);
	sigdelset(normal, SIGTERM);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static int monitor(struct grpdedup_events *events, struct style *style)
{
	struct pollfd pfd = { .fd = grpdedup_events_fd(events),
			      .events = POLLIN };
	sigset_t normal;
	int err;

	catch_signals(&normal);
	fputs("grpdedup: waiting for events\n", stderr);
	while (!stopped && !ferror(stdout)) {
		if (ppoll(&pfd, 1, NULL, &normal) < 0) {
			if (errno == EINTR)
				continue;
			return cli_fail(NULL, -errno, "cannot wait for events");
		}
		err = grpdedup_events_read(events, print_event, style);
		if (err == -ENOBUFS)
			fputs("grpdedup: some events were lost\n", stderr);
		else if (err)
			return cli_fail(NULL, err, "cannot read events");
	}
	return CLI_DONE;
}

int cmd_monitor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "time", no_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	struct style style = { 0 };
	struct grpdedup_events *events;
	int option;
	int status;
	int err;

	while ((option = getopt_long(argc, argv, "t", options, NULL)) != -1) {
		switch (option) {
		case 't':
			style.time = true;
			break;
		case 'j':
			style.json = true;
			break;
		default:
			return cli_usage(NULL);
		}
	}
	if (optind < argc)
		return cli_usage("unexpected argument '%s'", argv[optind]);
	err = grpdedup_events_open(&events);
	if (err)
		return cli_fail(NULL, err, "cannot subscribe to events");
	status = monitor(events, &style);
	grpdedup_events_close(events);
	return status;
}
