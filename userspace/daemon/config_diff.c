// SPDX-License-Identifier: GPL-2.0
/* What a new configuration changes. */
#include <stdio.h>
#include "config_file.h"

void config_changes(const struct config *old, const struct config *new, config_change_fn fn)
{
	char who[128];
	size_t i;

	config_compare(CONFIG_HOST, &old->host, &new->host, fn, "host");
	for (i = 0; i < new->group_count; i++) {
		const struct config_group *before = config_find_group(old, new->groups[i].name);

		snprintf(who, sizeof(who), "group %s", new->groups[i].name);
		if (before)
			config_compare(CONFIG_GROUP, before, &new->groups[i], fn, who);
	}
	for (i = 0; i < new->template_count; i++) {
		const struct config_group *before =
			config_find_template(old, new->templates[i].name);

		snprintf(who, sizeof(who), "groups %s", new->templates[i].name);
		if (before)
			config_compare(CONFIG_GROUP, before, &new->templates[i], fn, who);
	}
	for (i = 0; i < new->guest_count; i++) {
		const struct config_guest *before = config_find_guest(old, new->guests[i].name);

		snprintf(who, sizeof(who), "guest %s", new->guests[i].name);
		if (before)
			config_compare(CONFIG_GUEST, before, &new->guests[i], fn, who);
	}
}
