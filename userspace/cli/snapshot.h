/* SPDX-License-Identifier: GPL-2.0 */
/* All groups and members that the module reports. */
#ifndef CLI_SNAPSHOT_H
#define CLI_SNAPSHOT_H

#include "../lib/libgrpdedup.h"

/* @accounts: cgroup of each group's scanner, NULL if unknown */
struct snapshot {
	struct grpdedup_group *groups;
	size_t group_count;
	char **accounts;
	struct grpdedup_member *members;
	size_t member_count;
};

/* @name NULL: all groups. Returns an exit status; always free *snap. */
int snapshot_take(struct grpdedup_conn *conn, const char *name,
		  struct snapshot *snap);
void snapshot_free(struct snapshot *snap);

#endif /* CLI_SNAPSHOT_H */
