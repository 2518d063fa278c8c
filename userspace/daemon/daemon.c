// SPDX-License-Identifier: GPL-2.0
/* The control round. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/release.h"
#include "daemon_priv.h"
#include "log.h"

/* Time for a leaving guest to release what it was granted. */
#define LEAVE_MS	3000

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

/* Its process remains a member because of its cgroup. */
static bool is_resident(const struct daemon *daemon, const struct guest *guest)
{
	const struct group *group = residents_group(daemon->residents, guest->pid);

	return group && !strcmp(group->config.name, guest->group);
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
	if (loop_now() - guest->leaving_ms < LEAVE_MS)
		return false;
	return is_resident(daemon, guest) || guest_leave(guest, env);
}

static void log_guest_off(const struct guest *guest)
{
	const struct config_guest *config = &guest->config;

	if (guest->is_gone && config->domain)
		log_info("guest %s: gone (domain %s)", config->name, config->domain);
	else if (guest->is_gone)
		log_info("guest %s: gone (%s)", config->name, config->pidfile);
	else
		log_info("guest %s: removed from the configuration", config->name);
}

static void see_off(struct daemon *daemon)
{
	struct guest_env env = daemon_env(daemon);
	size_t i, n = 0;

	for (i = 0; i < daemon->guest_count; i++) {
		struct guest *guest = daemon->guests[i];

		daemon->guests[i] = NULL;
		if (has_left(daemon, guest, &env)) {
			log_guest_off(guest);
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
			if (group->is_gone)
				log_info("group %s: gone (cgroup %s is empty)",
					 group->config.name, group->config.cgroup);
			else
				log_info("group %s: removed from the configuration",
					 group->config.name);
			residents_forget(daemon->residents, group);
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
	struct guest_env env = daemon_env(daemon);
	size_t i;

	note_time(daemon, loop_now());
	daemon_discover(daemon);
	read_host(daemon);
	for (i = 0; i < daemon->guest_count; i++)
		guest_look(daemon->guests[i]);
	read_kernel(daemon);
	virt_tick(daemon->virt);
	for (i = 0; i < daemon->group_count; i++)
		if (!daemon->groups[i]->is_leaving)
			group_sync(daemon->groups[i], &daemon->kernel);
	for (i = 0; i < daemon->guest_count; i++)
		guest_find(daemon->guests[i], &env);
	residents_look(daemon->residents, daemon->groups, daemon->group_count);
	daemon_claim(daemon);
	for (i = 0; i < daemon->guest_count; i++) {
		struct group *group = daemon_find_group(daemon->groups, daemon->group_count,
						 daemon->guests[i]->group);

		guest_tick(daemon->guests[i], &env,
			   group ? group->config.law.deadband : 0);
	}
	residents_tend(daemon->residents, &daemon->kernel);
	for (i = 0; i < daemon->group_count; i++)
		group_grant(daemon->groups[i], &daemon->kernel, daemon->guests,
			    daemon->guest_count, daemon->host.is_short,
			    (double)daemon->period_ms / 1000);
	see_off(daemon);
	see_groups_off(daemon);
}

void daemon_close(struct daemon *daemon)
{
	struct guest_env env = daemon_env(daemon);
	size_t i;

	residents_destroy(daemon->residents);
	for (i = 0; i < daemon->guest_count; i++)
		guest_destroy(daemon->guests[i], &env);
	for (i = 0; i < daemon->group_count; i++)
		group_destroy(daemon->groups[i], daemon->work);
	free(daemon->guests);
	free(daemon->groups);
	config_free(daemon->config);
	config_free(daemon->written);
	discovery_close(&daemon->discovery);
	kernel_close(&daemon->kernel);
}
