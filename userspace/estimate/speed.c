// SPDX-License-Identifier: GPL-2.0
/* Sleep to an absolute time: an interrupted sleep goes on. */
#include <errno.h>
#include <time.h>
#include "speed.h"

#define SECOND	1000000000u

void speed_start(struct speed *speed, uint32_t rate)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	speed->rate = rate;
	speed->start = (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
	speed->pages = 0;
}

void speed_add(struct speed *speed, uint64_t pages)
{
	struct timespec until;
	uint64_t end;

	speed->pages += pages;
	if (!speed->rate)
		return;
	end = speed->start + (uint64_t)((double)speed->pages * SECOND / speed->rate);
	until.tv_sec = (time_t)(end / SECOND);
	until.tv_nsec = (long)(end % SECOND);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}
