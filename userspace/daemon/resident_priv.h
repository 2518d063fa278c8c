/* SPDX-License-Identifier: GPL-2.0 */
/* Internal to resident*.c */
#ifndef RESIDENT_PRIV_H
#define RESIDENT_PRIV_H

#include <limits.h>
#include "cgroup.h"
#include "resident.h"

/* Requests at a time; the others of WORK_MAX are for guests and groups. */
#define RESIDENT_ASKS	(WORK_MAX - 4)
/*
 * Of these for one group: each may take seconds, for as long as its process
 * likes.
 */
#define RESIDENT_GROUP_ASKS	(RESIDENT_ASKS / 4)

enum resident_wish {
	RESIDENT_STAYS,
	RESIDENT_LEAVES,
	RESIDENT_JOINS,
	RESIDENT_LEAVES_AGAIN,
	RESIDENT_JOINS_AGAIN,
};

/**
 * struct resident - one process
 * @here: the group whose cgroup it is in, NULL: it has left
 * @home: the group that has it because of its cgroup, NULL: none
 * @start: its start in clock ticks, valid with @home
 * @again_ms: not before is it asked for, or is @home doubted: the kernel's
 *	lists may be older than the last request
 * @requesting: it is joining or leaving
 * @refused: the kernel has refused that
 * @is_kernel: it was a kernel thread
 * @has_guest: a guest stands for it
 * @is_contested: it is claimed by two groups
 * @wish: what is to be requested
 */
struct resident {
	pid_t pid;
	struct group *here;
	struct group *home;
	uint64_t start;
	uint64_t again_ms;
	bool requesting;
	bool refused;
	bool is_kernel;
	bool has_guest;
	bool is_contested;
	enum resident_wish wish;
};

/**
 * struct ask - a request under way
 * @residents: NULL: this one is free
 * @group: that it is to join or to leave, NULL if it was destroyed meanwhile
 */
struct ask {
	struct residents *residents;
	struct group *group;
	pid_t pid;
	uint64_t start;
	bool joins;
};

/**
 * struct residents - all of them
 * @list: by pid
 * @found: what the last look has read
 * @bindings: as of that look, by path
 * @mount: where cgroup2 is mounted, "" if that is not known yet
 * @queue: pids that are to be asked for, from @next on
 * @inotify: descriptor that tells of changes of cgroup.events, -1: none
 * @looked_ms: time of the last look
 * @why: a sentence if it has failed
 */
struct residents {
	struct loop *loop;
	struct work *work;
	void (*wake)(void *arg);
	void *arg;
	struct resident *list;
	size_t count;
	struct cgroup_processes found;
	struct binding *bindings;
	size_t binding_count;
	char mount[PATH_MAX];
	pid_t *queue;
	size_t queued;
	size_t next;
	struct ask asks[RESIDENT_ASKS];
	int inotify;
	struct watch *watch;
	uint64_t looked_ms;
	char why[256];
};

struct resident *resident_find(const struct residents *residents, pid_t pid);
/* resident_ask.c: send as many of the queue's requests as there is room for. */
void resident_ask_next(struct residents *residents);

#endif /* RESIDENT_PRIV_H */
