// SPDX-License-Identifier: GPL-2.0
/* One QMP monitor: connection, greeting, commands, replies. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "qmp.h"

/* Commands are short; one that is not read for so long is not read at all. */
#define OUT_MAX		65536
/* Replies are bounded too: a guest's owner may own its QEMU. */
#define READ_MAX	65536

enum qmp_state {
	QMP_IDLE,
	QMP_GREETING,	/* connected, not greeted yet */
	QMP_NEGOTIATING,
	QMP_READY,
};

/**
 * struct qmp - one
 * @out: what the socket did not take yet
 * @id: of the newest command
 * @asked_ms: when the oldest command without a reply was sent
 * @since_ms: when the connection began
 * @failed: qmp_open() could not, and the next tick says so: @end, @error
 * @feeding: within the stream's callbacks
 */
struct qmp {
	struct loop *loop;
	char *path;
	const struct qmp_sink *sink;
	void *arg;
	enum qmp_state state;
	int fd;
	struct watch *watch;
	struct message_stream *stream;
	char *out;
	size_t out_size;
	uint64_t id;
	unsigned int pending;
	uint64_t asked_ms;
	uint64_t since_ms;
	bool failed;
	enum qmp_end end;
	char error[200];
	bool feeding;
};

struct qmp *qmp_create(struct loop *loop, const char *path,
		       const struct qmp_sink *sink, void *arg)
{
	struct qmp *qmp = calloc(1, sizeof(*qmp));

	if (!qmp)
		return NULL;
	qmp->loop = loop;
	qmp->sink = sink;
	qmp->arg = arg;
	qmp->fd = -1;
	qmp->path = strdup(path);
	qmp->out = malloc(OUT_MAX);
	if (!qmp->path || !qmp->out) {
		qmp_destroy(qmp);
		return NULL;
	}
	return qmp;
}

void qmp_destroy(struct qmp *qmp)
{
	if (!qmp)
		return;
	qmp_close(qmp);
	free(qmp->out);
	free(qmp->path);
	free(qmp);
}

void qmp_close(struct qmp *qmp)
{
	watch_remove(qmp->watch);
	qmp->watch = NULL;
	if (qmp->fd >= 0)
		close(qmp->fd);
	qmp->fd = -1;
	/* Its callbacks may be what closes; it goes when they are over. */
	if (!qmp->feeding) {
		message_stream_destroy(qmp->stream);
		qmp->stream = NULL;
	}
	qmp->state = QMP_IDLE;
	qmp->failed = false;
	qmp->pending = 0;
	qmp->out_size = 0;
}

static void end(struct qmp *qmp, enum qmp_end why, const char *error)
{
	qmp_close(qmp);
	qmp->sink->ended(qmp->arg, why, error);
}

static void end_errno(struct qmp *qmp, int err)
{
	char error[200];

	snprintf(error, sizeof(error), "the monitor at %.100s has gone: %s", qmp->path,
		 err ? strerror(err) : "QEMU closed it");
	end(qmp, QMP_END_CLOSED, error);
}

/* False: the connection has ended. */
static bool flush_out(struct qmp *qmp)
{
	ssize_t n = 0;

	if (qmp->out_size)
		n = send(qmp->fd, qmp->out, qmp->out_size, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	if (n > 0) {
		qmp->out_size -= (size_t)n;
		memmove(qmp->out, qmp->out + n, qmp->out_size);
	}
	watch_change(qmp->watch, EPOLLIN | (qmp->out_size ? EPOLLOUT : 0));
	return true;
}

static uint64_t send_command(struct qmp *qmp, const char *name, struct json_object *arguments)
{
	struct json_object *command = json_object_new_object();
	const char *text;
	size_t size;

	json_object_object_add(command, "execute", json_object_new_string(name));
	if (arguments)
		json_object_object_add(command, "arguments", arguments);
	json_object_object_add(command, "id", json_object_new_uint64(qmp->id + 1));
	text = json_object_to_json_string_length(command, JSON_C_TO_STRING_PLAIN, &size);
	if (qmp->out_size + size + 1 > OUT_MAX) {
		json_object_put(command);
		return 0;
	}
	memcpy(qmp->out + qmp->out_size, text, size);
	qmp->out_size += size;
	qmp->out[qmp->out_size++] = '\n';
	json_object_put(command);
	if (!qmp->pending++)
		qmp->asked_ms = loop_now();
	/* What goes wrong here comes as an event of the socket, too. */
	flush_out(qmp);
	return ++qmp->id;
}

uint64_t qmp_command(struct qmp *qmp, const char *name, struct json_object *arguments)
{
	if (qmp->state == QMP_READY)
		return send_command(qmp, name, arguments);
	json_object_put(arguments);
	return 0;
}

static void on_reply(struct qmp *qmp, const struct message *message)
{
	if (!message->has_id || !qmp->pending)
		return;
	qmp->pending--;
	qmp->asked_ms = loop_now();
	if (qmp->state == QMP_READY) {
		qmp->sink->reply(qmp->arg, message);
	} else if (message->kind == MESSAGE_RETURN) {
		qmp->state = QMP_READY;
		qmp->sink->ready(qmp->arg);
	}
}

static void on_message(void *arg, const struct message *message)
{
	struct qmp *qmp = arg;

	if (qmp->state == QMP_IDLE)
		return;
	if (qmp->state == QMP_GREETING) {
		if (message->kind == MESSAGE_GREETING) {
			qmp->state = QMP_NEGOTIATING;
			send_command(qmp, "qmp_capabilities", NULL);
		}
		return;
	}
	if (message->kind == MESSAGE_RETURN || message->kind == MESSAGE_ERROR)
		on_reply(qmp, message);
	else if (message->kind == MESSAGE_EVENT && qmp->state == QMP_READY)
		qmp->sink->event(qmp->arg, message);
}

static void take(struct qmp *qmp, const char *bytes, size_t count)
{
	char error[200];
	int err;

	qmp->feeding = true;
	err = message_stream_feed(qmp->stream, bytes, count);
	qmp->feeding = false;
	if (qmp->state == QMP_IDLE) {
		message_stream_destroy(qmp->stream);
		qmp->stream = NULL;
	} else if (err) {
		snprintf(error, sizeof(error), "what answers at %.100s does not speak QMP%s",
			 qmp->path, err == -EMSGSIZE ? " (a message without an end)" : "");
		end(qmp, QMP_END_GARBAGE, error);
	}
}

static void on_io(void *arg, uint32_t events)
{
	static char bytes[READ_MAX];
	struct qmp *qmp = arg;
	ssize_t n;

	if ((events & EPOLLOUT) && !flush_out(qmp)) {
		end_errno(qmp, errno);
		return;
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	n = read(qmp->fd, bytes, sizeof(bytes));
	if (n > 0)
		take(qmp, bytes, (size_t)n);
	else if (!n || (errno != EAGAIN && errno != EINTR))
		end_errno(qmp, n ? errno : 0);
}

/* The next tick tells, so that the owner is not called back while it calls. */
static void fail_later(struct qmp *qmp, int err)
{
	qmp_close(qmp);
	qmp->failed = true;
	if (err == ENOENT || err == ECONNREFUSED || err == ENOTSOCK) {
		qmp->end = QMP_END_ABSENT;
		snprintf(qmp->error, sizeof(qmp->error), "nobody answers at %.100s: %s",
			 qmp->path, strerror(err));
	} else if (err == EAGAIN) {
		qmp->end = QMP_END_BUSY;
		snprintf(qmp->error, sizeof(qmp->error),
			 "the monitor at %.100s is busy: others wait for it already", qmp->path);
	} else {
		qmp->end = QMP_END_REFUSED;
		snprintf(qmp->error, sizeof(qmp->error), "cannot connect to %.100s: %s",
			 qmp->path, strerror(err));
	}
}

static int connect_to(struct qmp *qmp)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(qmp->path) >= sizeof(address.sun_path))
		return ENAMETOOLONG;
	strcpy(address.sun_path, qmp->path);
	qmp->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (qmp->fd < 0)
		return errno;
	/* A Unix socket connects at once or not at all. */
	if (connect(qmp->fd, (struct sockaddr *)&address, sizeof(address)))
		return errno;
	qmp->stream = message_stream_create(on_message, qmp);
	if (!qmp->stream)
		return ENOMEM;
	qmp->watch = watch_add(qmp->loop, qmp->fd, EPOLLIN, on_io, qmp);
	return qmp->watch ? 0 : errno;
}

void qmp_open(struct qmp *qmp)
{
	int err;

	/* Not while the last connection's callbacks still run. */
	if (qmp->state != QMP_IDLE || qmp->failed || qmp->feeding)
		return;
	err = connect_to(qmp);
	if (err) {
		fail_later(qmp, err);
		return;
	}
	qmp->state = QMP_GREETING;
	qmp->since_ms = loop_now();
}

void qmp_tick(struct qmp *qmp)
{
	uint64_t now = loop_now();
	char error[200];

	if (qmp->failed) {
		snprintf(error, sizeof(error), "%s", qmp->error);
		end(qmp, qmp->end, error);
	} else if (qmp->state == QMP_GREETING && now - qmp->since_ms >= QMP_GREETING_MS) {
		snprintf(error, sizeof(error),
			 "the monitor at %.100s is busy: another client (libvirt?) has it",
			 qmp->path);
		end(qmp, QMP_END_BUSY, error);
	} else if (qmp->pending && now - qmp->asked_ms >= QMP_REPLY_MS) {
		snprintf(error, sizeof(error), "the monitor at %.100s does not answer",
			 qmp->path);
		end(qmp, QMP_END_SILENT, error);
	}
}

bool qmp_ready(const struct qmp *qmp)
{
	return qmp->state == QMP_READY;
}

unsigned int qmp_pending(const struct qmp *qmp)
{
	return qmp->pending;
}

pid_t qmp_peer(const struct qmp *qmp)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	/* The one that listens, whether it has greeted us or not. */
	if (qmp->state == QMP_IDLE ||
	    getsockopt(qmp->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return 0;
	return peer.pid;
}
