// SPDX-License-Identifier: GPL-2.0
/* monitor: print events as lines until SIGINT or SIGTERM. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli.h"
#include "interrupt.h"
#include "output.h"
#include "row.h"

struct style {
	bool time;
	bool json;
};

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

static void print_process(const struct grpdedup_event *event)
{
	char comm[GRPDEDUP_COMM_SIZE * 4];

	printf(" pid %" PRIu32 " (%s)", event->pid,
	       text_escape(comm, sizeof(comm), event->comm));
}

static void print_request(const struct grpdedup_event *event)
{
	char message[GRPDEDUP_MESSAGE_SIZE * 4];

	printf(" %" PRIu64, event->request);
	if (event->pid)
		printf(" pid %" PRIu32, event->pid);
	if (event->error)
		printf(" failed: %s",
		       event->message[0] ?
		       text_escape(message, sizeof(message), event->message) :
		       strerror(-event->error));
	else
		printf(" ended, %" PRIu64 " pages unshared", event->pages);
}

static void print_details(const struct grpdedup_event *event)
{
	const char *paused = grpdedup_group_paused(event->paused);
	char size[32];

	switch (event->cmd) {
	case GRPDEDUP_CMD_GROUP_ADD:
	case GRPDEDUP_CMD_GROUP_SET:
		printf(" rate %" PRIu32, event->rate);
		break;
	case GRPDEDUP_CMD_GROUP_DEL:
		printf(", %" PRIu64 " pages unshared", event->pages);
		break;
	case GRPDEDUP_CMD_MEMBER_ADD:
		print_process(event);
		break;
	case GRPDEDUP_CMD_MEMBER_DEL:
		print_process(event);
		printf(" %s, %" PRIu64 " pages unshared",
		       reason_name(event->reason), event->pages);
		break;
	case GRPDEDUP_CMD_RECLAIM:
		printf(" %" PRIu64 " pages (%s)", event->pages,
		       text_size(size, sizeof(size),
				 (double)event->pages * (double)page_size()));
		break;
	case GRPDEDUP_CMD_REQUEST:
		print_request(event);
		break;
	case GRPDEDUP_CMD_PAUSE:
	case GRPDEDUP_CMD_RESUME:
		if (paused)
			printf(" %s", paused);
		break;
	}
}

static void print_line(const struct grpdedup_event *event, const char *time)
{
	printf("%s%s%s %s", time ? time : "", time ? " " : "", event_name(event),
	       event->group);
	print_details(event);
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
 * Some kernels let others listen than those whose requests the module serves:
 * make a request, whose refusal says who may.
 */
static int check_access(void)
{
	struct grpdedup_group *groups;
	struct grpdedup_conn *conn;
	size_t count;
	int status = cli_connect(&conn);
	int err;

	if (status)
		return status;
	err = grpdedup_group_list(conn, &groups, &count);
	if (err)
		status = cli_fail(conn, err, "cannot subscribe to events");
	free(groups);
	grpdedup_conn_close(conn);
	return status;
}

static int monitor(struct grpdedup_events *events, struct style *style)
{
	struct pollfd pfd = { .fd = grpdedup_events_fd(events),
			      .events = POLLIN };
	sigset_t mask;
	int err;

	interrupt_catch(&mask);
	fputs("grpdedup: waiting for events\n", stderr);
	while (!interrupt_signal() && !ferror(stdout)) {
		if (ppoll(&pfd, 1, NULL, &mask) < 0) {
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
	status = check_access();
	if (status)
		return status;
	err = grpdedup_events_open(&events);
	if (err)
		return cli_fail(NULL, err, "cannot subscribe to events");
	status = monitor(events, &style);
	grpdedup_events_close(events);
	return status;
}
