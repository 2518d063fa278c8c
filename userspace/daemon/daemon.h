/* SPDX-License-Identifier: GPL-2.0 */
/* The state of the daemon, and its control round. */
#ifndef DAEMON_H
#define DAEMON_H

#include "config.h"
#include "discover.h"
#include "group.h"
#include "guest.h"
#include "host.h"
#include "kernel.h"
#include "loop.h"
#include "resident.h"
#include "work.h"

#define DAEMON_PERIOD_MS	1000

/**
 * struct daemon - the daemon
 * @written: the configuration as the files have it
 * @discovery: what its patterns match
 * @config: the configuration in force: both together
 * @is_behind: it does not have yet what was found, for lack of memory
 * @residents: processes in cgroups of groups
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
	struct config *written;
	struct discovery discovery;
	struct config *config;
	bool is_behind;
	struct residents *residents;
	struct group **groups;
	size_t group_count;
	struct guest **guests;
	size_t guest_count;
	uint64_t round_ms;
	uint64_t period_ms;
	uint64_t late_ms;
};

/*
 * Takes ownership of @written and puts it in force, with what its patterns
 * match. 0 or -errno (nothing changed).
 */
int daemon_configure(struct daemon *daemon, struct config *written);
/* One control period. */
void daemon_round(struct daemon *daemon);
void daemon_close(struct daemon *daemon);

#endif /* DAEMON_H */
