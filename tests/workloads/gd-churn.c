// SPDX-License-Identifier: GPL-2.0
/*
 * gd-churn: processes and threads that apply random operations to their memory,
 * and check every byte.
 *
 * usage: gd-churn [--procs N] [--pages N] [--seconds N] [--seed N] [--pool N]
 *
 * Prints "pids PID..." first. Contents come from a pool of few ids, so that
 * most pages are equal to others. Each process also has two threads that hammer
 * one word of pages of their own, with rests, and notice a single lost write.
 * The last line is "gd-churn: OPS operations right" (status 0) or names the
 * byte that is wrong (status 1).
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "gd.h"
#include "hammer.h"
#include "stop.h"

#define MAX_PROCS	16

static struct {
	unsigned long procs, pages, seconds, seed, pool;
} opt = { 3, 512, 10, 1, 40 };

static char *area;		/* opt.pages pages */
static uint64_t *model;		/* what must be in them */
static uint64_t dice;
static double end;

static unsigned long roll(unsigned long n)
{
	return gd_next(&dice) % n;
}

static void check(size_t first, size_t n, const char *when)
{
	size_t i;
	int off;

	for (i = first; i < first + n; i++) {
		off = gd_differs(area + i * GD_PAGE, model[i]);
		if (off < 0)
			continue;
		fprintf(stderr, "gd-churn: WRONG BYTES in %d %s: page %zu (%p) byte %d, id %lu\n",
			getpid(), when, i, area + i * GD_PAGE, off, model[i]);
		_exit(1);
	}
}

/* Half the writes go to the id of a neighbour process, some are zeros. */
static void rewrite(size_t i)
{
	model[i] = roll(4) ? 1 + roll(opt.pool) : 0;
	gd_fill(area + i * GD_PAGE, model[i]);
}

static size_t some_range(size_t *n)
{
	*n = 1 + roll(32);
	return roll(opt.pages - *n);
}

static void *hammer(void *mem)
{
	uint64_t state = (uintptr_t)mem + getpid(), last[GD_HAMMER_PAGES] = { 0 };
	uint64_t *lost;

	while (!(lost = gd_hammer(mem, last, 2000)))
		usleep(gd_next(&state) % 200000);
	fprintf(stderr, "gd-churn: LOST WRITE in %d: page %p is %lu, must be %lu\n", getpid(), (void *)lost,
		(unsigned long)lost[7], last[((char *)lost - (char *)mem) / GD_PAGE]);
	_exit(1);
}

/* A child of a process of several threads: nothing here takes a lock of libc. */
static void child(uint64_t *copy)
{
	size_t n, first, i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	model = copy;
	dice ^= getpid();
	for (i = 0; i < 40; i++) {
		rewrite(roll(opt.pages));
		first = some_range(&n);
		check(first, n, "child");
		usleep(1000);
	}
	check(0, opt.pages, "child at its end");
	_exit(0);
}

/* The model is shared memory, so the child's is copied while it still is right. */
static void start_child(void)
{
	uint64_t *copy = gd_private_alloc(opt.pages * sizeof(*model));

	memcpy(copy, model, opt.pages * sizeof(*model));
	if (!fork())
		child(copy);
	munmap(copy, opt.pages * sizeof(*model));
}

static void reap(bool wait_for_all)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, wait_for_all ? 0 : WNOHANG)) > 0) {
		if (status) {
			fprintf(stderr, "gd-churn: child %d ended with status %#x\n", pid, status);
			_exit(1);
		}
	}
}

static void move_away(void)
{
	char *to = gd_map_aligned(opt.pages * GD_PAGE);

	if (!to)
		gd_die("gd-churn: mmap");
	/* an area that madvise has cut up does not move as one; then it stays */
	if (mremap(area, opt.pages * GD_PAGE, opt.pages * GD_PAGE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, to) == to)
		area = to;
	else
		munmap(to, opt.pages * GD_PAGE);
}

/*
 * Written first, so that the pages are nobody else's: kernels lose the child's
 * memory otherwise, without any module (see advise_free() of the storm).
 */
static void free_lazily(size_t first, size_t n)
{
	size_t i;

	for (i = first; i < first + n; i++)
		rewrite(i);
	/* time to be merged or swapped out */
	usleep(roll(20000));
	madvise(area + first * GD_PAGE, n * GD_PAGE, MADV_FREE);
	for (i = first; i < first + n; i++) {
		if (gd_differs(area + i * GD_PAGE, 0) >= 0)
			check(i, 1, "after MADV_FREE");
		rewrite(i);
	}
}

static void advise(size_t first, size_t n)
{
	static const int advice[] = {
		MADV_COLD, MADV_PAGEOUT, MADV_HUGEPAGE, MADV_NOHUGEPAGE, 25 /* MADV_COLLAPSE */
	};

	madvise(area + first * GD_PAGE, n * GD_PAGE, advice[roll(5)]);
	/* one kind of area again, or mremap would never work any more */
	if (!roll(2))
		madvise(area, opt.pages * GD_PAGE, roll(2) ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

static void step(void)
{
	size_t n, first = some_range(&n), i;
	char *addr = area + first * GD_PAGE;
	unsigned long what = roll(100);

	if (what < 40) {
		rewrite(first);
	} else if (what < 62) {
		check(first, n, "at rest");
	} else if (what < 66) {
		start_child();
	} else if (what < 70) {
		munmap(addr, n * GD_PAGE);
		if (mmap(addr, n * GD_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != addr)
			gd_die("gd-churn: mmap");
		memset(model + first, 0, n * sizeof(*model));
	} else if (what < 73) {
		move_away();
	} else if (what < 77) {
		madvise(addr, n * GD_PAGE, MADV_DONTNEED);
		memset(model + first, 0, n * sizeof(*model));
	} else if (what < 81) {
		free_lazily(first, n);
	} else if (what < 86) {
		mprotect(addr, n * GD_PAGE, PROT_READ);
		usleep(roll(20000));
		check(first, n, "read-only");
		mprotect(addr, n * GD_PAGE, PROT_READ | PROT_WRITE);
		for (i = first; i < first + n; i += 3)
			rewrite(i);
	} else if (what < 88) {
		mlock(addr, n * GD_PAGE);
		rewrite(first);
		check(first, n, "locked");
		munlock(addr, n * GD_PAGE);
	} else if (what < 92) {
		advise(first, n);
	} else {
		usleep(roll(40000));
	}
}

static int worker(unsigned long number)
{
	size_t i, ops = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dice = opt.seed * 1000 + number;
	area = gd_map_aligned(opt.pages * GD_PAGE);
	model = gd_private_alloc(opt.pages * sizeof(*model));
	if (number % 2)
		madvise(area, opt.pages * GD_PAGE, MADV_HUGEPAGE);
	for (i = 0; i < opt.pages; i++)
		rewrite(i);
	if (!gd_hammers_start(hammer))
		gd_die("gd-churn: thread");
	for (; gd_now() < end && !gd_stopped; ops++) {
		step();
		reap(false);
		usleep(500);
	}
	check(0, opt.pages, "at the end");
	reap(true);
	printf("gd-churn: process %d: %zu operations right\n", getpid(), ops);
	fflush(stdout);
	_exit(0);
}

static void options(int argc, char **argv)
{
	static const char * const names[] = { "--procs", "--pages", "--seconds", "--seed", "--pool" };
	unsigned long *values = &opt.procs;
	int i, k;

	for (i = 1; i < argc; i += 2) {
		for (k = 0; k < 5 && strcmp(names[k], argv[i]); k++)
			;
		if (k == 5 || i + 1 == argc)
			gd_die("gd-churn: what is '%s'?", argv[i]);
		values[k] = strtoul(argv[i + 1], NULL, 0);
	}
	if (opt.procs > MAX_PROCS || opt.pages < 64)
		gd_die("gd-churn: at most %d processes, at least 64 pages", MAX_PROCS);
}

int main(int argc, char **argv)
{
	unsigned long i;
	int status, bad = 0;
	pid_t pid;

	options(argc, argv);
	gd_stop_on_sigterm();
	end = gd_now() + opt.seconds;
	printf("pids");
	for (i = 0; i < opt.procs; i++) {
		fflush(stdout);
		pid = fork();
		if (pid < 0)
			gd_die("gd-churn: fork");
		if (!pid)
			worker(i);
		printf(" %d", pid);
	}
	printf("\n");
	fflush(stdout);
	while ((pid = wait(&status)) > 0) {
		if (!status)
			continue;
		fprintf(stderr, "gd-churn: process %d ended with status %#x\n", pid, status);
		bad = 1;
	}
	printf("gd-churn: %s\n", bad ? "WRONG" : "all right");
	return bad;
}
