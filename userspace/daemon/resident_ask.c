// SPDX-License-Identifier: GPL-2.0
/* Requests to the kernel for processes in cgroups. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "log.h"
#include "process.h"
#include "resident_priv.h"

/* How long the kernel's lists may be older than a request's result */
#define SETTLE_MS	1500
/* Entries of the queue that are looked at when a request ends */
#define OVERTAKEN_MAX	1024

/* For this error, the group says so once as long as somebody is refused. */
static void refuse(struct resident *resident, const struct ask *ask, int err,
		   const char *sentence)
{
	struct group *group = ask->group;
	size_t bit = (size_t)-err % (8 * sizeof(group->said));
	unsigned char mask = (unsigned char)(1 << bit % 8);

	if (resident) {
		resident->refused = true;
		resident->again_ms = loop_now() + WORK_AGAIN_MS;
	}
	snprintf(group->refusal, sizeof(group->refusal), "process %d cannot %s: %s",
		 (int)ask->pid, ask->joins ? "join" : "leave", sentence);
	if (!(group->said[bit / 8] & mask))
		log_warning("group %s: %s", group->config.name, group->refusal);
	group->said[bit / 8] |= mask;
}

static void done(void *arg, int err, const char *sentence)
{
	struct ask *ask = arg;
	struct residents *residents = ask->residents;
	struct resident *resident = resident_find(residents, ask->pid);

	if (resident) {
		resident->requesting = false;
		resident->again_ms = loop_now() + SETTLE_MS;
		if (!err)
			resident->refused = false;
	}
	/* Its memory is in the group already, as that of another process. */
	if (err == -EEXIST && resident && ask->joins) {
		resident->again_ms = loop_now() + WORK_AGAIN_MS;
	} else if (resident && ask->joins && !err) {
		resident->home = ask->group;
		resident->start = ask->start;
	} else if (resident && !ask->joins && (!err || err == -ESRCH)) {
		resident->home = NULL;
	} else if (err && err != -ESRCH && ask->group) {
		refuse(resident, ask, err, sentence);
	}
	ask->residents = NULL;
	resident_ask_next(residents);
}

static struct ask *free_ask(struct residents *residents)
{
	size_t i;

	for (i = 0; i < RESIDENT_ASKS; i++)
		if (!residents->asks[i].residents)
			return &residents->asks[i];
	return NULL;
}

/* One that moves within a binding while the look goes on may not be seen. */
static bool has_left(const struct residents *residents, struct resident *resident)
{
	char path[PATH_MAX];
	uint64_t start;
	int err = process_start(resident->pid, &start);

	if (err == -ESRCH || (!err && start != resident->start)) {
		resident->home = NULL;
		return false;
	}
	return !err && !grpdedup_account_get((uint32_t)resident->pid, path, sizeof(path)) &&
	       !bindings_owner(residents->bindings, residents->binding_count, path);
}

/* The look may be old: it may have moved, or its pid be another process's. */
static bool is_here(const struct residents *residents, const struct resident *resident,
		    uint64_t start)
{
	char path[PATH_MAX];
	uint64_t now;

	return !grpdedup_account_get((uint32_t)resident->pid, path, sizeof(path)) &&
	       bindings_owner(residents->bindings, residents->binding_count,
			      path) == resident->here &&
	       !process_start(resident->pid, &now) && now == start;
}

/* That it has exited is no error. */
static bool may_join(const struct residents *residents, struct resident *resident,
		     struct ask *ask)
{
	int err = process_start_user(resident->pid, &ask->start);

	resident->is_kernel = err == -ENOTSUP;
	if (resident->is_kernel)
		resident->again_ms = loop_now() + WORK_AGAIN_MS;
	else if (err && err != -ESRCH)
		refuse(resident, ask, err, err == -EACCES ?
		       "/proc does not show it (hidepid?)" : strerror(-err));
	return !err && is_here(residents, resident, ask->start);
}

static bool wants_in(const struct resident *resident)
{
	return resident->wish == RESIDENT_JOINS || resident->wish == RESIDENT_JOINS_AGAIN;
}

/* Its group has as many requests under way as it may. */
static bool is_crowded(const struct residents *residents, const struct resident *resident)
{
	const struct group *group = wants_in(resident) ? resident->here : resident->home;
	size_t i, n = 0;

	for (i = 0; i < RESIDENT_ASKS; i++)
		n += residents->asks[i].residents && residents->asks[i].group == group;
	return n >= RESIDENT_GROUP_ASKS;
}

/* False if too many requests are under way. */
static bool ask_for(struct residents *residents, struct resident *resident)
{
	struct ask *ask = free_ask(residents);
	bool joins = wants_in(resident);

	if (!ask)
		return false;
	*ask = (struct ask){
		.group = joins ? resident->here : resident->home,
		.pid = resident->pid, .joins = joins,
	};
	if (joins ? !may_join(residents, resident, ask) : !has_left(residents, resident))
		return true;
	ask->residents = residents;
	/* It is moved only from where its cgroup has put it. */
	if (joins)
		resident->requesting = work_assign(residents->work, ask->group->config.name,
						   ask->pid, resident->home, done, ask);
	else
		resident->requesting = work_unassign(residents->work, ask->pid, done, ask);
	if (!resident->requesting)
		ask->residents = NULL;
	return resident->requesting;
}

static struct resident *waiting(const struct residents *residents, size_t i)
{
	struct resident *resident = resident_find(residents, residents->queue[i]);

	return resident && resident->wish != RESIDENT_STAYS && !resident->requesting ?
	       resident : NULL;
}

/* Those of a group that is crowded wait; those of others overtake them. */
void resident_ask_next(struct residents *residents)
{
	size_t i, end;

	while (residents->next < residents->queued && !waiting(residents, residents->next))
		residents->next++;
	end = residents->next + OVERTAKEN_MAX;
	for (i = residents->next; i < residents->queued && i < end; i++) {
		struct resident *resident = waiting(residents, i);

		if (!resident || is_crowded(residents, resident))
			continue;
		if (!ask_for(residents, resident))
			return;
		resident->wish = RESIDENT_STAYS;
	}
}
