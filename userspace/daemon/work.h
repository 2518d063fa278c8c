/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to the kernel that take long: a process that enters or leaves a
 * group is unshared first, which may have to wait for its mmap lock. The kernel
 * accepts them, and says later how they ended. Each request has its own thread
 * and connection that wait for this; the result is reported in the event loop.
 */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <sys/types.h>
#include "loop.h"

/*
 * Maximum number of requests under way; further ones are retried in later
 * rounds.
 */
#define WORK_MAX	16

struct work;

/* When to try again what the kernel has refused. */
#define WORK_AGAIN_MS	5000

/* @err: 0 or -errno; @sentence: the kernel's message, or that of the error */
typedef void (*work_fn)(void *arg, int err, const char *sentence);

struct work *work_create(struct loop *loop);
/* Does not wait: results of requests under way are not reported. */
void work_destroy(struct work *work);

/*
 * All return false if too many requests are under way: try again later. @fn is
 * called in the event loop, unless work_forget(@arg) is called first.
 */
/*
 * @move: allow the process to be in another group; otherwise that is an error.
 */
bool work_assign(struct work *work, const char *group, pid_t pid, bool move,
		 work_fn fn, void *arg);
bool work_unassign(struct work *work, pid_t pid, work_fn fn, void *arg);
bool work_delete_group(struct work *work, const char *group, work_fn fn, void *arg);
void work_forget(struct work *work, const void *arg);

#endif /* WORK_H */
