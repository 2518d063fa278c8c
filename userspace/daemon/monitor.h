/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access to one guest's balloon: by QMP, or by libvirt for its domains. A
 * monitor keeps the balloon's numbers and state up to date, and never blocks.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <sys/types.h>
#include "balloon.h"
#include "loop.h"
#include "virt.h"

struct monitor;

/**
 * struct monitor_ops - one kind of monitor
 * @tick: once per round: connect, query, check timeouts
 * @set: set the target to @bytes, now or as soon as the monitor is ready
 * @peer: process behind the monitor, 0 if unknown
 */
struct monitor_ops {
	void (*tick)(struct monitor *monitor);
	void (*set)(struct monitor *monitor, uint64_t bytes);
	pid_t (*peer)(const struct monitor *monitor);
	void (*destroy)(struct monitor *monitor);
};

/* The first member of each implementation's struct. */
struct monitor {
	const struct monitor_ops *ops;
	struct balloon *balloon;
};

/* NULL if out of memory. @shared: connect, act, disconnect. */
struct monitor *monitor_qmp_create(struct loop *loop, struct balloon *balloon,
				   const char *path, bool shared);
#ifdef HAVE_LIBVIRT
struct monitor *monitor_libvirt_create(struct virt *virt, struct balloon *balloon,
				       const char *name);
#else
static inline struct monitor *monitor_libvirt_create(struct virt *virt, struct balloon *balloon,
						     const char *name)
{
	(void)virt;
	(void)balloon;
	(void)name;
	return NULL;
}
#endif

#endif /* MONITOR_H */
