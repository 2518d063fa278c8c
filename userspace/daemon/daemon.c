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
	};
}

static struct group *find_group(struct daemon *daemon, const char *name)
{
	size_t i;

	for (i = 0; i < daemon->group_count; i++)
		if (!strcmp(daemon->groups[i].config.name, name))
			return &daemon->groups[i];
	return NULL;
}

static void add_groups(struct daemon *daemon, const struct config *config,
		       struct group *groups)
{
	size_t i;

	for (i = 0; i < config->group_count; i++) {
		struct group *old = find_group(daemon, config->groups[i].name);

		if (old) {
			groups[i] = *old;
			group_update(&groups[i], &config->groups[i]);
		} else {
			group_init(&groups[i], &config->groups[i]);
		}
	}
}

static bool has_group(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->group_count; i++)
		if (!strcmp(config->groups[i].name, name))
			return true;
	return false;
}

/* Groups doomed before that are still unwanted, and newly unwanted ones. */
static size_t doom_groups(const struct daemon *daemon,
			  const struct config *config,
			  char (*doomed)[GRPDEDUP_NAME_SIZE])
{
	size_t i, n = 0;

	for (i = 0; i < daemon->doomed_count; i++)
		if (!has_group(config, daemon->doomed[i]))
			memcpy(doomed[n++], daemon->doomed[i],
			       GRPDEDUP_NAME_SIZE);
	for (i = 0; i < daemon->group_count; i++)
		if (!has_group(config, daemon->groups[i].config.name))
			memcpy(doomed[n++], daemon->groups[i].config.name,
			       GRPDEDUP_NAME_SIZE);
	return n;
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
			guest->leaving_ms = 0;
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

int daemon_configure(struct daemon *daemon, struct config *config)
{
	size_t room = config->guest_count + daemon->guest_count + 1;
	struct guest **guests = calloc(room, sizeof(*guests));
	struct guest **old = calloc(daemon->guest_count + 1, sizeof(*old));
	struct group *groups = calloc(config->group_count + 1, sizeof(*groups));
	char(*doomed)[GRPDEDUP_NAME_SIZE] =
		calloc(daemon->doomed_count + daemon->group_count + 1,
		       sizeof(*doomed));
	ssize_t count = -1;

	if (guests && old && groups && doomed) {
		if (daemon->guest_count)
			memcpy(old, daemon->guests, daemon->guest_count * sizeof(*old));
		count = take_guests(daemon, config, guests, old);
	}
	free(old);
	if (count < 0) {
		free(guests);
		free(groups);
		free(doomed);
		return -ENOMEM;
	}
	add_groups(daemon, config, groups);
	daemon->doomed_count = doom_groups(daemon, config, doomed);
	free(daemon->doomed);
	free(daemon->groups);
	free(daemon->guests);
	config_free(daemon->config);
	daemon->doomed = doomed;
	daemon->groups = groups;
	daemon->group_count = config->group_count;
	daemon->guests = guests;
	daemon->guest_count = (size_t)count;
	daemon->config = config;
	return 0;
}

/* Release its grant before its membership, which pays for the grant. */
static bool has_left(struct guest *guest, struct guest_env *env)
{
	if (!guest->leaving_ms)
		return false;
	if (!guest->pid)
		return true;
	guest_set_target(guest, guest->config.base);
	return loop_now() - guest->leaving_ms >= LEAVE_MS && guest_leave(guest, env);
}

static void see_off(struct daemon *daemon)
{
	struct guest_env env = env_of(daemon);
	size_t i, n = 0;

	for (i = 0; i < daemon->guest_count; i++) {
		struct guest *guest = daemon->guests[i];

		if (has_left(guest, &env)) {
			log_info("guest %s: removed from the configuration", guest->config.name);
			guest_destroy(guest, &env);
		} else {
			daemon->guests[n++] = guest;
		}
	}
	daemon->guest_count = n;
}

static void deleted(void *arg, int err, const char *sentence)
{
	char *name = arg;

	if (err && err != -ENOENT)
		log_warning("group %s: removed from the configuration, but it cannot be deleted: %s",
			    name, sentence[0] ? sentence : strerror(-err));
	free(name);
}

/* False: try again. */
static bool delete_group(struct daemon *daemon, const char *name)
{
	char *arg = strdup(name);

	if (arg && work_delete_group(daemon->work, name, deleted, arg))
		return true;
	free(arg);
	return false;
}

/* Delete a group after its guests have left: deletion unshares the rest. */
static void delete_doomed(struct daemon *daemon)
{
	size_t i, j, n = 0;

	for (i = 0; i < daemon->doomed_count; i++) {
		const char *name = daemon->doomed[i];
		bool used = false;

		for (j = 0; j < daemon->guest_count; j++)
			used |= daemon->guests[j]->leaving_ms &&
				!strcmp(daemon->guests[j]->group, name);
		if (kernel_find_group(&daemon->kernel, name) &&
		    (used || !delete_group(daemon, name)))
			memmove(daemon->doomed[n++], name, GRPDEDUP_NAME_SIZE);
	}
	daemon->doomed_count = n;
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
	bool was_short = daemon->host.is_short;
	int err = host_read(&daemon->host, &daemon->config->host, "/proc");

	if (err)
		log_error("cannot read the host's memory: %s", strerror(-err));
	else if (daemon->host.is_short && !was_short)
		log_warning("host: %s; all guests are reduced to their bases", daemon->host.why);
	else if (!daemon->host.is_short && was_short)
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
	for (i = 0; i < daemon->group_count; i++)
		group_sync(&daemon->groups[i], &daemon->kernel);
	for (i = 0; i < daemon->guest_count; i++) {
		struct group *group = find_group(daemon, daemon->guests[i]->group);

		guest_tick(daemon->guests[i], &env,
			   group ? group->config.law.deadband : 0);
	}
	for (i = 0; i < daemon->group_count; i++)
		group_grant(&daemon->groups[i], &daemon->kernel, daemon->guests,
			    daemon->guest_count, daemon->host.is_short,
			    (double)daemon->period_ms / 1000);
	see_off(daemon);
	delete_doomed(daemon);
}

void daemon_close(struct daemon *daemon)
{
	struct guest_env env = env_of(daemon);
	size_t i;

	for (i = 0; i < daemon->guest_count; i++)
		guest_destroy(daemon->guests[i], &env);
	free(daemon->guests);
	free(daemon->groups);
	free(daemon->doomed);
	config_free(daemon->config);
	kernel_close(&daemon->kernel);
}
