/* SPDX-License-Identifier: GPL-2.0 */
/* A list of names, sorted. */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct names {
	char **list;
	size_t count;
};

/* At the end: names_sort() follows. -ENOMEM or 0. */
int names_add(struct names *names, const char *name);
/* Sorts, and removes duplicates. */
void names_sort(struct names *names);
bool names_are_equal(const struct names *a, const struct names *b);
void names_free(struct names *names);

/*
 * Adds what the '*' of @pattern stands for in the paths that exist. @root
 * precedes the pattern, but is not a part of it. 0, or -errno: unknown. That
 * the directory is not there is no error.
 */
int names_list(struct names *names, const char *root, const char *pattern);

#endif /* NAMES_H */
