/*
 * Many QMP monitors in one process, most of them faulty: a daemon must tolerate
 * these from QEMU processes that it does not trust.
 *
 * usage: gd-qmpfarm DIR COUNT [well | chaos SEED FILE]      sockets DIR/0.qmp to DIR/COUNT-1.qmp; runs until it is killed
 *
 * Socket N is of kind N % 8: 0 well; 1 never greets; 2 greets and never answers; 3 answers two
 * seconds late; 4 talks in single bytes; 5 hangs up after its greeting; 6 talks rubbish; 7 never
 * accepts. With "well", all are. "ready" on stdout when all listen.
 *
 * A guest has 512 MiB, and its balloon moves 64 MiB each 0.2 s. Lines of stdin change that:
 *   set N MIB		somebody else sets the balloon; counts what is plugged in, as QEMU does
 *   plug N MIB		this much is plugged in, in DIMMs, in all
 *   driver N on|off	the guest has a balloon driver
 *   status N WORD		as of query-status; anything but running stops the guest
 * Each "balloon" that a client sends is printed: N MIB. With "chaos", see farm_chaos.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "farm.h"

#define GREETING	"{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7}}, \"capabilities\": []}}\r\n"
#define STEP		(64 * MIB)

static bool in_chaos;

double farm_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

void farm_hang_up(struct monitor *m)
{
	close(m->client);
	m->client = -1;
	m->in_size = m->out_size = 0;
}

static void say(struct monitor *m, const char *text)
{
	size_t size = strlen(text);

	if (m->out_size + size > sizeof(m->out))
		gd_die("a client asks too much");
	if (m->kind == LATE && !m->out_size)
		m->not_before = farm_now() + (in_chaos ? 0.3 : 2);
	memcpy(m->out + m->out_size, text, size);
	m->out_size += size;
}

static void greet(struct monitor *m)
{
	m->client = accept(m->listener, NULL, NULL);
	/* the event was of a client that has been hung up on since */
	if (m->client < 0 && errno == EAGAIN)
		return;
	if (m->client < 0)
		gd_die("accept: %s", strerror(errno));
	fcntl(m->client, F_SETFL, O_NONBLOCK);
	m->met = farm_now();
	if (m->kind == RUBBISH)
		say(m, "SSH-2.0-OpenSSH_9.2\r\n");
	else if (m->kind != NO_GREETING)
		say(m, GREETING);
}

static uint64_t number_after(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

void farm_set_target(struct monitor *m, uint64_t bytes)
{
	m->want = SIZE + m->plugged > bytes ? SIZE + m->plugged - bytes : 0;
}

bool farm_runs(const struct monitor *m)
{
	return !strcmp(m->status, "running");
}

static void devices(struct monitor *m, char *text, size_t size)
{
	m->reported = m->plugged;
	if (m->plugged)
		snprintf(text, size, "[{\"type\": \"dimm\", \"data\": {\"id\": \"d\", \"size\": %" PRIu64 "}}]",
			 m->plugged);
	else
		snprintf(text, size, "[]");
}

static void answer(struct monitor *m, int n, const char *line)
{
	uint64_t id = number_after(line, "\"id\":");
	char value[256] = "{}", text[512];

	if (m->kind == NO_ANSWER)
		return;
	if (strstr(line, "\"balloon\"")) {
		farm_set_target(m, number_after(line, "\"value\":"));
		if (in_chaos)
			chaos_hear(m, n, number_after(line, "\"value\":"));
		else
			printf("%d %" PRIu64 "\n", n,
			       number_after(line, "\"value\":") / MIB);
	} else if (strstr(line, "query-balloon")) {
		snprintf(value, sizeof(value), "{\"actual\": %" PRIu64 "}", SIZE + m->plugged - m->balloon);
	} else if (strstr(line, "query-memory-devices")) {
		devices(m, value, sizeof(value));
	} else if (strstr(line, "query-memory")) {
		snprintf(value, sizeof(value), "{\"base-memory\": %" PRIu64 ", \"plugged-memory\": %" PRIu64 "}",
			 SIZE, m->plugged);
	} else if (strstr(line, "query-status")) {
		snprintf(value, sizeof(value), "{\"status\": \"%s\"}", m->status);
	} else if (strstr(line, "qom-list")) {
		snprintf(value, sizeof(value), "[{\"name\": \"b\", \"type\": \"child<virtio-balloon-pci>\"}]");
	} else if (strstr(line, "qom-get")) {
		snprintf(value, sizeof(value), "{\"stats\": {\"stat-available-memory\": 1048576}, \"last-update\": %ld}",
			 m->no_driver ? 0 : (long)time(NULL));
	}
	snprintf(text, sizeof(text), "{\"return\": %s, \"id\": %" PRIu64 "}\r\n", value, id);
	say(m, text);
}

/* The driver of each guest that runs, a step each 0.2 s */
static void move(struct monitor *monitors, int count)
{
	static double next;

	if (farm_now() < next)
		return;
	next = farm_now() + 0.2;
	for (struct monitor *m = monitors; m < monitors + count; m++) {
		if (m->no_driver || !farm_runs(m))
			continue;
		if (m->balloon < m->want)
			m->balloon = m->want - m->balloon > STEP ? m->balloon + STEP : m->want;
		else
			m->balloon = m->balloon - m->want > STEP ? m->balloon - STEP : m->want;
	}
}

void farm_send_event(struct monitor *m, const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), "{\"event\": \"%s\"}\r\n", name);
	if (m->client >= 0)
		say(m, text);
}

void farm_set_status(struct monitor *m, const char *status)
{
	bool ran = farm_runs(m);

	snprintf(m->status, sizeof(m->status), "%s", status);
	if (ran != farm_runs(m))
		farm_send_event(m, ran ? "STOP" : "RESUME");
}

static void obey(struct monitor *monitors, int count, char *line)
{
	char what[16], word[32];
	struct monitor *m;
	int n;

	if (sscanf(line, "%15s %d %31s", what, &n, word) != 3 || n < 0 || n >= count)
		gd_die("it is told '%s'", line);
	m = &monitors[n];
	if (!strcmp(what, "set"))
		farm_set_target(m, strtoull(word, NULL, 10) * MIB);
	else if (!strcmp(what, "plug"))
		m->plugged = strtoull(word, NULL, 10) * MIB;
	else if (!strcmp(what, "driver"))
		m->no_driver = !strcmp(word, "off");
	else if (!strcmp(what, "status"))
		farm_set_status(m, word);
	else
		gd_die("it is told '%s'", line);
}

/* Lines of stdin, as far as they are there */
static void listen_to_orders(struct monitor *monitors, int count)
{
	static char in[4096];
	static size_t size;
	ssize_t n = read(0, in + size, sizeof(in) - 1 - size);
	char *end;

	if (n <= 0)
		return;
	size += n;
	while ((end = memchr(in, '\n', size))) {
		*end = 0;
		obey(monitors, count, in);
		size -= end + 1 - in;
		memmove(in, end + 1, size);
	}
}

static void hear(struct monitor *m, int index)
{
	ssize_t n = read(m->client, m->in + m->in_size, sizeof(m->in) - 1 - m->in_size);
	char *end;

	if (n <= 0) {
		if (!n || (errno != EAGAIN && errno != EINTR))
			farm_hang_up(m);
		return;
	}
	m->in_size += n;
	m->in[m->in_size] = 0;
	while ((end = memchr(m->in, '\n', m->in_size))) {
		*end = 0;
		answer(m, index, m->in);
		m->in_size -= end + 1 - m->in;
		memmove(m->in, end + 1, m->in_size);
	}
}

static void talk(struct monitor *m)
{
	ssize_t n;

	if (farm_now() < m->not_before)
		return;
	n = write(m->client, m->out, m->kind == SINGLE_BYTES ? 1 : m->out_size);
	if (n < 0) {
		if (errno != EAGAIN)
			farm_hang_up(m);
		return;
	}
	m->out_size -= n;
	memmove(m->out, m->out + n, m->out_size);
	if (m->kind == SINGLE_BYTES)
		m->not_before = farm_now() + 0.002;
	if (m->kind == HANGS_UP && !m->out_size)
		farm_hang_up(m);
}

static void listen_at(struct monitor *m, const char *dir, int i)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	m->client = -1;
	strcpy(m->status, "running");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%d.qmp", dir, i);
	m->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (m->listener < 0 || bind(m->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(m->listener, 1))
		gd_die("cannot listen at %s: %s", address.sun_path, strerror(errno));
}

int main(int argc, char **argv)
{
	int count = argc >= 3 ? atoi(argv[2]) : 0;
	bool well = argc == 4 && !strcmp(argv[3], "well");
	struct monitor *monitors = calloc(count > 0 ? count : 1, sizeof(*monitors));
	struct pollfd *fds = calloc(count > 0 ? count : 1, sizeof(*fds));

	in_chaos = argc == 6 && !strcmp(argv[3], "chaos");
	if (count <= 0 || (argc != 3 && !well && !in_chaos) || !monitors || !fds)
		gd_die("usage: gd-qmpfarm DIR COUNT [well | chaos SEED FILE]");
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	fcntl(0, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < count; i++) {
		monitors[i].kind = well ? WELL : i % KINDS;
		listen_at(&monitors[i], argv[1], i);
	}
	if (in_chaos)
		chaos_begin(monitors, count, strtoull(argv[4], NULL, 10), argv[5]);
	puts("ready");
	for (;;) {
		for (int i = 0; i < count; i++) {
			struct monitor *m = &monitors[i];

			fds[i].fd = m->client >= 0 ? m->client : m->kind == NO_ACCEPT ? -1 : m->listener;
			fds[i].events = POLLIN;
		}
		/* What is late or comes in pieces is looked after by the clock. */
		poll(fds, count, 2);
		listen_to_orders(monitors, count);
		move(monitors, count);
		if (in_chaos)
			chaos_act();
		for (int i = 0; i < count; i++) {
			struct monitor *m = &monitors[i];

			if (fds[i].revents && m->client >= 0)
				hear(m, i);
			else if (fds[i].revents)
				greet(m);
			if (m->client >= 0 && m->out_size)
				talk(m);
		}
	}
}
