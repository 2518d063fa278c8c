/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all workloads share: page contents that can be computed again from a
 * number, so that no copy has to be kept to know what a page must hold, and
 * the reading of pagemap.
 */
#ifndef GD_WORKLOAD_H
#define GD_WORKLOAD_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define GD_PAGE		4096UL
#define GD_HUGE		(512 * GD_PAGE)
#define GD_WORDS	(GD_PAGE / sizeof(uint64_t))

/* /proc/PID/pagemap */
#define GD_PM_PFN(e)	((e) & ((1ULL << 55) - 1))
#define GD_PM_FILE	(1ULL << 61)	/* not anonymous: a frame, or a file */
#define GD_PM_SWAP	(1ULL << 62)
#define GD_PM_PRESENT	(1ULL << 63)

/* /proc/kpageflags */
#define GD_KPF_ANON	(1ULL << 12)
#define GD_KPF_KSM	(1ULL << 21)
#define GD_KPF_THP	(1ULL << 22)
#define GD_KPF_ZERO	(1ULL << 24)
#define GD_KPF_OWNER_2	(1ULL << 34)	/* of an anonymous page: exclusive, since 6.10 */

__attribute__((noreturn, format(printf, 1, 2)))
static inline void gd_die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (err)
		fprintf(stderr, ": %s", strerror(err));
	fputc('\n', stderr);
	exit(1);
}

/* splitmix64: the next number of a series, good for contents and for dice. */
static inline uint64_t gd_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* The page number @id: 0 is all zeros, any other is noise of its own. */
static inline void gd_fill(void *page, uint64_t id)
{
	uint64_t state = id, *word = page;
	unsigned int i;

	for (i = 0; i < GD_WORDS; i++)
		word[i] = id ? gd_next(&state) : 0;
}

/* The offset of the first byte that differs from page @id, or -1. */
static inline int gd_differs(const void *page, uint64_t id)
{
	const uint64_t *word = page;
	const unsigned char *byte;
	uint64_t state = id, want;
	unsigned int i, k;

	for (i = 0; i < GD_WORDS; i++) {
		want = id ? gd_next(&state) : 0;
		if (word[i] == want)
			continue;
		byte = (const unsigned char *)&word[i];
		for (k = 0; byte[k] == ((unsigned char *)&want)[k]; k++)
			;
		return i * sizeof(*word) + k;
	}
	return -1;
}

/* Shared mappings are never merged: what a workload needs for itself is there. */
static inline void *gd_private_alloc(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		gd_die("mmap of %zu bytes", bytes);
	return p;
}

/* Anonymous private memory at an address that a huge page could start at. */
static inline char *gd_map_aligned(size_t bytes)
{
	char *p = mmap(NULL, bytes + GD_HUGE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *start;

	if (p == MAP_FAILED)
		return NULL;
	start = (char *)(((uintptr_t)p + GD_HUGE - 1) & ~(GD_HUGE - 1));
	if (start > p)
		munmap(p, start - p);
	munmap(start + bytes, p + GD_HUGE - start);
	p = mmap(start, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

/* A private mapping of a file: what is written to it is anonymous memory as well. */
static inline char *gd_map_file(size_t bytes)
{
	int fd = memfd_create("gd", MFD_CLOEXEC);
	char *p = MAP_FAILED;

	if (fd >= 0 && !ftruncate(fd, bytes))
		p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

static inline double gd_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

#endif /* GD_WORKLOAD_H */
