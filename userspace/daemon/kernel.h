/* SPDX-License-Identifier: GPL-2.0 */
/* The module's side: one look at all groups and members per round. */
#ifndef KERNEL_H
#define KERNEL_H

#include "../lib/libgrpdedup.h"

/**
 * struct kernel - as of the last look
 * @conn: NULL while the module is not there
 * @loaded: the module is there; otherwise both lists are empty
 * @why: a sentence if the look failed. With @loaded, the lists are older then:
 *	an answer that is missing is no reason to take memory from anybody.
 */
struct kernel {
	struct grpdedup_conn *conn;
	bool loaded;
	char why[256];
	struct grpdedup_group *groups;
	size_t group_count;
	struct grpdedup_member *members;
	size_t member_count;
};

/*
 * Looks again. The first look may make the kernel load the module; later ones
 * do not, so that an operator can remove it while the daemon runs.
 */
void kernel_refresh(struct kernel *kernel);
void kernel_close(struct kernel *kernel);

const struct grpdedup_group *kernel_find_group(const struct kernel *kernel,
					       const char *name);
const struct grpdedup_member *kernel_find_member(const struct kernel *kernel,
						 pid_t pid);
/* The kernel's sentence about the last request, or what @err means. */
const char *kernel_sentence(const struct kernel *kernel, int err);

#endif /* KERNEL_H */
