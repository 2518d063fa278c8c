// SPDX-License-Identifier: GPL-2.0
/* QMP: peers that refuse, reorder, repeat, withhold or flood. */
#define _GNU_SOURCE
#include "qmp_peer.h"

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
};

TEST_MAIN(tests)
