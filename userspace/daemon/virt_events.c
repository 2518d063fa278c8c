// SPDX-License-Identifier: GPL-2.0
/* Events of libvirt, which make the last look old. */
#include <time.h>
#include "virt_domain.h"

/* Kinds of events that are asked for. */
#define EVENTS	5

static void note_news(struct virt *virt, virDomainPtr dom, bool is_reset)
{
	struct virt_domain *domain;

	pthread_mutex_lock(&virt->lock);
	domain = virt_domain_find(virt, virDomainGetName(dom));
	if (domain && is_reset)
		domain->state.resets++;
	virt->is_due = true;
	pthread_cond_signal(&virt->news);
	pthread_mutex_unlock(&virt->lock);
}

static int on_lifecycle(virConnectPtr conn, virDomainPtr dom, int event, int detail,
			void *arg)
{
	(void)conn;
	(void)event;
	(void)detail;
	note_news(arg, dom, false);
	return 0;
}

static void on_reset(virConnectPtr conn, virDomainPtr dom, void *arg)
{
	(void)conn;
	note_news(arg, dom, true);
}

static void on_balloon(virConnectPtr conn, virDomainPtr dom, unsigned long long actual,
		       void *arg)
{
	(void)conn;
	(void)actual;
	note_news(arg, dom, false);
}

static void on_device(virConnectPtr conn, virDomainPtr dom, const char *alias, void *arg)
{
	(void)conn;
	(void)alias;
	note_news(arg, dom, false);
}

static const struct {
	int id;
	virConnectDomainEventGenericCallback fn;
} events[EVENTS] = {
	{ VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle) },
	{ VIR_DOMAIN_EVENT_ID_REBOOT, on_reset },
	{ VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_balloon) },
	{ VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device) },
	{ VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device) },
};

/* Without events, each look finds what has changed. */
static void add_events(struct virt *virt, virConnectPtr conn, int *ids)
{
	size_t i;

	for (i = 0; i < EVENTS; i++)
		ids[i] = virConnectDomainEventRegisterAny(conn, NULL, events[i].id,
							  events[i].fn, virt, NULL);
}

/* A callback holds a reference to its connection. */
static void remove_events(virConnectPtr conn, const int *ids)
{
	size_t i;

	for (i = 0; i < EVENTS; i++)
		if (ids[i] >= 0)
			virConnectDomainEventDeregisterAny(conn, ids[i]);
}

void *virt_serve_events(void *arg)
{
	const struct timespec again = { .tv_sec = 2 };
	virConnectPtr conn = NULL;
	int ids[EVENTS];

	for (;;) {
		if (!conn) {
			conn = virt_connect();
			if (conn)
				add_events(arg, conn, ids);
		}
		if (!conn || virEventRunDefaultImpl() < 0) {
			nanosleep(&again, NULL);
		} else if (virConnectIsAlive(conn) <= 0) {
			remove_events(conn, ids);
			virConnectClose(conn);
			conn = NULL;
		}
	}
	return NULL;
}
