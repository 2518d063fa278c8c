/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libvirt: one connection for all domains. Its calls may block for as long as
 * libvirtd or a QEMU likes, so they run in threads of their own, and nothing
 * here waits for them: readers get what was heard last.
 */
#ifndef VIRT_H
#define VIRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "message.h"

#define VIRT_WHY_SIZE	200

struct virt;
struct virt_domain;

enum virt_run {
	VIRT_OFF,
	VIRT_RUNNING,
	VIRT_PAUSED,
	VIRT_MIGRATING,	/* paused for a migration, in or out */
};

/**
 * struct virt_state - what libvirt says of a domain; sizes in bytes
 * @run: whether it runs
 * @run_why: why not
 * @heard_ms: when the numbers below were heard, 0 = never
 * @size: what it was started with
 * @actual: its present size, without what was plugged in later
 * @no_device: it has no virtio balloon
 * @stats: statistics of its driver; last_update is 0 if there are none
 * @resets: number of resets of the guest
 * @told: number of targets that libvirt has accepted
 * @told_bytes: the last one
 * @why: a sentence if the last request failed, or takes long; else ""
 */
struct virt_state {
	enum virt_run run;
	const char *run_why;
	uint64_t heard_ms;
	uint64_t size;
	uint64_t actual;
	bool no_device;
	struct guest_stats stats;
	unsigned int resets;
	unsigned int told;
	uint64_t told_bytes;
	char why[VIRT_WHY_SIZE];
};

#ifdef HAVE_LIBVIRT

/* Does not connect before there is something to ask. NULL if out of memory. */
struct virt *virt_create(void);
/* Does not wait for its threads: they use the struct until the program ends. */
void virt_destroy(struct virt *virt);
/* Once per round. */
void virt_tick(struct virt *virt);

/* NULL if out of memory. */
struct virt_domain *virt_domain_get(struct virt *virt, const char *name);
void virt_domain_put(struct virt_domain *domain);
void virt_domain_read(struct virt_domain *domain, struct virt_state *state);
/* Have it told to have @bytes, without what was plugged in later. */
void virt_domain_tell(struct virt_domain *domain, uint64_t bytes);

/* Libvirt runs a domain of this name, as far as is known. */
bool virt_has(struct virt *virt, const char *name);
typedef int (*virt_name_fn)(void *arg, const char *name);
/*
 * Calls @fn, which must be quick, for each domain that runs, until it does not
 * return 0. Returns what it returned last, or -EAGAIN: unknown, with a sentence
 * in @why (VIRT_WHY_SIZE), "" if that will be known soon.
 */
int virt_list(struct virt *virt, virt_name_fn fn, void *arg, char *why);

#else

static inline struct virt *virt_create(void)
{
	static char none;

	return (struct virt *)&none;
}

static inline void virt_destroy(struct virt *virt)
{
	(void)virt;
}

static inline void virt_tick(struct virt *virt)
{
	(void)virt;
}

static inline bool virt_has(struct virt *virt, const char *name)
{
	(void)virt;
	(void)name;
	return false;
}

typedef int (*virt_name_fn)(void *arg, const char *name);

static inline int virt_list(struct virt *virt, virt_name_fn fn, void *arg, char *why)
{
	(void)virt;
	(void)fn;
	(void)arg;
	(void)why;
	return 0;
}

#endif /* HAVE_LIBVIRT */

#endif /* VIRT_H */
