/* SPDX-License-Identifier: GPL-2.0 */
/* Draining the per-CPU LRU batches, which make fresh pages look referenced. */
#ifndef GD_DRAIN_H
#define GD_DRAIN_H

int gd_drain_init(void);
void gd_drain_exit(void);
void gd_drain_all(void);

#endif /* GD_DRAIN_H */
