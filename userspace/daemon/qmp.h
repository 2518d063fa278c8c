/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One QMP monitor: connection, greeting, commands and their replies. Never
 * blocks; driven by the loop and by a tick.
 *
 * QEMU serves one client per socket: a second one connects, but is not greeted
 * until the first has left.
 */
#ifndef QMP_H
#define QMP_H

#include <sys/types.h>
#include "loop.h"
#include "message.h"

#define QMP_GREETING_MS	3000
#define QMP_REPLY_MS	3000

/* Why a connection ended. */
enum qmp_end {
	QMP_END_ABSENT,		/* no socket, or nobody listens */
	QMP_END_REFUSED,	/* the connection or its negotiation is refused: see @error */
	QMP_END_BUSY,		/* no greeting: another client has it */
	QMP_END_SILENT,		/* a command was not answered in time */
	QMP_END_GARBAGE,	/* what came is not QMP, or is too much of it */
	QMP_END_CLOSED,		/* QEMU closed it */
};

struct qmp;

/**
 * struct qmp_sink - what the owner wants to hear; all are called from the loop
 *	or from qmp_tick(), none from within qmp_open() and qmp_command()
 * @ready: greeted, and commands may be sent
 * @reply: a return or an error, with the id that qmp_command() gave
 * @event: an event
 * @ended: not connected any more; @error is a sentence. qmp_open() may be
 *	called again.
 *
 * All may call qmp_close() and qmp_command(), but only ended() may call
 * qmp_destroy().
 */
struct qmp_sink {
	void (*ready)(void *arg);
	void (*reply)(void *arg, const struct message *message);
	void (*event)(void *arg, const struct message *message);
	void (*ended)(void *arg, enum qmp_end why, const char *error);
};

struct qmp *qmp_create(struct loop *loop, const char *path,
		       const struct qmp_sink *sink, void *arg);
void qmp_destroy(struct qmp *qmp);
/*
 * Starts to connect if it is not connected. All that goes wrong comes through
 * ended(). Does nothing within ready(), reply() and event(): call it again in
 * the next round.
 */
void qmp_open(struct qmp *qmp);
/* Ends the connection; ended() is not called. */
void qmp_close(struct qmp *qmp);
/* Once per round, for the limits on time and on how much is heard from it. */
void qmp_tick(struct qmp *qmp);
bool qmp_ready(const struct qmp *qmp);
/* Commands that have not been answered yet. */
unsigned int qmp_pending(const struct qmp *qmp);
/* Process on the other side (SO_PEERCRED), 0 if not connected. */
pid_t qmp_peer(const struct qmp *qmp);

/*
 * Sends {"execute": @name, "arguments": @arguments, "id": ID} and returns ID
 * (never 0), or 0 if it is not ready or too much is under way. Takes over
 * @arguments (NULL: none).
 */
uint64_t qmp_command(struct qmp *qmp, const char *name, struct json_object *arguments);

#endif /* QMP_H */
