// SPDX-License-Identifier: GPL-2.0
/* Put a configuration in force, as it was written and as discovery finds it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "daemon_priv.h"
#include "log.h"

struct guest_env daemon_env(struct daemon *daemon)
{
	return (struct guest_env){
		.loop = daemon->loop,
		.work = daemon->work,
		.kernel = &daemon->kernel,
		.virt = daemon->virt,
	};
}

struct group *daemon_find_group(struct group **groups, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(groups[i]->config.name, name))
			return groups[i];
	return NULL;
}

/* Out of memory: drop the new groups created so far. */
static void drop_new_groups(struct daemon *daemon, struct group **groups, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!daemon_find_group(daemon->groups, daemon->group_count, groups[i]->config.name))
			group_destroy(groups[i], daemon->work);
}

/* Fills @groups with the groups of @config, then the leaving ones. */
static ssize_t take_groups(struct daemon *daemon, const struct config *config,
			   struct group **groups)
{
	size_t i, n = 0;

	for (i = 0; i < config->group_count; i++, n++) {
		groups[n] = daemon_find_group(daemon->groups, daemon->group_count,
					      config->groups[i].name);
		if (!groups[n])
			groups[n] = group_create(&config->groups[i]);
		if (!groups[n]) {
			drop_new_groups(daemon, groups, n);
			return -1;
		}
	}
	for (i = 0; i < daemon->group_count; i++)
		if (!daemon_find_group(groups, n, daemon->groups[i]->config.name))
			groups[n++] = daemon->groups[i];
	return (ssize_t)n;
}

/*
 * What discovery finds changes nothing of groups that were there before: what
 * was set by hand since stays.
 */
static void update_groups(struct group **groups, size_t count, const struct config *config,
			  bool is_found)
{
	size_t i;

	for (i = 0; i < config->group_count; i++) {
		if (is_found && !groups[i]->is_leaving)
			groups[i]->config = config->groups[i];
		else
			group_update(groups[i], &config->groups[i]);
	}
	for (; i < count; i++) {
		groups[i]->is_gone |= is_found && !groups[i]->is_leaving;
		groups[i]->is_leaving = true;
	}
}

/* Find the guest that continues as @config, and take it out of @old. */
static struct guest *inherit(struct guest **old, size_t count,
			     const struct config_guest *config)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct guest *guest = old[i];

		if (guest && guest_is_same(guest, config)) {
			old[i] = NULL;
			return guest;
		}
	}
	return NULL;
}

/* Out of memory: drop the new guests created so far. */
static void drop_new(struct daemon *daemon, struct guest **guests, size_t count)
{
	struct guest_env env = daemon_env(daemon);
	size_t i, j;

	for (i = 0; i < count; i++) {
		bool old = false;

		for (j = 0; j < daemon->guest_count; j++)
			old |= daemon->guests[j] == guests[i];
		if (!old)
			guest_destroy(guests[i], &env);
	}
}

/*
 * Fills @guests with the guests of @config, then the leaving ones. @old is a
 * copy of the daemon's list, from which inherited guests are removed.
 */
static ssize_t take_guests(struct daemon *daemon, const struct config *config,
			   struct guest **guests, struct guest **old, bool is_found)
{
	size_t i, n = 0;

	for (i = 0; i < config->guest_count; i++, n++) {
		const struct config_guest *wanted = &config->guests[i];
		const char *group = config->groups[wanted->group].name;

		guests[n] = inherit(old, daemon->guest_count, wanted);
		if (guests[n])
			continue;
		guests[n] = guest_create(wanted, group);
		if (!guests[n]) {
			drop_new(daemon, guests, n);
			return -1;
		}
	}
	for (i = 0; i < config->guest_count; i++)
		guest_update(guests[i], &config->guests[i],
			     config->groups[config->guests[i].group].name);
	for (i = 0; i < daemon->guest_count; i++) {
		if (!old[i])
			continue;
		guests[n++] = old[i];
		if (old[i]->leaving_ms)
			continue;
		old[i]->leaving_ms = loop_now();
		old[i]->is_gone = is_found;
	}
	return (ssize_t)n;
}

static void log_change(const char *who, const char *key, const char *before,
		       const char *after)
{
	log_notice("%s: %s: %s -> %s", who, key, before, after);
}

/*
 * Takes ownership of @config. @is_found: it differs from the one in force only
 * by what discovery has found.
 */
static int apply(struct daemon *daemon, struct config *config, bool is_found)
{
	size_t room = config->guest_count + daemon->guest_count + 1;
	struct guest **guests = calloc(room, sizeof(*guests));
	struct guest **old = calloc(daemon->guest_count + 1, sizeof(*old));
	struct group **groups = calloc(config->group_count + daemon->group_count + 1,
				       sizeof(*groups));
	ssize_t guest_count = -1, group_count = -1;

	if (guests && old && groups)
		group_count = take_groups(daemon, config, groups);
	if (group_count >= 0) {
		if (daemon->guest_count)
			memcpy(old, daemon->guests, daemon->guest_count * sizeof(*old));
		guest_count = take_guests(daemon, config, guests, old, is_found);
		if (guest_count < 0)
			drop_new_groups(daemon, groups, config->group_count);
	}
	free(old);
	if (guest_count < 0) {
		free(guests);
		free(groups);
		return -ENOMEM;
	}
	update_groups(groups, (size_t)group_count, config, is_found);
	residents_reset(daemon->residents);
	free(daemon->groups);
	free(daemon->guests);
	config_free(daemon->config);
	daemon->groups = groups;
	daemon->group_count = (size_t)group_count;
	daemon->guests = guests;
	daemon->guest_count = (size_t)guest_count;
	daemon->config = config;
	return 0;
}

static bool knows(const struct names *sentences, const char *sentence)
{
	size_t i;

	for (i = 0; i < sentences->count; i++)
		if (!strcmp(sentences->list[i], sentence))
			return true;
	return false;
}

/* What is in force for @written. NULL if out of memory */
static struct config *expand(struct daemon *daemon, const struct config *written)
{
	struct names said = daemon->discovery.sentences;
	const struct names *sentences = &daemon->discovery.sentences;
	struct config *config;
	size_t i;

	daemon->discovery.sentences = (struct names){ 0 };
	config = discovery_expand(&daemon->discovery, written, daemon->config);
	for (i = 0; i < sentences->count; i++)
		if (!knows(&said, sentences->list[i]))
			log_warning("%s", sentences->list[i]);
	names_free(&said);
	return config;
}

static void wake(void *arg)
{
	struct daemon *daemon = arg;

	residents_look(daemon->residents, daemon->groups, daemon->group_count);
	daemon_claim(daemon);
	residents_tend(daemon->residents, &daemon->kernel);
}

int daemon_configure(struct daemon *daemon, struct config *written)
{
	struct config *config;
	int err = -ENOMEM;

	if (!daemon->residents)
		daemon->residents = residents_create(daemon->loop, daemon->work, wake, daemon);
	if (!daemon->residents)
		return -ENOMEM;
	discovery_look(&daemon->discovery, written);
	config = expand(daemon, written);
	if (config)
		err = apply(daemon, config, false);
	if (err) {
		config_free(config);
		return err;
	}
	if (daemon->written)
		config_changes(daemon->written, written, log_change);
	config_free(daemon->written);
	daemon->written = written;
	return 0;
}

void daemon_discover(struct daemon *daemon)
{
	struct config *config;

	daemon->is_behind |= discovery_look(&daemon->discovery, daemon->written);
	if (!daemon->is_behind)
		return;
	config = expand(daemon, daemon->written);
	daemon->is_behind = !config || apply(daemon, config, true);
	if (daemon->is_behind)
		config_free(config);
}
