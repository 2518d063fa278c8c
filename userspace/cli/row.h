/* SPDX-License-Identifier: GPL-2.0 */
/* Rows of what the module reports. */
#ifndef CLI_ROW_H
#define CLI_ROW_H

#include "../lib/libgrpdedup.h"
#include "output.h"

/* @account: cgroup of its scanner, NULL if unknown */
void row_of_group(struct row *row, const struct grpdedup_group *group,
		  const char *account);
void row_of_member(struct row *row, const struct grpdedup_member *member);
/* @time NULL: no time stamp. */
void row_of_event(struct row *row, const struct grpdedup_event *event,
		  const char *time);

const char *event_name(const struct grpdedup_event *event);
const char *reason_name(uint32_t reason);
/* Short names of &enum grpdedup_state and &enum grpdedup_paused. */
const char *state_name(uint32_t state);
const char *paused_name(uint32_t paused);

/*
 * Why a group has saved nothing: one line with what was skipped. Prints nothing
 * if the group has saved something or nothing was skipped.
 */
void print_skips(FILE *out, const struct grpdedup_group *group);

#endif /* CLI_ROW_H */
