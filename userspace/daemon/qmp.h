/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One QMP monitor: connection, greeting, commands and replies. Never blocks;
 * driven by the event loop and by a tick.
 *
 * QEMU serves one client per socket: it sends no greeting to a second client
 * until the first has disconnected.
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
	QMP_END_ABSENT,		/* no socket, or no listener */
	QMP_END_REFUSED,	/* connecting or negotiating failed */
	QMP_END_BUSY,		/* no greeting: another client is connected */
	QMP_END_SILENT,		/* a command was not answered in time */
	QMP_END_GARBAGE,	/* invalid or too much input */
	QMP_END_CLOSED,		/* QEMU closed it */
};

struct qmp;

/**
 * struct qmp_sink - callbacks of the owner; called from the loop or from
 *	qmp_tick(), never within qmp_open() and qmp_command()
 * @ready: the negotiation is complete, commands may be sent
 * @reply: a return or an error, with the id that qmp_command() returned
 * @event: an event
 * @ended: disconnected; @error is a sentence. qmp_open() may be called again.
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
 * Connect, unless connected. Errors are reported by ended(). Does nothing
 * within ready(), reply() and event(): call it again in the next round.
 */
void qmp_open(struct qmp *qmp);
/* Disconnect; ended() is not called. */
void qmp_close(struct qmp *qmp);
/* Once per round: enforce the limits on time and input. */
void qmp_tick(struct qmp *qmp);
bool qmp_ready(const struct qmp *qmp);
/* Number of commands that have not been answered yet. */
unsigned int qmp_pending(const struct qmp *qmp);
/* Process of the listener (SO_PEERCRED), 0 if not connected. */
pid_t qmp_peer(const struct qmp *qmp);

/*
 * Sends {"execute": @name, "arguments": @arguments, "id": ID} and returns ID
 * (never 0), or 0 if not ready or if too many commands are under way. Takes
 * ownership of @arguments (may be NULL).
 */
uint64_t qmp_command(struct qmp *qmp, const char *name, struct json_object *arguments);

#endif /* QMP_H */
