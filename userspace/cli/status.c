// SPDX-License-Identifier: GPL-2.0
/* Parse the daemon's snapshot. It is read from a socket: check everything. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/status.h"
#include "status.h"

/* There are three kinds; limit memory and time of a bad snapshot. */
#define KINDS_MAX	16

/* Names of the fields of one kind of line. */
struct status_names {
	struct status_names *next;
	char *kind;
	char *names[STATUS_FIELDS];
	unsigned int count;
};

/* Split at tabs; fields beyond STATUS_FIELDS are dropped. */
static unsigned int cut(char *line, char **kind, char **fields)
{
	unsigned int count = 0;
	char *field;

	*kind = strsep(&line, "\t");
	while ((field = strsep(&line, "\t")) && count < STATUS_FIELDS)
		fields[count++] = field;
	return count;
}

static const char *take_names(struct status *status, char *line)
{
	struct status_names *names = calloc(1, sizeof(*names));
	const struct status_names *other;
	unsigned int kinds = 0;

	if (!names)
		return "out of memory";
	names->count = cut(line, &names->kind, names->names);
	names->next = status->names;
	status->names = names;
	for (other = names->next; other; other = other->next) {
		if (!strcmp(other->kind, names->kind))
			return "duplicate list of field names";
		if (++kinds == KINDS_MAX)
			return "too many kinds of lines";
	}
	return NULL;
}

static const char *take_values(struct status *status, char *line)
{
	struct status_line *lines = reallocarray(status->lines, status->count + 1,
						 sizeof(*lines));
	struct status_line *last;
	struct status_names *names;
	char *kind;

	if (!lines)
		return "out of memory";
	status->lines = lines;
	last = &lines[status->count];
	last->count = cut(line, &kind, last->values);
	for (names = status->names; names; names = names->next)
		if (!strcmp(names->kind, kind))
			break;
	if (!names)
		return "a line without field names";
	if (last->count != names->count)
		return "wrong number of fields";
	last->kind = names->kind;
	last->names = names->names;
	status->count++;
	return NULL;
}

static const char *check_magic(const char *line)
{
	char want[32];

	snprintf(want, sizeof(want), "%s\t%d", GRPDEDUP_STATUS_MAGIC,
		 GRPDEDUP_STATUS_VERSION);
	if (!strcmp(line, want))
		return NULL;
	if (!strncmp(line, GRPDEDUP_STATUS_MAGIC "\t",
		     strlen(GRPDEDUP_STATUS_MAGIC) + 1))
		return "unknown version";
	return "not a grpdedupd status";
}

const char *status_parse(struct status *status, char *text)
{
	const char *bad;
	char *line;

	*status = (struct status){ .text = text };
	line = strsep(&text, "\n");
	bad = text ? check_magic(line) : NULL;
	/* Ignore an unterminated last line. */
	while (!bad && (line = strsep(&text, "\n")) && text) {
		if (!strcmp(line, GRPDEDUP_STATUS_END))
			return *text ? "data after the end" : NULL;
		bad = *line == '#' ? take_names(status, line + 1) :
				     take_values(status, line);
	}
	return bad ? bad : "incomplete";
}

void status_free(struct status *status)
{
	struct status_names *names;

	while ((names = status->names)) {
		status->names = names->next;
		free(names);
	}
	free(status->lines);
	free(status->text);
	*status = (struct status){ 0 };
}

const char *status_get(const struct status_line *line, const char *name)
{
	unsigned int i;

	for (i = 0; i < line->count; i++)
		if (!strcmp(line->names[i], name))
			return line->values[i];
	return "";
}
