// SPDX-License-Identifier: GPL-2.0
/* Waiting for requests that a scanner carries out. */
#include <errno.h>
#include <stdio.h>
#include "interrupt.h"
#include "request.h"

static void stop_waiting(const struct grpdedup_request *requests, size_t count)
{
	size_t i, left = 0;

	for (i = 0; i < count; i++)
		left += !requests[i].ended;
	fflush(stdout);
	fprintf(stderr, "grpdedup: stopped waiting; %zu request%s\n", left,
		left == 1 ? " continues" : "s continue");
	interrupt_die();
}

int request_wait(struct grpdedup_conn *conn, struct grpdedup_request *requests,
		 size_t count)
{
	sigset_t mask;
	int err;

	/*
	 * Not before the requests are sent: until then, there is nothing to
	 * say.
	 */
	interrupt_catch(&mask);
	do {
		err = grpdedup_request_wait(conn, requests, count, &mask);
		if (err == -EINTR && interrupt_signal())
			stop_waiting(requests, count);
	} while (err == -EINTR && !requests[0].ended);
	return err;
}
