/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hammers: threads that write small pages while everything else happens. One word
 * of each page counts up. The page is otherwise zero, and the count stays small,
 * so that rested pages are equal to those of other hammers.
 */
#ifndef GD_HAMMER_H
#define GD_HAMMER_H

#include <pthread.h>

#include "gd.h"

#define GD_HAMMERS	2
#define GD_HAMMER_PAGES	8

/* Write to each page @times in a row; return one that has lost what was written @last, or NULL. */
static inline void *gd_hammer(char *mem, uint64_t last[GD_HAMMER_PAGES], unsigned int times)
{
	unsigned int i, k;

	for (i = 0; i < GD_HAMMER_PAGES; i++) {
		volatile uint64_t *page = (void *)(mem + i * GD_PAGE);

		for (k = 0; k < times; k++) {
			if (page[7] != last[i] || page[8 + k % 500])
				return (void *)page;
			last[i] = (last[i] + 1) % 4;
			page[7] = last[i];
		}
	}
	return NULL;
}

/*
 * Start @hammer with memory of its own, GD_HAMMERS times. It is mapped before
 * anything moves: an mremap that fails leaves a hole where it should have gone
 * to, and what another thread maps there is lost.
 */
static inline bool gd_hammers_start(void *(*hammer)(void *mem))
{
	pthread_t thread;
	char *mem;
	int i;

	for (i = 0; i < GD_HAMMERS; i++) {
		mem = gd_map_aligned(GD_HAMMER_PAGES * GD_PAGE);
		if (!mem || pthread_create(&thread, NULL, hammer, mem))
			return false;
	}
	return true;
}

#endif /* GD_HAMMER_H */
