// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in front of libvirt's library with many domains: libvirt's own test
 * driver has neither balloon statistics nor requests that block. As libvirtd
 * does, a request holds the job of its domain while it waits for its QEMU, and
 * statistics with NOWAIT leave out the domains whose job is held.
 *
 * FAKEVIRT=DIR: told is a line "NAME KIB" for each target, looks a line for
 * each request of statistics. While stall is there, nothing is answered; while
 * stall-NAME is, its QEMU does not answer.
 * FAKEVIRT_COUNT=N: domains fake-1 to fake-N of 512 MiB; the file count, if it
 * is there, has how many of them run.
 */
#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX	1000
#define SIZE_KIB	(512ul << 10)
/* A guest moves this far between two looks. */
#define STEP_KIB	(128ul << 10)

/**
 * struct fake - one domain
 * @job: held while a request waits for its QEMU
 * @lock: protects the sizes
 */
struct fake {
	char name[32];
	int id;
	pthread_mutex_t job;
	pthread_mutex_t lock;
	unsigned long actual;
	unsigned long target;
};

static struct fake fakes[COUNT_MAX];
static int count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init(void)
{
	const char *number = getenv("FAKEVIRT_COUNT");
	int i;

	count = number ? atoi(number) : 0;
	for (i = 0; i < count && i < COUNT_MAX; i++) {
		snprintf(fakes[i].name, sizeof(fakes[i].name), "fake-%d", i + 1);
		fakes[i].id = i + 1;
		fakes[i].actual = SIZE_KIB;
		fakes[i].target = SIZE_KIB;
		pthread_mutex_init(&fakes[i].job, NULL);
		pthread_mutex_init(&fakes[i].lock, NULL);
	}
}

static char *path_of(const char *what, const char *name)
{
	static __thread char path[512];

	snprintf(path, sizeof(path), "%s/%s%s", getenv("FAKEVIRT"), what, name);
	return path;
}

static int running(void)
{
	FILE *in = fopen(path_of("count", ""), "r");
	int n = count;

	if (in && fscanf(in, "%d", &n) != 1)
		n = count;
	if (in)
		fclose(in);
	return n;
}

/* While the file is there */
static void stall(const char *what, const char *name)
{
	const struct timespec soon = { .tv_nsec = 50000000 };

	while (!access(path_of(what, name), F_OK))
		nanosleep(&soon, NULL);
}

static void note(const char *what, const char *name, unsigned long kib)
{
	FILE *out = fopen(path_of(what, ""), "a");

	fprintf(out, "%s %lu\n", name, kib);
	fclose(out);
}

static struct fake *fake_of(virDomainPtr dom)
{
	return (struct fake *)dom;
}

/* The functions of the real library that this uses need it. */
int virEventRegisterDefaultImpl(void)
{
	return virInitialize();
}

int virEventRunDefaultImpl(void)
{
	pause();
	return 0;
}

virConnectPtr virConnectOpen(const char *name)
{
	(void)name;
	pthread_once(&once, init);
	stall("stall", "");
	return (virConnectPtr)fakes;
}

int virConnectRef(virConnectPtr conn)
{
	(void)conn;
	return 0;
}

int virConnectClose(virConnectPtr conn)
{
	(void)conn;
	return 1;
}

int virConnectIsAlive(virConnectPtr conn)
{
	(void)conn;
	return 1;
}

int virConnectSetKeepAlive(virConnectPtr conn, int interval, unsigned int times)
{
	(void)conn;
	(void)interval;
	(void)times;
	return 0;
}

int virConnectDomainEventRegisterAny(virConnectPtr conn, virDomainPtr dom, int id,
				     virConnectDomainEventGenericCallback cb, void *opaque,
				     virFreeCallback freecb)
{
	(void)conn;
	(void)dom;
	(void)id;
	(void)cb;
	(void)opaque;
	(void)freecb;
	return 0;
}

int virConnectListAllDomains(virConnectPtr conn, virDomainPtr **domains, unsigned int flags)
{
	int i, n;

	(void)conn;
	(void)flags;
	stall("stall", "");
	n = running();
	*domains = calloc((size_t)n + 1, sizeof(**domains));
	for (i = 0; i < n; i++)
		(*domains)[i] = (virDomainPtr)&fakes[i];
	return n;
}

virDomainPtr virDomainLookupByName(virConnectPtr conn, const char *name)
{
	int i;

	(void)conn;
	stall("stall", "");
	for (i = 0; i < count; i++)
		if (!strcmp(fakes[i].name, name))
			return (virDomainPtr)&fakes[i];
	return NULL;
}

const char *virDomainGetName(virDomainPtr dom)
{
	return fake_of(dom)->name;
}

unsigned int virDomainGetID(virDomainPtr dom)
{
	return (unsigned int)fake_of(dom)->id;
}

int virDomainRef(virDomainPtr dom)
{
	(void)dom;
	return 0;
}

int virDomainFree(virDomainPtr dom)
{
	(void)dom;
	return 0;
}

char *virDomainGetXMLDesc(virDomainPtr dom, unsigned int flags)
{
	char *xml;

	(void)flags;
	stall("stall", "");
	if (asprintf(&xml, "<domain type='kvm'><name>%s</name><memory unit='KiB'>%lu</memory>"
		     "<devices><memballoon model='virtio'/></devices></domain>",
		     fake_of(dom)->name, SIZE_KIB) < 0)
		return NULL;
	return xml;
}

int virDomainSetMemoryStatsPeriod(virDomainPtr dom, int period, unsigned int flags)
{
	(void)dom;
	(void)period;
	(void)flags;
	stall("stall", "");
	return 0;
}

int virDomainSetMemoryFlags(virDomainPtr dom, unsigned long memory, unsigned int flags)
{
	struct fake *fake = fake_of(dom);

	(void)flags;
	stall("stall", "");
	pthread_mutex_lock(&fake->job);
	stall("stall-", fake->name);
	pthread_mutex_lock(&fake->lock);
	fake->target = memory;
	pthread_mutex_unlock(&fake->lock);
	pthread_mutex_unlock(&fake->job);
	note("told", fake->name, memory);
	return 0;
}

static void move(struct fake *fake)
{
	unsigned long left;

	pthread_mutex_lock(&fake->lock);
	left = fake->actual > fake->target ? fake->actual - fake->target :
					     fake->target - fake->actual;
	if (left > STEP_KIB)
		left = STEP_KIB;
	fake->actual = fake->actual > fake->target ? fake->actual - left : fake->actual + left;
	pthread_mutex_unlock(&fake->lock);
}

static virDomainStatsRecordPtr record_of(struct fake *fake)
{
	virDomainStatsRecordPtr record = calloc(1, sizeof(*record));
	bool has_job = !pthread_mutex_trylock(&fake->job);
	int max = 0;

	record->dom = (virDomainPtr)fake;
	if (has_job)
		move(fake);
	virTypedParamsAddInt(&record->params, &record->nparams, &max, "state.state",
			     VIR_DOMAIN_RUNNING);
	virTypedParamsAddInt(&record->params, &record->nparams, &max, "state.reason", 1);
	virTypedParamsAddULLong(&record->params, &record->nparams, &max, "balloon.current",
				fake->actual);
	virTypedParamsAddULLong(&record->params, &record->nparams, &max, "balloon.maximum",
				SIZE_KIB);
	if (!has_job)
		return record;
	stall("stall-", fake->name);
	virTypedParamsAddULLong(&record->params, &record->nparams, &max, "balloon.last-update",
				(unsigned long long)time(NULL));
	virTypedParamsAddULLong(&record->params, &record->nparams, &max, "balloon.usable",
				SIZE_KIB / 2);
	pthread_mutex_unlock(&fake->job);
	return record;
}

int virDomainListGetStats(virDomainPtr *doms, unsigned int stats,
			  virDomainStatsRecordPtr **records, unsigned int flags)
{
	size_t n = 0;

	(void)stats;
	stall("stall", "");
	note("looks", "look", 0);
	if (!(flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT))
		abort();
	while (doms[n])
		n++;
	*records = calloc(n + 1, sizeof(**records));
	for (n = 0; doms[n]; n++)
		(*records)[n] = record_of(fake_of(doms[n]));
	return (int)n;
}

void virDomainStatsRecordListFree(virDomainStatsRecordPtr *records)
{
	size_t i;

	for (i = 0; records[i]; i++) {
		virTypedParamsFree(records[i]->params, records[i]->nparams);
		free(records[i]);
	}
	free(records);
}
