/* SPDX-License-Identifier: GPL-2.0 */
/* Paths of cgroups (version 2), below the mount point: "/a.slice/b.scope". */
#ifndef GRPDEDUP_PLACE_H
#define GRPDEDUP_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* 0; -ENODEV: cgroup2 is not mounted as a whole; or why it is unknown. */
int place_mount(char *path, size_t size);
/*
 * @text may have the mount point before it, and '/' before that, or not; "" is
 * the root cgroup. 0; -EINVAL: @text contains '.' or '..'; or -ENAMETOOLONG.
 */
int place_below(const char *mount, const char *text, char *path, size_t size);
/* @path is @above, or below it. */
bool place_contains(const char *above, const char *path);

#endif /* GRPDEDUP_PLACE_H */
