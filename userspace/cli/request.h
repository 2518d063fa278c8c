/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting for requests that a scanner carries out. */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include "../lib/libgrpdedup.h"

/*
 * As grpdedup_request_wait(), but a SIGINT or SIGTERM ends the program, which
 * then says how many of the requests continue.
 */
int request_wait(struct grpdedup_conn *conn, struct grpdedup_request *requests,
		 size_t count);

#endif /* CLI_REQUEST_H */
