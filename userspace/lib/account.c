// SPDX-License-Identifier: GPL-2.0
/*
 * Put a group's scanner into a cgroup, which its CPU time is then accounted to.
 *
 * A kernel thread is never frozen and never killed with its cgroup, and the
 * cgroup is populated as long as the thread is in it. So a scanner gets a
 * cgroup of its own, shared with other scanners at most.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "conn.h"
#include "place.h"

#define ROOT	"none"

/**
 * struct place - a cgroup
 * @path: its directory
 * @mount: length of the part of @path that is the mount point of cgroup2
 * @created: it was created here
 */
struct place {
	char path[PATH_MAX];
	size_t mount;
	bool created;
};

__attribute__((format(printf, 3, 4)))
static int refuse_place(struct grpdedup_conn *conn, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(conn->error, sizeof(conn->error), fmt, ap);
	va_end(ap);
	return err;
}

static const char *name_of(const struct place *place)
{
	const char *name = place->path + place->mount;

	return *name ? name : "/";
}

static int find_mount(struct grpdedup_conn *conn, struct place *place)
{
	int err = place_mount(place->path, sizeof(place->path));

	if (err == -ENODEV)
		return refuse_place(conn, err, "no cgroup2 file system is mounted");
	if (err)
		return refuse_place(conn, err, "cannot read /proc/self/mountinfo: %s",
				    strerror(-err));
	place->mount = strlen(place->path);
	return 0;
}

static int locate(struct grpdedup_conn *conn, const char *text,
		  struct place *place)
{
	char mount[PATH_MAX];
	char *below = place->path + place->mount;
	int err;

	snprintf(mount, sizeof(mount), "%.*s", (int)place->mount, place->path);
	err = place_below(mount, text, below, sizeof(place->path) - place->mount);
	if (err == -EINVAL)
		return refuse_place(conn, err,
				    "the path of a cgroup may not contain '.' or '..'");
	if (err)
		return refuse_place(conn, err, "the path of the cgroup is too long");
	if (!*below)
		return refuse_place(conn, -EINVAL,
				    "this is the root cgroup; use '" ROOT "' for it");
	return 0;
}

static int open_file(const char *dir, const char *name, int flags)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return -ENOMEM;
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(path);
	return fd;
}

/* "" if it cannot be read */
static void read_file(const char *dir, const char *name, char *buf, size_t size)
{
	int fd = open_file(dir, name, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

/* The last component is created if it is missing. */
static int make(struct grpdedup_conn *conn, struct place *place)
{
	char type[64];

	place->created = !mkdir(place->path, 0755);
	if (!place->created && errno == ENOENT)
		return refuse_place(conn, -ENOENT, "there is no cgroup %.*s",
				    (int)(strrchr(name_of(place), '/') - name_of(place)),
				    name_of(place));
	if (!place->created && errno != EEXIST)
		return refuse_place(conn, -errno, "cannot create cgroup %s: %s",
				    name_of(place), strerror(errno));
	read_file(place->path, "cgroup.type", type, sizeof(type));
	type[strcspn(type, "\n")] = '\0';
	if (!type[0])
		return refuse_place(conn, -ENOENT, "%s is no cgroup", name_of(place));
	if (strcmp(type, "domain"))
		return refuse_place(conn, -EOPNOTSUPP,
				    "cgroup %s is threaded (its type is '%s'), so it takes no scanner",
				    name_of(place), type);
	return 0;
}

/* It is frozen with any cgroup above it. */
static int check_thawed(struct grpdedup_conn *conn, const struct place *place)
{
	struct place above = *place;
	char freeze[8];

	while (above.path[above.mount]) {
		read_file(above.path, "cgroup.freeze", freeze, sizeof(freeze));
		if (freeze[0] == '1')
			return refuse_place(conn, -EBUSY,
					    "cgroup %s is frozen, and would not stay so with a scanner in it",
					    name_of(&above));
		*strrchr(above.path, '/') = '\0';
	}
	return 0;
}

static bool is_scanner(uint32_t pid, const struct grpdedup_group *groups,
		       size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (groups[i].tid == pid)
			return true;
	return false;
}

static int check_processes(struct grpdedup_conn *conn, const struct place *place,
			   const struct grpdedup_group *groups, size_t count)
{
	int fd = open_file(place->path, "cgroup.procs", O_RDONLY);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	uint32_t pid = 0;
	bool found = false;

	if (!file)
		return refuse_place(conn, fd < 0 ? fd : -ENOMEM,
				    "cannot read the processes of cgroup %s: %s",
				    name_of(place), strerror(fd < 0 ? -fd : ENOMEM));
	while (!found && fscanf(file, "%" SCNu32, &pid) == 1)
		found = !is_scanner(pid, groups, count);
	fclose(file);
	if (found)
		return refuse_place(conn, -EBUSY,
				    "process %" PRIu32 " is in cgroup %s: a scanner needs a cgroup without other processes",
				    pid, name_of(place));
	return 0;
}

static int check_children(struct grpdedup_conn *conn, const struct place *place)
{
	DIR *dir = opendir(place->path);
	char name[NAME_MAX + 16];
	char events[128] = "";
	struct dirent *entry;

	if (!dir)
		return refuse_place(conn, -errno, "cannot read cgroup %s: %s",
				    name_of(place), strerror(errno));
	while (!strstr(events, "populated 1") && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, ".."))
			continue;
		snprintf(name, sizeof(name), "%s/cgroup.events", entry->d_name);
		read_file(place->path, name, events, sizeof(events));
	}
	closedir(dir);
	if (strstr(events, "populated 1"))
		return refuse_place(conn, -EBUSY,
				    "there are processes below cgroup %s: a scanner needs a cgroup without other processes",
				    name_of(place));
	return 0;
}

static int write_tid(const char *dir, uint32_t tid)
{
	char text[16];
	int fd = open_file(dir, "cgroup.procs", O_WRONLY);
	int err = 0;

	if (fd < 0)
		return fd;
	snprintf(text, sizeof(text), "%" PRIu32, tid);
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int enter(struct grpdedup_conn *conn, const struct place *place,
		 uint32_t tid)
{
	/* The kernel would take 0 as the calling process. */
	int err = tid ? write_tid(place->path, tid) : -ESRCH;

	if (err == -EBUSY)
		return refuse_place(conn, err,
				    "cgroup %s has controllers enabled for its children (cgroup.subtree_control), so it takes no scanner",
				    name_of(place));
	if (err)
		return refuse_place(conn, err,
				    "cannot move the scanner to cgroup %s: %s",
				    name_of(place), strerror(-err));
	return 0;
}

static int enter_leaf(struct grpdedup_conn *conn, struct place *place,
		      uint32_t tid, const struct grpdedup_group *groups,
		      size_t count)
{
	int err = check_thawed(conn, place);

	if (!err)
		err = make(conn, place);
	if (!err)
		err = check_processes(conn, place, groups, count);
	if (!err)
		err = check_children(conn, place);
	if (!err)
		err = enter(conn, place, tid);
	if (err && place->created)
		rmdir(place->path);
	return err;
}

int grpdedup_account_set(struct grpdedup_conn *conn, const char *name,
			 const char *path)
{
	struct place place = { 0 };
	struct grpdedup_group group;
	struct grpdedup_group *groups;
	size_t count;
	int err;

	err = grpdedup_group_get(conn, name, &group);
	if (!err)
		err = grpdedup_group_list(conn, &groups, &count);
	if (err)
		return err;
	err = find_mount(conn, &place);
	if (!err && !strcmp(path, ROOT)) {
		err = enter(conn, &place, group.tid);
	} else if (!err) {
		err = locate(conn, path, &place);
		if (!err)
			err = enter_leaf(conn, &place, group.tid, groups, count);
	}
	free(groups);
	return err;
}

int grpdedup_account_get(uint32_t tid, char *path, size_t size)
{
	char name[32];
	char *line = NULL;
	size_t room = 0;
	int err = -ENOENT;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%" PRIu32 "/cgroup", tid);
	file = fopen(name, "re");
	if (!file)
		return -errno;
	while (err && getline(&line, &room, file) > 0) {
		/* Hierarchies of version 1 have other numbers. */
		if (strncmp(line, "0::", 3))
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(path, size, "%s", line + 3);
		err = 0;
	}
	free(line);
	fclose(file);
	return err;
}
