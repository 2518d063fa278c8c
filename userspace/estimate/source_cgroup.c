// SPDX-License-Identifier: GPL-2.0
/* The processes of a cgroup and of those below it. */
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../lib/place.h"
#include "source.h"

/* A kernel thread has none, nor has a process that has exited. */
static bool has_memory(int pid)
{
	char path[64];
	unsigned long pages = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages;
}

/* A cgroup that was removed meanwhile, or is threaded, has no processes. */
static int add_processes(struct sources *sources, const char *directory, size_t *found)
{
	char path[PATH_MAX];
	FILE *file;
	int pid, err = 0;

	if (snprintf(path, sizeof(path), "%s/cgroup.procs", directory) >= (int)sizeof(path))
		return 0;
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	/* 0: of another pid namespace. The tool itself grows while it reads. */
	while (!err && fscanf(file, "%d", &pid) == 1) {
		if (!pid || pid == getpid() || !has_memory(pid))
			continue;
		err = sources_add_process(sources, pid);
		++*found;
	}
	fclose(file);
	return err;
}

static int walk(struct sources *sources, char *path, size_t *found)
{
	char *paths[] = { path, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int err = 0;

	if (!fts)
		return -errno;
	while (!err && (entry = fts_read(fts)))
		if (entry->fts_info == FTS_D)
			err = add_processes(sources, entry->fts_path, found);
	fts_close(fts);
	return err;
}

int cgroup_add(struct sources *sources, const char *path, char *why, size_t size)
{
	char mount[PATH_MAX], below[PATH_MAX], full[2 * PATH_MAX];
	size_t found = 0;
	int err = place_mount(mount, sizeof(mount));

	if (err) {
		snprintf(why, size, "no cgroup2 file system is mounted");
		return err;
	}
	err = place_below(mount, path, below, sizeof(below));
	if (err) {
		snprintf(why, size, "this is not the path of a cgroup");
		return err;
	}
	snprintf(full, sizeof(full), "%s%s", mount, below);
	if (access(full, F_OK)) {
		snprintf(why, size, "there is no such cgroup");
		return -ENOENT;
	}
	err = walk(sources, full, &found);
	if (err)
		snprintf(why, size, "cannot read its processes: %s", strerror(-err));
	if (err || found)
		return err;
	snprintf(why, size, "it has no processes");
	return -ENOENT;
}
