// SPDX-License-Identifier: GPL-2.0
/* One group: in the kernel, its rate, its grants. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "group.h"
#include "log.h"

struct group *group_create(const struct config_group *config)
{
	struct group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	group->config = *config;
	group->rate.rate = config->rate;
	return group;
}

void group_destroy(struct group *group, struct work *work)
{
	work_forget(work, group);
	free(group);
}

void group_update(struct group *group, const struct config_group *config)
{
	bool rate_changed = group->config.rate != config->rate ||
			    group->config.rate_auto != config->rate_auto;

	group->config = *config;
	group->announced = false;
	group->is_leaving = false;
	group->is_gone = false;
	if (!config->rate_auto || rate_changed)
		group->rate.rate = config->rate;
	if (group->rate.rate < config->rate_params.min && config->rate_auto)
		group->rate.rate = config->rate_params.min;
	if (group->rate.rate > config->rate_params.max && config->rate_auto)
		group->rate.rate = config->rate_params.max;
}

/* All of them: what is not in the file has its default. */
static struct grpdedup_group_params params_of(const struct group *group)
{
	const struct config_group *config = &group->config;

	return (struct grpdedup_group_params){
		.name = config->name,
		.set = GRPDEDUP_SET_RATE | GRPDEDUP_SET_SPLIT_MIN | GRPDEDUP_SET_FRAMES_MAX,
		.rate = group->rate.rate,
		.split_min = config->split_min,
		.frames_max = config->frames_max,
	};
}

/* Log it if it is another failure than the last: sentences contain numbers. */
static void fail(struct group *group, const char *what, int err, const char *sentence)
{
	bool is_new = !group->error[0] || err != group->err || strcmp(what, group->failed);

	group->err = err;
	group->failed = what;
	snprintf(group->error, sizeof(group->error), "%s%s%s", what, what[0] ? ": " : "",
		 sentence);
	if (is_new)
		log_warning("group %s: %s", group->config.name, group->error);
}

static bool is_as_wanted(const struct grpdedup_group *found,
			 const struct grpdedup_group_params *params)
{
	return found && found->rate == params->rate &&
	       found->split_min == params->split_min &&
	       found->frames_max == params->frames_max;
}

/* Create the group in the kernel, or change the one that was @found. */
static bool announce(struct group *group, struct kernel *kernel,
		     const struct grpdedup_group *found)
{
	struct grpdedup_group_params params = params_of(group);
	int err = 0;

	if (!found)
		err = grpdedup_group_add(kernel->conn, &params);
	else if (!is_as_wanted(found, &params))
		err = grpdedup_group_set(kernel->conn, &params);
	if (err) {
		fail(group, found ? "cannot change it" : "cannot create it", err,
		     kernel_sentence(kernel, err));
		return false;
	}
	if (!is_as_wanted(found, &params))
		log_info("group %s: %s, %u pages/s", group->config.name,
			 found ? "changed" : "created", params.rate);
	group->announced = true;
	return true;
}

static void set_rate(struct group *group, struct kernel *kernel)
{
	struct grpdedup_group_params params = params_of(group);
	int err;

	params.set = GRPDEDUP_SET_RATE;
	err = grpdedup_group_set(kernel->conn, &params);
	if (err)
		fail(group, "cannot change its rate", err, kernel_sentence(kernel, err));
	else
		log_info("group %s: %u pages/s; %s", group->config.name,
			 params.rate, group->rate.reason);
}

static void steer_rate(struct group *group, struct kernel *kernel,
		       const struct grpdedup_group *found)
{
	const struct grpdedup_counters *counters = &found->counters;
	struct rate_sample sample = {
		.scanned = grpdedup_counter_or_0(counters,
						 GRPDEDUP_CNT_PAGES_SCANNED),
		.sharing = grpdedup_counter_or_0(counters,
						 GRPDEDUP_CNT_PAGES_SHARING),
		.full_scans = grpdedup_counter_or_0(counters,
						    GRPDEDUP_CNT_FULL_SCANS),
		.cpu_ns = grpdedup_counter_or_0(counters, GRPDEDUP_CNT_CPU_NS),
	};

	if (rate_step(&group->rate, &group->config.rate_params, &sample, loop_now()))
		set_rate(group, kernel);
}

static void note_paused(struct group *group, uint32_t paused)
{
	const char *sentence = grpdedup_group_paused(paused);

	if (paused == group->paused)
		return;
	group->paused = paused;
	if (paused == GRPDEDUP_PAUSED_FAULT)
		log_error("group %s: %s", group->config.name, sentence);
	else
		log_notice("group %s: %s", group->config.name,
			   sentence ? sentence : "resumed");
}

/*
 * Move the scanner where the configuration has it, or back if it has no place
 * for it any more. False if that failed: it is tried again in the next round,
 * as the cgroup may be created later.
 */
static bool account(struct group *group, struct kernel *kernel, uint32_t tid)
{
	const char *want = group->config.account;
	int err;

	if (!strcmp(want, group->account) && (!want[0] || tid == group->account_tid))
		return true;
	err = grpdedup_account_set(kernel->conn, group->config.name,
				   want[0] ? want : "none");
	if (err) {
		fail(group, "cannot account its scanner", err,
		     kernel_sentence(kernel, err));
		return false;
	}
	log_info("group %s: its scanner is accounted to %s", group->config.name,
		 want[0] ? want : "the root cgroup");
	memcpy(group->account, want, sizeof(group->account));
	group->account_tid = tid;
	return true;
}

void group_sync(struct group *group, struct kernel *kernel)
{
	const struct grpdedup_group *found;

	if (!kernel->loaded || !kernel->conn) {
		fail(group, "", kernel->loaded, kernel->why);
		group->announced = false;
		group->paused = GRPDEDUP_PAUSED_NOT;
		return;
	}
	found = kernel_find_group(kernel, group->config.name);
	if (found)
		note_paused(group, found->paused);
	if (!found || !group->announced) {
		if (!announce(group, kernel, found))
			return;
	} else if (group->config.rate_auto) {
		steer_rate(group, kernel, found);
	} else {
		/* Respect a rate that was set by hand. */
		group->rate.rate = found->rate;
	}
	if (!found || account(group, kernel, found->tid))
		group->error[0] = '\0';
}

/* What the group saves now, less metadata and what was lost since. */
static uint64_t saved_of(const struct kernel *kernel, const char *name,
			 struct guest *const *guests, size_t count)
{
	const struct grpdedup_group *found = kernel_find_group(kernel, name);
	uint64_t saved, less;
	size_t i;

	if (!found)
		return 0;
	saved = grpdedup_counter_or_0(&found->counters,
				      GRPDEDUP_CNT_PAGES_SHARING) *
		(uint64_t)sysconf(_SC_PAGESIZE);
	less = grpdedup_counter_or_0(&found->counters,
				     GRPDEDUP_CNT_METADATA_BYTES);
	for (i = 0; i < count; i++)
		if (!strcmp(guests[i]->group, name))
			less += guests[i]->lost;
	return saved > less ? saved - less : 0;
}

static bool takes_part(const struct group *group, const struct guest *guest)
{
	return !strcmp(guest->group, group->config.name) && guest_base(guest) &&
	       (guest->balloon.heard_ms || guest->balloon.target);
}

static struct law_guest law_guest_of(const struct guest *guest)
{
	const struct balloon *balloon = &guest->balloon;

	return (struct law_guest){
		.share = {
			.base = guest_base(guest),
			.actual = balloon->actual,
			.saved = guest->saved,
			.has_stats = balloon->has_stats,
			.available = balloon->stats.available,
			.major_faults = balloon->major_faults,
			.swap_in = balloon->swap_in,
		},
		/* A guest that contributes nothing gets nothing. */
		.max = guest->is_member && !guest->leaving_ms ? guest_max(guest) :
								guest_base(guest),
		.live = balloon_is_live(balloon),
		.follows = balloon_follows(balloon),
		.in_force = balloon->in_force,
		.target = balloon->target,
	};
}

void group_grant(struct group *group, const struct kernel *kernel,
		 struct guest **guests, size_t count, bool host_short, double seconds)
{
	struct law_guest *parts = calloc(count ? count : 1, sizeof(*parts));
	size_t i, n = 0;

	if (!parts)
		return;
	for (i = 0; i < count; i++)
		if (takes_part(group, guests[i]))
			parts[n++] = law_guest_of(guests[i]);
	group->round = (struct law_round){
		.saved = saved_of(kernel, group->config.name, guests, count),
		.host_short = host_short,
		.seconds = seconds,
	};
	law_step(&group->law, &group->config.law, &group->round, parts, n);
	for (i = 0, n = 0; i < count; i++) {
		if (!takes_part(group, guests[i]))
			continue;
		if (parts[n].live)
			guest_set_target(guests[i], parts[n].target);
		n++;
	}
	free(parts);
}

static void deleted(void *arg, int err, const char *sentence)
{
	struct group *group = arg;

	group->requesting = false;
	if (!err || err == -ENOENT || !group->is_leaving)
		return;
	group->again_ms = loop_now() + WORK_AGAIN_MS;
	fail(group, group->is_gone ? "its cgroup is empty, but it cannot be deleted" :
				     "removed from the configuration, but it cannot be deleted",
	     err, sentence);
}

bool group_leave(struct group *group, const struct kernel *kernel, struct work *work)
{
	if (group->requesting)
		return false;
	if (!kernel_find_group(kernel, group->config.name))
		return true;
	if (loop_now() >= group->again_ms)
		group->requesting = work_delete_group(work, group->config.name, deleted, group);
	return false;
}
