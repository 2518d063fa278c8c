// SPDX-License-Identifier: GPL-2.0
/* Report errors of configuration files, and free a configuration. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "config_file.h"

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

void config_guest_free(struct config_guest *guest)
{
	free(guest->name);
	free(guest->group_name);
	free(guest->qmp);
	free(guest->pidfile);
	free(guest->domain);
}

static char *copy_of(const char *text, int *err)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		*err = -ENOMEM;
	return copy;
}

int config_guest_copy(struct config_guest *to, const struct config_guest *from)
{
	int err = 0;

	*to = *from;
	to->name = copy_of(from->name, &err);
	to->group_name = copy_of(from->group_name, &err);
	to->qmp = copy_of(from->qmp, &err);
	to->pidfile = copy_of(from->pidfile, &err);
	to->domain = copy_of(from->domain, &err);
	if (err)
		config_guest_free(to);
	return err;
}

static bool is_equal(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

bool config_guest_is_same(const struct config_guest *a, const struct config_guest *b)
{
	return is_equal(a->qmp, b->qmp) || is_equal(a->pidfile, b->pidfile) ||
	       is_equal(a->domain, b->domain);
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
