/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One guest: its process, its membership and its balloon. It comes, goes and
 * comes back without anybody's doing; each round finds out anew.
 */
#ifndef GUEST_H
#define GUEST_H

#include "config.h"
#include "kernel.h"
#include "monitor.h"
#include "unseen.h"
#include "work.h"

/* What a guest needs of the daemon. */
struct guest_env {
	struct loop *loop;
	struct work *work;
	struct kernel *kernel;
};

/**
 * struct guest - one
 * @config: a copy of its own, but for group and line
 * @group: name of its group
 * @came_from: the group that a former configuration had it in, "" if none: only
 *	out of that one it is moved
 * @pid: its process, 0 if there is none; with @start it is named for good
 * @is_proven: its pid file and the one that listens at its QMP socket agree, or
 *	there is only one of both
 * @is_member: the kernel has it in @group
 * @saved: what it contributes to the group's savings, bytes
 * @file_pages: RssFile of its process at the beginning of the round
 * @unseen: what tells of broken savings before the scanner does
 * @lost: the same in bytes
 * @why: a sentence if it is not running or not a member
 * @assigning: a request is under way
 * @again_ms: when to ask the kernel next after a refusal
 * @logged: state that was last logged
 * @leaving_ms: it is not in the configuration any more since; 0 = it is
 */
struct guest {
	struct config_guest config;
	char group[GRPDEDUP_NAME_SIZE];
	char came_from[GRPDEDUP_NAME_SIZE];
	pid_t pid;
	uint64_t start;
	bool is_proven;
	bool is_member;
	uint64_t saved;
	uint64_t file_pages;
	struct unseen unseen;
	uint64_t lost;
	char why[256];
	bool assigning;
	uint64_t again_ms;
	struct monitor *monitor;
	struct balloon balloon;
	enum balloon_state logged;
	uint64_t leaving_ms;
};

/* NULL without memory. */
struct guest *guest_create(const struct config_guest *config, const char *group);
void guest_destroy(struct guest *guest, struct guest_env *env);
/* The same process behind the same monitor: it may go on with other sizes. */
bool guest_is_same(const struct guest *guest, const struct config_guest *config);
void guest_update(struct guest *guest, const struct config_guest *config,
		  const char *group);

/* Once per round, before kernel_refresh(). */
void guest_look(struct guest *guest);
/* Once per round, after kernel_refresh(). @slack: as for balloon_judge(). */
void guest_tick(struct guest *guest, struct guest_env *env, uint64_t slack);
/*
 * Most that it may have: as configured, and no more than QEMU gave it. 0: not
 * known.
 */
uint64_t guest_max(const struct guest *guest);
/* Set the target to @bytes unless it is that already. */
void guest_set_target(struct guest *guest, uint64_t bytes);
/* What its status says: state and a sentence. */
enum balloon_state guest_state(const struct guest *guest);
const char *guest_why(const struct guest *guest);

#endif /* GUEST_H */
