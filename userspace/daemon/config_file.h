/* SPDX-License-Identifier: GPL-2.0 */
/* Internal to config*.c: a configuration file while it is read. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stdio.h>
#include "config.h"

#define CONFIG_NO_GROUP	(~0u)
#define CONFIG_NO_RATE	UINT32_MAX
/* inih truncates longer lines. */
#define CONFIG_LINE_SIZE	199

enum config_kind {
	CONFIG_HOST,
	CONFIG_GROUP,
	CONFIG_GUEST,
};

/**
 * struct config_file - a configuration while it is read
 * @path: the file that is being read, or checked
 * @line: number of the current line
 * @text: buffer of the current line
 * @section: line of the current section's name
 * @name: that name
 * @fresh: the current section has had no key yet
 * @kind: kind of the current section
 * @is_template: it is [groups PATTERN], which has the keys of a group
 * @subject: the struct that it describes
 * @seen: which keys the section has had, by index in the table of keys
 * @err, @error: the first error; reading stops there
 */
struct config_file {
	const char *path;
	FILE *stream;
	unsigned int line;
	char *text;
	size_t text_size;
	unsigned int section;
	char name[CONFIG_LINE_SIZE];
	struct config *config;
	bool fresh;
	bool has_host;
	enum config_kind kind;
	bool is_template;
	void *subject;
	uint64_t seen;
	int err;
	char *error;
	size_t error_size;
};

/* @line 0: concerns the whole file. Only the first error is kept. */
void config_complain(struct config_file *file, unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* config_key.c: set one key of the current section */
void config_set(struct config_file *file, const char *name, const char *value);

/* config_key.c: calls @fn for each key of a section that has two values */
void config_compare(enum config_kind kind, const void *old, const void *new,
		    config_change_fn fn, const char *who);

/* config_check.c: names, and what can be checked only at the end */
void config_check_group_name(struct config_file *file, const char *name);
void config_check_guest_name(struct config_file *file, const char *name);
/* @who: "guest NAME" or "group NAME" */
void config_check_sizes(struct config_file *file, unsigned int line, const char *who,
			const struct config_base *base, uint64_t max);
void config_check(struct config_file *file);

/* config_pattern.c: what discovery needs of a group, or of a template */
void config_check_patterns(struct config_file *file, const struct config_group *group);
void config_check_template(struct config_file *file, const struct config_group *template);

#endif /* CONFIG_FILE_H */
