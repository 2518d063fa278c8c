// SPDX-License-Identifier: GPL-2.0
/* QMP: sockets that are not served, or by something else; and the end of a connection. */
#define _GNU_SOURCE
#include <sys/stat.h>
#include "qmp_peer.h"

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

static void full_backlog(void)
{
	int others[8], count = 0;

	begin();
	while (count < 8 && (others[count] = client_at()) >= 0)
		count++;
	EXPECT(count && count < 8);
	qmp_open(qmp);
	EXPECT(!seen.ended);
	pass(0);
	EXPECT(seen.ended == 1 && seen.why == QMP_END_BUSY && strstr(seen.error, path));
	EXPECT(strstr(seen.error, "another client"));
	while (count)
		close(others[--count]);
	finish();
}

static void no_way_in(void)
{
	int fd, i;

	begin();
	close(server);
	qmp_open(qmp);
	pass(0);
	EXPECT(seen.ended == 1 && seen.why == QMP_END_ABSENT && strstr(seen.error, "refused"));
	qmp_destroy(qmp);

	for (i = 0; i < 2; i++) {
		unlink(path);
		fd = i ? mkdir(path, 0700) : open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
		qmp = qmp_create(loop, path, &sink, NULL);
		EXPECT(fd >= 0 && qmp);
		if (!i)
			close(fd);
		qmp_open(qmp);
		pass(0);
		EXPECT(seen.ended == 2 + i && seen.why == QMP_END_REFUSED);
		EXPECT(strstr(seen.error, i ? "is a directory, not the socket" : "is a file, not the socket"));
		qmp_destroy(qmp);
	}
	server = open("/dev/null", O_RDONLY | O_CLOEXEC);
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
		/* The first attempt is in the queue, too. */
		if (i) {
			close(accept(server, NULL, NULL));
			peer = accept(server, NULL, NULL);
		}
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
	TEST(full_backlog),
	TEST(no_way_in),
	TEST(no_greeting),
	TEST(destroyed_when_ended),
};

TEST_MAIN(tests)
