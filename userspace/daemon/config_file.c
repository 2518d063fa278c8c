// SPDX-License-Identifier: GPL-2.0
/* Report errors of configuration files, and free a configuration. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "config_file.h"
#include "config_guest.h"

void config_complain(struct config_file *file, unsigned int line, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	if (file->err)
		return;
	file->err = -EINVAL;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (line)
		snprintf(file->error, file->error_size, "%s:%u: %s", file->path, line, what);
	else
		snprintf(file->error, file->error_size, "%s: %s", file->path, what);
}

void config_free(struct config *config)
{
	size_t i;

	if (!config)
		return;
	for (i = 0; i < config->guest_count; i++)
		config_guest_free(&config->guests[i]);
	for (i = 0; i < config->file_count; i++)
		free(config->files[i]);
	free(config->files);
	free(config->guests);
	free(config->groups);
	free(config->templates);
	free(config);
}

const struct config_group *config_find_group(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->group_count; i++)
		if (!strcmp(config->groups[i].name, name))
			return &config->groups[i];
	return NULL;
}

const struct config_group *config_find_template(const struct config *config,
						const char *name)
{
	size_t i;

	for (i = 0; i < config->template_count; i++)
		if (!strcmp(config->templates[i].name, name))
			return &config->templates[i];
	return NULL;
}

const struct config_guest *config_find_guest(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->guest_count; i++)
		if (!strcmp(config->guests[i].name, name))
			return &config->guests[i];
	return NULL;
}
