// SPDX-License-Identifier: GPL-2.0
/*
 * A monitor that uses QMP. It stays connected to a socket of its own; to a
 * shared one it connects for a few queries every SHARED_MS, every AGAIN_MS
 * while the balloon moves, and to set a new target.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "monitor.h"
#include "qmp.h"

#define SHARED_MS	5000
/*
 * Between two attempts at a socket that is not served or in use, and between
 * two connections to a shared socket while the balloon moves.
 */
#define AGAIN_MS	1000
#define POLL_SECONDS	1

/* Requests by kind: a reply is matched by the id of the newest one. */
enum question {
	ASK_MEMORY,
	ASK_ACTUAL,
	ASK_LIST,
	ASK_LIST_ANON,
	ASK_POLLING,
	ASK_STATS,
	TELL,
	QUESTIONS,
};

static const char *const parents[] = {
	[ASK_LIST] = "/machine/peripheral",
	[ASK_LIST_ANON] = "/machine/peripheral-anon",
};

/**
 * struct monitor_qmp - a QMP monitor
 * @path: the balloon in QEMU's object tree, "" if not found yet
 * @wanted: target, 0 = none yet
 * @told: last target sent on this connection
 * @id: newest request of each kind, 0 = none under way
 * @next_ms: when to connect next
 */
struct monitor_qmp {
	struct monitor monitor;
	struct qmp *qmp;
	bool shared;
	char path[MESSAGE_PATH_SIZE];
	uint64_t wanted;
	uint64_t told;
	uint64_t id[QUESTIONS];
	uint64_t next_ms;
};

static struct json_object *object(void)
{
	return json_object_new_object();
}

static void add_string(struct json_object *to, const char *key, const char *value)
{
	json_object_object_add(to, key, json_object_new_string(value));
}

static void ask(struct monitor_qmp *m, enum question question, const char *command,
		struct json_object *arguments)
{
	m->id[question] = qmp_command(m->qmp, command, arguments);
}

static void ask_list(struct monitor_qmp *m, enum question question)
{
	struct json_object *arguments = object();

	add_string(arguments, "path", parents[question]);
	ask(m, question, "qom-list", arguments);
}

static struct json_object *property(const struct monitor_qmp *m, const char *name)
{
	struct json_object *arguments = object();

	add_string(arguments, "path", m->path);
	add_string(arguments, "property", name);
	return arguments;
}

static void ask_polling(struct monitor_qmp *m)
{
	struct json_object *arguments = property(m, "guest-stats-polling-interval");

	json_object_object_add(arguments, "value", json_object_new_int(POLL_SECONDS));
	ask(m, ASK_POLLING, "qom-set", arguments);
}

static void ask_state(struct monitor_qmp *m)
{
	ask(m, ASK_ACTUAL, "query-balloon", NULL);
	if (m->path[0])
		ask(m, ASK_STATS, "qom-get", property(m, "guest-stats"));
}

static void tell(struct monitor_qmp *m)
{
	struct json_object *arguments;

	if (!m->wanted || m->told == m->wanted || m->id[TELL] || !qmp_ready(m->qmp))
		return;
	arguments = object();
	json_object_object_add(arguments, "value",
			       json_object_new_int64((int64_t)m->wanted));
	ask(m, TELL, "balloon", arguments);
	if (m->id[TELL])
		m->told = m->wanted;
}

static void on_ready(void *arg)
{
	struct monitor_qmp *m = arg;

	memset(m->id, 0, sizeof(m->id));
	m->path[0] = '\0';
	m->told = 0;
	ask(m, ASK_MEMORY, "query-memory-size-summary", NULL);
	ask_list(m, ASK_LIST);
	ask_list(m, ASK_LIST_ANON);
	ask_state(m);
	tell(m);
}

static void hear_actual(struct monitor_qmp *m, const struct message *message)
{
	struct balloon *balloon = m->monitor.balloon;
	uint64_t actual;

	if (!message_actual(message, &actual))
		return;
	balloon_hear_actual(balloon, actual, loop_now());
	if (balloon->state != BALLOON_OK && balloon->state != BALLOON_STUCK &&
	    balloon->state != BALLOON_NO_DRIVER)
		balloon_set_state(balloon, BALLOON_OK, "%s", "");
}

static void hear_list(struct monitor_qmp *m, const struct message *message,
		      enum question question)
{
	if (m->path[0] || !message_balloon_path(message, parents[question], m->path,
						sizeof(m->path)))
		return;
	ask_polling(m);
	ask(m, ASK_STATS, "qom-get", property(m, "guest-stats"));
}

static void hear_stats(struct monitor_qmp *m, const struct message *message)
{
	struct guest_stats stats;

	if (message_stats(message, &stats))
		balloon_hear_stats(m->monitor.balloon, &stats, loop_now());
}

static void hear_error(struct monitor_qmp *m, enum question question,
		       const struct message *message)
{
	struct balloon *balloon = m->monitor.balloon;

	if (!strcmp(message->class, "DeviceNotActive"))
		balloon_set_state(balloon, BALLOON_NO_DEVICE,
				  "the guest has no balloon device; start it with -device virtio-balloon-pci");
	else if (question == ASK_ACTUAL || question == TELL)
		balloon_set_state(balloon, BALLOON_SILENT, "QEMU reports an error: %s",
				  message->text);
}

static void taken(struct monitor_qmp *m)
{
	balloon_told(m->monitor.balloon, loop_now());
	tell(m);
}

static enum question question_of(const struct monitor_qmp *m, uint64_t id)
{
	unsigned int i;

	for (i = 0; i < QUESTIONS; i++)
		if (m->id[i] == id)
			return i;
	return QUESTIONS;
}

/* Leave a shared socket as soon as no request is under way. */
static void leave_shared(struct monitor_qmp *m)
{
	if (!m->shared || qmp_pending(m->qmp))
		return;
	m->next_ms = loop_now() + (balloon_is_moving(m->monitor.balloon) ? AGAIN_MS : SHARED_MS);
	qmp_close(m->qmp);
}

static void on_reply(void *arg, const struct message *message)
{
	struct monitor_qmp *m = arg;
	enum question question = question_of(m, message->id);

	if (question == QUESTIONS)
		return;
	m->id[question] = 0;
	if (message->kind == MESSAGE_ERROR)
		hear_error(m, question, message);
	else if (question == ASK_MEMORY)
		message_memory(message, &m->monitor.balloon->size);
	else if (question == ASK_ACTUAL)
		hear_actual(m, message);
	else if (question == ASK_LIST || question == ASK_LIST_ANON)
		hear_list(m, message, question);
	else if (question == ASK_STATS)
		hear_stats(m, message);
	else if (question == TELL)
		taken(m);
	leave_shared(m);
}

static void on_event(void *arg, const struct message *message)
{
	struct monitor_qmp *m = arg;

	if (!strcmp(message->class, "BALLOON_CHANGE")) {
		hear_actual(m, message);
	} else if (!strcmp(message->class, "RESET")) {
		/* QEMU keeps the target, but the driver has to start again. */
		balloon_forget(m->monitor.balloon);
		m->told = 0;
	}
}

static void on_ended(void *arg, enum qmp_end why, const char *error)
{
	struct monitor_qmp *m = arg;
	struct balloon *balloon = m->monitor.balloon;

	m->next_ms = loop_now() + AGAIN_MS;
	switch (why) {
	case QMP_END_BUSY:
		balloon_set_state(balloon, BALLOON_BUSY, "%s", error);
		break;
	case QMP_END_ABSENT:
	case QMP_END_CLOSED:
		m->wanted = 0;
		balloon_forget(balloon);
		balloon_set_state(balloon, BALLOON_STARTING, "%s", error);
		break;
	default:
		balloon_set_state(balloon, BALLOON_SILENT, "%s", error);
		break;
	}
}

static const struct qmp_sink sink = {
	.ready = on_ready,
	.reply = on_reply,
	.event = on_event,
	.ended = on_ended,
};

static void monitor_qmp_tick(struct monitor *monitor)
{
	struct monitor_qmp *m = (struct monitor_qmp *)monitor;
	bool news = m->wanted && m->wanted != m->told;

	qmp_tick(m->qmp);
	if (!qmp_ready(m->qmp)) {
		if (loop_now() >= m->next_ms || (m->shared && news))
			qmp_open(m->qmp);
		return;
	}
	if (!m->shared && !qmp_pending(m->qmp))
		ask_state(m);
	tell(m);
}

static void monitor_qmp_set(struct monitor *monitor, uint64_t bytes)
{
	struct monitor_qmp *m = (struct monitor_qmp *)monitor;

	m->wanted = bytes;
	balloon_tell(monitor->balloon, bytes, loop_now());
	tell(m);
}

static pid_t monitor_qmp_peer(const struct monitor *monitor)
{
	return qmp_peer(((const struct monitor_qmp *)monitor)->qmp);
}

static void monitor_qmp_destroy(struct monitor *monitor)
{
	struct monitor_qmp *m = (struct monitor_qmp *)monitor;

	qmp_destroy(m->qmp);
	free(m);
}

static const struct monitor_ops monitor_qmp_ops = {
	.tick = monitor_qmp_tick,
	.set = monitor_qmp_set,
	.peer = monitor_qmp_peer,
	.destroy = monitor_qmp_destroy,
};

struct monitor *monitor_qmp_create(struct loop *loop, struct balloon *balloon,
				   const char *path, bool shared)
{
	struct monitor_qmp *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->monitor.ops = &monitor_qmp_ops;
	m->monitor.balloon = balloon;
	m->shared = shared;
	m->qmp = qmp_create(loop, path, &sink, m);
	if (!m->qmp) {
		free(m);
		return NULL;
	}
	balloon_forget(balloon);
	return &m->monitor;
}
