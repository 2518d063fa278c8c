/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Discovery: what the patterns of the configuration match. Its result is a
 * configuration, the files' with the groups and guests that were found, which
 * is put in force as if somebody had written it.
 */
#ifndef DISCOVER_H
#define DISCOVER_H

#include "config.h"
#include "names.h"
#include "virt.h"

#define DISCOVER_SENTENCE	512

struct discovery;

/**
 * struct source - a kind of pattern
 * @key: its key in the configuration
 * @pattern: that of @group, "" if it has none
 * @list: add the names that it has now, in any order. 0, or -errno: unknown, so
 *	that what was known stays; @why (VIRT_WHY_SIZE) may get a sentence.
 *	-EAGAIN without one: that will be known soon
 * @fill: what the guest of that name is: what check_ways() requires of a
 *	[guest], and its base. NULL, or what is wrong with it. The strings are
 *	freed with the configuration
 */
struct source {
	const char *key;
	const char *(*pattern)(const struct config_group *group);
	int (*list)(const struct discovery *discovery, const struct config_group *group,
		    struct names *names, char *why);
	const char *(*fill)(const struct config_group *group, const char *name,
			    struct config_guest *guest);
};

/* The last is NULL. That of templates makes groups, the others make guests. */
extern const struct source source_cgroups;
extern const struct source source_pidfiles;
extern const struct source source_domains;

/**
 * struct finding - what the pattern of one group or template has matched
 * @group: its name
 * @pattern: the pattern, with which @names was found
 * @why: a sentence if it could not be looked up last; @names is then older
 */
struct finding {
	char group[GRPDEDUP_NAME_MAX + 1];
	const struct source *source;
	char pattern[CONFIG_TEXT_SIZE];
	struct names names;
	char why[256];
};

/**
 * struct discovery - what was found
 * @virt: where domains are found
 * @sentences: what is wrong with it, as of the last discovery_expand()
 */
struct discovery {
	struct virt *virt;
	struct finding *findings;
	size_t count;
	struct names sentences;
};

/* Look again. True if something differs from the last time. */
bool discovery_look(struct discovery *discovery, const struct config *written);
/*
 * What is to be in force: a configuration that points into @written. @before is
 * the one in force, NULL if there is none: of two sections that claim the same,
 * the one keeps it that has it there. NULL if out of memory.
 */
struct config *discovery_expand(struct discovery *discovery, const struct config *written,
				const struct config *before);
void discovery_close(struct discovery *discovery);

#endif /* DISCOVER_H */
