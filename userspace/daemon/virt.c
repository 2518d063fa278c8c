// SPDX-License-Identifier: GPL-2.0
/*
 * The threads that talk to libvirt, and what they do next.
 *
 * A QEMU that does not answer blocks the call that asks for its statistics, and
 * libvirt then holds the domain's job: other calls with NOWAIT leave this
 * domain out. So a look that takes long is not waited for, another one is
 * begun, and only the domain that blocks stays unheard.
 *
 * Each thread has a connection of its own, which is not kept alive by
 * messages: until 10.3, libvirt's library crashes when a connection ends that
 * two threads use (CVE-2024-4418). The sockets are local, so they end with
 * libvirtd.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libvirt/virterror.h>
#include "loop.h"
#include "thread.h"
#include "virt_domain.h"

/* libvirtd has 20 workers for all its clients by default. */
#define THREADS		16
/* More of them would leave too few threads for targets. */
#define LOOKS_MAX	8
/* A bit less than a round, in which virt_tick() wakes the threads. */
#define LOOK_MS		900
/* Between two looks, if events ask for more of them. */
#define LOOK_SOON_MS	500
/* A look that takes longer is not waited for. */
#define SLOW_MS		3000
/* A request that takes longer is said. */
#define LATE_MS		10000
#define AGAIN_MS	2000

enum task_kind {
	TASK_NONE,
	TASK_LOOK,
	TASK_FORM,
	TASK_PERIOD,
	TASK_TELL,
};

/**
 * struct task - what a thread does without the lock
 * @id: of the run of @domain that it is for
 * @bytes: target, for TASK_TELL
 * @kib: the same, with what was plugged in
 */
struct task {
	enum task_kind kind;
	struct virt_domain *domain;
	unsigned int id;
	uint64_t bytes;
	uint64_t kib;
};

struct virt_domain *virt_domain_find(struct virt *virt, const char *name)
{
	struct virt_domain *domain;

	for (domain = virt->domains; domain; domain = domain->next)
		if (!strcmp(domain->name, name))
			return domain;
	return NULL;
}

void virt_domain_set(struct virt_domain *domain, unsigned int id)
{
	if (id == domain->id)
		return;
	domain->id = id;
	domain->has_form = false;
	domain->has_period = false;
	domain->wanted = 0;
	domain->again_ms = 0;
	domain->state = (struct virt_state){
		.resets = domain->state.resets, .told = domain->state.told,
	};
}

void virt_error(char *why)
{
	const char *message = virGetLastErrorMessage();
	size_t i;

	snprintf(why, VIRT_WHY_SIZE, "libvirt: %s",
		 virGetLastErrorCode() ? message : "it failed without a reason");
	for (i = 0; why[i]; i++)
		if (why[i] < ' ' || why[i] > '~')
			why[i] = '?';
}

/* With the lock held. */
static void drop_domain(struct virt_domain *domain)
{
	struct virt_domain **link = &domain->virt->domains;

	if (--domain->users)
		return;
	while (*link != domain)
		link = &(*link)->next;
	*link = domain->next;
	free(domain);
}

static enum task_kind domain_task(const struct virt_domain *domain, uint64_t now)
{
	if (!domain->id || domain->busy_ms || now < domain->again_ms)
		return TASK_NONE;
	if (!domain->has_form)
		return TASK_FORM;
	if (!domain->has_period)
		return TASK_PERIOD;
	return domain->wanted ? TASK_TELL : TASK_NONE;
}

static bool is_time_to_look(const struct virt *virt, uint64_t now)
{
	uint64_t age = now - virt->look_ms;

	if (virt->looks && (age < SLOW_MS || virt->looks >= LOOKS_MAX))
		return false;
	return age >= (virt->is_due ? LOOK_SOON_MS : LOOK_MS);
}

static void take_domain(struct task *task, struct virt_domain *domain, uint64_t now)
{
	domain->busy_ms = now;
	domain->users++;
	task->domain = domain;
	task->id = domain->id;
	task->bytes = domain->wanted;
	task->kib = (domain->wanted + domain->form.dimms) >> 10;
	if (task->kind == TASK_TELL)
		domain->wanted = 0;
}

/* With the lock held: what to do now, marked as begun. */
static bool take_task(struct virt *virt, struct task *task)
{
	uint64_t now = loop_now();
	struct virt_domain *domain;

	*task = (struct task){ 0 };
	if (now < virt->again_ms)
		return false;
	if (is_time_to_look(virt, now)) {
		task->kind = TASK_LOOK;
		virt->looks++;
		virt->look_ms = now;
		virt->is_due = false;
	}
	for (domain = virt->domains; domain && !task->kind; domain = domain->next) {
		task->kind = domain_task(domain, now);
		if (task->kind)
			take_domain(task, domain, now);
	}
	return task->kind;
}

virConnectPtr virt_connect(void)
{
	/* Its own search for a hypervisor might find another one than KVM. */
	const char *uri = getenv("LIBVIRT_DEFAULT_URI");

	return virConnectOpen(uri && *uri ? uri : "qemu:///system");
}

/*
 * With the lock held: a task was carried out, or has failed with @why. NULL:
 * the connection was lost meanwhile, so it is to be done again.
 */
static void note_result(const struct task *task, const struct virt_form *form,
			const char *why)
{
	struct virt_domain *domain = task->domain;
	/* It may have ended, and run again, meanwhile. */
	bool is_same = domain->id == task->id;

	domain->busy_ms = 0;
	if (!is_same)
		return;
	if (!why) {
		if (!domain->wanted)
			domain->wanted = task->bytes;
		return;
	}
	snprintf(domain->state.why, sizeof(domain->state.why), "%s", why);
	if (task->kind == TASK_PERIOD) {
		/* Those that have no balloon can have no period. */
		domain->has_period = true;
		domain->state.why[0] = '\0';
	} else if (why[0]) {
		domain->again_ms = loop_now() + AGAIN_MS;
	} else if (task->kind == TASK_FORM) {
		domain->form = *form;
		domain->has_form = true;
	} else {
		domain->state.told++;
		domain->state.told_bytes = task->bytes;
		domain->virt->is_due = true;
	}
}

static bool is_alive(virConnectPtr conn)
{
	return virConnectIsAlive(conn) > 0;
}

/* With @why if that fails. */
static void ask(const struct task *task, virConnectPtr conn, struct virt_form *form,
		char *why)
{
	virDomainPtr dom = virDomainLookupByName(conn, task->domain->name);
	int err = -1;

	if (dom && virDomainGetID(dom) != task->id)
		snprintf(why, VIRT_WHY_SIZE, "libvirt: it has been restarted");
	else if (dom && task->kind == TASK_FORM)
		err = virt_form_read(dom, form, why) ? 0 : -1;
	else if (dom && task->kind == TASK_PERIOD)
		err = virDomainSetMemoryStatsPeriod(dom, 1, VIR_DOMAIN_AFFECT_LIVE);
	else if (dom)
		err = virDomainSetMemoryFlags(dom, task->kib, VIR_DOMAIN_AFFECT_LIVE);
	if (err && !why[0])
		virt_error(why);
	if (dom)
		virDomainFree(dom);
}

/* @conn: NULL if there is none, as @why says. */
static void serve_domain(const struct task *task, virConnectPtr conn, char *why)
{
	struct virt *virt = task->domain->virt;
	struct virt_form form = { 0 };

	if (conn)
		ask(task, conn, &form, why);
	pthread_mutex_lock(&virt->lock);
	note_result(task, &form,
		    why[0] && conn && !is_alive(conn) ? NULL : why);
	drop_domain(task->domain);
	pthread_mutex_unlock(&virt->lock);
}

static void look(struct virt *virt, virConnectPtr conn)
{
	bool ok = conn && virt_look(virt, conn, loop_now());

	pthread_mutex_lock(&virt->lock);
	virt->looks--;
	if (ok) {
		virt->answered_ms = loop_now();
		virt->why[0] = '\0';
	}
	pthread_mutex_unlock(&virt->lock);
}

static virConnectPtr drop_dead(virConnectPtr conn)
{
	if (!conn || is_alive(conn))
		return conn;
	virConnectClose(conn);
	return NULL;
}

static void note_connection(struct virt *virt, const char *why)
{
	pthread_mutex_lock(&virt->lock);
	memcpy(virt->why, why, sizeof(virt->why));
	virt->again_ms = why[0] ? loop_now() + AGAIN_MS : 0;
	pthread_mutex_unlock(&virt->lock);
}

/* Returns the connection that is left. */
static virConnectPtr carry_out(struct virt *virt, const struct task *task, virConnectPtr conn)
{
	char why[VIRT_WHY_SIZE] = "";

	conn = drop_dead(conn);
	if (!conn) {
		conn = virt_connect();
		if (!conn)
			virt_error(why);
		note_connection(virt, why);
	}
	if (task->kind == TASK_LOOK)
		look(virt, conn);
	else
		serve_domain(task, conn, why);
	return drop_dead(conn);
}

/* With the lock held: until there may be something to do. */
static void wait_for_news(struct virt *virt)
{
	struct timespec until;

	if (!virt->is_due) {
		pthread_cond_wait(&virt->news, &virt->lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_SOON_MS * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&virt->news, &virt->lock, &until);
}

static void *serve(void *arg)
{
	struct virt *virt = arg;
	virConnectPtr conn = NULL;
	struct task task;

	pthread_mutex_lock(&virt->lock);
	while (!virt->is_ending) {
		if (!take_task(virt, &task)) {
			wait_for_news(virt);
			continue;
		}
		pthread_mutex_unlock(&virt->lock);
		conn = carry_out(virt, &task, conn);
		pthread_mutex_lock(&virt->lock);
		pthread_cond_broadcast(&virt->news);
	}
	pthread_mutex_unlock(&virt->lock);
	return NULL;
}

static void ignore_error(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error;
}

/* With the lock held. What fails is tried again in the next round. */
static void start_threads(struct virt *virt)
{
	if (!virt->has_events) {
		/* By default each error is printed. */
		virSetErrorFunc(NULL, ignore_error);
		virt->has_events = !virEventRegisterDefaultImpl() &&
				   thread_start(virt_serve_events, virt);
	}
	while (virt->has_events && virt->threads < THREADS && thread_start(serve, virt))
		virt->threads++;
}

struct virt *virt_create(void)
{
	struct virt *virt = calloc(1, sizeof(*virt));
	pthread_condattr_t attr;

	if (!virt)
		return NULL;
	pthread_mutex_init(&virt->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&virt->news, &attr);
	pthread_condattr_destroy(&attr);
	return virt;
}

void virt_destroy(struct virt *virt)
{
	bool is_used;

	if (!virt)
		return;
	pthread_mutex_lock(&virt->lock);
	virt->is_ending = true;
	is_used = virt->has_events;
	pthread_cond_broadcast(&virt->news);
	pthread_mutex_unlock(&virt->lock);
	if (is_used)
		return;
	pthread_cond_destroy(&virt->news);
	pthread_mutex_destroy(&virt->lock);
	free(virt);
}

void virt_tick(struct virt *virt)
{
	pthread_mutex_lock(&virt->lock);
	if (virt->domains || virt->is_listed)
		start_threads(virt);
	pthread_cond_broadcast(&virt->news);
	pthread_mutex_unlock(&virt->lock);
}

struct virt_domain *virt_domain_get(struct virt *virt, const char *name)
{
	struct virt_domain *domain;

	pthread_mutex_lock(&virt->lock);
	domain = virt_domain_find(virt, name);
	if (!domain) {
		domain = calloc(1, sizeof(*domain) + strlen(name) + 1);
		if (domain) {
			memcpy(domain->name, name, strlen(name) + 1);
			domain->virt = virt;
			domain->next = virt->domains;
			virt->domains = domain;
		}
	}
	if (domain)
		domain->users++;
	pthread_mutex_unlock(&virt->lock);
	return domain;
}

void virt_domain_put(struct virt_domain *domain)
{
	struct virt *virt = domain->virt;

	pthread_mutex_lock(&virt->lock);
	drop_domain(domain);
	pthread_mutex_unlock(&virt->lock);
}

void virt_domain_read(struct virt_domain *domain, struct virt_state *state)
{
	struct virt *virt = domain->virt;

	pthread_mutex_lock(&virt->lock);
	*state = domain->state;
	if (virt->why[0])
		snprintf(state->why, sizeof(state->why), "%s", virt->why);
	else if (virt->looks && loop_now() - virt->answered_ms >= 2 * SLOW_MS)
		snprintf(state->why, sizeof(state->why), "libvirt does not answer");
	else if (domain->busy_ms && loop_now() - domain->busy_ms >= LATE_MS)
		snprintf(state->why, sizeof(state->why),
			 "libvirt: a request to its QEMU is under way for %u s",
			 (unsigned int)((loop_now() - domain->busy_ms) / 1000));
	pthread_mutex_unlock(&virt->lock);
}

void virt_domain_tell(struct virt_domain *domain, uint64_t bytes)
{
	struct virt *virt = domain->virt;

	pthread_mutex_lock(&virt->lock);
	domain->wanted = bytes;
	pthread_cond_signal(&virt->news);
	pthread_mutex_unlock(&virt->lock);
}
