// SPDX-License-Identifier: GPL-2.0
/* See who is in the bound cgroups, and be told when that may have changed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "../lib/place.h"
#include "log.h"
#include "resident_priv.h"

/* A cgroup that changes all the time is looked at so often. */
#define WAKE_MS	500

static int compare_pid(const void *key, const void *resident)
{
	pid_t a = *(const pid_t *)key, b = ((const struct resident *)resident)->pid;

	return (a > b) - (a < b);
}

struct resident *resident_find(const struct residents *residents, pid_t pid)
{
	if (!residents->count)
		return NULL;
	return bsearch(&pid, residents->list, residents->count, sizeof(*residents->list),
		       compare_pid);
}

static void on_event(void *arg, uint32_t events)
{
	struct residents *residents = arg;
	char buf[4096];

	(void)events;
	while (read(residents->inotify, buf, sizeof(buf)) > 0)
		;
	if (loop_now() - residents->looked_ms >= WAKE_MS)
		residents->wake(residents->arg);
}

static void stop_watching(struct residents *residents)
{
	watch_remove(residents->watch);
	residents->watch = NULL;
	if (residents->inotify >= 0)
		close(residents->inotify);
	residents->inotify = -1;
}

/* Without, there is one look a second. */
static void watch_events(struct residents *residents)
{
	char path[PATH_MAX];
	size_t i;

	if (residents->inotify < 0) {
		residents->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		if (residents->inotify >= 0)
			residents->watch = watch_add(residents->loop, residents->inotify,
						     EPOLLIN, on_event, residents);
		if (!residents->watch) {
			stop_watching(residents);
			return;
		}
	}
	/* Nothing happens for those that are watched already. */
	for (i = 0; i < residents->binding_count; i++)
		if (snprintf(path, sizeof(path), "%s%s/cgroup.events", residents->mount,
			     residents->bindings[i].path) < (int)sizeof(path))
			inotify_add_watch(residents->inotify, path, IN_MODIFY);
}

struct residents *residents_create(struct loop *loop, struct work *work,
				   void (*wake)(void *arg), void *arg)
{
	struct residents *residents = calloc(1, sizeof(*residents));

	if (!residents)
		return NULL;
	*residents = (struct residents){
		.loop = loop, .work = work, .wake = wake, .arg = arg, .inotify = -1,
	};
	return residents;
}

void residents_destroy(struct residents *residents)
{
	size_t i;

	if (!residents)
		return;
	for (i = 0; i < RESIDENT_ASKS; i++)
		work_forget(residents->work, &residents->asks[i]);
	stop_watching(residents);
	free(residents->list);
	free(residents->found.list);
	free(residents->bindings);
	free(residents->queue);
	free(residents);
}

static int bind(struct residents *residents, struct group *const *groups, size_t count)
{
	struct binding *bindings = calloc(count + 1, sizeof(*bindings));
	size_t i, n = 0;

	if (!bindings)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		if (groups[i]->config.cgroup[0] && !groups[i]->is_leaving)
			bindings[n++] = (struct binding){ groups[i]->config.cgroup, groups[i] };
	bindings_sort(bindings, n);
	free(residents->bindings);
	residents->bindings = bindings;
	residents->binding_count = n;
	return 0;
}

/* Has left; remembered until it is in no group because of its cgroup. */
static bool is_remembered(const struct resident *resident)
{
	return resident->home || resident->requesting;
}

static int merge(struct residents *residents)
{
	const struct cgroup_processes *found = &residents->found;
	struct resident *list = calloc(found->count + residents->count + 1, sizeof(*list));
	size_t i = 0, j = 0, n = 0;

	if (!list)
		return -ENOMEM;
	while (i < found->count || j < residents->count) {
		struct resident *old = j < residents->count ? &residents->list[j] : NULL;
		pid_t pid = i < found->count ? found->list[i].pid : INT_MAX;

		if (old && (old->pid < pid || i == found->count)) {
			old->here = NULL;
			if (is_remembered(old))
				list[n++] = *old;
			j++;
			continue;
		}
		list[n].pid = pid;
		if (old && old->pid == pid) {
			list[n] = *old;
			j++;
		}
		if (list[n].here != found->list[i].owner) {
			list[n].refused = false;
			list[n].again_ms = list[n].home ? list[n].again_ms : 0;
		}
		list[n++].here = found->list[i++].owner;
	}
	free(residents->list);
	residents->list = list;
	residents->count = n;
	return 0;
}

static void note(struct residents *residents, int err)
{
	char why[sizeof(residents->why)] = "";

	if (err == -ENODEV)
		snprintf(why, sizeof(why), "no cgroup2 file system is mounted");
	else if (err)
		snprintf(why, sizeof(why), "cgroups cannot be looked at: %s; what was known of them stays",
			 strerror(-err));
	else if (residents->found.cut)
		snprintf(why, sizeof(why), "there are more than %d cgroups below %s: not all are looked at",
			 CGROUP_MAX, residents->found.cut);
	if (why[0] && strcmp(why, residents->why))
		log_warning("%s", why);
	snprintf(residents->why, sizeof(residents->why), "%s", why);
}

void residents_look(struct residents *residents, struct group *const *groups, size_t count)
{
	int err = bind(residents, groups, count);
	size_t i;

	residents->looked_ms = loop_now();
	if (!err && residents->binding_count && !residents->mount[0])
		err = place_mount(residents->mount, sizeof(residents->mount));
	if (!err)
		err = cgroup_look(residents->mount, residents->bindings,
				  residents->binding_count, &residents->found);
	if (!err)
		err = merge(residents);
	note(residents, err);
	if (!err && residents->binding_count)
		watch_events(residents);
	for (i = 0; i < count; i++) {
		groups[i]->processes = 0;
		groups[i]->refused = 0;
	}
	for (i = 0; i < residents->count; i++) {
		struct resident *resident = &residents->list[i];

		/* Without a look, it may be a group that has left the files. */
		if (resident->here && resident->here->is_leaving)
			resident->here = NULL;
		resident->has_guest = false;
		resident->is_contested = resident->here && resident->here->config.rival.file;
	}
}

struct group *residents_group(const struct residents *residents, pid_t pid)
{
	const struct resident *resident = resident_find(residents, pid);

	return resident ? resident->here : NULL;
}

void residents_claim(struct residents *residents, pid_t pid, const char *group,
		     const char *contest)
{
	struct resident *resident = resident_find(residents, pid);

	if (!resident)
		return;
	/* What its cgroup has put elsewhere has to leave that first. */
	resident->has_guest = resident->here || !resident->home ||
			      !strcmp(resident->home->config.name, group);
	if (!contest || !resident->here)
		return;
	resident->is_contested = true;
	snprintf(resident->here->refusal, sizeof(resident->here->refusal), "%s", contest);
}

void residents_reset(struct residents *residents)
{
	residents->queued = 0;
	residents->next = 0;
	residents->binding_count = 0;
	/* Cgroups that are not bound any more need not wake anybody. */
	stop_watching(residents);
}

void residents_forget(struct residents *residents, const struct group *group)
{
	size_t i;

	residents_reset(residents);
	for (i = 0; i < residents->count; i++) {
		if (residents->list[i].here == group)
			residents->list[i].here = NULL;
		if (residents->list[i].home == group)
			residents->list[i].home = NULL;
	}
	for (i = 0; i < RESIDENT_ASKS; i++)
		if (residents->asks[i].group == group)
			residents->asks[i].group = NULL;
}

const char *residents_why(const struct residents *residents)
{
	return residents->why;
}
