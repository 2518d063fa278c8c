// SPDX-License-Identifier: GPL-2.0
/* One QMP monitor: connection, greeting, commands, replies. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/sockios.h>
#include "qmp.h"

/* Output limit: if this much is unread, QEMU has stopped reading. */
#define OUT_MAX		65536
/* Input limit per read. */
#define READ_MAX	65536
/*
 * Input limit, so that a QEMU does not delay other guests: so much at once, and
 * so much per tick. Parsing 64 KiB can take 11 ms.
 */
#define HEARD_MAX	(2 * MESSAGE_SIZE_MAX)
#define HEARD_TICK	(8u << 10)
/* Maximum number of commands under way. */
#define ASKED_MAX	32
/* Descriptors for all but monitors: /proc, netlink, our own clients. */
#define OTHERS_MAX	128

enum qmp_state {
	QMP_IDLE,
	QMP_GREETING,	/* connected, waiting for the greeting */
	QMP_NEGOTIATING,
	QMP_READY,
};

/* A command that has not been answered yet. */
struct asked {
	uint64_t id;
	uint64_t ms;
};

/* How long a listener may take to read a byte before it counts as busy. */
#define PROBE_MS	900

/**
 * struct qmp - a QMP connection
 * @out: output that the socket has not accepted yet
 * @id: id of the newest command
 * @asked: commands under way, the oldest first
 * @pending: number of commands in @asked
 * @heard: bytes read, less HEARD_TICK for each tick; of all connections
 * @since_ms: when the connection was opened
 * @probe_ms: when a byte was sent to a listener that does not greet, 0 = not
 * @failed: the connection has ended, see @end and @error; ended() is still due
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
	struct asked asked[ASKED_MAX];
	unsigned int pending;
	size_t heard;
	uint64_t since_ms;
	uint64_t probe_ms;
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
	/* A callback of the stream may be the caller: free the stream later. */
	if (!qmp->feeding) {
		message_stream_destroy(qmp->stream);
		qmp->stream = NULL;
	}
	qmp->state = QMP_IDLE;
	qmp->failed = false;
	qmp->pending = 0;
	qmp->out_size = 0;
}

/* The connection has ended; tell_end() calls the owner where that is safe. */
__attribute__((format(printf, 3, 4)))
static void note_end(struct qmp *qmp, enum qmp_end why, const char *fmt, ...)
{
	va_list ap;

	qmp_close(qmp);
	qmp->failed = true;
	qmp->end = why;
	va_start(ap, fmt);
	vsnprintf(qmp->error, sizeof(qmp->error), fmt, ap);
	va_end(ap);
}

/* Must be the last access to @qmp: the owner may destroy it. */
static void tell_end(struct qmp *qmp)
{
	char error[sizeof(qmp->error)];

	memcpy(error, qmp->error, sizeof(error));
	qmp->failed = false;
	qmp->sink->ended(qmp->arg, qmp->end, error);
}

/* Returns false if the connection has ended. */
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
	if (qmp->out_size + size + 1 > OUT_MAX || qmp->pending == ASKED_MAX) {
		json_object_put(command);
		return 0;
	}
	memcpy(qmp->out + qmp->out_size, text, size);
	qmp->out_size += size;
	qmp->out[qmp->out_size++] = '\n';
	json_object_put(command);
	qmp->asked[qmp->pending++] = (struct asked){ .id = ++qmp->id, .ms = loop_now() };
	/* An error here is reported again as an event of the socket. */
	flush_out(qmp);
	return qmp->id;
}

uint64_t qmp_command(struct qmp *qmp, const char *name, struct json_object *arguments)
{
	if (qmp->state == QMP_READY)
		return send_command(qmp, name, arguments);
	json_object_put(arguments);
	return 0;
}

/* Returns false if no command with this id is under way. */
static bool forget_asked(struct qmp *qmp, uint64_t id)
{
	unsigned int i;

	for (i = 0; i < qmp->pending; i++) {
		if (qmp->asked[i].id != id)
			continue;
		qmp->pending--;
		memmove(&qmp->asked[i], &qmp->asked[i + 1],
			(qmp->pending - i) * sizeof(qmp->asked[0]));
		return true;
	}
	return false;
}

static void on_reply(struct qmp *qmp, const struct message *message)
{
	if (!message->has_id || !forget_asked(qmp, message->id))
		return;
	if (qmp->state == QMP_READY) {
		qmp->sink->reply(qmp->arg, message);
	} else if (message->kind == MESSAGE_RETURN) {
		qmp->state = QMP_READY;
		qmp->sink->ready(qmp->arg);
	} else {
		note_end(qmp, QMP_END_REFUSED, "the monitor at %.100s reports an error: %.60s",
			 qmp->path, message->text);
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
	int err;

	qmp->feeding = true;
	err = message_stream_feed(qmp->stream, bytes, count);
	qmp->feeding = false;
	if (qmp->state == QMP_IDLE) {
		message_stream_destroy(qmp->stream);
		qmp->stream = NULL;
	} else if (err) {
		note_end(qmp, QMP_END_GARBAGE, "%.100s does not speak QMP%s",
			 qmp->path, err == -EMSGSIZE ? " (message too long)" : "");
	}
	if (qmp->failed)
		tell_end(qmp);
}

static void hang_up(struct qmp *qmp, int err)
{
	note_end(qmp, QMP_END_CLOSED, "the monitor at %.100s was closed: %s", qmp->path,
		 err ? strerror(err) : "by QEMU");
	tell_end(qmp);
}

static void on_io(void *arg, uint32_t events)
{
	static char bytes[READ_MAX];
	struct qmp *qmp = arg;
	ssize_t n;

	if ((events & EPOLLOUT) && !flush_out(qmp)) {
		hang_up(qmp, errno);
		return;
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	n = read(qmp->fd, bytes, sizeof(bytes));
	if (n <= 0) {
		if (!n || (errno != EAGAIN && errno != EINTR))
			hang_up(qmp, n ? errno : 0);
		return;
	}
	qmp->heard += (size_t)n;
	if (qmp->heard <= HEARD_MAX) {
		take(qmp, bytes, (size_t)n);
		return;
	}
	note_end(qmp, QMP_END_GARBAGE, "%.100s sends too much at once",
		 qmp->path);
	tell_end(qmp);
}

/* What is at the path, if it is no socket. */
static const char *other_kind(const char *path)
{
	struct stat st;

	if (stat(path, &st) || S_ISSOCK(st.st_mode))
		return NULL;
	return S_ISDIR(st.st_mode) ? "a directory" : S_ISREG(st.st_mode) ? "a file" : "a device";
}

/* Report the failure on the next tick: the owner is the caller. */
static void fail_later(struct qmp *qmp, int err)
{
	const char *kind = err == ECONNREFUSED || err == ENOTSOCK ? other_kind(qmp->path) : NULL;

	if (kind)
		note_end(qmp, QMP_END_REFUSED, "%.100s is %s, not the socket of a monitor",
			 qmp->path, kind);
	else if (err == ENOENT || err == ECONNREFUSED)
		note_end(qmp, QMP_END_ABSENT, "no answer at %.100s: %s", qmp->path,
			 strerror(err));
	/*
	 * Our own earlier attempts may fill the queue: QEMU accepts one at a
	 * time.
	 */
	else if (err == EAGAIN)
		note_end(qmp, QMP_END_BUSY,
			 "the monitor at %.100s is busy: another client (libvirt?) uses it, and its queue is full",
			 qmp->path);
	else if (err == EMFILE)
		note_end(qmp, QMP_END_REFUSED,
			 "cannot connect to %.100s: grpdedupd may not open more files (LimitNOFILE)",
			 qmp->path);
	else
		note_end(qmp, QMP_END_REFUSED, "cannot connect to %.100s: %s", qmp->path,
			 strerror(err));
}

/* Descriptors are numbered from the lowest free one. */
static bool is_too_high(int fd)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur != RLIM_INFINITY &&
	       (rlim_t)fd + (limit.rlim_cur < 2 * OTHERS_MAX ? limit.rlim_cur / 2 : OTHERS_MAX) >=
	       limit.rlim_cur;
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
	if (is_too_high(qmp->fd))
		return EMFILE;
	/* connect() to a Unix socket completes or fails at once. */
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

	/* Not while callbacks of the last connection still run. */
	if (qmp->state != QMP_IDLE || qmp->failed || qmp->feeding)
		return;
	err = connect_to(qmp);
	if (err) {
		fail_later(qmp, err);
		return;
	}
	qmp->state = QMP_GREETING;
	qmp->since_ms = loop_now();
	qmp->probe_ms = 0;
}

/* After a stall of the daemon, unread answers may be queued. */
static bool is_late(const struct qmp *qmp, uint64_t since_ms, uint64_t limit_ms)
{
	int unread = 0;

	return loop_now() - since_ms >= limit_ms &&
	       (ioctl(qmp->fd, FIONREAD, &unread) || !unread);
}

/*
 * No greeting: QEMU has not accepted us yet, because it serves another client,
 * or this is the socket of something that does not greet, as a guest agent's.
 * That reads a line feed, which means nothing to QMP.
 */
static void judge_silence(struct qmp *qmp)
{
	int unread = 1;

	if (!qmp->probe_ms && send(qmp->fd, "\n", 1, MSG_NOSIGNAL) == 1) {
		qmp->probe_ms = loop_now();
		return;
	}
	if (qmp->probe_ms && loop_now() - qmp->probe_ms < PROBE_MS)
		return;
	if (!ioctl(qmp->fd, SIOCOUTQ, &unread) && !unread)
		note_end(qmp, QMP_END_GARBAGE,
			 "%.100s is not the socket of a QMP monitor: it reads and does not greet (a guest agent's?)",
			 qmp->path);
	else
		note_end(qmp, QMP_END_BUSY,
			 "the monitor at %.100s is busy: another client (libvirt?) uses it",
			 qmp->path);
}

void qmp_tick(struct qmp *qmp)
{
	qmp->heard -= qmp->heard < HEARD_TICK ? qmp->heard : HEARD_TICK;
	if (qmp->state == QMP_GREETING && is_late(qmp, qmp->since_ms, QMP_GREETING_MS))
		judge_silence(qmp);
	else if (qmp->pending && is_late(qmp, qmp->asked[0].ms, QMP_REPLY_MS))
		note_end(qmp, QMP_END_SILENT, "the monitor at %.100s does not answer",
			 qmp->path);
	if (qmp->failed)
		tell_end(qmp);
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

	/* The listening process, whether it has sent its greeting or not. */
	if (qmp->state == QMP_IDLE ||
	    getsockopt(qmp->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return 0;
	return peer.pid;
}
