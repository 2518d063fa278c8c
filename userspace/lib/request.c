// SPDX-License-Identifier: GPL-2.0
/* Send requests that a scanner carries out, ask how they stand, and wait. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include "conn.h"

/* How often to ask for the results, in case an event was lost. */
#define PERIOD_MS	1000
/* The same without events: from 1 ms up to this, as most requests end soon. */
#define PERIOD_ONLY_MS	128

/**
 * struct wait - waiting for the end of requests[0]
 * @period_ms: how often to ask for the results
 * @ask_ms: when to ask next
 */
struct wait {
	struct grpdedup_conn *conn;
	struct grpdedup_request *requests;
	size_t count;
	uint64_t period_ms;
	uint64_t ask_ms;
};

static void fill_request(struct nlattr **tb, void *reply)
{
	struct grpdedup_request *request = reply;

	request->number = grpdedup_attr_u64(tb, GRPDEDUP_A_REQUEST);
	request->group_id = grpdedup_attr_u32(tb, GRPDEDUP_A_GROUP_ID);
	grpdedup_attr_str(tb, GRPDEDUP_A_GROUP_NAME, request->group,
			  sizeof(request->group));
	request->pid = grpdedup_attr_u32(tb, GRPDEDUP_A_PID);
	grpdedup_attr_str(tb, GRPDEDUP_A_COMM, request->comm,
			  sizeof(request->comm));
	request->ended = tb[GRPDEDUP_A_ERROR];
	request->error = grpdedup_attr_error(tb, GRPDEDUP_A_ERROR);
	request->pages = grpdedup_attr_u64(tb, GRPDEDUP_A_PAGES);
	grpdedup_attr_str(tb, GRPDEDUP_A_MESSAGE, request->message,
			  sizeof(request->message));
}

static void end(struct grpdedup_request *request, int error, uint64_t pages,
		const char *message)
{
	request->ended = true;
	request->error = error;
	request->pages = pages;
	snprintf(request->message, sizeof(request->message), "%s", message);
}

int grpdedup_request_send(struct grpdedup_conn *conn, struct grpdedup_msg *msg,
			  struct grpdedup_request *request)
{
	int err;

	*request = (struct grpdedup_request){ 0 };
	err = grpdedup_conn_do(conn, msg, fill_request, request);
	if (!err && !request->number)
		err = -EBADMSG;
	if (err)
		end(request, err, 0, conn->error);
	return err;
}

int grpdedup_request_get(struct grpdedup_conn *conn, uint64_t number,
			 struct grpdedup_request *request)
{
	struct grpdedup_msg msg;

	*request = (struct grpdedup_request){ 0 };
	grpdedup_msg_init(&msg, conn, GRPDEDUP_CMD_REQUEST);
	grpdedup_msg_u64(&msg, GRPDEDUP_A_REQUEST, number);
	return grpdedup_conn_do(conn, &msg, fill_request, request);
}

void grpdedup_conn_watch(struct grpdedup_conn *conn)
{
	if (!conn->events)
		grpdedup_events_open(&conn->events);
}

static void take_event(const struct grpdedup_event *event, void *arg)
{
	const struct wait *wait = arg;
	size_t i;

	if (event->cmd != GRPDEDUP_CMD_REQUEST)
		return;
	for (i = 0; i < wait->count; i++) {
		struct grpdedup_request *request = &wait->requests[i];

		if (request->number == event->request && !request->ended)
			end(request, event->error, event->pages, event->message);
	}
}

/* A request that the kernel does not know any more has ended, badly. */
static int ask(struct grpdedup_conn *conn, struct grpdedup_request *request)
{
	struct grpdedup_request now;
	int err = grpdedup_request_get(conn, request->number, &now);

	if (err == -ENOENT)
		end(request, err, 0, conn->error);
	else if (err)
		return err;
	else if (now.ended)
		end(request, now.error, now.pages, now.message);
	return 0;
}

static int ask_all(struct wait *wait, uint64_t now)
{
	int err = 0;
	size_t i;

	wait->ask_ms = now + wait->period_ms;
	if (wait->period_ms < PERIOD_ONLY_MS)
		wait->period_ms *= 2;
	for (i = 0; i < wait->count && !err; i++)
		if (!wait->requests[i].ended)
			err = ask(wait->conn, &wait->requests[i]);
	return err;
}

/* Wait for one datagram of events, for at most @ms. */
static int listen_for(struct wait *wait, uint64_t ms, const sigset_t *mask)
{
	struct timespec time = { .tv_sec = (time_t)(ms / 1000),
				 .tv_nsec = (long)(ms % 1000) * 1000000 };
	struct grpdedup_events *events = wait->conn->events;
	struct pollfd pfd = { .fd = events ? grpdedup_events_fd(events) : -1,
			      .events = POLLIN };
	int n = ppoll(&pfd, 1, &time, mask);
	int err;

	if (n < 0)
		return errno == EINTR && !mask ? 0 : -errno;
	if (!n)
		return 0;
	err = grpdedup_events_read(events, take_event, wait);
	if (err != -ENOBUFS)
		return err;
	wait->ask_ms = 0;
	return 0;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int grpdedup_request_wait(struct grpdedup_conn *conn,
			  struct grpdedup_request *requests, size_t count,
			  const sigset_t *mask)
{
	struct wait wait = {
		.conn = conn, .requests = requests, .count = count,
		.period_ms = conn->events ? PERIOD_MS : 1,
	};
	int err = 0;

	wait.ask_ms = now_ms() + wait.period_ms;
	while (!requests[0].ended && !err) {
		uint64_t now = now_ms();

		if (now >= wait.ask_ms) {
			err = ask_all(&wait, now);
		} else {
			conn->error[0] = '\0';
			err = listen_for(&wait, wait.ask_ms - now, mask);
		}
	}
	if (err)
		return err;
	snprintf(conn->error, sizeof(conn->error), "%s", requests[0].message);
	return requests[0].error;
}
