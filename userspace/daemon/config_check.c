// SPDX-License-Identifier: GPL-2.0
/* Validate a configuration as a whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include "config_file.h"
#include "config_guest.h"
#include "pattern.h"

#define GUEST_NAME_MAX	40
/* Targets are multiples of 1 MiB. */
#define GROWTH_MIN	(1ull << 20)

static bool is_printable(const char *name)
{
	for (; *name; name++)
		if (*name <= ' ' || *name > '~')
			return false;
	return true;
}

const char *config_bad_group_name(const char *name)
{
	static char too_long[64];

	if (!is_printable(name) || strchr(name, '/'))
		return "a name is printable ASCII without '/' and white space";
	snprintf(too_long, sizeof(too_long), "the name is too long (%d at most)",
		 GRPDEDUP_NAME_MAX);
	return strlen(name) > GRPDEDUP_NAME_MAX ? too_long : NULL;
}

const char *config_bad_guest_name(const char *name)
{
	static char too_long[64];

	if (!is_printable(name))
		return "a name is printable ASCII without white space";
	snprintf(too_long, sizeof(too_long), "the name is too long (%d at most)",
		 GUEST_NAME_MAX);
	return strlen(name) > GUEST_NAME_MAX ? too_long : NULL;
}

void config_check_group_name(struct config_file *file, const char *name)
{
	const char *bad = config_bad_group_name(name);

	if (!*name)
		config_complain(file, file->section, "the group has no name");
	else if (bad)
		config_complain(file, file->section, "group %s: %s", name, bad);
	else if (file->is_template && !pattern_is_single(name))
		config_complain(file, file->section,
				"groups %s: the name does not have a single '*'", name);
}

void config_check_guest_name(struct config_file *file, const char *name)
{
	const char *bad = config_bad_guest_name(name);

	if (!*name)
		config_complain(file, file->section, "the guest has no name");
	else if (bad)
		config_complain(file, file->section, "guest %s: %s", name, bad);
}

static void check_group(struct config_file *file, struct config_group *group)
{
	struct rate_params *params = &group->rate_params;

	if (group->law.growth < GROWTH_MIN)
		config_complain(file, group->line, "group %s: growth is less than 1M", group->name);
	if (params->min > params->max)
		config_complain(file, group->line, "group %s: rate_min is more than rate_max",
				group->name);
	if (!group->rate_auto && group->rate == CONFIG_NO_RATE)
		config_complain(file, group->line, "group %s: rate is missing (rate = PAGES PER SECOND)",
				group->name);
	if (!group->rate_auto)
		return;
	if (!params->min)
		config_complain(file, group->line,
				"group %s: with rate_control = auto, rate_min must be more than 0",
				group->name);
	if (group->rate == CONFIG_NO_RATE)
		group->rate = params->min;
	if (group->rate < params->min || group->rate > params->max)
		config_complain(file, group->line,
				"group %s: rate is not between rate_min and rate_max", group->name);
}

static void find_group(struct config_file *file, struct config_guest *guest)
{
	const struct config *config = file->config;
	const struct config_group *group;

	if (!guest->group_name) {
		config_complain(file, guest->line, "guest %s: group is missing (group = NAME)",
				guest->name);
		return;
	}
	group = config_find_group(config, guest->group_name);
	if (group)
		guest->group = (unsigned int)(group - config->groups);
	else
		config_complain(file, guest->line, "guest %s: there is no group %s", guest->name,
				guest->group_name);
}

static void check_ways(struct config_file *file, const struct config_guest *guest)
{
	struct sockaddr_un address;
	bool balloons = guest->qmp || guest->domain;

	if (!guest->qmp && !guest->pidfile && !guest->domain)
		config_complain(file, guest->line,
				"guest %s: qmp, pidfile or domain is missing",
				guest->name);
	if (guest->domain && (guest->qmp || guest->pidfile))
		config_complain(file, guest->line,
				"guest %s: domain excludes qmp and pidfile", guest->name);
#ifndef HAVE_LIBVIRT
	if (guest->domain)
		config_complain(file, guest->line,
				"guest %s: this grpdedupd was built without libvirt (libvirt-dev, libxml2-dev)",
				guest->name);
#endif
	if (guest->domain && strchr(guest->domain, '/'))
		config_complain(file, guest->line, "guest %s: invalid domain name %s",
				guest->name, guest->domain);
	if (guest->qmp && strlen(guest->qmp) >= sizeof(address.sun_path))
		config_complain(file, guest->line,
				"guest %s: the path of qmp is too long (%zu at most)",
				guest->name, sizeof(address.sun_path) - 1);
	if (guest->qmp_shared && !guest->qmp)
		config_complain(file, guest->line, "guest %s: monitor requires qmp",
				guest->name);
	if (balloons && !config_has_base(&guest->base))
		config_complain(file, guest->line,
				"guest %s: base is missing (base = SIZE or N %%)",
				guest->name);
	if (!balloons && (config_has_base(&guest->base) || guest->max))
		config_complain(file, guest->line,
				"guest %s: base and max require qmp or domain", guest->name);
}

void config_check_sizes(struct config_file *file, unsigned int line, const char *who,
			const struct config_base *base, uint64_t max)
{
	if (base->bytes && base->bytes < CONFIG_BASE_MIN)
		config_complain(file, line, "%s: base is less than 16M", who);
	if (max && max < base->bytes)
		config_complain(file, line, "%s: max is less than base", who);
}

static void check_sizes(struct config_file *file, const struct config_guest *guest)
{
	char who[64];

	snprintf(who, sizeof(who), "guest %s", guest->name);
	config_check_sizes(file, guest->line, who, &guest->base, guest->max);
}

static void check_unique(struct config_file *file, size_t index)
{
	const struct config_guest *guest = &file->config->guests[index];
	size_t i;

	for (i = 0; i < index; i++) {
		const struct config_guest *other = &file->config->guests[i];

		if (config_guest_is_same(guest, other))
			config_complain(file, guest->line, "guest %s: is the same process as guest %s",
					guest->name, other->name);
	}
}

void config_check(struct config_file *file)
{
	struct config *config = file->config;
	size_t i;

	for (i = 0; i < config->group_count && !file->err; i++) {
		file->path = config->groups[i].file;
		check_group(file, &config->groups[i]);
		config_check_patterns(file, &config->groups[i]);
	}
	for (i = 0; i < config->template_count && !file->err; i++) {
		file->path = config->templates[i].file;
		check_group(file, &config->templates[i]);
		config_check_template(file, &config->templates[i]);
	}
	for (i = 0; i < config->guest_count && !file->err; i++) {
		file->path = config->guests[i].file;
		find_group(file, &config->guests[i]);
		check_ways(file, &config->guests[i]);
		check_sizes(file, &config->guests[i]);
		check_unique(file, i);
	}
}
