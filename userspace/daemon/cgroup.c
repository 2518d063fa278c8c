// SPDX-License-Identifier: GPL-2.0
/* Walk cgroups and read their processes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../lib/array.h"
#include "../lib/place.h"
#include "cgroup.h"
#include "loop.h"
#include "names.h"
#include "process.h"

#define PROCESSES	"/cgroup.procs"
/* For one binding: a tenant may nest cgroups deeply. */
#define WALK_MS		100

/**
 * struct walk - through one binding
 * @left: cgroups that it may still visit, -1: there were more
 * @end_ms: when it ends at the latest
 * @path: the directory where it is
 * @mount: length of the mount point in it
 * @visit: called for each process; nonzero ends the walk with that
 */
struct walk {
	char path[PATH_MAX];
	size_t mount;
	int left;
	uint64_t end_ms;
	const struct binding *bindings;
	size_t count;
	int (*visit)(void *arg, pid_t pid);
	void *arg;
};

static int compare_bindings(const void *a, const void *b)
{
	return strcmp(((const struct binding *)a)->path, ((const struct binding *)b)->path);
}

void bindings_sort(struct binding *bindings, size_t count)
{
	struct binding swap;
	size_t i, j;

	/* qsort() is not stable. */
	for (i = 1; i < count; i++)
		for (j = i; j && compare_bindings(&bindings[j - 1], &bindings[j]) > 0; j--) {
			swap = bindings[j];
			bindings[j] = bindings[j - 1];
			bindings[j - 1] = swap;
		}
}

/* Nothing, or of equal ones any. */
static const struct binding *find_binding(const struct binding *bindings, size_t count,
					  const char *path)
{
	struct binding key = { .path = path };

	return count ? bsearch(&key, bindings, count, sizeof(key), compare_bindings) : NULL;
}

void *bindings_owner(const struct binding *bindings, size_t count, const char *path)
{
	const struct binding *deepest = NULL;
	size_t i;

	for (i = 0; i < count; i++)
		if (place_contains(bindings[i].path, path) &&
		    (!deepest || strlen(bindings[i].path) > strlen(deepest->path)))
			deepest = &bindings[i];
	return deepest ? deepest->owner : NULL;
}

static bool is_gone(int err)
{
	return err == ENOENT || err == ENODEV || err == ENOTDIR;
}

/* In a threaded cgroup they cannot be read: they are those of one above. */
static int visit_processes(struct walk *walk, size_t length)
{
	FILE *file;
	int err = 0;
	int pid;

	strcpy(walk->path + length, PROCESSES);
	file = fopen(walk->path, "re");
	if (!file)
		return is_gone(errno) ? 0 : -errno;
	errno = 0;
	while (!err && fscanf(file, "%d", &pid) == 1)
		err = walk->visit(walk->arg, pid);
	if (!err && ferror(file) && errno != EOPNOTSUPP && !is_gone(errno))
		err = -errno;
	fclose(file);
	return err;
}

/*
 * The directories below the path, which is not held open: there may be many
 * levels.
 */
static int list_below(struct walk *walk, struct names *names)
{
	DIR *dir = opendir(walk->path);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return is_gone(errno) ? 0 : -errno;
	while (!err && (errno = 0, entry = readdir(dir)))
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") &&
		    strcmp(entry->d_name, ".."))
			err = names_add(names, entry->d_name);
	if (!err && errno && !is_gone(errno))
		err = -errno;
	closedir(dir);
	return err;
}

/*
 * @length: of the path, to which this appends. A path that is too long belongs
 * to somebody who does not want to be found.
 */
static int visit_below(struct walk *walk, size_t length)
{
	size_t room = sizeof(walk->path) - length, i;
	struct names names = { 0 };
	int err, n;

	if (loop_now() >= walk->end_ms)
		walk->left = -1;
	if (room <= sizeof(PROCESSES) || walk->left < 0 || walk->left-- == 0)
		return 0;
	err = visit_processes(walk, length);
	walk->path[length] = '\0';
	if (!err)
		err = list_below(walk, &names);
	for (i = 0; i < names.count && !err; i++) {
		n = snprintf(walk->path + length, room, "/%s", names.list[i]);
		/* The processes of deeper bindings belong to those. */
		if (n < (int)room && !find_binding(walk->bindings, walk->count,
						   walk->path + walk->mount))
			err = visit_below(walk, length + (size_t)n);
	}
	names_free(&names);
	return err;
}

static int walk_from(struct walk *walk, const char *mount, const char *path)
{
	int n = snprintf(walk->path, sizeof(walk->path), "%s%s", mount, path);

	if (n >= (int)sizeof(walk->path))
		return -ENAMETOOLONG;
	walk->mount = strlen(mount);
	walk->left = CGROUP_MAX;
	walk->end_ms = loop_now() + WALK_MS;
	return visit_below(walk, (size_t)n);
}

/**
 * struct collection - processes while they are read
 */
struct collection {
	struct cgroup_processes *processes;
	void *owner;
};

static int collect(void *arg, pid_t pid)
{
	const struct collection *collection = arg;
	struct cgroup_processes *to = collection->processes;
	struct cgroup_process *list;

	/* Of another pid namespace */
	if (!pid)
		return 0;
	list = array_grow(to->list, &to->room, to->count, sizeof(*list));
	if (!list)
		return -ENOMEM;
	to->list = list;
	to->list[to->count++] = (struct cgroup_process){ pid, collection->owner };
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = ((const struct cgroup_process *)a)->pid;
	pid_t y = ((const struct cgroup_process *)b)->pid;

	return (x > y) - (x < y);
}

/* The kernel may report one twice, and one may have moved meanwhile. */
static void sort(struct cgroup_processes *processes)
{
	size_t i, n = 0;

	if (processes->count)
		qsort(processes->list, processes->count, sizeof(*processes->list),
		      compare_pids);
	for (i = 0; i < processes->count; i++)
		if (!n || processes->list[n - 1].pid != processes->list[i].pid)
			processes->list[n++] = processes->list[i];
	processes->count = n;
}

int cgroup_look(const char *mount, const struct binding *bindings, size_t count,
		struct cgroup_processes *processes)
{
	struct walk walk = { .bindings = bindings, .count = count, .visit = collect };
	struct collection collection = { .processes = processes };
	size_t i;
	int err = 0;

	walk.arg = &collection;
	processes->count = 0;
	processes->cut = NULL;
	for (i = 0; i < count && !err; i++) {
		if (i && !strcmp(bindings[i].path, bindings[i - 1].path))
			continue;
		collection.owner = bindings[i].owner;
		err = walk_from(&walk, mount, bindings[i].path);
		if (walk.left < 0)
			processes->cut = bindings[i].path;
	}
	sort(processes);
	return err;
}

/* Ends the walk at the first one. */
static int is_user_process(void *arg, pid_t pid)
{
	uint64_t start;
	int err = process_start_user(pid, &start);

	(void)arg;
	return err != -ENOTSUP && err != -ESRCH;
}

bool cgroup_is_lived_in(const char *mount, const char *path)
{
	struct walk walk = { .visit = is_user_process };
	char name[PATH_MAX], events[256] = "";
	FILE *file;
	size_t n;

	if (snprintf(name, sizeof(name), "%s%s/cgroup.events", mount, path) >=
	    (int)sizeof(name))
		return false;
	file = fopen(name, "re");
	if (!file)
		return !is_gone(errno);
	n = fread(events, 1, sizeof(events) - 1, file);
	events[n] = '\0';
	fclose(file);
	return !strstr(events, "populated 0") &&
	       (walk_from(&walk, mount, path) || walk.left < 0);
}
