/* SPDX-License-Identifier: GPL-2.0 */
/* A QMP connection and the other side of it, in one process. Include it once, with _GNU_SOURCE. */
#ifndef QMP_PEER_H
#define QMP_PEER_H

#include <fcntl.h>
/* The clock is simulated, so time limits cost no real time. */
#define loop_now real_now
#include "../../userspace/daemon/loop.c"
#undef loop_now
uint64_t loop_now(void);
#include "../../userspace/daemon/message.c"
#include "../../userspace/daemon/qmp.c"
#include "test.h"

#define GREETING	"{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define AGREED		"{\"return\": {}, \"id\": 1}\r\n"
#define EVENT		"{\"event\": \"STOP\", \"timestamp\": {}}\r\n"

static uint64_t skew_ms;

uint64_t loop_now(void)
{
	return real_now() + skew_ms;
}

static struct {
	int ready, events, ended;
	size_t replies;
	uint64_t ids[16];
	enum qmp_end why;
	char error[256];
	bool destroy;
} seen;

static struct loop *loop;
static struct qmp *qmp;
static char path[200];
/* The other side: its listening socket, and its end of the connection. */
static int server, peer;

static inline void on_ready(void *arg)
{
	(void)arg;
	seen.ready++;
}

static inline void on_reply_seen(void *arg, const struct message *message)
{
	(void)arg;
	if (seen.replies < 16)
		seen.ids[seen.replies] = message->id;
	seen.replies++;
}

static inline void on_event(void *arg, const struct message *message)
{
	(void)arg;
	(void)message;
	seen.events++;
}

static inline void on_ended(void *arg, enum qmp_end why, const char *error)
{
	(void)arg;
	seen.ended++;
	seen.why = why;
	snprintf(seen.error, sizeof(seen.error), "%s", error);
	if (seen.destroy) {
		qmp_destroy(qmp);
		qmp = NULL;
	}
}

static const struct qmp_sink sink = {
	.ready = on_ready,
	.reply = on_reply_seen,
	.event = on_event,
	.ended = on_ended,
};

static inline void begin(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memset(&seen, 0, sizeof(seen));
	snprintf(path, sizeof(path), "/tmp/test_qmp_peer.%d", (int)getpid());
	unlink(path);
	strcpy(address.sun_path, path);
	peer = -1;
	server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	EXPECT(server >= 0 && !bind(server, (struct sockaddr *)&address, sizeof(address)));
	EXPECT(!listen(server, 1));
	loop = loop_create();
	qmp = qmp_create(loop, path, &sink, NULL);
	EXPECT(loop && qmp);
}

static inline void finish(void)
{
	qmp_destroy(qmp);
	loop_destroy(loop);
	close(server);
	if (peer >= 0)
		close(peer);
	unlink(path);
}

/* Process pending input, then advance the clock. */
static inline void pass(uint64_t ms)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		EXPECT(!loop_turn(loop, 0));
	skew_ms += ms;
	qmp_tick(qmp);
}

static inline void say(const char *text)
{
	EXPECT(send(peer, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
	pass(0);
}

static inline void meet(void)
{
	qmp_open(qmp);
	peer = accept(server, NULL, NULL);
	EXPECT(peer >= 0 && !fcntl(peer, F_SETFL, O_NONBLOCK));
	say(GREETING);
}

static inline void meet_and_agree(void)
{
	begin();
	meet();
	say(AGREED);
	EXPECT(seen.ready == 1 && qmp_ready(qmp) && !qmp_pending(qmp));
}

#endif /* QMP_PEER_H */
