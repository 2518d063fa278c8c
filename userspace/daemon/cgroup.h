/* SPDX-License-Identifier: GPL-2.0 */
/* The processes of cgroups (version 2), and of those below them. */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Cgroups that are looked at in one binding */
#define CGROUP_MAX	4096

/**
 * struct binding - a cgroup whose processes somebody wants
 * @path: below the mount point
 * @owner: who
 */
struct binding {
	const char *path;
	void *owner;
};

/**
 * struct cgroup_process - a process in a bound cgroup
 * @owner: of the deepest binding that it is in
 */
struct cgroup_process {
	pid_t pid;
	void *owner;
};

/**
 * struct cgroup_processes - all of them, by pid
 * @cut: a binding with more cgroups below it than are looked at, NULL if there
 *	is none: a tenant that may create cgroups must not hold up the others
 */
struct cgroup_processes {
	struct cgroup_process *list;
	size_t count;
	size_t room;
	const char *cut;
};

/* For the functions below. Of equal paths, the first is in force. */
void bindings_sort(struct binding *bindings, size_t count);
/* The owner of the deepest binding that @path is in, NULL if it is in none. */
void *bindings_owner(const struct binding *bindings, size_t count, const char *path);
/*
 * All processes in the bindings, by pid; kernel threads too. A cgroup that does
 * not exist has none. 0; -errno: unknown.
 */
int cgroup_look(const char *mount, const struct binding *bindings, size_t count,
		struct cgroup_processes *processes);

/*
 * Does it exist, with processes in it or below it? A kernel thread is none: the
 * scanner that is accounted to a cgroup must not keep it alive. "Yes" if it is
 * unknown.
 */
bool cgroup_is_lived_in(const char *mount, const char *path);

#endif /* CGROUP_H */
