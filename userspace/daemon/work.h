/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to the kernel that may take long: a process that enters or leaves a
 * group is unshared first, and its memory map may be held by others meanwhile.
 * Each runs on a thread of its own with its own connection, so that one that
 * hangs keeps nobody else waiting; what came of it is told in the loop.
 */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <sys/types.h>
#include "loop.h"

/*
 * As many requests may be under way; more wait for their turn in the next
 * rounds.
 */
#define WORK_MAX	16

struct work;

/* @err: 0 or -errno; @sentence: the kernel's own, or "" */
typedef void (*work_fn)(void *arg, int err, const char *sentence);

struct work *work_create(struct loop *loop);
/* Does not wait: what is under way ends by itself, and nobody is told. */
void work_destroy(struct work *work);

/*
 * All return false if too many are under way: try again. @fn (may be NULL) is
 * called in the loop, unless work_forget(@arg) was called before.
 */
/* @move: out of the group that it is in; without, that is refused. */
bool work_assign(struct work *work, const char *group, pid_t pid, bool move,
		 work_fn fn, void *arg);
bool work_unassign(struct work *work, pid_t pid, work_fn fn, void *arg);
bool work_delete_group(struct work *work, const char *group, work_fn fn, void *arg);
void work_forget(struct work *work, const void *arg);

#endif /* WORK_H */
