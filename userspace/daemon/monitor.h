/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way to one guest's balloon: QMP, or virsh for libvirt's domains. A
 * monitor keeps the balloon's numbers and its state up to date, and never
 * blocks.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <sys/types.h>
#include "balloon.h"
#include "loop.h"

struct monitor;

/**
 * struct monitor_ops - one kind of monitor
 * @tick: once per round: connect, ask, see to time limits
 * @set: have the guest take @bytes, now or as soon as it can be told
 * @peer: process behind the monitor if that is known, else 0
 */
struct monitor_ops {
	void (*tick)(struct monitor *monitor);
	void (*set)(struct monitor *monitor, uint64_t bytes);
	pid_t (*peer)(const struct monitor *monitor);
	void (*destroy)(struct monitor *monitor);
};

/* The first member of each kind's own struct. */
struct monitor {
	const struct monitor_ops *ops;
	struct balloon *balloon;
};

/* NULL without memory. @shared: connect, act, leave. */
struct monitor *monitor_qmp_create(struct loop *loop, struct balloon *balloon,
				   const char *path, bool shared);
struct monitor *monitor_virsh_create(struct loop *loop, struct balloon *balloon,
				     const char *domain);

#endif /* MONITOR_H */
