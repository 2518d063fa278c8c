// SPDX-License-Identifier: GPL-2.0
/* grpdedupd: options, signals, and the main loop. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "../../include/version.h"
#include "../lib/release.h"
#include "../lib/status.h"
#include "control.h"
#include "daemon.h"
#include "log.h"
#include "notify.h"
#include "status.h"

/* Documented in the man page. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_USAGE = 1,
	EXIT_CONFIG = 2,
	EXIT_SYSTEM = 3,
};

/**
 * struct program - one run
 * @path: path of the configuration
 * @socket: path of the status socket
 * @signals: signalfd
 * @ending: SIGTERM or SIGINT was received
 */
struct program {
	const char *path;
	const char *socket;
	struct daemon daemon;
	struct control *control;
	int signals;
	struct watch *watch;
	bool ending;
};

static const char usage[] =
	"usage: grpdedupd [--config FILE] [--socket PATH] [--log-level LEVEL]\n"
	"       grpdedupd --check FILE\n"
	"       grpdedupd --version\n"
	"Give the memory that grpdedup saves back to the guests of the group that saved it.\n"
	"\n"
	"  --config FILE      configuration (" CONFIG_PATH ")\n"
	"  --check FILE       check the configuration FILE and exit\n"
	"  --socket PATH      socket for \"grpdedup balloon\" (" GRPDEDUP_STATUS_SOCKET
	")\n"
	"  --log-level LEVEL  error, warning, notice, info (default) or debug\n"
	"\n"
	"More: man 8 grpdedupd, man 5 grpdedupd.conf\n";

static int complain(const char *text)
{
	fprintf(stderr, "grpdedupd: %s\n%s", text, usage);
	return EXIT_USAGE;
}

static int check(const char *path)
{
	struct config *config;
	char error[512];

	if (config_load(path, &config, error, sizeof(error))) {
		fprintf(stderr, "%s\n", error);
		return EXIT_CONFIG;
	}
	printf("%s: OK: %zu groups, %zu guests\n", path, config->group_count,
	       config->guest_count);
	config_free(config);
	return EXIT_DONE;
}

/* A bad file changes nothing. */
static bool load(struct program *program)
{
	struct config *config;
	char error[512];
	int err = config_load(program->path, &config, error, sizeof(error));

	if (err) {
		log_error("%s", error);
		return false;
	}
	err = daemon_configure(&program->daemon, config);
	if (err) {
		log_error("%s: %s", program->path, strerror(-err));
		config_free(config);
		return false;
	}
	return true;
}

static void reload(struct program *program)
{
	notify_send("RELOADING=1\n");
	if (load(program))
		log_notice("%s: reloaded", program->path);
	else
		log_error("%s: rejected; the running configuration stays", program->path);
	notify_send("READY=1\n");
}

static void on_signal(void *arg, uint32_t events)
{
	struct program *program = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(program->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		reload(program);
	else
		program->ending = true;
}

static char *snapshot(void *arg, size_t *size)
{
	return status_text(arg, size);
}

static int watch_signals(struct program *program)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	/*
	 * Threads inherit the mask, so that only the signalfd gets the signals.
	 */
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	program->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (program->signals < 0)
		return -errno;
	program->watch = watch_add(program->daemon.loop, program->signals, EPOLLIN,
				   on_signal, program);
	return program->watch ? 0 : -errno;
}

static void tell_systemd(const struct daemon *daemon)
{
	uint64_t granted = 0;
	size_t i, live = 0;

	for (i = 0; i < daemon->group_count; i++)
		granted += daemon->groups[i]->round.granted;
	for (i = 0; i < daemon->guest_count; i++)
		live += balloon_follows(&daemon->guests[i]->balloon);
	notify_send("WATCHDOG=1\nSTATUS=%zu of %zu guests ok, %llu MiB given back\n",
		    live, daemon->guest_count, (unsigned long long)(granted >> 20));
}

static int run(struct program *program)
{
	struct daemon *daemon = &program->daemon;
	uint64_t next = loop_now();
	uint64_t now;
	int err = 0;

	notify_send("READY=1\n");
	while (!program->ending && !err) {
		now = loop_now();
		if (now >= next) {
			daemon_round(daemon);
			control_tick(program->control);
			tell_systemd(daemon);
			next += DAEMON_PERIOD_MS;
			/* Do not catch up after a suspend or a stall. */
			if (next < loop_now())
				next = loop_now() + DAEMON_PERIOD_MS;
			continue;
		}
		err = loop_turn(daemon->loop, (int)(next - now));
	}
	notify_send("STOPPING=1\n");
	if (err)
		log_error("cannot wait: %s", strerror(-err));
	return err ? EXIT_SYSTEM : EXIT_DONE;
}

/* Each guest has a monitor. Only programs with select() need the soft limit. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int start(struct program *program)
{
	struct daemon *daemon = &program->daemon;
	char error[256], untested[256];
	int status = EXIT_SYSTEM;

	raise_limit();
	daemon->loop = loop_create();
	daemon->work = daemon->loop ? work_create(daemon->loop) : NULL;
	daemon->virt = virt_create();
	daemon->discovery.virt = daemon->virt;
	if (!daemon->work || !daemon->virt || watch_signals(program)) {
		log_error("cannot start: %s", strerror(errno));
		return EXIT_SYSTEM;
	}
	if (!load(program))
		return EXIT_CONFIG;
	program->control = control_create(daemon->loop, program->socket, snapshot,
					  daemon, error, sizeof(error));
	if (!program->control) {
		log_error("%s", error);
	} else {
		log_notice("grpdedupd " GRPDEDUP_VERSION ": %zu groups, %zu guests",
			   daemon->group_count, daemon->guest_count);
		if (grpdedup_release_untested(untested, sizeof(untested)))
			log_warning("%s", untested);
		status = run(program);
		control_destroy(program->control);
	}
	daemon_close(daemon);
	watch_remove(program->watch);
	work_destroy(daemon->work);
	virt_destroy(daemon->virt);
	loop_destroy(daemon->loop);
	return status;
}

static bool set_level(const char *name)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{ "error", LOG_LEVEL_ERROR },
		{ "warning", LOG_LEVEL_WARNING },
		{ "notice", LOG_LEVEL_NOTICE },
		{ "info", LOG_LEVEL_INFO },
		{ "debug", LOG_LEVEL_DEBUG },
	};
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (!strcmp(levels[i].name, name)) {
			log_set_level(levels[i].level);
			return true;
		}
	}
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", required_argument, NULL, 'k' },
		{ "socket", required_argument, NULL, 's' },
		{ "log-level", required_argument, NULL, 'l' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct program program = { .path = CONFIG_PATH,
				   .socket = GRPDEDUP_STATUS_SOCKET };
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			program.path = optarg;
			break;
		case 'k':
			return check(optarg);
		case 's':
			program.socket = optarg;
			break;
		case 'l':
			if (!set_level(optarg))
				return complain("--log-level must be error, warning, notice, info or debug");
			break;
		case 'v':
			puts("grpdedupd " GRPDEDUP_VERSION);
			return EXIT_DONE;
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		return complain("unexpected argument");
	return start(&program);
}
