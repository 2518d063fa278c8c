/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon's snapshot (../lib/status.h), taken apart. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include <stddef.h>

#define STATUS_FIELDS	32

/**
 * struct status_line - one line of it; all texts point into the snapshot
 * @kind: host, group, guest
 * @names: of its fields
 */
struct status_line {
	const char *kind;
	char **names;
	char *values[STATUS_FIELDS];
	unsigned int count;
};

/**
 * struct status - a snapshot
 * @lines: that have values, in their order
 */
struct status {
	char *text;
	struct status_line *lines;
	size_t count;
	struct status_names *names;
};

/*
 * Takes over @text, malloc()ed and with a NUL at its end. NULL, or a sentence
 * about what is wrong with it; status_free() is due in any case.
 */
const char *status_parse(struct status *status, char *text);
void status_free(struct status *status);
/* "" if the line has no such field. */
const char *status_get(const struct status_line *line, const char *name);

#endif /* CLI_STATUS_H */
