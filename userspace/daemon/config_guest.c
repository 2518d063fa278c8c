// SPDX-License-Identifier: GPL-2.0
/* The strings of a guest's configuration. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "config_guest.h"

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
