// SPDX-License-Identifier: GPL-2.0
/*
 * gd-dio: O_DIRECT reads into memory and writes out of it, every byte checked,
 * for pages that something else may replace at any moment.
 *
 * usage: gd-dio [--pages N] [--seconds N] [--seed N] FILE
 *
 * FILE (or block device) must hold 2 * N pages. Each of two threads has half of
 * the memory and of the file, and a model of both. Contents come from a pool of
 * few ids, so that most pages are equal to others. The last line is
 * "gd-dio: IN pages read, OUT pages written, right" (status 0), or says which
 * byte is wrong (status 1).
 */
#include <pthread.h>

#include "gd.h"
#include "stop.h"

#define THREADS		2
#define POOL		24
#define MAX_RUN		16

struct lane {
	char *mem;		/* half of the process's memory */
	char *back;		/* where written data is read back to; never merged */
	uint64_t *in_mem, *in_file;
	size_t pages, slots, file_off;
	uint64_t dice;
	size_t in, out;
};

static int fd;
static double end;

static unsigned long roll(struct lane *lane, unsigned long n)
{
	return gd_next(&lane->dice) % n;
}

static uint64_t some_id(struct lane *lane)
{
	return roll(lane, 4) ? 1 + roll(lane, POOL) : 0;
}

static void check(const char *mem, const uint64_t *ids, size_t n, const char *what)
{
	size_t i;
	int off;

	for (i = 0; i < n; i++) {
		off = gd_differs(mem + i * GD_PAGE, ids[i]);
		if (off < 0)
			continue;
		fprintf(stderr, "gd-dio: WRONG BYTES in %d %s: page %zu of %zu at %p, byte %d, id %lu\n",
			getpid(), what, i, n, mem + i * GD_PAGE, off, ids[i]);
		exit(1);
	}
}

static void transfer(bool out, char *mem, size_t pages, off_t at)
{
	ssize_t bytes = pages * GD_PAGE, done;

	done = out ? pwrite(fd, mem, bytes, at * GD_PAGE) : pread(fd, mem, bytes, at * GD_PAGE);
	if (done != bytes)
		gd_die("gd-dio: O_DIRECT %s of %zd bytes gave %zd", out ? "write" : "read", bytes, done);
}

static void step(struct lane *lane)
{
	size_t n = 1 + roll(lane, MAX_RUN);
	size_t at = roll(lane, lane->pages - n), slot = roll(lane, lane->slots - n), i;
	char *mem = lane->mem + at * GD_PAGE;

	switch (roll(lane, 4)) {
	case 0:		/* in */
		transfer(false, mem, n, lane->file_off + slot);
		memcpy(lane->in_mem + at, lane->in_file + slot, n * sizeof(uint64_t));
		check(mem, lane->in_mem + at, n, "just read in");
		lane->in += n;
		break;
	case 1:		/* out */
		transfer(true, mem, n, lane->file_off + slot);
		memcpy(lane->in_file + slot, lane->in_mem + at, n * sizeof(uint64_t));
		transfer(false, lane->back, n, lane->file_off + slot);
		check(lane->back, lane->in_file + slot, n, "written out");
		lane->out += n;
		break;
	case 2:		/* by hand */
		for (i = 0; i < n; i++) {
			lane->in_mem[at + i] = some_id(lane);
			gd_fill(mem + i * GD_PAGE, lane->in_mem[at + i]);
		}
		break;
	default:
		check(mem, lane->in_mem + at, n, "at rest");
		usleep(roll(lane, 10000));
	}
}

static void *run(void *arg)
{
	struct lane *lane = arg;

	while (gd_now() < end && !gd_stopped)
		step(lane);
	check(lane->mem, lane->in_mem, lane->pages, "at the end");
	return NULL;
}

static void start(struct lane *lane, char *mem, size_t pages, int number, uint64_t seed)
{
	size_t i;

	lane->pages = pages;
	lane->slots = 2 * pages;
	lane->file_off = number * lane->slots;
	lane->mem = mem + number * pages * GD_PAGE;
	lane->dice = seed * 100 + number;
	lane->in_mem = gd_private_alloc(lane->pages * sizeof(uint64_t));
	lane->in_file = gd_private_alloc(lane->slots * sizeof(uint64_t));
	lane->back = gd_private_alloc(MAX_RUN * GD_PAGE);
	for (i = 0; i < lane->slots; i++) {
		lane->in_file[i] = some_id(lane);
		gd_fill(lane->back, lane->in_file[i]);
		transfer(true, lane->back, 1, lane->file_off + i);
	}
}

int main(int argc, char **argv)
{
	unsigned long pages = 512, seconds = 10, seed = 1;
	struct lane lane[THREADS] = { 0 };
	pthread_t thread[THREADS];
	char *mem;
	int i;

	for (i = 1; i + 2 < argc; i += 2) {
		if (!strcmp(argv[i], "--pages"))
			pages = strtoul(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--seconds"))
			seconds = strtoul(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--seed"))
			seed = strtoul(argv[i + 1], NULL, 0);
		else
			gd_die("gd-dio: what is '%s'?", argv[i]);
	}
	if (i + 1 != argc || pages < 64)
		gd_die("usage: gd-dio [--pages N] [--seconds N] [--seed N] FILE");
	fd = open(argv[i], O_RDWR | O_DIRECT);
	if (fd < 0)
		gd_die("gd-dio: %s", argv[i]);
	mem = gd_map_aligned(pages * GD_PAGE);
	if (!mem)
		gd_die("gd-dio: mmap");
	memset(mem, 0, pages * GD_PAGE);
	for (i = 0; i < THREADS; i++)
		start(&lane[i], mem, pages / THREADS, i, seed);
	gd_stop_on_sigterm();
	end = gd_now() + seconds;
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, run, &lane[i]))
			gd_die("gd-dio: thread");
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	printf("gd-dio: %zu pages read, %zu pages written, right\n",
	       lane[0].in + lane[1].in, lane[0].out + lane[1].out);
	return 0;
}
