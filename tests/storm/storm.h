/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of gd-storm. A process of a storm owns an area of memory and a
 * model of it: one entry per page, from which every byte follows. It executes
 * one random operation after the other, and checks.
 *
 * An operation returns 0, or -errno if the kernel refused it; then memory is
 * unchanged. A wrong byte ends the process.
 */
#ifndef GD_STORM_H
#define GD_STORM_H

#include <stdatomic.h>
#include <sys/types.h>

#include "gd.h"

#define MAX_KINDS	64
#define MAX_LANES	64
#define LANE_PAGES	64	/* of the disk, for one process */
#define HISTORY		8
#define RUN		32	/* most pages that one operation touches */

struct options {
	unsigned long procs, pages, seconds, seed, steps;
	bool trace;
	char disk[128], dir[128], without[256];
};

/* What all processes share, those included that a process becomes by exec. */
struct ledger {
	struct options opt;
	double end;
	atomic_ulong operations, checks, wrong, failed, alive, killed;
	struct {
		atomic_ulong done, refused;
		atomic_int error;
	} kind[MAX_KINDS];
	atomic_int lane[MAX_LANES];	/* the process that owns it */
};

/* This process. */
struct self {
	struct ledger *ledger;
	int ledger_fd, disk;
	unsigned int number, life, depth, children;
	int lane;		/* -1: none yet */
	uint64_t path, step;	/* all dice follow from these */
	uint64_t dice;		/* of this step */
	const char *doing, *done[HISTORY];	/* what it did before, the latest first */
	char *area;
	size_t pages, room;
	uint64_t *model;	/* room entries */
	char *bounce;		/* RUN pages that are never merged */
};

extern struct self me;

static inline uint64_t storm_mix(uint64_t a, uint64_t b)
{
	uint64_t state = a ^ (b * 0xff51afd7ed558ccdULL);

	return gd_next(&state);
}

static inline unsigned long roll(unsigned long n)
{
	return gd_next(&me.dice) % n;
}

static inline char *page_at(size_t i)
{
	return me.area + i * GD_PAGE;
}

/* memory: the area, its model, and the comparison of both */
void memory_create(size_t pages, size_t room);
void memory_new_bounce(void);
size_t memory_range(size_t *n);
uint64_t memory_entry(void);
uint64_t memory_patched(uint64_t entry);
unsigned int memory_patch_at(uint64_t entry);
uint64_t memory_word(uint64_t entry, unsigned int n);
void memory_fill(void *page, uint64_t entry);
int memory_differs(const void *page, uint64_t entry);
void memory_rewrite(size_t i);
void memory_check(size_t first, size_t n, const char *when);
void memory_check_bytes(const void *page, const uint64_t *entries, size_t n, const char *when);
void memory_wrong(const char *what, const void *page, uint64_t entry);
void memory_rest(unsigned long ms);

/* family: children, and what a process does to another's memory */
pid_t family_fork(void);
int family_wait(pid_t pid);
int family_ended(pid_t pid, int status);
void family_reap(bool all);
int family_child(int orphan);
int family_exec(int unused);
int family_spawn(int unused);
int family_puppet(int how);

/* worker: the dice decide what comes next */
void worker_run(unsigned int number, unsigned int life, uint64_t step);
void worker_steps(unsigned long n);
const char *worker_kind(unsigned int i);

/* The operations. */
int write_page(int unused);
int write_word(int unused);
int write_check(int unused);

int map_swap(int unused);
int map_keep(int unused);
int map_move(int unused);
int map_grow(int unused);
int map_shrink(int unused);
int map_unmap(int unused);
int map_renew(int unused);
int map_protect(int prot);

int advise_drop(int unused);
int advise_free(int unused);
int advise_keep(int advice);
int advise_fork(int advice);
int advise_lock(int unused);
int advise_clear_refs(int unused);
int numa_bind(int unused);
int numa_move(int unused);
int numa_migrate(int unused);

int io_direct(int out);
int io_sector(int unused);
int io_pipe(int out);
int uring_transfer(int how);
int uffd_missing(int unused);
int uffd_protect(int unused);
off_t io_lane(void);

#endif /* GD_STORM_H */
