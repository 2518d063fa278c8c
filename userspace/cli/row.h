/* SPDX-License-Identifier: GPL-2.0 */
/* Rows of the things that the module reports. */
#ifndef CLI_ROW_H
#define CLI_ROW_H

#include "libgrpdedup.h"
#include "output.h"

void row_of_group(struct row *row, const struct gd_group *group);
void row_of_member(struct row *row, const struct gd_member *member);
/* @time NULL: no time stamp. */
void row_of_event(struct row *row, const struct gd_event *event, const char *time);

const char *event_name(const struct gd_event *event);
const char *reason_name(uint32_t reason);

/*
 * One line on why a group has saved nothing; returns @buf, or NULL if it has
 * saved something or there is no reason to give.
 */
const char *why_nothing(const struct gd_group *group, char *buf, size_t size);

#endif /* CLI_ROW_H */
