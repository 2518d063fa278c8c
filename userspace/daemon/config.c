// SPDX-License-Identifier: GPL-2.0
/* Reading the configuration files; config_check.c validates them. */
#include <errno.h>
#include <glob.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "config_file.h"

/* Some editors write it at the start of a file. */
#define BYTE_ORDER_MARK	"\xef\xbb\xbf"

static void *add(void **array, size_t *count, size_t size)
{
	void *bigger = reallocarray(*array, *count + 1, size);

	if (!bigger)
		return NULL;
	*array = bigger;
	return memset((char *)bigger + (*count)++ * size, 0, size);
}

/* "PATH, " unless that is the present file */
static const char *other_file(const struct config_file *file, const char *path)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s, ", path);
	return path == file->path ? "" : text;
}

static const struct config_group *find_duplicate(const struct config *config,
						 const char *name)
{
	const struct config_group *other = config_find_group(config, name);

	return other ? other : config_find_template(config, name);
}

static void begin_group(struct config_file *file, const char *name)
{
	struct config *config = file->config;
	const struct config_group *other = find_duplicate(config, name);
	struct config_group *group;

	if (other)
		config_complain(file, file->section, "group %s is a duplicate of %sline %u",
				name, other_file(file, other->file), other->line);
	config_check_group_name(file, name);
	if (file->err)
		return;
	if (file->is_template)
		group = add((void **)&config->templates, &config->template_count,
			    sizeof(*group));
	else
		group = add((void **)&config->groups, &config->group_count, sizeof(*group));
	if (!group) {
		config_complain(file, 0, "no memory");
		return;
	}
	file->subject = group;
	snprintf(group->name, sizeof(group->name), "%s", name);
	group->file = file->path;
	group->line = file->section;
	group->rate = CONFIG_NO_RATE;
	group->split_min = GRPDEDUP_SPLIT_MIN_DEFAULT;
	group->rate_params = (struct rate_params){ .min = 1000, .max = 100000, .cpu_max = 20 };
	group->law = (struct law_params){
		.policy = &policy_equal,
		.growth = 64ull << 20,
		.deadband = 10ull << 20,
		.average = 10,
	};
}

static void begin_guest(struct config_file *file, const char *name)
{
	struct config *config = file->config;
	const struct config_guest *other = config_find_guest(config, name);
	struct config_guest *guest;

	if (other)
		config_complain(file, file->section, "guest %s is a duplicate of %sline %u", name,
				other_file(file, other->file), other->line);
	config_check_guest_name(file, name);
	if (file->err)
		return;
	guest = add((void **)&config->guests, &config->guest_count, sizeof(*guest));
	if (guest)
		guest->name = strdup(name);
	if (!guest || !guest->name) {
		config_complain(file, 0, "no memory");
		return;
	}
	file->subject = guest;
	guest->file = file->path;
	guest->line = file->section;
	guest->group = CONFIG_NO_GROUP;
}

static void begin_section(struct config_file *file)
{
	const char *section = file->name;

	file->seen = 0;
	file->is_template = !strncmp(section, "groups ", 7);
	if (!strcmp(section, "host")) {
		if (file->has_host)
			config_complain(file, file->section, "duplicate section [host]");
		file->has_host = true;
		file->kind = CONFIG_HOST;
		file->subject = &file->config->host;
	} else if (!strncmp(section, "group ", 6) || file->is_template) {
		file->kind = CONFIG_GROUP;
		section += file->is_template ? 7 : 6;
		begin_group(file, section + strspn(section, " \t"));
	} else if (!strncmp(section, "guest ", 6)) {
		file->kind = CONFIG_GUEST;
		begin_guest(file, section + 6 + strspn(section + 6, " \t"));
	} else {
		config_complain(file, file->section,
				"unknown section [%s]; expected [host], [group NAME], [groups PATTERN] or [guest NAME]",
				section);
	}
}

static int on_key(void *arg, const char *section, const char *name, const char *value)
{
	struct config_file *file = arg;

	if (file->err)
		return 1;
	if (!section[0]) {
		config_complain(file, file->line, "key %s outside of a section", name);
		return 1;
	}
	if (file->fresh) {
		file->fresh = false;
		begin_section(file);
	}
	if (!file->err)
		config_set(file, name, value);
	return 1;
}

/*
 * inih cuts off names of sections after 49 bytes, ignores what follows them,
 * and does not report sections without keys.
 */
static void see_section(struct config_file *file, const char *line)
{
	const char *end = strchr(line, ']');
	const char *rest = end ? end + 1 + strspn(end + 1, " \t") : line;

	if (file->fresh)
		config_complain(file, file->line, "the previous section is empty");
	if (!end)
		config_complain(file, file->line, "expected [section] or key = value");
	else if (*rest && (*rest != ';' || rest == end + 1))
		config_complain(file, file->line, "unexpected text after the section's name");
	else
		snprintf(file->name, sizeof(file->name), "%.*s", (int)(end - line - 1),
			 line + 1);
	file->section = file->line;
	file->fresh = true;
}

/*
 * fgets() for inih: returns whole lines and counts them; strips indentation, so
 * that inih does not take a line as a continuation.
 */
static char *next_line(char *buf, int size, void *arg)
{
	struct config_file *file = arg;
	ssize_t bytes;
	size_t length;
	char *text;

	if (file->err)
		return NULL;
	bytes = getline(&file->text, &file->text_size, file->stream);
	if (bytes < 0)
		return NULL;
	file->line++;
	text = file->text;
	if (strlen(text) < (size_t)bytes) {
		config_complain(file, file->line, "the line contains a NUL byte");
		return NULL;
	}
	if (file->line == 1 && !strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)))
		text += strlen(BYTE_ORDER_MARK);
	text += strspn(text, " \t");
	length = strcspn(text, "\r\n");
	text[length] = '\0';
	if (length > CONFIG_LINE_SIZE - 2) {
		config_complain(file, file->line, "the line is too long (%d bytes at most)",
				CONFIG_LINE_SIZE - 2);
		return NULL;
	}
	if (text[0] == '[')
		see_section(file, text);
	snprintf(buf, (size_t)size, "%s\n", text);
	return buf;
}

static void parse(struct config_file *file)
{
	int line = ini_parse_stream(next_line, file, on_key, file);

	if (line > 0)
		config_complain(file, (unsigned int)line, "expected [section] or key = value");
	else if (line < 0)
		config_complain(file, 0, "no memory");
	if (file->fresh)
		config_complain(file, file->line, "the last section is empty");
	if (ferror(file->stream))
		config_complain(file, 0, "read error: %s", strerror(errno));
}

static void read_file(struct config_file *file, const char *path)
{
	struct config *config = file->config;
	char **name = add((void **)&config->files, &config->file_count, sizeof(*name));
	struct stat st;
	int err;

	if (name)
		*name = strdup(path);
	file->path = path;
	if (!name || !*name) {
		config_complain(file, 0, "no memory");
		return;
	}
	file->path = *name;
	file->stream = fopen(path, "re");
	if (!file->stream) {
		err = -errno;
		config_complain(file, 0, "%s", strerror(-err));
		file->err = err;
		return;
	}
	/* A device or a pipe may have no end. */
	if (fstat(fileno(file->stream), &st) || !S_ISREG(st.st_mode)) {
		config_complain(file, 0, "not a regular file");
	} else {
		file->line = 0;
		file->fresh = false;
		parse(file);
	}
	fclose(file->stream);
}

static int glob_error(const char *path, int err)
{
	(void)path;
	return err != ENOENT;
}

/* In the order of their names */
static void read_directory(struct config_file *file, const char *path)
{
	const char *slash = strrchr(path, '/');
	int length = slash ? (int)(slash + 1 - path) : 0;
	glob_t found = { 0 };
	char pattern[4096];
	size_t i;
	int err;

	snprintf(pattern, sizeof(pattern), "%.*sconf.d/*.conf", length, path);
	err = glob(pattern, 0, glob_error, &found);
	if (err && err != GLOB_NOMATCH)
		config_complain(file, 0, "cannot read %s", pattern);
	for (i = 0; i < found.gl_pathc && !file->err; i++)
		read_file(file, found.gl_pathv[i]);
	globfree(&found);
}

int config_load(const char *path, struct config **config, char *error, size_t size)
{
	struct config_file file = { .path = path, .error = error, .error_size = size };

	*config = NULL;
	file.config = calloc(1, sizeof(*file.config));
	if (file.config) {
		file.config->host = (struct host_params){
			.available_floor = 256ull << 20, .pressure_max = 10,
		};
		read_file(&file, path);
		if (!file.err)
			read_directory(&file, path);
		config_check(&file);
	} else {
		config_complain(&file, 0, "no memory");
	}
	free(file.text);
	if (file.err)
		config_free(file.config);
	else
		*config = file.config;
	return file.err;
}
