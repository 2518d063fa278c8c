/* SPDX-License-Identifier: GPL-2.0 */
/* Bound the speed of reading. */
#ifndef ESTIMATE_SPEED_H
#define ESTIMATE_SPEED_H

#include <stdint.h>

/**
 * struct speed - pages since a start
 * @rate: pages per second, 0 = no limit
 * @start: of CLOCK_MONOTONIC, in nanoseconds
 * @pages: read since then
 */
struct speed {
	uint32_t rate;
	uint64_t start;
	uint64_t pages;
};

void speed_start(struct speed *speed, uint32_t rate);
/* Sleep until @pages more do not exceed the rate. */
void speed_add(struct speed *speed, uint64_t pages);

#endif /* ESTIMATE_SPEED_H */
