// SPDX-License-Identifier: GPL-2.0
/* Where cgroup2 is mounted, and paths below it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "place.h"

/* The kernel writes blanks in paths as \040, and the like. */
static void unescape(char *text)
{
	char *to = text;
	char byte;

	while (*text) {
		byte = *text++;
		if (byte == '\\' && strspn(text, "01234567") >= 3) {
			byte = (char)((text[0] - '0') << 6 |
				      (text[1] - '0') << 3 | (text[2] - '0'));
			text += 3;
		}
		*to++ = byte;
	}
	*to = '\0';
}

/* The mount point, if this line of mountinfo is of cgroup2 as a whole */
static char *mount_of(char *line)
{
	char *type = strstr(line, " - ");
	char *fields[5];
	size_t i;

	if (!type || strncmp(type + 3, "cgroup2 ", 8))
		return NULL;
	*type = '\0';
	for (i = 0; i < 5; i++) {
		fields[i] = strsep(&line, " ");
		if (!line)
			return NULL;
	}
	if (strcmp(fields[3], "/"))
		return NULL;
	unescape(fields[4]);
	return fields[4];
}

int place_mount(char *path, size_t size)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	const char *mount = NULL;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return -errno;
	while (!mount && getline(&line, &room, file) > 0)
		mount = mount_of(line);
	if (mount)
		snprintf(path, size, "%s", mount);
	free(line);
	fclose(file);
	return mount ? 0 : -ENODEV;
}

int place_below(const char *mount, const char *text, char *path, size_t size)
{
	size_t prefix = strlen(mount);
	size_t len = 0;
	size_t n;

	if (!strncmp(text, mount, prefix) && (text[prefix] == '/' || !text[prefix]))
		text += prefix;
	for (text += strspn(text, "/"); *text; text += strspn(text, "/")) {
		n = strcspn(text, "/");
		if ((n == 1 || n == 2) && !strncmp(text, "..", n))
			return -EINVAL;
		if (len + n + 1 >= size)
			return -ENAMETOOLONG;
		path[len] = '/';
		memcpy(path + len + 1, text, n);
		len += n + 1;
		text += n;
	}
	path[len] = '\0';
	return 0;
}

bool place_contains(const char *above, const char *path)
{
	size_t len = strlen(above);

	return !strncmp(path, above, len) && (path[len] == '/' || !path[len]);
}
