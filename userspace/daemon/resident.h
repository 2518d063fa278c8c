/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that are members because of the cgroup they are in. Once a second
 * those of all bound cgroups are compared with the members that the kernel has:
 * who is new joins, who has left leaves. Only who was seen in a cgroup, as
 * itself (pid and start), is ever taken out of a group; who was added by hand
 * stays.
 *
 * There may be many, and they may be short-lived: an exit between the look and
 * the request is nothing to report.
 */
#ifndef RESIDENT_H
#define RESIDENT_H

#include "group.h"
#include "kernel.h"
#include "loop.h"
#include "work.h"

struct residents;

/*
 * NULL if out of memory. @wake is called when a bound cgroup gets its first
 * process, or has lost its last one, so that the caller looks at once.
 */
struct residents *residents_create(struct loop *loop, struct work *work,
				   void (*wake)(void *arg), void *arg);
/* NULL is allowed. */
void residents_destroy(struct residents *residents);

/* Once per round, in this order: look, claim for guests, tend. */
void residents_look(struct residents *residents, struct group *const *groups,
		    size_t count);
/* The group whose cgroup it is in, NULL if in none. */
struct group *residents_group(const struct residents *residents, pid_t pid);
/*
 * The process of a guest of @group, which joins and leaves with the guest.
 * @contest: a sentence if its cgroup is that of another group, so that it joins
 * neither.
 */
void residents_claim(struct residents *residents, pid_t pid, const char *group,
		     const char *contest);
void residents_tend(struct residents *residents, const struct kernel *kernel);

/* The groups have changed: what waits is decided anew in the next round. */
void residents_reset(struct residents *residents);
/* The group will be destroyed. */
void residents_forget(struct residents *residents, const struct group *group);
/* A sentence if the last look has failed, so that what was known stays. */
const char *residents_why(const struct residents *residents);

#endif /* RESIDENT_H */
