// SPDX-License-Identifier: GPL-2.0
/*
 * A monitor that uses QMP. It stays connected to a socket of its own; to a
 * shared one it connects for a few queries every SHARED_MS, every AGAIN_MS
 * while the balloon moves, and to set a new target.
 *
 * QEMU counts DIMMs that were plugged in as memory of the guest, in the size of
 * its balloon and in targets. The operator has given them, and not the group,
 * so they are left out of all numbers here: the base stays the base. A DIMM may
 * come or go at any time. So a size is believed if the DIMMs are the same after
 * it as they were after the last one, and a target is sent when they have just
 * been asked for.
 *
 * Others may set the balloon as well: the target is sent again in each round
 * until the guest has reached it.
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
/* Between two attempts at what sends too much, or is no monitor. */
#define GARBAGE_MS	30000

/* Requests by kind: a reply is matched by the id of the newest one. */
enum question {
	ASK_MEMORY,
	ASK_STATUS,
	ASK_BEFORE,	/* what is plugged in, once */
	ASK_ACTUAL,
	ASK_AFTER,	/* what is plugged in, after each ASK_ACTUAL */
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
 * @status: what QEMU says of the guest, "running" or another word
 * @no_devices: QEMU does not list its memory devices
 * @plugged: size of the DIMMs, bytes
 * @actual: size of the guest, DIMMs included; 0 = not known
 * @sent, @sent_plugged: the last target that was sent, and the DIMMs then
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
	char status[MESSAGE_STATUS_SIZE];
	bool no_devices;
	uint64_t plugged;
	uint64_t actual;
	uint64_t sent;
	uint64_t sent_plugged;
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

static void ask_plugged(struct monitor_qmp *m, enum question question)
{
	ask(m, question, m->no_devices ? "query-memory-size-summary" : "query-memory-devices",
	    NULL);
}

static void ask_state(struct monitor_qmp *m)
{
	if (m->id[ASK_AFTER])
		return;
	ask(m, ASK_STATUS, "query-status", NULL);
	ask(m, ASK_ACTUAL, "query-balloon", NULL);
	ask_plugged(m, ASK_AFTER);
	if (m->path[0])
		ask(m, ASK_STATS, "qom-get", property(m, "guest-stats"));
}

static bool is_incoming(const struct monitor_qmp *m)
{
	return !strcmp(m->status, "inmigrate");
}

/* What it is told now is overwritten when a migration comes in. */
static bool has_news(const struct monitor_qmp *m)
{
	return m->wanted && m->told != m->wanted && !m->id[TELL] && !is_incoming(m);
}

static void send_target(struct monitor_qmp *m)
{
	struct json_object *arguments;

	if (!has_news(m))
		return;
	arguments = object();
	json_object_object_add(arguments, "value",
			       json_object_new_int64((int64_t)(m->wanted + m->plugged)));
	ask(m, TELL, "balloon", arguments);
	if (!m->id[TELL])
		return;
	m->told = m->wanted;
	m->sent = m->wanted;
	m->sent_plugged = m->plugged;
}

static void on_ready(void *arg)
{
	struct monitor_qmp *m = arg;

	memset(m->id, 0, sizeof(m->id));
	m->path[0] = '\0';
	m->status[0] = '\0';
	m->told = 0;
	m->actual = 0;
	ask(m, ASK_MEMORY, "query-memory-size-summary", NULL);
	ask_plugged(m, ASK_BEFORE);
	ask_list(m, ASK_LIST);
	ask_list(m, ASK_LIST_ANON);
	ask_state(m);
}

/* The words of QEMU's RunState. */
static void note_status(struct monitor_qmp *m)
{
	struct balloon *balloon = m->monitor.balloon;
	char why[64];

	if (!strcmp(m->status, "running")) {
		balloon_hear_running(balloon, loop_now());
	} else if (is_incoming(m)) {
		balloon_set_state(balloon, BALLOON_INCOMING,
				  "it waits for a migration that comes in");
	} else if (!strcmp(m->status, "prelaunch")) {
		balloon_hear_paused(balloon, "it has not been started yet", loop_now());
	} else {
		snprintf(why, sizeof(why), "it does not run: QEMU says %s", m->status);
		balloon_hear_paused(balloon, why, loop_now());
	}
}

static void hear_memory(struct monitor_qmp *m, const struct message *message)
{
	message_memory(message, &m->monitor.balloon->size);
	message_plugged(message, &m->plugged);
}

static void hear_plugged(struct monitor_qmp *m, const struct message *message)
{
	if (!message_plugged(message, &m->plugged))
		m->no_devices = true;
}

/* The size of the guest is known, and what is plugged in: the time to tell. */
static void hear_after(struct monitor_qmp *m, const struct message *message)
{
	uint64_t before = m->plugged, actual = m->actual;

	hear_plugged(m, message);
	m->actual = 0;
	if (actual && before == m->plugged) {
		balloon_hear_actual(m->monitor.balloon,
				    actual > m->plugged ? actual - m->plugged : 0,
				    loop_now());
		note_status(m);
	}
	if (m->sent_plugged != m->plugged || balloon_is_off(m->monitor.balloon))
		m->told = 0;
	send_target(m);
}

static void hear_status(struct monitor_qmp *m, const struct message *message)
{
	bool was_incoming = is_incoming(m);

	if (!message_status(message, m->status, sizeof(m->status)))
		snprintf(m->status, sizeof(m->status), "running");
	if (was_incoming && !is_incoming(m))
		m->told = 0;
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

	if (question == ASK_BEFORE || question == ASK_AFTER)
		m->no_devices = true;
	else if (question == ASK_STATUS)
		snprintf(m->status, sizeof(m->status), "running");
	else if (!strcmp(message->class, "DeviceNotActive"))
		balloon_set_state(balloon, BALLOON_NO_DEVICE,
				  "the guest has no balloon device; start it with -device virtio-balloon-pci");
	else if (question == ASK_ACTUAL || question == TELL)
		balloon_set_state(balloon, BALLOON_SILENT, "QEMU reports an error: %s",
				  message->text);
}

static void taken(struct monitor_qmp *m)
{
	balloon_told(m->monitor.balloon, m->sent, loop_now());
	/* It may be another one by now. */
	send_target(m);
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

static void hear_return(struct monitor_qmp *m, enum question question,
			const struct message *message)
{
	switch (question) {
	case ASK_MEMORY:
		hear_memory(m, message);
		break;
	case ASK_STATUS:
		hear_status(m, message);
		break;
	case ASK_BEFORE:
		hear_plugged(m, message);
		break;
	case ASK_ACTUAL:
		message_actual(message, &m->actual);
		break;
	case ASK_AFTER:
		hear_after(m, message);
		break;
	case ASK_LIST:
	case ASK_LIST_ANON:
		hear_list(m, message, question);
		break;
	case ASK_STATS:
		hear_stats(m, message);
		break;
	case TELL:
		taken(m);
		break;
	default:
		break;
	}
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
	else
		hear_return(m, question, message);
	leave_shared(m);
}

static void on_event(void *arg, const struct message *message)
{
	static const char *const news[] = {
		"BALLOON_CHANGE", "STOP", "RESUME", "ACPI_DEVICE_OST",
		"DEVICE_DELETED", "MEMORY_DEVICE_SIZE_CHANGE",
	};
	struct monitor_qmp *m = arg;
	size_t i;

	if (!strcmp(message->class, "RESET")) {
		/* QEMU keeps the target, but the driver has to start again. */
		balloon_forget(m->monitor.balloon);
		m->told = 0;
		return;
	}
	for (i = 0; i < sizeof(news) / sizeof(news[0]); i++)
		if (!strcmp(message->class, news[i]))
			ask_state(m);
}

static void on_ended(void *arg, enum qmp_end why, const char *error)
{
	struct monitor_qmp *m = arg;
	struct balloon *balloon = m->monitor.balloon;

	m->next_ms = loop_now() + (why == QMP_END_GARBAGE ? GARBAGE_MS : AGAIN_MS);
	switch (why) {
	case QMP_END_BUSY:
		balloon_set_state(balloon, BALLOON_BUSY, "%s", error);
		break;
	case QMP_END_ABSENT:
	case QMP_END_CLOSED:
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
	if (!m->shared)
		ask_state(m);
}

static void monitor_qmp_set(struct monitor *monitor, uint64_t bytes)
{
	struct monitor_qmp *m = (struct monitor_qmp *)monitor;

	m->wanted = bytes;
	balloon_tell(monitor->balloon, bytes, loop_now());
	if (qmp_ready(m->qmp))
		ask_state(m);
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
