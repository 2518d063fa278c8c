// SPDX-License-Identifier: GPL-2.0
/* QMP: peers that refuse, reorder, repeat, withhold, flood or do not accept. */
#define _GNU_SOURCE
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

static void on_ready(void *arg)
{
	(void)arg;
	seen.ready++;
}

static void on_reply_seen(void *arg, const struct message *message)
{
	(void)arg;
	if (seen.replies < 16)
		seen.ids[seen.replies] = message->id;
	seen.replies++;
}

static void on_event(void *arg, const struct message *message)
{
	(void)arg;
	(void)message;
	seen.events++;
}

static void on_ended(void *arg, enum qmp_end why, const char *error)
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

static int client_at(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	EXPECT(fd >= 0);
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

static void begin(void)
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

static void finish(void)
{
	qmp_destroy(qmp);
	loop_destroy(loop);
	close(server);
	if (peer >= 0)
		close(peer);
	unlink(path);
}

/* Process pending input, then advance the clock. */
static void pass(uint64_t ms)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		EXPECT(!loop_turn(loop, 0));
	skew_ms += ms;
	qmp_tick(qmp);
}

static void say(const char *text)
{
	EXPECT(send(peer, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
	pass(0);
}

static void meet(void)
{
	qmp_open(qmp);
	peer = accept(server, NULL, NULL);
	EXPECT(peer >= 0 && !fcntl(peer, F_SETFL, O_NONBLOCK));
	say(GREETING);
}

static void meet_and_agree(void)
{
	begin();
	meet();
	say(AGREED);
	EXPECT(seen.ready == 1 && qmp_ready(qmp) && !qmp_pending(qmp));
}

/* A monitor that will not negotiate is not waited for. */
static void refuses(void)
{
	begin();
	meet();
	say("{\"id\": 1, \"error\": {\"class\": \"GenericError\", \"desc\": \"not you\"}}\r\n" EVENT);
	EXPECT(seen.ended == 1 && seen.why == QMP_END_REFUSED && !seen.ready);
	EXPECT(strstr(seen.error, path) && strstr(seen.error, "not you"));
	close(peer);
	meet();
	say("{\"return\": {}, \"id\": 2}\r\n");
	EXPECT(seen.ready == 1 && !seen.events && qmp_ready(qmp));
	finish();
}

static void agrees_to_something_else(void)
{
	begin();
	meet();
	say("{\"return\": {}, \"id\": 7}\r\n{\"return\": {}}\r\n");
	EXPECT(!seen.ready && !seen.ended);
	pass(QMP_REPLY_MS);
	EXPECT(seen.ended == 1 && seen.why == QMP_END_SILENT);
	finish();
}

static void in_any_order(void)
{
	uint64_t first, second, third;

	meet_and_agree();
	first = qmp_command(qmp, "query-balloon", NULL);
	second = qmp_command(qmp, "query-balloon", NULL);
	third = qmp_command(qmp, "query-balloon", NULL);
	EXPECT(first == 2 && second == 3 && third == 4 && qmp_pending(qmp) == 3);
	say("{\"return\": {}, \"id\": 4}\r\n" EVENT "{\"return\": {}, \"id\": 2}\r\n" EVENT);
	EXPECT(seen.replies == 2 && seen.ids[0] == third && seen.ids[1] == first);
	EXPECT(seen.events == 2 && qmp_pending(qmp) == 1);
	say("{\"id\": 3, \"error\": {\"class\": \"X\", \"desc\": \"no\"}}");
	EXPECT(seen.replies == 3 && seen.ids[2] == second && !qmp_pending(qmp));
	finish();
}

/* Replies to nothing that was asked are not passed on. */
static void unasked(void)
{
	meet_and_agree();
	EXPECT(qmp_command(qmp, "query-balloon", NULL) == 2);
	say("{\"return\": {}, \"id\": 0}\r\n{\"return\": {}, \"id\": 3}\r\n{\"return\": {}}\r\n"
	    "{\"return\": {}, \"id\": 1}\r\n{\"return\": {}, \"id\": \"2\"}\r\n"
	    "{\"return\": {}, \"id\": -2}\r\n{\"return\": {}, \"id\": 18446744073709551615}\r\n");
	EXPECT(!seen.replies && qmp_pending(qmp) == 1 && !seen.ended);
	say("{\"return\": {}, \"id\": 2}\r\n{\"return\": {}, \"id\": 2}\r\n");
	EXPECT(seen.replies == 1 && !qmp_pending(qmp));
	finish();
}

/* It is the oldest question that counts, whatever else is answered. */
static void withholds_one(void)
{
	char text[64];
	uint64_t id;
	int i;

	meet_and_agree();
	EXPECT(qmp_command(qmp, "query-balloon", NULL) == 2);
	for (i = 0; i < 5; i++) {
		pass(QMP_REPLY_MS / 6);
		EXPECT(!seen.ended);
		id = qmp_command(qmp, "query-status", NULL);
		snprintf(text, sizeof(text), "{\"return\": {}, \"id\": %d}\r\n", (int)id);
		say(text);
	}
	EXPECT(seen.replies == 5 && qmp_pending(qmp) == 1 && !seen.ended);
	EXPECT(qmp_command(qmp, "query-status", NULL));
	pass(QMP_REPLY_MS / 6);
	EXPECT(seen.ended == 1 && seen.why == QMP_END_SILENT);
	finish();
}

/* A younger question is not late because an older one was asked long ago. */
static void answers_in_time(void)
{
	meet_and_agree();
	EXPECT(qmp_command(qmp, "query-balloon", NULL) == 2);
	pass(QMP_REPLY_MS - 500);
	EXPECT(qmp_command(qmp, "query-balloon", NULL) == 3);
	say("{\"return\": {}, \"id\": 2}\r\n");
	pass(QMP_REPLY_MS - 500);
	EXPECT(!seen.ended);
	pass(500);
	EXPECT(seen.ended == 1 && seen.why == QMP_END_SILENT);
	finish();
}

/* The daemon itself was delayed: the answers have arrived, unread. */
static void held_up_ourselves(void)
{
	begin();
	qmp_open(qmp);
	peer = accept(server, NULL, NULL);
	EXPECT(write(peer, GREETING, strlen(GREETING)) > 0);
	skew_ms += 10 * QMP_GREETING_MS;
	qmp_tick(qmp);
	EXPECT(!seen.ended);
	pass(0);
	EXPECT(write(peer, AGREED, strlen(AGREED)) > 0);
	skew_ms += 10 * QMP_REPLY_MS;
	qmp_tick(qmp);
	EXPECT(!seen.ended);
	pass(0);
	EXPECT(seen.ready == 1 && !seen.ended);
	finish();
}

static struct json_object *padding(size_t size)
{
	char *text = calloc(1, size + 1);
	struct json_object *object;

	memset(text, 'x', size);
	object = json_object_new_string(text);
	free(text);
	return object;
}

static size_t commands;

static void count_command(void *arg, const struct message *message)
{
	(void)arg;
	(void)message;
	commands++;
}

/* Commands that the socket does not take at once arrive whole when it does. */
static void reads_late(void)
{
	struct message_stream *stream = message_stream_create(count_command, NULL);
	int small = 4096, turns;
	size_t accepted = 0;
	char bytes[512];
	ssize_t n;

	meet_and_agree();
	commands = 0;
	EXPECT(!setsockopt(qmp->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	EXPECT(!qmp_command(qmp, "too-long", padding(100000)));
	while (accepted < 1000 && qmp_command(qmp, "stop", padding(8000)))
		accepted++;
	EXPECT(accepted > 2 && accepted < 1000 && qmp_pending(qmp) == accepted);
	for (turns = 0; turns < 100000 && commands < accepted + 1; turns++) {
		loop_turn(loop, 0);
		n = read(peer, bytes, sizeof(bytes));
		if (n > 0)
			EXPECT(!message_stream_feed(stream, bytes, (size_t)n));
	}
	EXPECT(commands == accepted + 1 && !seen.ended);
	message_stream_destroy(stream);
	finish();
}

static void too_many_questions(void)
{
	size_t accepted = 0;

	meet_and_agree();
	while (accepted < 1000 && qmp_command(qmp, "stop", NULL))
		accepted++;
	EXPECT(accepted >= 16 && accepted < 1000 && qmp_pending(qmp) == accepted);
	say("{\"return\": {}, \"id\": 9}\r\n");
	EXPECT(qmp_command(qmp, "stop", NULL) && !qmp_command(qmp, "stop", NULL));
	finish();
}

/* An endless sender is disconnected, because other monitors wait meanwhile. */
static void floods(void)
{
	char text[4096];
	size_t said = 0;
	ssize_t n;

	meet_and_agree();
	memset(text, ' ', sizeof(text));
	memcpy(text, EVENT, strlen(EVENT));
	while (!seen.ended && said < (8 << 20)) {
		n = send(peer, text, sizeof(text), MSG_NOSIGNAL);
		if (n > 0)
			said += (size_t)n;
		EXPECT(!loop_turn(loop, 0));
	}
	EXPECT(seen.ended == 1 && seen.why == QMP_END_GARBAGE && said < (1 << 20));
	EXPECT(strstr(seen.error, "too much"));
	finish();
}

/* But much in many rounds is fine. */
static void talks_much(void)
{
	char text[4096];
	int i;

	meet_and_agree();
	memset(text, ' ', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text, EVENT, strlen(EVENT));
	for (i = 0; i < 500; i++)
		say(text);
	EXPECT(seen.events == 500 && !seen.ended);
	finish();
}

/* Small things in a long list cost hundreds of times their size in memory. */
static void one_long_message(void)
{
	static char text[8192];
	size_t i, said = 0;

	meet_and_agree();
	say("{\"return\": [");
	for (i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "{},", 3);
	while (!seen.ended && said < (1 << 20)) {
		say(text);
		said += strlen(text);
	}
	EXPECT(seen.ended == 1 && seen.why == QMP_END_GARBAGE);
	EXPECT(said < 100000 && strstr(seen.error, "too long"));
	finish();
}

static void full_backlog(void)
{
	int others[8], count = 0;

	begin();
	while (count < 8 && (others[count] = client_at()) >= 0)
		count++;
	EXPECT(count && count < 8);
	qmp_open(qmp);
	pass(0);
	EXPECT(seen.ended == 1 && seen.why == QMP_END_BUSY && strstr(seen.error, "another client"));
	while (count)
		close(others[--count]);
	finish();
}

static void no_way_in(void)
{
	int i;

	begin();
	close(server);
	qmp_open(qmp);
	pass(0);
	EXPECT(seen.ended == 1 && seen.why == QMP_END_ABSENT && strstr(seen.error, "refused"));
	qmp_destroy(qmp);
	for (i = 0; i < 2; i++) {
		unlink(path);
		EXPECT(i ? !mkdir(path, 0700) : !close(open(path, O_CREAT | O_RDWR, 0600)));
		qmp = qmp_create(loop, path, &sink, NULL);
		qmp_open(qmp);
		pass(0);
		EXPECT(seen.ended == 2 + i && seen.why == QMP_END_REFUSED);
		EXPECT(strstr(seen.error, i ? "is a directory, not" : "is a file, not the socket"));
		qmp_destroy(qmp);
	}
	server = open("/dev/null", O_RDONLY);
	rmdir(path);
	memset(path, 'y', sizeof(path) - 1);
	qmp = qmp_create(loop, path, &sink, NULL);
	qmp_open(qmp);
	pass(0);
	EXPECT(seen.ended == 4 && seen.why == QMP_END_REFUSED && strstr(seen.error, "too long"));
	finish();
}

/* One that is not accepted is busy; one that reads and says nothing speaks something else. */
static void no_greeting(void)
{
	char byte = 0;
	int i;

	begin();
	for (i = 0; i < 2; i++) {
		qmp_open(qmp);
		peer = !i || close(accept(server, NULL, NULL)) ? -1 : accept(server, NULL, NULL);
		pass(QMP_GREETING_MS);
		EXPECT(seen.ended == i && (!i || (read(peer, &byte, 1) == 1 && byte == '\n')));
		pass(PROBE_MS);
		EXPECT(seen.ended == i + 1 && seen.why == (i ? QMP_END_GARBAGE : QMP_END_BUSY));
		EXPECT(strstr(seen.error, i ? "guest agent" : "another client"));
	}
	finish();
}

/* Whatever ends it, the owner may drop it there and then. */
static void destroyed_when_ended(void)
{
	static const char *const last[] = {
		GREETING "SSH-2.0\r\n",
		GREETING "{\"id\": 1, \"error\": {}}\r\n",
		GREETING AGREED,
		"",
	};
	size_t i, n;

	for (i = 0; i < sizeof(last) / sizeof(last[0]); i++) {
		test_note("after %s", last[i]);
		begin();
		seen.destroy = true;
		qmp_open(qmp);
		peer = accept(server, NULL, NULL);
		EXPECT(write(peer, last[i], strlen(last[i])) == (ssize_t)strlen(last[i]));
		if (i == 2)
			close(peer);
		EXPECT(!loop_turn(loop, 0) && !loop_turn(loop, 0) && !loop_turn(loop, 0));
		for (n = 0; n < 2 && qmp; n++) {
			skew_ms += QMP_GREETING_MS;
			qmp_tick(qmp);
		}
		EXPECT(seen.ended == 1 && !qmp);
		if (i == 2)
			peer = -1;
		finish();
	}
}

static const struct test tests[] = {
	TEST(refuses),
	TEST(agrees_to_something_else),
	TEST(in_any_order),
	TEST(unasked),
	TEST(withholds_one),
	TEST(answers_in_time),
	TEST(held_up_ourselves),
	TEST(reads_late),
	TEST(too_many_questions),
	TEST(floods),
	TEST(talks_much),
	TEST(one_long_message),
	TEST(full_backlog),
	TEST(no_way_in),
	TEST(no_greeting),
	TEST(destroyed_when_ended),
};

TEST_MAIN(tests)
