// SPDX-License-Identifier: GPL-2.0
/* Look up all patterns of a configuration. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "discover.h"

/* Those that make guests */
static const struct source *const sources[] = { &source_pidfiles, &source_domains };

#define SOURCES	(sizeof(sources) / sizeof(sources[0]))

static void free_findings(struct finding *findings, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		names_free(&findings[i].names);
	free(findings);
}

/* What one pattern may find */
#define NAMES_MAX	2048

/* What the same pattern had the last time */
static struct finding *find_last(const struct discovery *discovery,
				 const struct finding *wanted)
{
	size_t i;

	for (i = 0; i < discovery->count; i++) {
		struct finding *last = &discovery->findings[i];

		if (last->source == wanted->source && !strcmp(last->group, wanted->group) &&
		    !strcmp(last->pattern, wanted->pattern))
			return last;
	}
	return NULL;
}

static void list_names(const struct discovery *discovery, struct finding *finding,
		       const struct config_group *group, struct finding *last)
{
	struct names *names = &finding->names;
	char why[VIRT_WHY_SIZE] = "";
	int err = finding->source->list(discovery, group, names, why);

	if (!err) {
		names_sort(names);
		if (names->count > NAMES_MAX)
			snprintf(finding->why, sizeof(finding->why),
				 "more than %d match %s: not all are taken", NAMES_MAX,
				 finding->source->key);
		while (names->count > NAMES_MAX)
			free(names->list[--names->count]);
		return;
	}
	if (why[0] || err != -EAGAIN)
		snprintf(finding->why, sizeof(finding->why), "cannot look for %s: %s",
			 finding->source->key, why[0] ? why : strerror(-err));
	names_free(names);
	if (last) {
		*names = last->names;
		last->names = (struct names){ 0 };
	}
}

/* Returns whether it is something new. */
static bool look_for(struct discovery *discovery, const struct config_group *group,
		     const struct source *source, struct finding *finding)
{
	struct finding *last;

	*finding = (struct finding){ .source = source };
	snprintf(finding->group, sizeof(finding->group), "%s", group->name);
	snprintf(finding->pattern, sizeof(finding->pattern), "%s", source->pattern(group));
	last = find_last(discovery, finding);
	if (!last) {
		list_names(discovery, finding, group, NULL);
		return true;
	}
	list_names(discovery, finding, group, last);
	return strcmp(finding->why, last->why) ||
	       (!finding->why[0] && !names_are_equal(&finding->names, &last->names));
}

bool discovery_look(struct discovery *discovery, const struct config *written)
{
	size_t room = written->template_count + written->group_count * SOURCES;
	struct finding *findings = calloc(room + 1, sizeof(*findings));
	bool is_new = false;
	size_t i, j, n = 0;

	/* Then what was known stays. */
	if (!findings)
		return false;
	for (i = 0; i < written->template_count; i++)
		is_new |= look_for(discovery, &written->templates[i], &source_cgroups,
				   &findings[n++]);
	for (i = 0; i < written->group_count; i++)
		for (j = 0; j < SOURCES; j++)
			if (sources[j]->pattern(&written->groups[i])[0])
				is_new |= look_for(discovery, &written->groups[i], sources[j],
						   &findings[n++]);
	is_new |= n != discovery->count;
	free_findings(discovery->findings, discovery->count);
	discovery->findings = findings;
	discovery->count = n;
	return is_new;
}

void discovery_close(struct discovery *discovery)
{
	free_findings(discovery->findings, discovery->count);
	names_free(&discovery->sentences);
	*discovery = (struct discovery){ 0 };
}
