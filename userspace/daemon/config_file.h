/* SPDX-License-Identifier: GPL-2.0 */
/* Inside the config files of the daemon: one file while it is read. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stdio.h>
#include "config.h"

#define CONFIG_NO_GROUP	(~0u)
#define CONFIG_NO_RATE	UINT32_MAX

enum config_kind {
	CONFIG_HOST,
	CONFIG_GROUP,
	CONFIG_GUEST,
};

/**
 * struct config_file - one file
 * @line: that is being read
 * @text: of it
 * @section: line of the section's name
 * @fresh: a section has begun and had no key yet
 * @kind: of the section
 * @seen: which of its keys were there, by their place in the table
 * @err, @error: the first complaint; nothing is read after it
 */
struct config_file {
	const char *path;
	FILE *stream;
	unsigned int line;
	char *text;
	size_t text_size;
	unsigned int section;
	struct config *config;
	bool fresh;
	bool has_host;
	enum config_kind kind;
	uint64_t seen;
	int err;
	char *error;
	size_t error_size;
};

/* @line 0: about the whole file. Only the first complaint counts. */
void config_complain(struct config_file *file, unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* config_key.c: one key of the section that is being read */
void config_set(struct config_file *file, const char *name, const char *value);

/* config_check.c: names, and what can be told only at the end */
void config_check_group_name(struct config_file *file, const char *name);
void config_check_guest_name(struct config_file *file, const char *name);
void config_check(struct config_file *file);

#endif /* CONFIG_FILE_H */
