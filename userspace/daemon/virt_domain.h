/* SPDX-License-Identifier: GPL-2.0 */
/* Internal to virt*.c: the connection, and what is known of its domains. */
#ifndef VIRT_DOMAIN_H
#define VIRT_DOMAIN_H

#include <pthread.h>
#include <libvirt/libvirt.h>
#include "virt.h"

/**
 * struct virt_form - what the XML of a domain says of its memory, in bytes
 * @total: all of it, as the statistics have it
 * @devices: memory devices of all kinds, part of @total
 * @dimms: the part of @devices that the balloon counts
 * @no_device: there is no virtio balloon
 */
struct virt_form {
	uint64_t total;
	uint64_t devices;
	uint64_t dimms;
	bool no_device;
};

/**
 * struct virt_domain - one domain that somebody has asked for
 * @next: in the list of @virt
 * @users: whoever got it, and the thread that is busy with it
 * @id: libvirt's number of its run, 0 = it does not run
 * @busy_ms: since when a thread is busy with it, 0 = none
 * @again_ms: when to try again what has failed
 * @looked_ms: start of the look that @state is of
 * @has_form: @form is of this run, and nothing was plugged in since
 * @has_period: its driver was told to report statistics
 * @wanted: target to tell, 0 = none
 */
struct virt_domain {
	struct virt *virt;
	struct virt_domain *next;
	unsigned int users;
	unsigned int id;
	uint64_t busy_ms;
	uint64_t again_ms;
	uint64_t looked_ms;
	bool has_form;
	bool has_period;
	struct virt_form form;
	uint64_t wanted;
	struct virt_state state;
	char name[];
};

/**
 * struct virt - the connection
 * @lock: protects all that follows; nobody calls libvirt with it
 * @news: signalled when there may be something to do
 * @has_events: libvirt's event loop runs
 * @threads: number of threads that run
 * @is_ending: threads shall end
 * @again_ms: when to connect again
 * @why: a sentence if no connection could be made, else ""
 * @looks: number of threads that look
 * @look_ms: when the last look began
 * @answered_ms: when one has ended
 * @is_due: an event has made the last look old
 * @domains: those that somebody has asked for
 * @is_listed: somebody has asked which domains run
 * @names: those that run, by name; NULL if that was never heard
 */
struct virt {
	pthread_mutex_t lock;
	pthread_cond_t news;
	bool has_events;
	unsigned int threads;
	bool is_ending;
	uint64_t again_ms;
	char why[VIRT_WHY_SIZE];
	unsigned int looks;
	uint64_t look_ms;
	uint64_t answered_ms;
	bool is_due;
	struct virt_domain *domains;
	bool is_listed;
	char **names;
	size_t name_count;
};

/* With the lock held: NULL if nobody has asked for it. */
struct virt_domain *virt_domain_find(struct virt *virt, const char *name);
/* With the lock held. @id: 0 if it has ended. */
void virt_domain_set(struct virt_domain *domain, unsigned int id);
/* A new connection, or NULL with the thread's error. */
virConnectPtr virt_connect(void);
/* "libvirt: " and the thread's last error. */
void virt_error(char *why);

/*
 * Ask for the domains that run, and for the statistics of those that somebody
 * wants, and note them. False if libvirt has failed.
 */
bool virt_look(struct virt *virt, virConnectPtr conn, uint64_t now_ms);
/* Ask for the form of @dom. False, with @why, if that fails. */
bool virt_form_read(virDomainPtr dom, struct virt_form *form, char *why);
/* A thread that waits for what makes a look old; @arg: struct virt */
void *virt_serve_events(void *arg);

#endif /* VIRT_DOMAIN_H */
