// SPDX-License-Identifier: GPL-2.0
/*
 * gd-hold: a process whose memory a test drives and which knows what must be
 * in it.
 *
 * usage: gd-hold NAME		starts it in the background, prints its PID
 *
 * It listens on the abstract unix socket "gd-NAME"; gd-ask NAME COMMAND... sends
 * one command and prints the answer. A model says for each page what it must
 * hold, so "verify" judges the memory after anything that was done to it.
 *
 *   map R PAGES [small|huge|plain|shared|hugetlb|file]	file: a private mapping of one
 *   fill R FIRST N zero | same ID | seq ID | unique | mix ZERO% COMMON% ID
 *   poke R PAGE OFFSET BYTE		one byte of one page
 *   verify [R FIRST N]			every readable page against the model
 *   fork NAME | exec | exit | thread-exec	the last: exec by a thread
 *   thread | sharer | zombie		answer: its id
 *   munmap R FIRST N | mremap R PAGES [move] | mprotect R FIRST N none|r|rw
 *   madvise R FIRST N KIND | mlock R FIRST N | munlock R FIRST N
 *   dio-out R FIRST N FILE		O_DIRECT write; FILE is read back and judged
 *   dio-in R FIRST N FILE ID		O_DIRECT read of a FILE filled with seq ID
 *   uffd-wp R FIRST N | uffd-off	write-protect by userfaultfd, and end it
 *   addr R FIRST N			their address and number
 *   pin ADDRESS PAGES | unpin		hold a reference on each page, and drop them
 *   merge-any | grow PAGES		PR_SET_MEMORY_MERGE; a longer heap
 *   pile ADDRESS PAGES		one area for each page, all with one vm_pgoff
 *   shake protect|mergeable|move ADDRESS PAGES | unshake	a thread does that over and over
 *
 * FIRST N may be left out where nothing follows them: the whole region.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "hold.h"

#define MAX_ARGS	16

/* Shared memory as well: see hold_memory.c. */
static struct {
	char line[1024], answer[1024];
} *text;

static int listener = -1, conn = -1;
static int pins[2] = { -1, -1 };

int say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text->answer + 1, sizeof(text->answer) - 1, fmt, ap);
	va_end(ap);
	return 0;
}

int no(const char *what)
{
	say("%s: %s", what, strerror(errno));
	return -1;
}

static void answer(int result)
{
	text->answer[0] = result ? '-' : '+';
	if (conn < 0)
		return;
	if (write(conn, text->answer, strlen(text->answer)) < 0)
		perror("gd-hold: answer");
	close(conn);
	conn = -1;
}

static int listen_as(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, len;

	len = snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1, "gd-%s", name);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (void *)&sun, offsetof(struct sockaddr_un, sun_path) + 1 + len) ||
	    listen(fd, 8))
		return -1;
	return fd;
}

/* Nobody waits for the child: it is driven by its own name. */
static int do_fork(char **arg)
{
	int fd = listen_as(arg[1]);
	struct model *copy;
	void *own_text;
	pid_t pid;

	if (fd < 0)
		return no("fork: socket");
	copy = model_copy();
	own_text = gd_private_alloc(sizeof(*text));
	pid = fork();
	if (!pid) {
		close(listener);
		close(conn);
		listener = fd;
		conn = -1;
		text = own_text;
		model_use(copy);
		return 0;
	}
	munmap(own_text, sizeof(*text));
	model_free(copy);
	close(fd);
	return pid < 0 ? no("fork") : say("%d", pid);
}

/* The socket stays open, so the next command reaches the new program. */
static int do_exec(char **arg)
{
	char fd[16];

	(void)arg;
	snprintf(fd, sizeof(fd), "%d", listener);
	fcntl(listener, F_SETFD, 0);
	say("exec");
	answer(0);
	execl("/proc/self/exe", "gd-hold", "--serve", fd, NULL);
	_exit(1);
}

static void *exec_thread(void *unused)
{
	(void)unused;
	do_exec(NULL);
	return NULL;
}

/* exec kills all other threads, this one too. */
static int do_thread_exec(char **arg)
{
	pthread_t thread;

	(void)arg;
	errno = pthread_create(&thread, NULL, exec_thread, NULL);
	if (errno)
		return no("pthread_create");
	for (;;)
		pause();
}

static int do_exit(char **arg)
{
	(void)arg;
	say("exit");
	answer(0);
	_exit(0);
}

static void *sleeper(void *tid)
{
	*(volatile pid_t *)tid = syscall(SYS_gettid);
	for (;;)
		pause();
	return NULL;
}

static int do_thread(char **arg)
{
	volatile pid_t *tid = gd_private_alloc(sizeof(*tid));
	pthread_t thread;

	(void)arg;
	errno = pthread_create(&thread, NULL, sleeper, (void *)tid);
	if (errno)
		return no("pthread_create");
	while (!*tid)
		sched_yield();
	return say("%d", *tid);
}

static int sharer(void *unused)
{
	(void)unused;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The files are its own; the asker waits for the last end to close. */
	syscall(SYS_close_range, 0, ~0U, 0);
	for (;;)
		pause();
	return 0;
}

/* Another process with the same address space. */
static int do_sharer(char **arg)
{
	char *stack = gd_private_alloc(16 * GD_PAGE);
	pid_t pid = clone(sharer, stack + 16 * GD_PAGE, CLONE_VM | SIGCHLD, NULL);

	(void)arg;
	return pid < 0 ? no("clone") : say("%d", pid);
}

static int do_zombie(char **arg)
{
	siginfo_t info;
	pid_t pid;

	(void)arg;
	signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (!pid)
		_exit(0);
	if (pid < 0 || waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		return no("zombie");
	return say("%d", pid);
}

/* The pipe holds a reference on each page. */
static int do_pin(char **arg)
{
	struct iovec iov = {
		.iov_base = (void *)strtoul(arg[1], NULL, 0),
		.iov_len = strtoul(arg[2], NULL, 0) * GD_PAGE,
	};

	if (pipe2(pins, O_CLOEXEC | O_NONBLOCK) || fcntl(pins[1], F_SETPIPE_SZ, iov.iov_len) < 0 ||
	    vmsplice(pins[1], &iov, 1, 0) != (ssize_t)iov.iov_len)
		return no("vmsplice");
	return say("pinned");
}

static int do_unpin(char **arg)
{
	(void)arg;
	close(pins[0]);
	close(pins[1]);
	return say("unpinned");
}

#ifndef PR_SET_MEMORY_MERGE /* Linux 6.4 */
#define PR_SET_MEMORY_MERGE 67
#endif

static int do_merge_any(char **arg)
{
	(void)arg;
	return prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0) ? no("prctl") : say("mergeable");
}

static int do_grow(char **arg)
{
	long pages = strtol(arg[1], NULL, 0);

	return sbrk(pages * GD_PAGE) == (void *)-1 ? no("sbrk") : say("grown");
}

static const struct command process_commands[] = {
	{ "fork", do_fork, 1 }, { "exec", do_exec, 0 }, { "exit", do_exit, 0 },
	{ "thread", do_thread, 0 }, { "thread-exec", do_thread_exec, 0 }, { "sharer", do_sharer, 0 }, { "zombie", do_zombie, 0 },
	{ "pin", do_pin, 2 }, { "unpin", do_unpin, 0 },
	{ "merge-any", do_merge_any, 0 }, { "grow", do_grow, 1 },
	{ NULL, NULL, 0 }
};

static const struct command *find_command(const struct command *c, const char *name)
{
	while (c->name && strcmp(c->name, name))
		c++;
	return c->name ? c : NULL;
}

static int run(char *line)
{
	char *arg[MAX_ARGS + 1] = { "" }, *save = NULL, *word;
	const struct command *c;
	int n = 0;

	for (word = strtok_r(line, " \n", &save); word && n < MAX_ARGS; word = strtok_r(NULL, " \n", &save))
		arg[n++] = word;
	c = find_command(process_commands, arg[0]) ?: find_command(memory_commands, arg[0]) ?:
	    find_command(shake_commands, arg[0]);
	if (!c || n - 1 < c->args) {
		say("%s: %s", arg[0], c ? "arguments are missing" : "no such command");
		return -1;
	}
	return c->run(arg);
}

__attribute__((noreturn))
static void serve(void)
{
	ssize_t n;

	text = gd_private_alloc(sizeof(*text));
	model_init();
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (conn < 0)
			continue;
		n = read(conn, text->line, sizeof(text->line) - 1);
		text->line[n > 0 ? n : 0] = 0;
		answer(run(text->line));
	}
}

int main(int argc, char **argv)
{
	int null;
	pid_t pid;

	if (argc == 3 && !strcmp(argv[1], "--serve")) {
		listener = atoi(argv[2]);
		fcntl(listener, F_SETFD, FD_CLOEXEC);
		serve();
	}
	if (argc != 2)
		gd_die("usage: gd-hold NAME");
	listener = listen_as(argv[1]);
	if (listener < 0)
		gd_die("gd-hold: cannot listen as %s", argv[1]);
	pid = fork();
	if (pid < 0)
		gd_die("gd-hold: fork");
	if (pid) {
		printf("%d\n", pid);
		return 0;
	}
	/* Nothing of the caller's may stay open: it waits for the ends of its pipes. */
	setsid();
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	dup2(listener, 3);
	listener = 3;
	close_range(4, ~0U, 0);
	fcntl(listener, F_SETFD, FD_CLOEXEC);
	serve();
}
