/* SPDX-License-Identifier: GPL-2.0 */
/* One group: its configuration in the kernel, its rate, and its grants. */
#ifndef GROUP_H
#define GROUP_H

#include "config.h"
#include "guest.h"

/**
 * struct group - one group
 * @config: a copy
 * @rate: the rate to set; changes with rate_auto
 * @announced: the kernel has accepted @config since it was last read
 * @paused: &enum grpdedup_paused, as of the last round
 * @account: the cgroup that the daemon has moved the scanner to, "": it has not
 * @account_tid: thread id of that scanner
 * @law: state of the law
 * @round: its last round
 * @error: a sentence if the kernel does not have the group as configured
 * @failed: what could not be done then
 * @err: the error that was logged
 * @processes: in its cgroup, without kernel threads
 * @refused: of those, and of those that have left it, these are not where they
 *	belong
 * @refusal: a sentence about one of them
 * @said: errors that were logged, a bit each
 * @is_leaving: it was removed from the configuration, but the kernel has it yet
 * @is_gone: then: not by somebody, but because its cgroup is empty
 * @requesting: the kernel is about to delete it
 * @again_ms: when to retry after the kernel has refused that
 */
struct group {
	struct config_group config;
	struct rate rate;
	bool announced;
	uint32_t paused;
	char account[CONFIG_TEXT_SIZE];
	uint32_t account_tid;
	struct law law;
	struct law_round round;
	char error[256];
	const char *failed;
	int err;
	unsigned int processes;
	unsigned int refused;
	char refusal[512];
	unsigned char said[32];
	bool is_leaving;
	bool is_gone;
	bool requesting;
	uint64_t again_ms;
};

/* NULL if out of memory. */
struct group *group_create(const struct config_group *config);
void group_destroy(struct group *group, struct work *work);
/* A new configuration of the same group. */
void group_update(struct group *group, const struct config_group *config);

/* Create the group in the kernel if it is missing, and adjust its rate. */
void group_sync(struct group *group, struct kernel *kernel);
/* Set the targets of its guests; @guests: all guests of the daemon. */
void group_grant(struct group *group, const struct kernel *kernel,
		 struct guest **guests, size_t count, bool host_short, double seconds);
/*
 * For a group that was removed from the configuration, and that no guest is
 * leaving any more: have the kernel delete it, which unshares the rest. True
 * once that has been done.
 */
bool group_leave(struct group *group, const struct kernel *kernel, struct work *work);

#endif /* GROUP_H */
