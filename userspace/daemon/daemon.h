/* SPDX-License-Identifier: GPL-2.0 */
/* The state of the daemon, and its control round. */
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
 * @config: the configuration in force
 * @groups: those of the configuration, then those that leave it
 * @guests: likewise
 * @round_ms: start of the last round, 0 = none yet
 * @period_ms: time between the starts of the last two rounds
 * @late_ms: longest @period_ms since the start of the daemon
 */
struct daemon {
	struct loop *loop;
	struct work *work;
	struct kernel kernel;
	struct virt *virt;
	struct host host;
	struct config *config;
	struct group **groups;
	size_t group_count;
	struct guest **guests;
	size_t guest_count;
	uint64_t round_ms;
	uint64_t period_ms;
	uint64_t late_ms;
};

/*
 * Takes ownership of @config and puts it in force. 0 or -errno (nothing
 * changed).
 */
int daemon_configure(struct daemon *daemon, struct config *config);
/* One control period. */
void daemon_round(struct daemon *daemon);
void daemon_close(struct daemon *daemon);

#endif /* DAEMON_H */
