/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon's snapshot (../lib/status.h), parsed. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include <stddef.h>

#define STATUS_FIELDS	32

/**
 * struct status_line - one line of a snapshot; all texts point into it
 * @kind: host, group, guest
 * @names: names of the fields
 */
struct status_line {
	const char *kind;
	char **names;
	char *values[STATUS_FIELDS];
	unsigned int count;
};

/**
 * struct status - a snapshot
 * @lines: lines with values, in the order of the snapshot
 */
struct status {
	char *text;
	struct status_line *lines;
	size_t count;
	struct status_names *names;
};

/*
 * Takes ownership of @text, which is malloc()ed and NUL-terminated. Returns
 * NULL or an error message; call status_free() in either case.
 */
const char *status_parse(struct status *status, char *text);
void status_free(struct status *status);
/* "" if the line has no such field. */
const char *status_get(const struct status_line *line, const char *name);

#endif /* CLI_STATUS_H */
