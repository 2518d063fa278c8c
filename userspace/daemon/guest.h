/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One guest: its process, its membership and its balloon. Its process may exit
 * and restart at any time, so each round re-reads its state.
 */
#ifndef GUEST_H
#define GUEST_H

#include "config.h"
#include "kernel.h"
#include "monitor.h"
#include "process.h"
#include "unseen.h"
#include "work.h"

/* What a guest needs of the daemon. */
struct guest_env {
	struct loop *loop;
	struct work *work;
	struct kernel *kernel;
	struct virt *virt;
};

/**
 * struct guest - one guest
 * @config: a copy; group and group_name may be stale; so may file and line of
 *	one that is leaving
 * @group: name of its group
 * @came_from: its group before the configuration changed, "" if unchanged: it
 *	is moved only out of that group
 * @pid: its process, 0 if there is none; unique together with @start
 * @proof: its pid file, once it was found to be true
 * @is_proven: the pid file and the peer of the QMP socket agree, or only one of
 *	them is configured
 * @is_member: the kernel has it in @group
 * @is_joining: the kernel is about to have it in @group
 * @saved: its contribution to the group's savings, bytes
 * @file_pages: RssFile of its process at the start of the round
 * @unseen: estimates broken savings before the scanner counts them
 * @lost: that estimate in bytes
 * @failed: the request that has failed last, and was logged, with @err
 * @why: a sentence if it is not running, not a member, or cannot leave
 * @unknown: a sentence if it cannot be found out whether it is running: what
 *	was known stays
 * @requesting: a request to join or leave is under way
 * @again_ms: when to retry after the kernel has rejected a request
 * @logged: the last state that was logged
 * @log_ms: when another one may be
 * @named: it was logged that somebody else sets its balloon
 * @contest: a sentence if another section claims its process, too: it neither
 *	joins nor leaves then
 * @leaving_ms: when it was removed from the configuration, 0 = it was not
 * @is_gone: then: not by somebody, but because no pattern finds it any more
 */
struct guest {
	struct config_guest config;
	char group[GRPDEDUP_NAME_SIZE];
	char came_from[GRPDEDUP_NAME_SIZE];
	pid_t pid;
	uint64_t start;
	struct process_proof proof;
	bool is_proven;
	bool is_member;
	bool is_joining;
	uint64_t saved;
	uint64_t file_pages;
	struct unseen unseen;
	uint64_t lost;
	const char *failed;
	int err;
	char why[256];
	char unknown[256];
	bool requesting;
	uint64_t again_ms;
	struct monitor *monitor;
	struct balloon balloon;
	enum balloon_state logged;
	uint64_t log_ms;
	bool named;
	char contest[512];
	uint64_t leaving_ms;
	bool is_gone;
};

/* NULL if out of memory. */
struct guest *guest_create(const struct config_guest *config, const char *group);
void guest_destroy(struct guest *guest, struct guest_env *env);
/* Same process and monitor: the guest continues, its sizes may change. */
bool guest_is_same(const struct guest *guest, const struct config_guest *config);
void guest_update(struct guest *guest, const struct config_guest *config,
		  const char *group);

/* Once per round, before kernel_refresh(). */
void guest_look(struct guest *guest);
/* Once per round: find its process. */
void guest_find(struct guest *guest, struct guest_env *env);
/* Another section claims its process, NULL: none does (any more). */
void guest_contest(struct guest *guest, const char *sentence);
/* Then, and after kernel_refresh(). @slack: as for balloon_judge(). */
void guest_tick(struct guest *guest, struct guest_env *env, uint64_t slack);
/*
 * For a guest that was removed from the configuration: have the kernel take it
 * out of its group. True once it is in none.
 */
bool guest_leave(struct guest *guest, struct guest_env *env);
/*
 * As configured, but at most what QEMU was started with. 0: none, or a part of
 * that, which is unknown yet.
 */
uint64_t guest_base(const struct guest *guest);
/*
 * Upper limit: as configured, but at most what QEMU was started with. 0:
 * unknown.
 */
uint64_t guest_max(const struct guest *guest);
/* Set the target to @bytes unless it is that already. */
void guest_set_target(struct guest *guest, uint64_t bytes);
/* The state of its balloon, and a sentence about it. */
enum balloon_state guest_state(const struct guest *guest);
const char *guest_why(const struct guest *guest);

#endif /* GUEST_H */
