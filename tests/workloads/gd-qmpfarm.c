/*
 * Many QMP monitors in one process, most of them faulty: a daemon must tolerate
 * these from QEMU processes that it does not trust.
 *
 * usage: gd-qmpfarm DIR COUNT      sockets DIR/0.qmp to DIR/COUNT-1.qmp; runs until it is killed
 *
 * Socket N is of kind N % 8: 0 well; 1 never greets; 2 greets and never answers; 3 answers two
 * seconds late; 4 talks in single bytes; 5 hangs up after its greeting; 6 talks rubbish; 7 never
 * accepts. "ready" on stdout when all listen.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "gd.h"

#define GREETING	"{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7}}, \"capabilities\": []}}\r\n"
#define SIZE		(512ull << 20)

enum kind { WELL, NO_GREETING, NO_ANSWER, LATE, SINGLE_BYTES, HANGS_UP, RUBBISH, NO_ACCEPT, KINDS };

/* One socket and its only client, as QEMU has it. */
struct monitor {
	enum kind kind;
	int listener;
	int client;
	uint64_t actual;
	char in[4096];
	size_t in_size;
	char out[16384];
	size_t out_size;
	double not_before;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void hang_up(struct monitor *m)
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
		m->not_before = now() + 2;
	memcpy(m->out + m->out_size, text, size);
	m->out_size += size;
}

static void greet(struct monitor *m)
{
	m->client = accept(m->listener, NULL, NULL);
	if (m->client < 0)
		gd_die("accept: %s", strerror(errno));
	fcntl(m->client, F_SETFL, O_NONBLOCK);
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

static void answer(struct monitor *m, const char *line)
{
	uint64_t id = number_after(line, "\"id\":");
	char text[512];

	if (m->kind == NO_ANSWER)
		return;
	if (strstr(line, "\"balloon\""))
		m->actual = number_after(line, "\"value\":");
	if (strstr(line, "query-balloon"))
		snprintf(text, sizeof(text), "{\"return\": {\"actual\": %" PRIu64 "}, \"id\": %" PRIu64 "}\r\n",
			 m->actual, id);
	else if (strstr(line, "query-memory"))
		snprintf(text, sizeof(text), "{\"return\": {\"base-memory\": %llu, \"plugged-memory\": 0}, \"id\": %" PRIu64 "}\r\n",
			 SIZE, id);
	else if (strstr(line, "qom-list"))
		snprintf(text, sizeof(text), "{\"return\": [{\"name\": \"b\", \"type\": \"child<virtio-balloon-pci>\"}], \"id\": %" PRIu64 "}\r\n",
			 id);
	else if (strstr(line, "qom-get"))
		snprintf(text, sizeof(text), "{\"return\": {\"stats\": {\"stat-available-memory\": 1048576}, \"last-update\": %ld}, \"id\": %" PRIu64 "}\r\n",
			 (long)time(NULL), id);
	else
		snprintf(text, sizeof(text), "{\"return\": {}, \"id\": %" PRIu64 "}\r\n", id);
	say(m, text);
}

static void hear(struct monitor *m)
{
	ssize_t n = read(m->client, m->in + m->in_size, sizeof(m->in) - 1 - m->in_size);
	char *end;

	if (n <= 0) {
		if (!n || (errno != EAGAIN && errno != EINTR))
			hang_up(m);
		return;
	}
	m->in_size += n;
	m->in[m->in_size] = 0;
	while ((end = memchr(m->in, '\n', m->in_size))) {
		*end = 0;
		answer(m, m->in);
		m->in_size -= end + 1 - m->in;
		memmove(m->in, end + 1, m->in_size);
	}
}

static void talk(struct monitor *m)
{
	ssize_t n;

	if (now() < m->not_before)
		return;
	n = write(m->client, m->out, m->kind == SINGLE_BYTES ? 1 : m->out_size);
	if (n < 0) {
		if (errno != EAGAIN)
			hang_up(m);
		return;
	}
	m->out_size -= n;
	memmove(m->out, m->out + n, m->out_size);
	if (m->kind == SINGLE_BYTES)
		m->not_before = now() + 0.002;
	if (m->kind == HANGS_UP && !m->out_size)
		hang_up(m);
}

static void listen_at(struct monitor *m, const char *dir, int i)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	m->kind = i % KINDS;
	m->client = -1;
	m->actual = SIZE;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%d.qmp", dir, i);
	m->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (m->listener < 0 || bind(m->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(m->listener, 1))
		gd_die("cannot listen at %s: %s", address.sun_path, strerror(errno));
}

int main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[2]) : 0;
	struct monitor *monitors = calloc(count > 0 ? count : 1, sizeof(*monitors));
	struct pollfd *fds = calloc(count > 0 ? count : 1, sizeof(*fds));

	if (count <= 0 || !monitors || !fds)
		gd_die("usage: gd-qmpfarm DIR COUNT");
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < count; i++)
		listen_at(&monitors[i], argv[1], i);
	puts("ready");
	fflush(stdout);
	for (;;) {
		for (int i = 0; i < count; i++) {
			struct monitor *m = &monitors[i];

			fds[i].fd = m->client >= 0 ? m->client : m->kind == NO_ACCEPT ? -1 : m->listener;
			fds[i].events = POLLIN;
		}
		/* What is late or comes in pieces is looked after by the clock. */
		poll(fds, count, 2);
		for (int i = 0; i < count; i++) {
			struct monitor *m = &monitors[i];

			if (fds[i].revents && m->client >= 0)
				hear(m);
			else if (fds[i].revents)
				greet(m);
			if (m->client >= 0 && m->out_size)
				talk(m);
		}
	}
}
