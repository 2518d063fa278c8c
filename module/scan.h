/* SPDX-License-Identifier: GPL-2.0 */
/* The scanner: one kernel thread for each group. */
#ifndef GD_SCAN_H
#define GD_SCAN_H

struct gd_group;

int gd_scan_start(struct gd_group *group);
void gd_scan_stop(struct gd_group *group);

#endif /* GD_SCAN_H */
