// SPDX-License-Identifier: GPL-2.0
/* What patterns are matched with: pid files, and cgroups. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include "../lib/place.h"
#include "cgroup.h"
#include "discover.h"
#include "pattern.h"

static const char *pattern_of_pidfiles(const struct config_group *group)
{
	return group->pidfiles;
}

static int list_pidfiles(const struct discovery *discovery, const struct config_group *group,
			 struct names *names, char *why)
{
	int err = names_list(names, "", group->pidfiles);
	size_t i, n = 0;

	(void)discovery;
	(void)why;
	if (!group->vmids[0])
		return err;
	for (i = 0; i < names->count; i++) {
		if (pattern_in_ranges(group->vmids, names->list[i]))
			names->list[n++] = names->list[i];
		else
			free(names->list[i]);
	}
	names->count = n;
	return err;
}

/* NULL if out of memory */
static char *path_of(const char *pattern, const char *token, const char *name)
{
	char path[PATH_MAX];

	/* A line and a name are much shorter. */
	return pattern_fill(pattern, token, name, path, sizeof(path)) ? strdup(path) : NULL;
}

static const char *fill_pidfile(const struct config_group *group, const char *name,
				struct config_guest *guest)
{
	struct sockaddr_un address;

	guest->pidfile = path_of(group->pidfiles, "*", name);
	if (!guest->pidfile)
		return "no memory";
	if (!group->qmp[0])
		return NULL;
	guest->qmp = path_of(group->qmp, "%s", name);
	if (!guest->qmp)
		return "no memory";
	if (strlen(guest->qmp) >= sizeof(address.sun_path))
		return "the path of qmp is too long";
	guest->qmp_shared = group->qmp_shared;
	guest->base = group->base;
	guest->max = group->max;
	return NULL;
}

const struct source source_pidfiles = {
	.key = "pidfiles",
	.pattern = pattern_of_pidfiles,
	.list = list_pidfiles,
	.fill = fill_pidfile,
};

static const char *pattern_of_domains(const struct config_group *group)
{
	return group->domains;
}

/**
 * struct match - a list of domains while it is made
 */
struct match {
	const char *pattern;
	struct names *names;
};

static int add_domain(void *arg, const char *name)
{
	struct match *match = arg;
	char part[NAME_MAX + 1];

	if (!pattern_match(match->pattern, name, part, sizeof(part)))
		return 0;
	return names_add(match->names, name);
}

static int list_domains(const struct discovery *discovery, const struct config_group *group,
			struct names *names, char *why)
{
	struct match match = { group->domains, names };

	return virt_list(discovery->virt, add_domain, &match, why);
}

static const char *fill_domain(const struct config_group *group, const char *name,
			       struct config_guest *guest)
{
	if (strchr(name, '/'))
		return "its name contains '/'";
	guest->domain = strdup(name);
	guest->base = group->base;
	guest->max = group->max;
	return guest->domain ? NULL : "no memory";
}

const struct source source_domains = {
	.key = "domains",
	.pattern = pattern_of_domains,
	.list = list_domains,
	.fill = fill_domain,
};

static const char *pattern_of_cgroups(const struct config_group *group)
{
	return group->cgroup;
}

/* Those that somebody lives in */
static int list_cgroups(const struct discovery *discovery, const struct config_group *group,
			struct names *names, char *why)
{
	char mount[PATH_MAX], path[PATH_MAX];
	int err = place_mount(mount, sizeof(mount));
	size_t i, n = 0;

	(void)discovery;
	(void)why;
	if (!err)
		err = names_list(names, mount, group->cgroup);
	for (i = 0; i < names->count; i++) {
		if (pattern_fill(group->cgroup, "*", names->list[i], path, sizeof(path)) &&
		    cgroup_is_lived_in(mount, path))
			names->list[n++] = names->list[i];
		else
			free(names->list[i]);
	}
	names->count = n;
	return err;
}

const struct source source_cgroups = {
	.key = "cgroup",
	.pattern = pattern_of_cgroups,
	.list = list_cgroups,
};
