/* SPDX-License-Identifier: GPL-2.0 */
/* All that the daemon knows, and what it does once a second. */
#ifndef DAEMON_H
#define DAEMON_H

#include "config.h"
#include "group.h"
#include "guest.h"
#include "host.h"
#include "kernel.h"
#include "loop.h"
#include "work.h"

#define DAEMON_PERIOD_MS	1000

/**
 * struct daemon - the daemon
 * @config: what is in force
 * @doomed: groups that have left the configuration and are still in the kernel
 * @round_ms: when the last round began; 0 = none has
 * @period_ms: between the beginnings of the last two
 * @late_ms: longest of these since the daemon began
 */
struct daemon {
	struct loop *loop;
	struct work *work;
	struct kernel kernel;
	struct host host;
	struct config *config;
	struct group *groups;
	size_t group_count;
	struct guest **guests;
	size_t guest_count;
	char (*doomed)[GRPDEDUP_NAME_SIZE];
	size_t doomed_count;
	uint64_t round_ms;
	uint64_t period_ms;
	uint64_t late_ms;
};

/*
 * Takes over @config, in place of what was in force. 0 or -errno (nothing
 * changed).
 */
int daemon_configure(struct daemon *daemon, struct config *config);
/* One control period. */
void daemon_round(struct daemon *daemon);
void daemon_close(struct daemon *daemon);

#endif /* DAEMON_H */
