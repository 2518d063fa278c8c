// SPDX-License-Identifier: GPL-2.0
/*
 * gd-storm: children of all kinds, and writes into another's memory.
 *
 * Everything here runs in processes of several threads: between fork and exec
 * nothing takes a lock of libc.
 */
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "storm.h"

#define MAX_ALIVE	24	/* processes, over all */
#define MAX_CHILDREN	3
#define MAX_DEPTH	3

/*
 * A child with a model and a bounce of its own: the parent's are shared memory,
 * and the parent goes on. 0 in the child.
 */
pid_t family_fork(void)
{
	size_t bytes = me.room * sizeof(*me.model);
	uint64_t *copy;
	pid_t pid;

	if (atomic_fetch_add(&me.ledger->alive, 1) >= MAX_ALIVE) {
		atomic_fetch_sub(&me.ledger->alive, 1);
		return -EAGAIN;
	}
	copy = gd_private_alloc(bytes);
	memcpy(copy, me.model, bytes);
	pid = fork();
	if (pid < 0) {
		pid = -errno;
		atomic_fetch_sub(&me.ledger->alive, 1);
	}
	if (pid) {
		munmap(copy, bytes);
		return pid;
	}
	munmap(me.model, bytes);
	munmap(me.bounce, RUN * GD_PAGE);
	me.model = copy;
	memory_new_bounce();
	me.path = storm_mix(me.path, me.step);
	me.dice = me.path;
	me.depth++;
	me.children = 0;
	me.lane = -1;
	return 0;
}

/* Only SIGKILL may end a process before its time. */
int family_ended(pid_t pid, int status)
{
	atomic_fetch_sub(&me.ledger->alive, 1);
	if (!status)
		return 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
		atomic_fetch_add(&me.ledger->killed, 1);
		return -ESRCH;
	}
	dprintf(2, "gd-storm: process %d ended with status %#x\n", pid, status);
	atomic_fetch_add(&me.ledger->failed, 1);
	return -ECHILD;
}

int family_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			gd_die("gd-storm: waitpid");
	return family_ended(pid, status);
}

void family_reap(bool all)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, all ? 0 : WNOHANG)) > 0) {
		family_ended(pid, status);
		if (me.children)
			me.children--;
	}
}

/* Live for a while, then check everything. */
static void live(void)
{
	worker_steps(4 + storm_mix(me.path, 1) % 24);
	memory_check(0, me.pages, "a child at its end");
	_exit(0);
}

int family_child(int orphan)
{
	pid_t pid;

	if (me.depth >= MAX_DEPTH)
		return -EAGAIN;
	while (me.children >= MAX_CHILDREN) {
		usleep(1000);
		family_reap(false);
	}
	pid = family_fork();
	if (pid < 0)
		return pid;
	if (pid) {
		me.children++;
		return 0;
	}
	if (orphan) {
		pid = family_fork();
		if (pid)
			_exit(0);
	}
	live();
	return 0;
}

/*
 * Everything is gone but the number, the step and the ledger; the program that
 * goes on counts this step. A child becomes one that does nothing.
 */
int family_exec(int unused)
{
	char fd[16], number[16], life[16], step[24];

	(void)unused;
	memory_check(0, me.pages, "before exec");
	if (me.depth) {
		execl("/proc/self/exe", "gd-storm", "--nothing", NULL);
		return -errno;
	}
	snprintf(fd, sizeof(fd), "%d", me.ledger_fd);
	snprintf(number, sizeof(number), "%u", me.number);
	snprintf(life, sizeof(life), "%u", me.life);
	snprintf(step, sizeof(step), "%lu", me.step);
	execl("/proc/self/exe", "gd-storm", "--resume", fd, number, life, step, NULL);
	return -errno;
}

/* Memory is shared until the child is another program. */
int family_spawn(int unused)
{
	pid_t pid;

	(void)unused;
	if (atomic_fetch_add(&me.ledger->alive, 1) >= MAX_ALIVE) {
		atomic_fetch_sub(&me.ledger->alive, 1);
		return -EAGAIN;
	}
	pid = vfork();
	if (!pid) {
		execl("/proc/self/exe", "gd-storm", "--nothing", NULL);
		_exit(1);
	}
	if (pid < 0) {
		atomic_fetch_sub(&me.ledger->alive, 1);
		return -errno;
	}
	return family_wait(pid);
}

static int stop(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) || ptrace(PTRACE_INTERRUPT, pid, 0, 0))
		return -errno;
	if (waitpid(pid, &status, __WALL) != pid)
		return -errno;
	if (WIFSTOPPED(status))
		return 0;
	/* killed meanwhile: it is reaped now */
	family_ended(pid, status);
	return -ESRCH;
}

/* Write into a child's memory, in the way @how: 0 ptrace, 1 /proc/PID/mem, 2 process_vm_writev. */
static int write_into(pid_t pid, int how, int mem, size_t i, uint64_t entry)
{
	unsigned int place = memory_patch_at(entry);
	uint64_t value = memory_word(entry, place);
	char *where = page_at(i) + place * 8;
	struct iovec from = { &value, 8 }, to = { where, 8 };

	switch (how) {
	case 0:
		return ptrace(PTRACE_POKEDATA, pid, where, value) ? -errno : 0;
	case 1:
		return pwrite(mem, &value, 8, (off_t)where) == 8 ? 0 : -EIO;
	default:
		return process_vm_writev(pid, &from, 1, &to, 1, 0) == 8 ? 0 : -errno;
	}
}

/* The child waits until its memory has been changed, and checks that it has. */
static void be_puppet(int go, size_t first, size_t n, const uint64_t *plan)
{
	char word = 0;

	while (read(go, &word, 1) < 0 && errno == EINTR)
		;
	if (word == 'y') {
		memory_check_bytes(page_at(first), plan, n, "written by the parent");
		memcpy(me.model + first, plan, n * sizeof(*plan));
		memory_check(0, me.pages, "a puppet at its end");
	}
	_exit(0);
}

static int pull(pid_t pid, int how, size_t first, size_t n, const uint64_t *plan)
{
	char path[32];
	int mem = -1, err = 0;
	size_t i;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	if (how == 1) {
		mem = open(path, O_RDWR);
		if (mem < 0)
			return -errno;
	}
	for (i = 0; i < n && !err; i++)
		err = write_into(pid, how, mem, first + i, plan[i]);
	if (mem >= 0)
		close(mem);
	return err;
}

int family_puppet(int how)
{
	size_t n = 1 + roll(8), first = roll(me.pages - n), i;
	uint64_t plan[8];
	int go[2], err = 0;
	pid_t pid;

	for (i = 0; i < n; i++)
		plan[i] = memory_patched(me.model[first + i]);
	if (pipe(go))
		return -errno;
	pid = family_fork();
	if (pid < 0) {
		close(go[0]);
		close(go[1]);
		return pid;
	}
	if (!pid) {
		close(go[1]);
		be_puppet(go[0], first, n, plan);
	}
	memory_rest(20);
	if (!how)
		err = stop(pid);
	if (!err)
		err = pull(pid, how, first, n, plan);
	if (!how && !err)
		ptrace(PTRACE_DETACH, pid, 0, 0);
	if (write(go[1], err ? "n" : "y", 1) != 1)
		err = -EPIPE;
	close(go[0]);
	close(go[1]);
	if (!how && err == -ESRCH)
		return err;
	family_wait(pid);
	memory_check(first, n, "after writes into a child");
	return err;
}
