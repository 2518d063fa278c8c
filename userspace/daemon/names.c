// SPDX-License-Identifier: GPL-2.0
/* Lists of names, and the names that a pattern has in a directory. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "names.h"
#include "pattern.h"

int names_add(struct names *names, const char *name)
{
	char **bigger = reallocarray(names->list, names->count + 1, sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	names->list = bigger;
	bigger[names->count] = strdup(name);
	return bigger[names->count] && ++names->count ? 0 : -ENOMEM;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_sort(struct names *names)
{
	size_t i, n = 0;

	if (names->count)
		qsort(names->list, names->count, sizeof(*names->list), compare);
	for (i = 0; i < names->count; i++) {
		if (n && !strcmp(names->list[n - 1], names->list[i]))
			free(names->list[i]);
		else
			names->list[n++] = names->list[i];
	}
	names->count = n;
}

bool names_are_equal(const struct names *a, const struct names *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (strcmp(a->list[i], b->list[i]))
			return false;
	return true;
}

void names_free(struct names *names)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct names){ 0 };
}

static bool exists(const char *dir, const char *name, const char *rest)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s%s", dir, name, rest);

	return n < (int)sizeof(path) && !access(path, F_OK);
}

int names_list(struct names *names, const char *root, const char *pattern)
{
	/* DIR/COMPONENT/REST, where the component has the '*' */
	const char *star = strchr(pattern, '*');
	const char *component, *rest = star + strcspn(star, "/");
	char path[PATH_MAX], part[NAME_MAX + 1], wanted[NAME_MAX + 1];
	struct dirent *entry;
	int err = 0;
	DIR *dir;

	for (component = star; component > pattern && component[-1] != '/'; component--)
		;
	snprintf(wanted, sizeof(wanted), "%.*s", (int)(rest - component), component);
	snprintf(path, sizeof(path), "%s%.*s", root, (int)(component - pattern), pattern);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	while (!err && (errno = 0, entry = readdir(dir)))
		if (pattern_match(wanted, entry->d_name, part, sizeof(part)) &&
		    (!*rest || exists(path, entry->d_name, rest)))
			err = names_add(names, part);
	if (!err)
		err = -errno;
	closedir(dir);
	return err;
}
