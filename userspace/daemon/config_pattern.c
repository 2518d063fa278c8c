// SPDX-License-Identifier: GPL-2.0
/* Validate what discovery finds groups and guests by. */
#include <limits.h>
#include <string.h>
#include "config_file.h"
#include "pattern.h"

static void check_sources(struct config_file *file, const struct config_group *group)
{
	bool has_base = config_has_base(&group->base);
	const char *name = group->name;
	char who[GRPDEDUP_NAME_MAX + 8];

	if (group->qmp[0] && !group->pidfiles[0])
		config_complain(file, group->line, "group %s: qmp requires pidfiles", name);
	if (group->vmids[0] && !group->pidfiles[0])
		config_complain(file, group->line, "group %s: vmids requires pidfiles", name);
	if (group->qmp_shared && !group->qmp[0])
		config_complain(file, group->line, "group %s: monitor requires qmp", name);
	if ((group->qmp[0] || group->domains[0]) && !has_base)
		config_complain(file, group->line,
				"group %s: base is missing (base = SIZE or N %%)", name);
	if (!group->qmp[0] && !group->domains[0] && (has_base || group->max))
		config_complain(file, group->line, "group %s: base and max require qmp or domains",
				name);
	snprintf(who, sizeof(who), "group %s", name);
	config_check_sizes(file, group->line, who, &group->base, group->max);
}

/* Both name the same cgroup: the processes in it could be in one group only. */
static void complain_cgroup(struct config_file *file, const struct config_group *group,
			    const struct config_group *other)
{
	config_complain(file, group->line, "group %s: cgroup %s is that of group %s, too (%s:%u)",
			group->name, group->cgroup, other->name, other->file, other->line);
}

void config_check_patterns(struct config_file *file, const struct config_group *group)
{
	const struct config *config = file->config;
	size_t i;

	check_sources(file, group);
	if (strchr(group->cgroup, '*'))
		config_complain(file, group->line,
				"group %s: only [groups PATTERN] has a cgroup with '*'",
				group->name);
	for (i = 0; group->cgroup[0] && &config->groups[i] < group; i++)
		if (!strcmp(config->groups[i].cgroup, group->cgroup))
			complain_cgroup(file, group, &config->groups[i]);
}

/* Groups that the template may make later collide with those of the file. */
static void check_collisions(struct config_file *file, const struct config_group *template)
{
	const struct config *config = file->config;
	char part[PATH_MAX];
	size_t i;

	for (i = 0; i < config->group_count; i++) {
		const struct config_group *group = &config->groups[i];

		if (pattern_match(template->name, group->name, part, sizeof(part)))
			config_complain(file, template->line,
					"groups %s: matches the name of group %s (%s:%u)",
					template->name, group->name, group->file, group->line);
		if (pattern_match(template->cgroup, group->cgroup, part, sizeof(part)))
			config_complain(file, template->line,
					"groups %s: matches the cgroup of group %s (%s:%u)",
					template->name, group->name, group->file, group->line);
	}
	for (i = 0; &config->templates[i] < template; i++)
		if (!strcmp(config->templates[i].cgroup, template->cgroup))
			complain_cgroup(file, template, &config->templates[i]);
}

void config_check_template(struct config_file *file, const struct config_group *template)
{
	if (!template->cgroup[0])
		config_complain(file, template->line,
				"groups %s: cgroup is missing (cgroup = PATTERN)",
				template->name);
	else if (!pattern_is_single(template->cgroup))
		config_complain(file, template->line,
				"groups %s: cgroup does not have a single '*'", template->name);
	else if (template->domains[0] || template->pidfiles[0] || template->qmp[0] ||
		 template->vmids[0] || template->qmp_shared ||
		 config_has_base(&template->base) || template->max)
		config_complain(file, template->line,
				"groups %s: pidfiles, domains and their keys require [group NAME]",
				template->name);
	else
		check_collisions(file, template);
}
