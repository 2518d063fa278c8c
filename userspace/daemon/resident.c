// SPDX-License-Identifier: GPL-2.0
/* Compare the processes of bound cgroups with the members of the kernel. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "resident_priv.h"

/* Of those that the kernel has refused, so many are tried again in a round. */
#define RETRIES	16

static uint64_t ticks_of(const struct grpdedup_member *member)
{
	return member->start_time / (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

static bool is_in(const struct grpdedup_member *member, const struct group *group)
{
	return member && group && member->state == GRPDEDUP_STATE_MEMBER &&
	       !strcmp(member->group, group->config.name);
}

/* Find out which group has it because of its cgroup. */
static void settle(struct resident *resident, const struct grpdedup_member *member)
{
	if (resident->has_guest && !resident->is_contested)
		resident->home = NULL;
	if (resident->has_guest)
		return;
	if (resident->requesting || resident->is_contested)
		return;
	if (is_in(member, resident->here)) {
		resident->home = resident->here;
		resident->start = ticks_of(member);
		resident->refused = false;
	} else if (loop_now() >= resident->again_ms &&
		   (!is_in(member, resident->home) || ticks_of(member) != resident->start)) {
		resident->home = NULL;
	}
}

static enum resident_wish wish_of(const struct resident *resident,
				  const struct grpdedup_member *member)
{
	bool is_changing = member && (member->state == GRPDEDUP_STATE_JOINING ||
				      member->state == GRPDEDUP_STATE_LEAVING);

	if (resident->requesting || resident->is_contested || resident->has_guest ||
	    is_changing || loop_now() < resident->again_ms)
		return RESIDENT_STAYS;
	if (!resident->here)
		return !resident->home || resident->home->is_leaving ? RESIDENT_STAYS :
		       resident->refused ? RESIDENT_LEAVES_AGAIN : RESIDENT_LEAVES;
	if (is_in(member, resident->here) || !resident->here->announced ||
	    resident->pid == getpid())
		return RESIDENT_STAYS;
	return resident->refused ? RESIDENT_JOINS_AGAIN : RESIDENT_JOINS;
}

static void count(const struct resident *resident)
{
	struct group *group = resident->here ? resident->here : resident->home;

	if (resident->here && !resident->is_kernel && resident->pid != getpid())
		resident->here->processes++;
	if (group && (resident->refused || resident->is_contested))
		group->refused++;
}

/* Those that must leave first, as they may be merged with others until then. */
static void enqueue(struct residents *residents, enum resident_wish wish, size_t limit)
{
	size_t i, n = 0;

	for (i = 0; i < residents->count && n < limit; i++) {
		if (residents->list[i].wish != wish)
			continue;
		residents->queue[residents->queued++] = residents->list[i].pid;
		n++;
	}
}

static void forget_reasons(const struct residents *residents)
{
	size_t i;

	for (i = 0; i < residents->binding_count; i++) {
		struct group *group = residents->bindings[i].owner;

		if (group->refused)
			continue;
		group->refusal[0] = '\0';
		memset(group->said, 0, sizeof(group->said));
	}
}

void residents_tend(struct residents *residents, const struct kernel *kernel)
{
	pid_t *queue;
	size_t i, n = 0;

	residents->queued = 0;
	residents->next = 0;
	for (i = 0; i < residents->count; i++) {
		struct resident *resident = &residents->list[i];
		const struct grpdedup_member *member =
			kernel_find_member(kernel, resident->pid);

		/* A reply is missing: do not judge by older ones. */
		if (!kernel->why[0]) {
			settle(resident, member);
			resident->wish = wish_of(resident, member);
		}
		count(resident);
		if (resident->here || resident->home || resident->requesting)
			residents->list[n++] = *resident;
	}
	residents->count = n;
	forget_reasons(residents);
	queue = reallocarray(residents->queue, n + 1, sizeof(*queue));
	if (!queue || kernel->why[0] || !kernel->loaded) {
		residents->queue = queue ? queue : residents->queue;
		return;
	}
	residents->queue = queue;
	enqueue(residents, RESIDENT_LEAVES, n);
	enqueue(residents, RESIDENT_JOINS, n);
	enqueue(residents, RESIDENT_LEAVES_AGAIN, RETRIES);
	enqueue(residents, RESIDENT_JOINS_AGAIN, RETRIES);
	resident_ask_next(residents);
}
