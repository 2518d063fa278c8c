/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration: a file, and conf.d beside it. Loaded as a whole or
 * not at all.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <linux/grpdedup.h>
#include "host.h"
#include "law.h"
#include "rate.h"

#define CONFIG_PATH	"/etc/grpdedup/grpdedupd.conf"
#define CONFIG_BASE_MIN	(16ull << 20)
/* No line of the file is longer. */
#define CONFIG_TEXT_SIZE	200

/**
 * struct config_base - what a guest is entitled to; one of both, or neither
 * @bytes: this much
 * @percent: this part of what it was started with
 */
struct config_base {
	uint64_t bytes;
	unsigned int percent;
};

/* The section that claims the same; file is NULL if there is none. */
struct config_rival {
	const char *file;
	unsigned int line;
};

/**
 * struct config_group - [group NAME] or [groups PATTERN]; "" if not given
 * @rate: pages per second; with rate_auto, the initial rate (default rate_min)
 * @rate_auto: rate_control = auto
 * @split_min, @frames_max: as for "grpdedup add-group"; by default the module's
 *	defaults
 * @account: the cgroup of its scanner, as for "grpdedup account"; "": do not
 *	move it
 * @cgroup: the processes of this cgroup, and below it, are members; below the
 *	mount point, as place_below() has it
 * @pidfiles: pattern: each file that matches is a guest
 * @qmp: its QMP socket: "%s" stands for its name
 * @domains: pattern: each domain of libvirt that matches is a guest
 * @vmids: only those whose name is in these ranges
 * @qmp_shared, @base, @max: of each, as for a guest
 * @is_found: discovery has made it from a template
 * @rival: another section that has the same cgroup
 */
struct config_group {
	char name[GRPDEDUP_NAME_MAX + 1];
	const char *file;
	unsigned int line;
	uint32_t rate;
	bool rate_auto;
	struct rate_params rate_params;
	struct law_params law;
	uint32_t split_min;
	uint64_t frames_max;
	char account[CONFIG_TEXT_SIZE];
	char cgroup[CONFIG_TEXT_SIZE];
	char pidfiles[CONFIG_TEXT_SIZE];
	char qmp[CONFIG_TEXT_SIZE];
	char vmids[CONFIG_TEXT_SIZE];
	char domains[CONFIG_TEXT_SIZE];
	bool qmp_shared;
	struct config_base base;
	uint64_t max;
	bool is_found;
	struct config_rival rival;
};

/**
 * struct config_guest - [guest NAME]; paths are NULL if not given
 * @name: unique
 * @group: index in the configuration's groups
 * @group_name: its name
 * @qmp: path of a QMP socket; without a pidfile, its listener is the guest
 * @qmp_shared: other clients use this socket too: connect, act, disconnect
 * @pidfile: file with the pid
 * @domain: name of a libvirt domain; excludes @qmp and @pidfile
 * @base: entitlement of the guest; none if there is nothing to balloon (a
 *	guest with a pidfile only)
 * @max: upper limit, bytes, 0 = what the guest was started with
 * @is_found: discovery has made it from a pattern of its group
 * @rival: the section of a group whose pattern matches the same file
 */
struct config_guest {
	char *name;
	const char *file;
	unsigned int line;
	unsigned int group;
	char *group_name;
	char *qmp;
	bool qmp_shared;
	char *pidfile;
	char *domain;
	struct config_base base;
	uint64_t max;
	bool is_found;
	struct config_rival rival;
};

/**
 * struct config - a configuration: what the files say, or what is in force,
 * with the groups and guests that were found; that one has no files
 * @files: the paths that it was read from, which other fields point to
 * @templates: [groups PATTERN]: each makes groups
 */
struct config {
	struct host_params host;
	char **files;
	size_t file_count;
	struct config_group *groups;
	size_t group_count;
	struct config_group *templates;
	size_t template_count;
	struct config_guest *guests;
	size_t guest_count;
};

static inline bool config_has_base(const struct config_base *base)
{
	return base->bytes || base->percent;
}

/*
 * 0, or -errno with "FILE:LINE: message" in @error (no LINE: the whole file).
 */
int config_load(const char *path, struct config **config, char *error, size_t size);
void config_free(struct config *config);
/*
 * Calls @fn for what is not as before in the groups and guests that both have,
 * with the two values as the file would have them.
 */
typedef void (*config_change_fn)(const char *who, const char *key, const char *before,
				 const char *after);
void config_changes(const struct config *old, const struct config *new, config_change_fn fn);
/* NULL, or what is wrong with the name. */
const char *config_bad_group_name(const char *name);
const char *config_bad_guest_name(const char *name);
/* NULL if there is none of this name. */
const struct config_group *config_find_group(const struct config *config, const char *name);
const struct config_group *config_find_template(const struct config *config, const char *name);
const struct config_guest *config_find_guest(const struct config *config, const char *name);

#endif /* CONFIG_H */
