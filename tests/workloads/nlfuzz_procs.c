// SPDX-License-Identifier: GPL-2.0
/*
 * gd-nlfuzz: the processes that a worker enrols. They own pages, some of them equal
 * to those of the others, know what is in them, and are killed and replaced.
 */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "nlfuzz.h"

#define PAGES	48

/* A quarter zeros, half of what the others have as well, the rest nobody else has. */
static uint64_t content(uint64_t dice, int i)
{
	uint64_t state = dice + i;

	if (i < PAGES / 4)
		return 0;
	return i < 3 * PAGES / 4 ? 1 + (uint64_t)i % 16 : gd_next(&state);
}

/* SIGUSR1: write some pages anew. SIGTERM: check all bytes and go. */
__attribute__((noreturn))
static void live(uint64_t dice)
{
	char *area = mmap(NULL, PAGES * GD_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigset_t set;
	int i, sig;

	if (area == MAP_FAILED)
		_exit(2);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	for (i = 0; i < PAGES; i++)
		gd_fill(area + i * GD_PAGE, content(dice, i));
	while (!sigwait(&set, &sig) && sig != SIGTERM) {
		for (i = dice % 7; i < PAGES; i += 7)
			gd_fill(area + i * GD_PAGE, content(dice, i));
	}
	for (i = 0; i < PAGES; i++)
		if (gd_differs(area + i * GD_PAGE, content(dice, i)) >= 0)
			_exit(1);
	_exit(0);
}

static void start(struct worker *w, int i)
{
	struct proc *p = &w->proc[i];
	uint64_t dice = gd_next(&w->dice);
	pid_t parent = getpid();

	p->group = -1;
	p->failed = false;
	p->pid = fork();
	if (p->pid < 0)
		gd_die("gd-nlfuzz: fork");
	if (!p->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			live(dice);
		_exit(2);
	}
	p->pidfd = syscall(SYS_pidfd_open, p->pid, 0);
	atomic_store(&w->tally->pid[i], p->pid);
}

/* End a process, and remember its names: they must mean nobody. */
static void end(struct worker *w, int i, int sig)
{
	unsigned int slot = w->nr_gone++ % NR_GONE;
	struct proc *p = &w->proc[i];
	int status;

	if (w->gone[slot].pidfd > 0)
		close(w->gone[slot].pidfd);
	kill(p->pid, sig);
	if (waitpid(p->pid, &status, 0) != p->pid)
		wrong(w, NULL, "waitpid of %d: %s", p->pid, strerror(errno));
	if (sig == SIGTERM && status)
		wrong(w, NULL, "pid %d has wrong bytes in its memory, or died: status %#x", p->pid,
		      status);
	w->gone[slot].pid = p->pid;
	w->gone[slot].pidfd = p->pidfd;
	w->gone[slot].since = gd_now();
	p->group = -1;
}

/* Descriptors that name no process, some of which have much to say of themselves in fdinfo. */
static void open_odd(struct worker *w)
{
	struct epoll_event event = { .events = EPOLLIN };
	sigset_t set;
	int n = 0;

	sigemptyset(&set);
	w->odd[n++] = eventfd(0, EFD_CLOEXEC);
	w->odd[n] = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(w->odd[n], EPOLL_CTL_ADD, w->odd[n - 1], &event);
	w->odd[++n] = inotify_init1(IN_CLOEXEC);
	inotify_add_watch(w->odd[n], "/", IN_CREATE);
	inotify_add_watch(w->odd[n], "/proc", IN_CREATE);
	w->odd[++n] = signalfd(-1, &set, SFD_CLOEXEC);
	w->odd[++n] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	w->odd[++n] = memfd_create("odd", MFD_CLOEXEC);
	w->odd[++n] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	w->odd[++n] = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->odd[++n] = 1000000;
	w->odd[++n] = -1;
}

void procs_start(struct worker *w)
{
	struct proc *self = &w->proc[NR_PROCS];
	sigset_t set;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	open_odd(w);
	self->pid = getpid();
	self->pidfd = syscall(SYS_pidfd_open, self->pid, 0);
	self->group = -1;
	for (i = 0; i < NR_PROCS && w->role != NOBODY; i++)
		start(w, i);
}

/* Now and then one writes, or ends by force or after a look at its bytes, and another comes. */
void procs_shake(struct worker *w)
{
	int i = roll(w, NR_PROCS);

	if (w->role == NOBODY)
		return;
	if (once_in(w, 10))
		kill(w->proc[i].pid, SIGUSR1);
	if (once_in(w, 40)) {
		end(w, i, once_in(w, 2) ? SIGKILL : SIGTERM);
		start(w, i);
	}
}

void procs_end(struct worker *w)
{
	int i;

	for (i = 0; i < NR_PROCS && w->role != NOBODY; i++)
		end(w, i, SIGTERM);
}
