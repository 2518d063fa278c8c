// SPDX-License-Identifier: GPL-2.0
/*
 * A monitor that runs virsh: libvirt does not share the QMP monitor of its
 * domains. At most one virsh per domain runs at a time. A slow one is not
 * replaced, as another one would not be faster on a busy host; one that hangs
 * is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>
#include "monitor.h"

#define ASK_MS		5000
/* Interval while the balloon moves, and between two targets. */
#define ASK_SOON_MS	1000
/* A virsh that runs this long: the domain is silent; virsh is killed. */
#define SILENT_MS	10000
#define CHILD_MS	30000
#define OUTPUT_SIZE	4096

enum question {
	ASK_INFO,	/* once: the size it was started with */
	ASK_POLLING,	/* once: have the driver report statistics */
	ASK_STATS,
	TELL,
};

/**
 * struct monitor_virsh - a virsh monitor
 * @domain: name of the domain
 * @pid: the running virsh, 0 = none
 * @question: what it was started for
 * @since_ms: when it was started
 * @out: its output, stdout and stderr, read from @fd
 * @wanted: target, 0 = none yet
 * @telling: target that the running virsh sets
 * @told: last target that libvirt has accepted
 * @next_ms: when to run the next query
 */
struct monitor_virsh {
	struct monitor monitor;
	struct loop *loop;
	char *domain;
	pid_t pid;
	enum question question;
	uint64_t since_ms;
	int fd;
	struct watch *watch;
	char out[OUTPUT_SIZE];
	size_t length;
	bool has_info;
	bool has_polling;
	uint64_t wanted;
	uint64_t telling;
	uint64_t told;
	uint64_t next_ms;
};

/* Lines "name value", separated by white space; sizes are in KiB. */
static uint64_t value_of(const char *text, const char *name)
{
	size_t length = strlen(name);
	const char *line;
	uint64_t value;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, length) && strchr(" \t", line[length]) &&
		    sscanf(line + length, " %" SCNu64, &value) == 1)
			return value;
	}
	return MESSAGE_UNKNOWN;
}

static uint64_t bytes_of(const char *text, const char *name)
{
	uint64_t kib = value_of(text, name);

	return kib > UINT64_MAX / 1024 ? MESSAGE_UNKNOWN : kib * 1024;
}

static void hear_stats(struct monitor_virsh *m)
{
	struct balloon *balloon = m->monitor.balloon;
	uint64_t actual = bytes_of(m->out, "actual");
	struct guest_stats stats = {
		.last_update = value_of(m->out, "last_update"),
		.available = bytes_of(m->out, "usable"),
		.free = bytes_of(m->out, "unused"),
		.total = bytes_of(m->out, "available"),
		.disk_caches = bytes_of(m->out, "disk_caches"),
		.swap_in = bytes_of(m->out, "swap_in"),
		.swap_out = bytes_of(m->out, "swap_out"),
		.major_faults = value_of(m->out, "major_fault"),
	};

	if (actual == MESSAGE_UNKNOWN)
		return;
	balloon_hear_actual(balloon, actual, loop_now());
	if (stats.last_update != MESSAGE_UNKNOWN)
		balloon_hear_stats(balloon, &stats, loop_now());
	balloon_hear_running(balloon, loop_now());
}

static void complain(struct monitor_virsh *m, const char *what)
{
	char line[160];
	size_t i;

	snprintf(line, sizeof(line), "%.150s", m->length ? m->out : what);
	for (i = 0; line[i] && line[i] != '\n'; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = '?';
	line[i] = '\0';
	balloon_set_state(m->monitor.balloon, BALLOON_SILENT, "virsh: %s", line);
}

static void understand(struct monitor_virsh *m)
{
	struct balloon *balloon = m->monitor.balloon;

	switch (m->question) {
	case ASK_INFO:
		if (bytes_of(m->out, "Max memory:") != MESSAGE_UNKNOWN)
			balloon->size = bytes_of(m->out, "Max memory:");
		m->has_info = true;
		break;
	case ASK_POLLING:
		m->has_polling = true;
		break;
	case ASK_STATS:
		hear_stats(m);
		break;
	case TELL:
		m->told = m->telling;
		balloon_told(balloon, m->told, loop_now());
		m->next_ms = loop_now();
		break;
	}
}

static void stop_listening(struct monitor_virsh *m)
{
	watch_remove(m->watch);
	m->watch = NULL;
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

/* virsh has closed its output, or is @late and is killed. */
static void reap(struct monitor_virsh *m, bool late)
{
	int status = 0;

	if (late)
		kill(m->pid, SIGKILL);
	stop_listening(m);
	while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR)
		;
	m->pid = 0;
	if (late)
		complain(m, "it does not answer");
	else if (!WIFEXITED(status) || WEXITSTATUS(status))
		complain(m, "it fails");
	else
		understand(m);
}

static void listen_to(void *arg, uint32_t events)
{
	struct monitor_virsh *m = arg;
	char rest[512];
	ssize_t n;

	(void)events;
	if (m->length < sizeof(m->out) - 1)
		n = read(m->fd, m->out + m->length, sizeof(m->out) - 1 - m->length);
	else
		n = read(m->fd, rest, sizeof(rest));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && m->length < sizeof(m->out) - 1) {
		m->length += (size_t)n;
		m->out[m->length] = '\0';
	}
	/* virsh has exited when its output ends. */
	if (n <= 0)
		reap(m, false);
}

static int spawn(struct monitor_virsh *m, char *const argv[], int out)
{
	static char *const environment[] = {
		"LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		NULL
	};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int err;

	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_adddup2(&actions, out, 2);
	err = posix_spawnp(&m->pid, argv[0], &actions, &attr, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return err;
}

static void run(struct monitor_virsh *m, enum question question, char *const argv[])
{
	int fds[2];
	int err;

	m->question = question;
	m->length = 0;
	m->out[0] = '\0';
	m->since_ms = loop_now();
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return;
	err = spawn(m, argv, fds[1]);
	close(fds[1]);
	if (err) {
		close(fds[0]);
		m->pid = 0;
		m->next_ms = loop_now() + ASK_MS;
		complain(m, err == ENOENT ? "it is not installed" : strerror(err));
		return;
	}
	m->fd = fds[0];
	m->watch = watch_add(m->loop, m->fd, EPOLLIN, listen_to, m);
	if (!m->watch)
		reap(m, true);
}

static void ask(struct monitor_virsh *m, enum question question)
{
	char *info[] = { "virsh", "-q", "dominfo", "--domain", m->domain, NULL };
	char *polling[] = { "virsh", "-q", "dommemstat", "--domain", m->domain,
			    "--period", "1", "--live", NULL };
	char *stats[] = { "virsh", "-q", "dommemstat", "--domain", m->domain, NULL };
	char kib[32];
	char *set[] = { "virsh", "-q", "setmem", "--domain", m->domain, "--size", kib,
			"--live", NULL };

	snprintf(kib, sizeof(kib), "%" PRIu64, m->wanted / 1024);
	if (question == ASK_INFO)
		run(m, question, info);
	else if (question == ASK_POLLING)
		run(m, question, polling);
	else if (question == TELL)
		run(m, question, set);
	else
		run(m, question, stats);
}

static void monitor_virsh_tick(struct monitor *monitor)
{
	struct monitor_virsh *m = (struct monitor_virsh *)monitor;
	uint64_t now = loop_now();

	if (m->pid && now - m->since_ms > CHILD_MS)
		reap(m, true);
	else if (m->pid && now - m->since_ms > SILENT_MS)
		complain(m, "it does not answer");
	if (m->pid)
		return;
	/* Others may set it as well. Ask for the size between two targets. */
	if (balloon_is_moving(m->monitor.balloon) && m->question != TELL)
		m->told = 0;
	if (m->wanted && m->wanted != m->told && now - m->since_ms >= ASK_SOON_MS) {
		m->telling = m->wanted;
		ask(m, TELL);
	} else if (now >= m->next_ms) {
		if (m->has_info && m->has_polling)
			m->next_ms = now + (balloon_is_moving(m->monitor.balloon) ?
					    ASK_SOON_MS : ASK_MS);
		ask(m, !m->has_info ? ASK_INFO : !m->has_polling ? ASK_POLLING : ASK_STATS);
	}
}

static void monitor_virsh_set(struct monitor *monitor, uint64_t bytes)
{
	struct monitor_virsh *m = (struct monitor_virsh *)monitor;

	m->wanted = bytes;
	balloon_tell(monitor->balloon, bytes, loop_now());
}

static pid_t monitor_virsh_peer(const struct monitor *monitor)
{
	(void)monitor;
	return 0;
}

static void monitor_virsh_destroy(struct monitor *monitor)
{
	struct monitor_virsh *m = (struct monitor_virsh *)monitor;

	if (m->pid)
		reap(m, true);
	free(m->domain);
	free(m);
}

static const struct monitor_ops monitor_virsh_ops = {
	.tick = monitor_virsh_tick,
	.set = monitor_virsh_set,
	.peer = monitor_virsh_peer,
	.destroy = monitor_virsh_destroy,
};

struct monitor *monitor_virsh_create(struct loop *loop, struct balloon *balloon,
				     const char *domain)
{
	struct monitor_virsh *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->monitor.ops = &monitor_virsh_ops;
	m->monitor.balloon = balloon;
	m->loop = loop;
	m->fd = -1;
	m->domain = strdup(domain);
	if (!m->domain) {
		free(m);
		return NULL;
	}
	balloon_forget(balloon);
	return &m->monitor;
}
