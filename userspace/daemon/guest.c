// SPDX-License-Identifier: GPL-2.0
/* One guest: its process, its membership and its balloon. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config_guest.h"
#include "guest.h"
#include "log.h"
#include "process.h"

/* Where libvirt keeps the pid files of its domains. */
#define LIBVIRT_PIDFILE	"/run/libvirt/qemu/%s.pid"
/* A guest whose state changes all the time must not fill the log. */
#define LOG_MS		10000
#define MIB		(1u << 20)

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

struct guest *guest_create(const struct config_guest *config, const char *group)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	if (!guest)
		return NULL;
	if (config_guest_copy(&guest->config, config)) {
		free(guest);
		return NULL;
	}
	snprintf(guest->group, sizeof(guest->group), "%s", group);
	if (config->domain && asprintf(&guest->config.pidfile, LIBVIRT_PIDFILE,
				       config->domain) < 0)
		guest->config.pidfile = NULL;
	guest->logged = BALLOON_ABSENT;
	return guest;
}

static void drop_monitor(struct guest *guest)
{
	if (guest->monitor)
		guest->monitor->ops->destroy(guest->monitor);
	guest->monitor = NULL;
	guest->balloon = (struct balloon){ 0 };
}

void guest_destroy(struct guest *guest, struct guest_env *env)
{
	if (!guest)
		return;
	work_forget(env->work, guest);
	drop_monitor(guest);
	config_guest_free(&guest->config);
	free(guest);
}

bool guest_is_same(const struct guest *guest, const struct config_guest *config)
{
	return !strcmp(guest->config.name, config->name) &&
	       same_text(guest->config.qmp, config->qmp) &&
	       same_text(guest->config.domain, config->domain) &&
	       (config->domain || same_text(guest->config.pidfile, config->pidfile)) &&
	       guest->config.qmp_shared == config->qmp_shared;
}

void guest_update(struct guest *guest, const struct config_guest *config,
		  const char *group)
{
	if (guest->leaving_ms)
		guest->again_ms = 0;
	guest->leaving_ms = 0;
	guest->is_gone = false;
	guest->config.file = config->file;
	guest->config.line = config->line;
	guest->config.is_found = config->is_found;
	guest->config.rival = config->rival;
	guest->config.base = config->base;
	guest->config.max = config->max;
	if (!strcmp(guest->group, group))
		return;
	snprintf(guest->came_from, sizeof(guest->came_from), "%s", guest->group);
	snprintf(guest->group, sizeof(guest->group), "%s", group);
	guest->again_ms = 0;
}

static void make_monitor(struct guest *guest, struct guest_env *env)
{
	if (guest->config.domain)
		guest->monitor = monitor_libvirt_create(env->virt, &guest->balloon,
							guest->config.domain);
	else
		guest->monitor = monitor_qmp_create(env->loop, &guest->balloon,
						    guest->config.qmp,
						    guest->config.qmp_shared);
}

static void lose_process(struct guest *guest)
{
	if (!guest->pid)
		return;
	log_info("guest %s: process %d has exited", guest->config.name, (int)guest->pid);
	guest->pid = 0;
	guest->again_ms = 0;
	guest->failed = NULL;
	guest->unseen = (struct unseen){ 0 };
	guest->lost = 0;
	drop_monitor(guest);
}

/* 0 with its process, -ESRCH, or another -errno; with a sentence unless 0. */
static int look_for_process(struct guest *guest, pid_t *pid, uint64_t *start,
			    char *why, size_t size)
{
	int err = -ESRCH;

	if (guest->config.pidfile) {
		err = process_of_pidfile(guest->config.pidfile, &guest->proof, why, size);
		*pid = guest->proof.pid;
		*start = guest->proof.start;
		return err;
	}
	*pid = guest->monitor ? guest->monitor->ops->peer(guest->monitor) : 0;
	/* On a shared socket the daemon is rarely connected. */
	if (!*pid)
		*pid = guest->pid;
	if (*pid)
		err = process_start(*pid, start);
	if (err == -ESRCH && guest->balloon.state > BALLOON_STARTING)
		snprintf(why, size, "%s", guest->balloon.why);
	else if (err == -ESRCH)
		snprintf(why, size, "not running (no answer at %s)", guest->config.qmp);
	else if (err)
		snprintf(why, size, "cannot look at process %d: %s", (int)*pid,
			 err == -EACCES ? "/proc does not show it (hidepid?)" : strerror(-err));
	return err;
}

/*
 * A guest that has escaped into its QEMU can write the pid of another tenant
 * into its pid file, but cannot change the peer of its QMP socket.
 */
static void prove_process(struct guest *guest)
{
	pid_t peer = guest->monitor ? guest->monitor->ops->peer(guest->monitor) : 0;
	bool was_proven = guest->is_proven;

	if (!guest->config.qmp || !guest->config.pidfile || peer == guest->pid)
		guest->is_proven = true;
	else if (peer)
		guest->is_proven = false;
	if (!guest->pid)
		return;
	if (guest->is_proven) {
		if (!was_proven)
			guest->why[0] = '\0';
		return;
	}
	if (peer)
		snprintf(guest->why, sizeof(guest->why),
			 "its pid file names process %d, but process %d listens at its QMP socket",
			 (int)guest->pid, (int)peer);
	else
		snprintf(guest->why, sizeof(guest->why),
			 "its QMP socket has not confirmed yet that it is process %d",
			 (int)guest->pid);
}

/* Our own lack of something says nothing about the guest. */
static void note_unknown(struct guest *guest, const char *why)
{
	if (strcmp(why, guest->unknown))
		log_warning("guest %s: %s; what was known of it stays", guest->config.name, why);
	snprintf(guest->unknown, sizeof(guest->unknown), "%s", why);
}

static void find_process(struct guest *guest, struct guest_env *env)
{
	char why[sizeof(guest->why)] = "";
	uint64_t start = 0;
	pid_t pid = 0;
	int err = look_for_process(guest, &pid, &start, why, sizeof(why));

	if (err && err != -ESRCH) {
		note_unknown(guest, why);
		return;
	}
	guest->unknown[0] = '\0';
	if (guest->pid && (err || pid != guest->pid || start != guest->start))
		lose_process(guest);
	if (err && guest->config.domain && virt_has(env->virt, guest->config.domain))
		snprintf(guest->why, sizeof(guest->why),
			 "libvirt runs it, but it has no process here: %.200s", why);
	else if (err)
		snprintf(guest->why, sizeof(guest->why), "%s", why);
	if (err || guest->pid)
		return;
	guest->pid = pid;
	guest->start = start;
	guest->is_proven = false;
	guest->why[0] = '\0';
	log_info("guest %s: is process %d", guest->config.name, (int)pid);
}

/* A request failed: say so, unless it is the same failure as the last time. */
static void complain(struct guest *guest, const char *what, int err,
		     const char *sentence)
{
	bool is_new = !guest->failed || strcmp(what, guest->failed) || err != guest->err;

	guest->again_ms = loop_now() + WORK_AGAIN_MS;
	guest->failed = what;
	guest->err = err;
	snprintf(guest->why, sizeof(guest->why), "it cannot %s group %s: %s", what,
		 guest->group, sentence);
	if (is_new)
		log_warning("guest %s: %s", guest->config.name, guest->why);
}

static void assigned(void *arg, int err, const char *sentence)
{
	struct guest *guest = arg;

	guest->requesting = false;
	if (err) {
		complain(guest, "join", err, sentence);
		return;
	}
	guest->failed = NULL;
	guest->why[0] = '\0';
	log_info("guest %s: process %d is in group %s", guest->config.name,
		 (int)guest->pid, guest->group);
}

static void unassigned(void *arg, int err, const char *sentence)
{
	struct guest *guest = arg;

	guest->requesting = false;
	/* It may have exited meanwhile. */
	if (err && err != -ESRCH)
		complain(guest, "leave", err, sentence);
}

bool guest_leave(struct guest *guest, struct guest_env *env)
{
	/* Before it has joined, it cannot leave. */
	if (guest->requesting || guest->is_joining)
		return false;
	if (!guest->is_member)
		return true;
	if (loop_now() >= guest->again_ms)
		guest->requesting = work_unassign(env->work, guest->pid,
						  unassigned, guest);
	return false;
}

static void count_savings(struct guest *guest, const struct kernel *kernel,
			  const struct grpdedup_member *member)
{
	const struct grpdedup_group *group =
		kernel_find_group(kernel, guest->group);
	const struct grpdedup_counters *counters = &member->counters;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t shared, passes;

	guest->saved = page * grpdedup_counter_or_0(counters,
						    GRPDEDUP_CNT_PAGES_SHARING);
	if (!group || !guest->file_pages)
		return;
	shared = grpdedup_counter_or_0(counters, GRPDEDUP_CNT_PAGES_SHARED);
	passes = grpdedup_counter_or_0(&group->counters,
				       GRPDEDUP_CNT_FULL_SCANS);
	guest->lost = page * unseen_step(&guest->unseen, guest->file_pages,
					 shared, passes);
}

/* A scanner is at work on it. */
static bool is_changing(const struct grpdedup_member *member)
{
	return member && (member->state == GRPDEDUP_STATE_JOINING ||
			  member->state == GRPDEDUP_STATE_LEAVING);
}

static void enrol(struct guest *guest, struct guest_env *env)
{
	const struct grpdedup_member *member =
		kernel_find_member(env->kernel, guest->pid);
	bool is_listed = member && !strcmp(member->group, guest->group);

	guest->is_member = is_listed && member->state == GRPDEDUP_STATE_MEMBER;
	guest->is_joining = is_listed && member->state == GRPDEDUP_STATE_JOINING;
	if (guest->is_member) {
		count_savings(guest, env->kernel, member);
		if (!guest->leaving_ms)
			guest->why[0] = '\0';
		return;
	}
	guest->unseen = (struct unseen){ 0 };
	guest->lost = 0;
	if (!env->kernel->loaded || !kernel_find_group(env->kernel, guest->group) ||
	    is_changing(member) || guest->requesting || guest->leaving_ms || guest->contest[0] ||
	    !guest->is_proven || loop_now() < guest->again_ms)
		return;
	guest->requesting = work_assign(env->work, guest->group, guest->pid,
					member && !strcmp(member->group, guest->came_from),
					assigned, guest);
}

/* Once for each time that it goes on. */
static void name_others(struct guest *guest)
{
	char text[BALLOON_WHY_SIZE];
	unsigned int n = balloon_others(&guest->balloon, loop_now(), text, sizeof(text));

	if (n >= BALLOON_OTHERS && !guest->named)
		log_warning("guest %s: %s", guest->config.name, text);
	guest->named = n >= BALLOON_OTHERS || (guest->named && n);
}

/* "ok" only after the guest has reached its target. */
static bool is_news(const struct guest *guest, enum balloon_state state)
{
	const struct balloon *balloon = &guest->balloon;

	if (balloon->state == BALLOON_OK &&
	    (state == BALLOON_STARTING || balloon->is_retry || !balloon->target ||
	     balloon_is_moving(balloon)))
		return false;
	return state != guest->logged && loop_now() >= guest->log_ms;
}

static void log_state(struct guest *guest)
{
	enum balloon_state state = guest_state(guest);

	if (!is_news(guest, state))
		return;
	guest->logged = state;
	if (state <= BALLOON_STARTING || state == BALLOON_NONE)
		return;
	guest->log_ms = loop_now() + LOG_MS;
	if (state == BALLOON_OK)
		log_info("guest %s: the balloon reaches its targets", guest->config.name);
	else
		log_warning("guest %s: %s", guest->config.name, guest_why(guest));
}

void guest_look(struct guest *guest)
{
	guest->file_pages = guest->pid ? process_file_pages(guest->pid) : 0;
}

void guest_contest(struct guest *guest, const char *sentence)
{
	char text[sizeof(guest->contest)];

	snprintf(text, sizeof(text), "%s", sentence ? sentence : "");
	if (text[0] && strcmp(text, guest->contest))
		log_warning("guest %s: %s", guest->config.name, text);
	memcpy(guest->contest, text, sizeof(text));
}

void guest_find(struct guest *guest, struct guest_env *env)
{
	bool balloons = config_has_base(&guest->config.base);

	/* Without a pid file, the monitor finds the process. */
	if (balloons && !guest->monitor && (guest->pid || !guest->config.pidfile))
		make_monitor(guest, env);
	if (guest->monitor)
		guest->monitor->ops->tick(guest->monitor);
	find_process(guest, env);
	prove_process(guest);
}

void guest_tick(struct guest *guest, struct guest_env *env, uint64_t slack)
{
	guest->is_member = false;
	guest->is_joining = false;
	guest->saved = 0;
	if (guest->pid)
		enrol(guest, env);
	if (guest->monitor) {
		balloon_judge(&guest->balloon, slack, loop_now());
		name_others(guest);
	}
	log_state(guest);
}

uint64_t guest_base(const struct guest *guest)
{
	const struct config_base *base = &guest->config.base;
	uint64_t size = guest->balloon.size, bytes = base->bytes;

	if (base->percent) {
		bytes = size / 100 * base->percent;
		bytes -= bytes % MIB;
		if (bytes < CONFIG_BASE_MIN)
			bytes = CONFIG_BASE_MIN;
		return bytes < size ? bytes : size;
	}
	return size && size < bytes ? size : bytes;
}

uint64_t guest_max(const struct guest *guest)
{
	uint64_t max = guest->config.max;

	if (guest->balloon.size && (!max || max > guest->balloon.size))
		max = guest->balloon.size;
	return max;
}

void guest_set_target(struct guest *guest, uint64_t bytes)
{
	if (guest->monitor && bytes && guest->balloon.target != bytes)
		guest->monitor->ops->set(guest->monitor, bytes);
}

enum balloon_state guest_state(const struct guest *guest)
{
	const struct balloon *balloon = &guest->balloon;

	if (!guest->pid && balloon->state <= BALLOON_STARTING)
		return BALLOON_ABSENT;
	if (!config_has_base(&guest->config.base))
		return BALLOON_NONE;
	if (!guest->monitor ||
	    (balloon->state == BALLOON_OK && balloon_is_unproven(balloon)))
		return BALLOON_STARTING;
	return balloon->state;
}

/* About a guest that is well. */
static const char *remark(const struct guest *guest)
{
	static char text[BALLOON_WHY_SIZE];
	const struct balloon *balloon = &guest->balloon;

	if (balloon->why[0])
		return balloon->why;
	if (guest_base(guest) >= guest->config.base.bytes)
		return "";
	snprintf(text, sizeof(text),
		 "its base of %.0f MiB is more than the %.0f MiB that it was started with",
		 (double)guest->config.base.bytes / MIB, (double)balloon->size / MIB);
	return text;
}

const char *guest_why(const struct guest *guest)
{
	enum balloon_state state = guest_state(guest);

	if (guest->unknown[0])
		return guest->unknown;
	if (guest->contest[0] && !guest->leaving_ms)
		return guest->contest;
	if (state == BALLOON_ABSENT ||
	    (guest->why[0] && (!guest->is_member || guest->leaving_ms)))
		return guest->why;
	if (state == BALLOON_NONE)
		return "";
	return guest->balloon.state == BALLOON_OK ? remark(guest) : guest->balloon.why;
}
