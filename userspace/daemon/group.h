/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One group: kept in the kernel as configured, its rate, and what its guests
 * may have.
 */
#ifndef GROUP_H
#define GROUP_H

#include "config.h"
#include "guest.h"

/**
 * struct group - one
 * @config: a copy
 * @rate: rate that the daemon wants; with rate_auto it changes
 * @announced: the kernel was told @config's rate since it was read
 * @law: what the law remembers
 * @round: its last round
 * @error: a sentence if the kernel does not have the group as configured
 */
struct group {
	struct config_group config;
	struct rate rate;
	bool announced;
	struct law law;
	struct law_round round;
	char error[256];
};

void group_init(struct group *group, const struct config_group *config);
/* A new configuration of the same group. */
void group_update(struct group *group, const struct config_group *config);

/* Creates the group in the kernel if it is not there, and sees to its rate. */
void group_sync(struct group *group, struct kernel *kernel);
/* What its guests may have; @guests: all of the daemon's. */
void group_grant(struct group *group, const struct kernel *kernel,
		 struct guest **guests, size_t count, bool host_short, double seconds);

#endif /* GROUP_H */
