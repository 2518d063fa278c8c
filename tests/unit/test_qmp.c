// SPDX-License-Identifier: GPL-2.0
/* QMP: messages in pieces; late, silent, busy, invalid and real monitors. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include "../../userspace/daemon/loop.c"
#include "../../userspace/daemon/message.c"
#include "../../userspace/daemon/qmp.c"
#include "test.h"

#define GREETING	"{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7}}, \"capabilities\": []}}\r\n"

static struct message got[16];
static size_t count;

static void keep(void *arg, const struct message *message)
{
	(void)arg;
	if (count < 16) {
		got[count] = *message;
		json_object_get(got[count].value);
		count++;
	}
}

static void drop_all(void)
{
	while (count)
		json_object_put(got[--count].value);
}

static int feed(const char *text, size_t piece)
{
	struct message_stream *stream = message_stream_create(keep, NULL);
	size_t at, length = strlen(text);
	int err = 0;

	drop_all();
	for (at = 0; at < length && !err; at += piece)
		err = message_stream_feed(stream, text + at,
					  piece < length - at ? piece : length - at);
	message_stream_destroy(stream);
	return err;
}

static const char talk[] =
	GREETING
	"{\"return\": {}, \"id\": 1}\r\n"
	"{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"BALLOON_CHANGE\","
	" \"data\": {\"actual\": 535822336}}\r\n"
	"{\"id\": 2, \"error\": {\"class\": \"DeviceNotActive\", \"desc\": \"No \\\"balloon\\\" \\u0007\\n\"}}\r\n"
	"{\"return\": {\"stats\": {\"stat-available-memory\": 18446744073709551615,"
	" \"stat-free-memory\": 9007199254740993, \"stat-swap-in\": -1, \"stat-major-faults\": \"7\"},"
	" \"last-update\": 0}, \"id\": 18446744073709551615}";

static void pieces(void)
{
	struct guest_stats stats;
	uint64_t actual;
	size_t piece;

	for (piece = 1; piece < sizeof(talk) + 1; piece++) {
		test_note("pieces of %zu", piece);
		EXPECT(!feed(talk, piece));
		EXPECT(count == 5);
		EXPECT(got[0].kind == MESSAGE_GREETING && !got[0].has_id);
		EXPECT(got[1].kind == MESSAGE_RETURN && got[1].has_id && got[1].id == 1);
		EXPECT(got[2].kind == MESSAGE_EVENT && !strcmp(got[2].class, "BALLOON_CHANGE"));
		EXPECT(message_actual(&got[2], &actual) && actual == 535822336);
		EXPECT(got[3].kind == MESSAGE_ERROR && !strcmp(got[3].class, "DeviceNotActive"));
		EXPECT(!strcmp(got[3].text, "No \"balloon\" ??"));
		EXPECT(got[4].id == UINT64_MAX && message_stats(&got[4], &stats));
		EXPECT(!stats.last_update && stats.available == MESSAGE_UNKNOWN);
		EXPECT(stats.free == 9007199254740993ull);
		EXPECT(stats.swap_in == MESSAGE_UNKNOWN && stats.major_faults == MESSAGE_UNKNOWN);
		EXPECT(!message_actual(&got[1], &actual) && !message_actual(&got[3], &actual));
	}
	drop_all();
}

static void garbage(void)
{
	static char deep[200], *endless;
	static const char *const texts[] = {
		"HTTP/1.1 200 OK\r\n", "null\r\n", "{]", "}", "{\"a\": }", deep, "\x01\x02",
	};
	size_t i, piece;

	memset(deep, '[', sizeof(deep) - 1);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (piece = 1; piece < 9; piece++) {
			test_note("%s in pieces of %zu", texts[i], piece);
			EXPECT(feed(texts[i], piece) == -EBADMSG);
		}
	endless = malloc(2 << 20);
	EXPECT(endless);
	memset(endless, 'x', 2 << 20);
	endless[0] = '"';
	endless[(2 << 20) - 1] = '\0';
	EXPECT(feed(endless, 4096) == -EMSGSIZE);
	EXPECT(feed(endless, 2 << 20) == -EMSGSIZE);
	free(endless);
	/* JSON that is not QMP is no reason to hang up. */
	EXPECT(!feed("1 \"x\" [] {} true {\"return\": null}", 3));
	EXPECT(count == 6 && got[3].kind == MESSAGE_OTHER && got[5].kind == MESSAGE_RETURN);
	drop_all();
}

static void lists(void)
{
	char path[MESSAGE_PATH_SIZE], small[20];

	EXPECT(!feed("{\"return\": [{\"name\": \"type\", \"type\": \"string\"}, {\"type\": 5}, 7,"
		     "{\"name\": \"b0\", \"type\": \"child<virtio-balloon-pci>\"}], \"id\": 1}", 50));
	EXPECT(message_balloon_path(&got[0], "/machine/peripheral", path, sizeof(path)));
	EXPECT(!strcmp(path, "/machine/peripheral/b0"));
	EXPECT(!message_balloon_path(&got[0], "/machine/peripheral", small, sizeof(small)));
	EXPECT(!feed("{\"return\": {\"base-memory\": 512, \"plugged-memory\": 512}}", 50));
	EXPECT(!message_balloon_path(&got[0], "/x", path, sizeof(path)));
	drop_all();
}

static void dimms(void)
{
	uint64_t size = 1;
	char status[8];

	EXPECT(!feed("{\"return\": {\"base-memory\": 512, \"plugged-memory\": 128}}"
		     "{\"return\": [{\"type\": \"dimm\", \"data\": {\"size\": 128}},"
		     " {\"type\": \"virtio-mem\", \"data\": {\"size\": 64}},"
		     " {\"type\": \"dimm\", \"data\": {\"size\": 256}}, 7]}"
		     "{\"return\": []} {\"return\": {}}"
		     "{\"return\": [{\"type\": \"dimm\", \"data\": {\"size\": -1}}]}"
		     "{\"return\": {\"status\": \"guest-panicked\"}} {\"return\": {\"status\": 1}}", 50));
	EXPECT(message_memory(&got[0], &size) && size == 512);
	EXPECT(message_plugged(&got[0], &size) && size == 128);
	EXPECT(message_plugged(&got[1], &size) && size == 384);
	EXPECT(message_plugged(&got[2], &size) && size == 0);
	size = 1;
	EXPECT(!message_plugged(&got[3], &size) && !message_plugged(&got[4], &size) && size == 1);
	EXPECT(message_status(&got[5], status, sizeof(status)) && !strcmp(status, "guest-p"));
	EXPECT(!message_status(&got[6], status, sizeof(status)));
	drop_all();
}

/* What the connection told us. */
static struct {
	int ready, replies, events, ended;
	enum qmp_end why;
	char error[256];
	struct message last;
	uint64_t actual;
	char path[MESSAGE_PATH_SIZE];
	struct guest_stats stats;
	bool close_at_reply;
} seen;

static struct loop *loop;
static struct qmp *qmp;
static char path[64];

static void on_ready_seen(void *arg)
{
	(void)arg;
	seen.ready++;
	qmp_command(qmp, "query-balloon", NULL);
}

static void on_reply_seen(void *arg, const struct message *message)
{
	(void)arg;
	seen.replies++;
	seen.last = *message;
	message_actual(message, &seen.actual);
	message_balloon_path(message, "/machine/peripheral", seen.path, sizeof(seen.path));
	message_stats(message, &seen.stats);
	if (seen.close_at_reply)
		qmp_close(qmp);
}

static void on_event_seen(void *arg, const struct message *message)
{
	(void)arg;
	(void)message;
	seen.events++;
}

static void on_ended_seen(void *arg, enum qmp_end why, const char *error)
{
	(void)arg;
	seen.ended++;
	seen.why = why;
	snprintf(seen.error, sizeof(seen.error), "%s", error);
}

static const struct qmp_sink sink = {
	on_ready_seen, on_reply_seen, on_event_seen, on_ended_seen,
};

static void begin(void)
{
	memset(&seen, 0, sizeof(seen));
	snprintf(path, sizeof(path), "/tmp/test_qmp.%d", (int)getpid());
	unlink(path);
	loop = loop_create();
	qmp = qmp_create(loop, path, &sink, NULL);
	EXPECT(loop && qmp);
}

static void finish(void)
{
	qmp_destroy(qmp);
	loop_destroy(loop);
	unlink(path);
}

/* Until the condition holds, for at most so long. */
#define TURN_UNTIL(condition, ms) do {					\
	uint64_t end_ = loop_now() + (ms);				\
	while (!(condition) && loop_now() < end_) {			\
		loop_turn(loop, 20);					\
		qmp_tick(qmp);						\
	}								\
} while (0)

static int serve_at(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	EXPECT(fd >= 0 && !bind(fd, (struct sockaddr *)&address, sizeof(address)));
	EXPECT(!listen(fd, 1));
	return fd;
}

/* The other side says @text in @pieces bytes at a time; then stays or goes. */
static pid_t say(int fd, const char *text, size_t piece, bool stay)
{
	pid_t pid = fork();
	size_t at, length = strlen(text);
	int peer;

	if (pid)
		return pid;
	signal(SIGPIPE, SIG_IGN);
	peer = accept(fd, NULL, NULL);
	for (at = 0; at < length; at += piece) {
		if (write(peer, text + at, piece < length - at ? piece : length - at) < 0)
			_exit(1);
		poll(NULL, 0, 1);
	}
	while (stay)
		pause();
	_exit(0);
}

static void converse(const char *text, size_t piece, bool stay, int ms, const int *until)
{
	int fd = serve_at();
	pid_t pid = say(fd, text, piece, stay);

	qmp_open(qmp);
	TURN_UNTIL(*until, ms);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
}

#define ANSWERS								\
	"{\"return\": {}, \"id\": 1}\r\n"				\
	"{\"event\": \"STOP\", \"timestamp\": {}}\r\n"			\
	"{\"return\": {\"actual\": 4096}, \"id\": 2}\r\n"

static void in_single_bytes(void)
{
	begin();
	converse(GREETING ANSWERS, 1, true, 5000, &seen.replies);
	EXPECT(seen.ready == 1 && seen.replies == 1 && seen.events == 1 && !seen.ended);
	EXPECT(seen.actual == 4096 && !qmp_pending(qmp));
	TURN_UNTIL(seen.ended, 2000);
	EXPECT(seen.ended == 1 && seen.why == QMP_END_CLOSED && !qmp_ready(qmp));
	finish();
}

static void closed_from_within(void)
{
	begin();
	seen.close_at_reply = true;
	converse(GREETING ANSWERS ANSWERS ANSWERS, 4096, true, 5000, &seen.replies);
	EXPECT(seen.replies == 1 && !seen.ended && !qmp_ready(qmp));
	finish();
}

static void silent(void)
{
	uint64_t start = loop_now();

	begin();
	converse(GREETING "{\"return\": {}, \"id\": 1}\r\n", 4096, true, 6000, &seen.ended);
	EXPECT(seen.ready == 1 && seen.why == QMP_END_SILENT && strstr(seen.error, "not answer"));
	EXPECT(loop_now() - start >= QMP_REPLY_MS);
	finish();
}

static void busy(void)
{
	begin();
	converse("", 1, true, 6000, &seen.ended);
	EXPECT(!seen.ready && seen.why == QMP_END_BUSY && strstr(seen.error, "another client"));
	finish();
}

static void mad(void)
{
	begin();
	converse("SSH-2.0-OpenSSH\r\n", 4, true, 3000, &seen.ended);
	EXPECT(seen.why == QMP_END_GARBAGE && strstr(seen.error, "does not speak QMP"));
	finish();
}

static void hangs_up(void)
{
	begin();
	converse("{\"QMP\": {", 4, false, 3000, &seen.ended);
	EXPECT(seen.why == QMP_END_CLOSED);
	finish();
}

static void absent(void)
{
	begin();
	qmp_open(qmp);
	EXPECT(!seen.ended);
	TURN_UNTIL(seen.ended, 1000);
	EXPECT(seen.why == QMP_END_ABSENT && strstr(seen.error, path));
	EXPECT(!qmp_command(qmp, "stop", NULL) && !qmp_peer(qmp));
	finish();
}

static pid_t start_qemu(void)
{
	char option[128];
	pid_t pid = fork();

	snprintf(option, sizeof(option), "unix:%s,server=on,wait=off", path);
	if (!pid) {
		execlp("qemu-system-x86_64", "qemu-system-x86_64", "-machine", "pc", "-S",
		       "-nodefaults", "-display", "none", "-accel", "tcg", "-m", "64",
		       "-device", "virtio-balloon-pci,id=balloon0", "-qmp", option, NULL);
		_exit(127);
	}
	return pid;
}

static void ask_path(const char *command, const char *at, const char *name)
{
	struct json_object *arguments = json_object_new_object();

	json_object_object_add(arguments, "path", json_object_new_string(at));
	if (name)
		json_object_object_add(arguments, "property", json_object_new_string(name));
	EXPECT(qmp_command(qmp, command, arguments));
}

static void a_real_qemu(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	pid_t pid;
	int other;

	begin();
	pid = start_qemu();
	TURN_UNTIL(!access(path, F_OK), 20000);
	qmp_open(qmp);
	TURN_UNTIL(seen.replies == 1, 20000);
	test_note("%s", seen.error);
	EXPECT(seen.actual == 64 << 20);
	EXPECT(qmp_peer(qmp) == pid);
	ask_path("qom-list", "/machine/peripheral", NULL);
	TURN_UNTIL(seen.replies == 2, 5000);
	EXPECT(!strcmp(seen.path, "/machine/peripheral/balloon0"));
	ask_path("qom-get", seen.path, "guest-stats");
	TURN_UNTIL(seen.replies == 3, 5000);
	EXPECT(!seen.stats.last_update && seen.stats.available == MESSAGE_UNKNOWN);

	/* A second client is not greeted as long as there is a first. */
	qmp_close(qmp);
	strcpy(address.sun_path, path);
	other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	EXPECT(!connect(other, (struct sockaddr *)&address, sizeof(address)));
	qmp_open(qmp);
	TURN_UNTIL(seen.ended, 6000);
	EXPECT(seen.why == QMP_END_BUSY);
	close(other);
	qmp_open(qmp);
	TURN_UNTIL(seen.ready == 2, 5000);
	EXPECT(seen.ready == 2);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	TURN_UNTIL(seen.ended == 2, 5000);
	EXPECT(seen.ended == 2 && seen.why == QMP_END_CLOSED);
	finish();
}

/* A watch may remove itself and others whose events are in the same batch. */
static struct watch *pair[2];
static int called;

static void remove_both(void *arg, uint32_t events)
{
	(void)arg;
	(void)events;
	called++;
	watch_remove(pair[0]);
	watch_remove(pair[1]);
	pair[0] = pair[1] = NULL;
}

static void watches_that_go(void)
{
	int a[2], b[2];

	begin();
	EXPECT(!pipe(a) && !pipe(b));
	EXPECT(write(a[1], "x", 1) == 1 && write(b[1], "x", 1) == 1);
	pair[0] = watch_add(loop, a[0], EPOLLIN, remove_both, NULL);
	pair[1] = watch_add(loop, b[0], EPOLLIN, remove_both, NULL);
	EXPECT(!loop_turn(loop, 100) && called == 1);
	EXPECT(!loop_turn(loop, 10) && called == 1);
	EXPECT(!watch_add(loop, -1, EPOLLIN, remove_both, NULL));
	close(a[0]);
	close(a[1]);
	close(b[0]);
	close(b[1]);
	finish();
}

static const struct test tests[] = {
	TEST(pieces),
	TEST(garbage),
	TEST(lists),
	TEST(dimms),
	TEST(in_single_bytes),
	TEST(closed_from_within),
	TEST(silent),
	TEST(busy),
	TEST(mad),
	TEST(hangs_up),
	TEST(absent),
	TEST(a_real_qemu),
	TEST(watches_that_go),
};

TEST_MAIN(tests)
