// SPDX-License-Identifier: GPL-2.0
/* The control round, and applying a new configuration. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/release.h"
#include "daemon.h"
#include "log.h"

/* Time for a leaving guest to release what it was granted. */
#define LEAVE_MS	3000

static struct guest_env env_of(struct daemon *daemon)
{
	return (struct guest_env){
		.loop = daemon->loop,
		.work = daemon->work,
		.kernel = &daemon->kernel,
		.virt = daemon->virt,
	};
}

static struct group *find_group(struct group **groups, size_t count, const char *name)
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
		if (!find_group(daemon->groups, daemon->group_count, groups[i]->config.name))
			group_destroy(groups[i], daemon->work);
}

/* Fills @groups with the groups of @config, then the leaving ones. */
static ssize_t take_groups(struct daemon *daemon, const struct config *config,
			   struct group **groups)
{
	size_t i, n = 0;

	for (i = 0; i < config->group_count; i++, n++) {
		groups[n] = find_group(daemon->groups, daemon->group_count,
				       config->groups[i].name);
		if (!groups[n])
			groups[n] = group_create(&config->groups[i]);
		if (!groups[n]) {
			drop_new_groups(daemon, groups, n);
			return -1;
		}
	}
	for (i = 0; i < daemon->group_count; i++)
		if (!find_group(groups, n, daemon->groups[i]->config.name))
			groups[n++] = daemon->groups[i];
	return (ssize_t)n;
}

static void update_groups(struct group **groups, size_t count, const struct config *config)
{
	size_t i;

	for (i = 0; i < config->group_count; i++)
		group_update(groups[i], &config->groups[i]);
	for (; i < count; i++)
		groups[i]->is_leaving = true;
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
	struct guest_env env = env_of(daemon);
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
			   struct guest **guests, struct guest **old)
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
		if (!old[i]->leaving_ms)
			old[i]->leaving_ms = loop_now();
	}
	return (ssize_t)n;
}

static void log_change(const char *who, const char *key, const char *before,
		       const char *after)
{
	log_notice("%s: %s: %s -> %s", who, key, before, after);
}

int daemon_configure(struct daemon *daemon, struct config *config)
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
		guest_count = take_guests(daemon, config, guests, old);
		if (guest_count < 0)
			drop_new_groups(daemon, groups, config->group_count);
	}
	free(old);
	if (guest_count < 0) {
		free(guests);
		free(groups);
		return -ENOMEM;
	}
	update_groups(groups, (size_t)group_count, config);
	if (daemon->config)
		config_changes(daemon->config, config, log_change);
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

/* The configuration has the same process under another name. */
static bool is_succeeded(const struct daemon *daemon, const struct guest *guest)
{
	size_t i;

	for (i = 0; i < daemon->guest_count; i++)
		if (daemon->guests[i] && !daemon->guests[i]->leaving_ms &&
		    daemon->guests[i]->pid == guest->pid &&
		    daemon->guests[i]->start == guest->start)
			return true;
	return false;
}

/* Release its grant before its membership, which pays for the grant. */
static bool has_left(struct daemon *daemon, struct guest *guest, struct guest_env *env)
{
	if (!guest->leaving_ms)
		return false;
	if (!guest->pid || is_succeeded(daemon, guest))
		return true;
	if (balloon_is_live(&guest->balloon))
		guest_set_target(guest, guest_base(guest));
	return loop_now() - guest->leaving_ms >= LEAVE_MS && guest_leave(guest, env);
}

static void see_off(struct daemon *daemon)
{
	struct guest_env env = env_of(daemon);
	size_t i, n = 0;

	for (i = 0; i < daemon->guest_count; i++) {
		struct guest *guest = daemon->guests[i];

		daemon->guests[i] = NULL;
		if (has_left(daemon, guest, &env)) {
			log_info("guest %s: removed from the configuration", guest->config.name);
			guest_destroy(guest, &env);
		} else {
			daemon->guests[n++] = guest;
		}
	}
	daemon->guest_count = n;
}

static bool has_guests(const struct daemon *daemon, const struct group *group)
{
	size_t i;

	for (i = 0; i < daemon->guest_count; i++)
		if (daemon->guests[i]->leaving_ms &&
		    !strcmp(daemon->guests[i]->group, group->config.name))
			return true;
	return false;
}

static void see_groups_off(struct daemon *daemon)
{
	size_t i, n = 0;

	for (i = 0; i < daemon->group_count; i++) {
		struct group *group = daemon->groups[i];

		if (group->is_leaving && !has_guests(daemon, group) &&
		    group_leave(group, &daemon->kernel, daemon->work)) {
			log_info("group %s: removed from the configuration", group->config.name);
			group_destroy(group, daemon->work);
		} else {
			daemon->groups[n++] = group;
		}
	}
	daemon->group_count = n;
}

static void note_time(struct daemon *daemon, uint64_t now)
{
	if (daemon->round_ms) {
		daemon->period_ms = now - daemon->round_ms;
		if (daemon->period_ms > daemon->late_ms)
			daemon->late_ms = daemon->period_ms;
	}
	daemon->round_ms = now;
}

static void read_host(struct daemon *daemon)
{
	struct host *host = &daemon->host;
	bool was_short = host->is_short;
	char was_unknown[sizeof(host->unknown)];

	memcpy(was_unknown, host->unknown, sizeof(was_unknown));
	host_read(host, &daemon->config->host, "/proc");
	if (host->unknown[0] && strcmp(host->unknown, was_unknown))
		log_warning("host: %s", host->unknown);
	if (host->is_short && !was_short)
		log_warning("host: %s; all guests are reduced to their bases", host->why);
	else if (!host->is_short && was_short)
		log_info("host: enough memory again");
}

static void read_kernel(struct daemon *daemon)
{
	bool was_loaded = daemon->kernel.loaded;
	char mismatch[256];

	kernel_refresh(&daemon->kernel);
	if (daemon->kernel.loaded && !was_loaded &&
	    grpdedup_release_mismatch(GRPDEDUP_RELEASE_FILE, mismatch,
				      sizeof(mismatch)))
		log_warning("%s", mismatch);
}

void daemon_round(struct daemon *daemon)
{
	struct guest_env env = env_of(daemon);
	size_t i;

	note_time(daemon, loop_now());
	read_host(daemon);
	for (i = 0; i < daemon->guest_count; i++)
		guest_look(daemon->guests[i]);
	read_kernel(daemon);
	virt_tick(daemon->virt);
	for (i = 0; i < daemon->group_count; i++)
		if (!daemon->groups[i]->is_leaving)
			group_sync(daemon->groups[i], &daemon->kernel);
	for (i = 0; i < daemon->guest_count; i++) {
		struct group *group = find_group(daemon->groups, daemon->group_count,
						 daemon->guests[i]->group);

		guest_tick(daemon->guests[i], &env,
			   group ? group->config.law.deadband : 0);
	}
	for (i = 0; i < daemon->group_count; i++)
		group_grant(daemon->groups[i], &daemon->kernel, daemon->guests,
			    daemon->guest_count, daemon->host.is_short,
			    (double)daemon->period_ms / 1000);
	see_off(daemon);
	see_groups_off(daemon);
}

void daemon_close(struct daemon *daemon)
{
	struct guest_env env = env_of(daemon);
	size_t i;

	for (i = 0; i < daemon->guest_count; i++)
		guest_destroy(daemon->guests[i], &env);
	for (i = 0; i < daemon->group_count; i++)
		group_destroy(daemon->groups[i], daemon->work);
	free(daemon->guests);
	free(daemon->groups);
	config_free(daemon->config);
	kernel_close(&daemon->kernel);
}
