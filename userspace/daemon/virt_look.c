// SPDX-License-Identifier: GPL-2.0
/* One look at all domains: which run, and the statistics of those wanted. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libvirt/virterror.h>
#include "virt_domain.h"

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t count)
{
	while (count)
		free(names[--count]);
	free(names);
}

/* NULL if out of memory. */
static char **copy_names(virDomainPtr *doms, size_t count)
{
	char **names = calloc(count + 1, sizeof(*names));
	size_t i;

	for (i = 0; names && i < count; i++) {
		names[i] = strdup(virDomainGetName(doms[i]));
		if (!names[i]) {
			free_names(names, i);
			return NULL;
		}
	}
	if (names)
		qsort(names, count, sizeof(*names), compare_names);
	return names;
}

static virDomainPtr find_dom(virDomainPtr *doms, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(virDomainGetName(doms[i]), name))
			return doms[i];
	return NULL;
}

/*
 * Notes which domains run, and returns those that are wanted, the last one
 * NULL; NULL if out of memory.
 */
static virDomainPtr *note_running(struct virt *virt, virDomainPtr *doms, size_t count)
{
	virDomainPtr *wanted = calloc(count + 1, sizeof(*wanted));
	char **names = copy_names(doms, count);
	struct virt_domain *domain;
	virDomainPtr dom;
	size_t n = 0;

	if (!wanted || !names) {
		free(wanted);
		free_names(names, names ? count : 0);
		return NULL;
	}
	pthread_mutex_lock(&virt->lock);
	free_names(virt->names, virt->name_count);
	virt->names = names;
	virt->name_count = count;
	for (domain = virt->domains; domain; domain = domain->next) {
		dom = find_dom(doms, count, domain->name);
		virt_domain_set(domain, dom ? virDomainGetID(dom) : 0);
		if (dom)
			wanted[n++] = dom;
	}
	pthread_mutex_unlock(&virt->lock);
	return wanted;
}

static uint64_t value_of(const virDomainStatsRecordPtr record, const char *name)
{
	unsigned long long value;

	if (virTypedParamsGetULLong(record->params, record->nparams, name, &value) != 1)
		return MESSAGE_UNKNOWN;
	return value;
}

static uint64_t bytes_of(const virDomainStatsRecordPtr record, const char *name)
{
	uint64_t kib = value_of(record, name);

	return kib > UINT64_MAX >> 10 ? MESSAGE_UNKNOWN : kib << 10;
}

static enum virt_run run_of(const virDomainStatsRecordPtr record, const char **why)
{
	int state = VIR_DOMAIN_NOSTATE, reason = 0;

	virTypedParamsGetInt(record->params, record->nparams, "state.state", &state);
	virTypedParamsGetInt(record->params, record->nparams, "state.reason", &reason);
	*why = "libvirt has paused it";
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
		return VIRT_RUNNING;
	case VIR_DOMAIN_PAUSED:
		return reason == VIR_DOMAIN_PAUSED_MIGRATION ? VIRT_MIGRATING : VIRT_PAUSED;
	case VIR_DOMAIN_SHUTDOWN:
		*why = "it shuts down";
		return VIRT_PAUSED;
	case VIR_DOMAIN_CRASHED:
		*why = "it has crashed";
		return VIRT_PAUSED;
	case VIR_DOMAIN_PMSUSPENDED:
		*why = "it sleeps";
		return VIRT_PAUSED;
	default:
		*why = "libvirt does not know its state";
		return VIRT_PAUSED;
	}
}

static void note_stats(struct virt_state *state, const virDomainStatsRecordPtr record)
{
	uint64_t updated = value_of(record, "balloon.last-update");

	/* libvirt gives none while the domain is busy. */
	if (updated == MESSAGE_UNKNOWN)
		return;
	state->stats = (struct guest_stats){
		.last_update = updated,
		.available = bytes_of(record, "balloon.usable"),
		.free = bytes_of(record, "balloon.unused"),
		.total = bytes_of(record, "balloon.available"),
		.disk_caches = bytes_of(record, "balloon.disk_caches"),
		.swap_in = bytes_of(record, "balloon.swap_in"),
		.swap_out = bytes_of(record, "balloon.swap_out"),
		.major_faults = value_of(record, "balloon.major_fault"),
	};
}

/* With the lock held. */
static void note_record(struct virt_domain *domain, const virDomainStatsRecordPtr record,
			uint64_t look_ms)
{
	uint64_t total = bytes_of(record, "balloon.maximum");
	uint64_t actual = bytes_of(record, "balloon.current");
	struct virt_state *state = &domain->state;

	/* Another look was faster, or it has ended. */
	if (look_ms < domain->looked_ms || domain->id != virDomainGetID(record->dom))
		return;
	domain->looked_ms = look_ms;
	state->run = run_of(record, &state->run_why);
	if (total == MESSAGE_UNKNOWN || actual == MESSAGE_UNKNOWN || !domain->has_form)
		return;
	/* A DIMM has come or gone. */
	if (total != domain->form.total) {
		domain->has_form = false;
		return;
	}
	state->heard_ms = look_ms;
	state->size = total - domain->form.devices;
	state->actual = actual > domain->form.dimms ? actual - domain->form.dimms : 0;
	state->no_device = domain->form.no_device;
	note_stats(state, record);
}

static bool ask_stats(struct virt *virt, virDomainPtr *wanted, uint64_t look_ms)
{
	virDomainStatsRecordPtr *records;
	struct virt_domain *domain;
	int i, count;

	count = virDomainListGetStats(wanted, VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BALLOON,
				      &records, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
	if (count < 0)
		return false;
	pthread_mutex_lock(&virt->lock);
	for (i = 0; i < count; i++) {
		domain = virt_domain_find(virt, virDomainGetName(records[i]->dom));
		if (domain)
			note_record(domain, records[i], look_ms);
	}
	pthread_mutex_unlock(&virt->lock);
	virDomainStatsRecordListFree(records);
	return true;
}

bool virt_look(struct virt *virt, virConnectPtr conn, uint64_t now_ms)
{
	virDomainPtr *doms, *wanted;
	int i, count = virConnectListAllDomains(conn, &doms, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	bool ok;

	if (count < 0)
		return false;
	wanted = note_running(virt, doms, (size_t)count);
	ok = wanted && (!wanted[0] || ask_stats(virt, wanted, now_ms));
	free(wanted);
	for (i = 0; i < count; i++)
		virDomainFree(doms[i]);
	free(doms);
	return ok;
}

bool virt_has(struct virt *virt, const char *name)
{
	bool has;

	pthread_mutex_lock(&virt->lock);
	has = virt->name_count && bsearch(&name, virt->names, virt->name_count,
					  sizeof(*virt->names), compare_names);
	pthread_mutex_unlock(&virt->lock);
	return has;
}

int virt_list(struct virt *virt, virt_name_fn fn, void *arg, char *why)
{
	int err = -EAGAIN;
	size_t i;

	pthread_mutex_lock(&virt->lock);
	virt->is_listed = true;
	snprintf(why, VIRT_WHY_SIZE, "%s", virt->why);
	if (virt->names && !why[0])
		err = 0;
	for (i = 0; i < virt->name_count && !err; i++)
		err = fn(arg, virt->names[i]);
	pthread_mutex_unlock(&virt->lock);
	return err;
}
