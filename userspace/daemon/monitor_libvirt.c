// SPDX-License-Identifier: GPL-2.0
/*
 * A monitor that asks libvirt, which does not share the QMP monitor of its
 * domains. Others may set the balloon as well: the target is told again until
 * the guest has reached it.
 */
#include <stdio.h>
#include <stdlib.h>
#include "monitor.h"

/* Nothing was heard of a domain for this long. */
#define SILENT_MS	10000

/**
 * struct monitor_libvirt - a monitor of a domain
 * @since_ms: when it was created
 * @has_run: it was seen to run, so that no migration to here is under way
 * @wanted: target, 0 = none yet
 * @heard_ms, @resets, @told: of the state that was seen last
 */
struct monitor_libvirt {
	struct monitor monitor;
	struct virt_domain *domain;
	uint64_t since_ms;
	bool has_run;
	uint64_t wanted;
	uint64_t heard_ms;
	unsigned int resets;
	unsigned int told;
};

static void note_run(struct monitor_libvirt *m, const struct virt_state *state)
{
	struct balloon *balloon = m->monitor.balloon;
	char why[64];

	if (state->why[0]) {
		balloon_set_state(balloon, BALLOON_SILENT, "%s", state->why);
	} else if (state->no_device) {
		balloon_set_state(balloon, BALLOON_NO_DEVICE,
				  "the guest has no balloon device; give it <memballoon model='virtio'/>");
	} else if (state->run == VIRT_RUNNING) {
		m->has_run = true;
		balloon_hear_running(balloon, loop_now());
	} else if (state->run == VIRT_MIGRATING && !m->has_run) {
		balloon_set_state(balloon, BALLOON_INCOMING,
				  "it waits for a migration that comes in");
	} else {
		snprintf(why, sizeof(why), "it does not run: %s", state->run_why);
		balloon_hear_paused(balloon, why, loop_now());
	}
}

static void hear(struct monitor_libvirt *m, const struct virt_state *state)
{
	struct balloon *balloon = m->monitor.balloon;

	balloon->size = state->size;
	balloon_hear_actual(balloon, state->actual, loop_now());
	if (state->stats.last_update)
		balloon_hear_stats(balloon, &state->stats, loop_now());
	note_run(m, state);
	/* What it is told now is overwritten when a migration comes in. */
	if (m->wanted && (balloon_is_off(balloon) || state->why[0]) &&
	    balloon->state != BALLOON_INCOMING && balloon->state != BALLOON_NO_DEVICE)
		virt_domain_tell(m->domain, m->wanted);
}

static void monitor_libvirt_tick(struct monitor *monitor)
{
	struct monitor_libvirt *m = (struct monitor_libvirt *)monitor;
	struct virt_state state;

	virt_domain_read(m->domain, &state);
	if (state.resets != m->resets)
		balloon_forget(monitor->balloon);
	m->resets = state.resets;
	if (state.told != m->told)
		balloon_told(monitor->balloon, state.told_bytes, loop_now());
	m->told = state.told;
	if (state.heard_ms && state.heard_ms != m->heard_ms) {
		m->heard_ms = state.heard_ms;
		hear(m, &state);
	} else if (loop_now() - (m->heard_ms ? m->heard_ms : m->since_ms) > SILENT_MS) {
		balloon_set_state(monitor->balloon, BALLOON_SILENT, "%s",
				  state.why[0] ? state.why : "libvirt has no news of it");
	}
}

static void monitor_libvirt_set(struct monitor *monitor, uint64_t bytes)
{
	struct monitor_libvirt *m = (struct monitor_libvirt *)monitor;

	m->wanted = bytes;
	balloon_tell(monitor->balloon, bytes, loop_now());
	virt_domain_tell(m->domain, bytes);
}

static pid_t monitor_libvirt_peer(const struct monitor *monitor)
{
	(void)monitor;
	return 0;
}

static void monitor_libvirt_destroy(struct monitor *monitor)
{
	struct monitor_libvirt *m = (struct monitor_libvirt *)monitor;

	virt_domain_put(m->domain);
	free(m);
}

static const struct monitor_ops monitor_libvirt_ops = {
	.tick = monitor_libvirt_tick,
	.set = monitor_libvirt_set,
	.peer = monitor_libvirt_peer,
	.destroy = monitor_libvirt_destroy,
};

struct monitor *monitor_libvirt_create(struct virt *virt, struct balloon *balloon,
				       const char *name)
{
	struct monitor_libvirt *m = calloc(1, sizeof(*m));
	struct virt_state state;

	if (!m)
		return NULL;
	m->domain = virt_domain_get(virt, name);
	if (!m->domain) {
		free(m);
		return NULL;
	}
	m->monitor.ops = &monitor_libvirt_ops;
	m->monitor.balloon = balloon;
	m->since_ms = loop_now();
	virt_domain_read(m->domain, &state);
	m->resets = state.resets;
	m->told = state.told;
	balloon_forget(balloon);
	return &m->monitor;
}
