// SPDX-License-Identifier: GPL-2.0
/* The list of sources. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/array.h"
#include "../lib/parse.h"
#include "source.h"

#define CGROUP		"cgroup:"

static struct source *add(struct sources *sources)
{
	struct source *list = array_grow(sources->list, &sources->room, sources->count,
					 sizeof(*list));

	if (!list)
		return NULL;
	sources->list = list;
	memset(&sources->list[sources->count], 0, sizeof(*sources->list));
	return &sources->list[sources->count++];
}

static void name_process(struct source *source)
{
	char path[64], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", source->pid);
	file = fopen(path, "re");
	if (file) {
		if (fgets(comm, sizeof(comm), file))
			comm[strcspn(comm, "\n")] = '\0';
		fclose(file);
	}
	snprintf(source->name, sizeof(source->name), comm[0] ? "%d (%s)" : "%d",
		 source->pid, comm);
}

int sources_add_process(struct sources *sources, pid_t pid)
{
	struct source *source;
	size_t i;

	for (i = 0; i < sources->count; i++)
		if (sources->list[i].pid == pid)
			return 0;
	source = add(sources);
	if (!source)
		return -ENOMEM;
	source->pid = pid;
	name_process(source);
	return 0;
}

static int add_file(struct sources *sources, const char *text)
{
	const char *equals = strchr(text, '=');
	const char *slash = strchr(text, '/');
	struct source *source = add(sources);

	if (!source)
		return -ENOMEM;
	source->path = text;
	/* "./a=b" is a file. */
	if (equals && equals > text && (!slash || slash > equals)) {
		source->path = equals + 1;
		snprintf(source->name, sizeof(source->name), "%.*s", (int)(equals - text), text);
	} else {
		/* The end of a long path tells more than its beginning. */
		snprintf(source->name, sizeof(source->name), "%s",
			 slash ? strrchr(text, '/') + 1 : text);
	}
	return 0;
}

int sources_add(struct sources *sources, const char *text, char *why, size_t size)
{
	uint64_t pid;
	int err;

	if (!strncmp(text, CGROUP, strlen(CGROUP)))
		return cgroup_add(sources, text + strlen(CGROUP), why, size);
	if (text[strspn(text, "0123456789")])
		err = add_file(sources, text);
	else if (parse_number(text, INT_MAX, &pid) || !pid)
		err = -ESRCH;
	else
		err = sources_add_process(sources, (pid_t)pid);
	if (err)
		snprintf(why, size, "%s",
			 err == -ESRCH ? "there is no such process" : strerror(-err));
	return err;
}

void sources_free(struct sources *sources)
{
	free(sources->list);
	*sources = (struct sources){ 0 };
}

int source_fail(struct source *source, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(source->why, sizeof(source->why), fmt, ap);
	va_end(ap);
	source->err = err;
	return err;
}

int source_read(struct source *source, uint8_t *buffer, block_visitor visit, void *arg)
{
	source->in_reach = 0;
	source->swapped = 0;
	source->missing = 0;
	memset(source->out, 0, sizeof(source->out));
	return source->pid ? process_read(source, buffer, visit, arg) :
			     file_read(source, buffer, visit, arg);
}

uint64_t source_out(const struct source *source)
{
	uint64_t bytes = 0;
	int i;

	for (i = 0; i < AREA_REACHES; i++)
		bytes += source->out[i];
	return bytes;
}
