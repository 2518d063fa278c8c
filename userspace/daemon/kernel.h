/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's groups and members, read once per round. */
#ifndef KERNEL_H
#define KERNEL_H

#include "../lib/libgrpdedup.h"

/**
 * struct kernel - as of the last refresh
 * @conn: NULL while the module is not loaded
 * @loaded: the module is loaded; otherwise both lists are empty
 * @why: a sentence if the last refresh failed. With @loaded, the lists are then
 *	older: do not take memory back because one reply is missing.
 * @members: by pid
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
 * Refresh. The first call may make the kernel load the module; later ones do
 * not, so that an operator can unload it while the daemon runs.
 */
void kernel_refresh(struct kernel *kernel);
void kernel_close(struct kernel *kernel);

const struct grpdedup_group *kernel_find_group(const struct kernel *kernel,
					       const char *name);
const struct grpdedup_member *kernel_find_member(const struct kernel *kernel,
						 pid_t pid);
/* The kernel's message about the last request, or the meaning of @err. */
const char *kernel_sentence(const struct kernel *kernel, int err);

#endif /* KERNEL_H */
