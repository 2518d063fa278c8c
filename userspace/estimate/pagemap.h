/* SPDX-License-Identifier: GPL-2.0 */
/* Entries of /proc/PID/pagemap. */
#ifndef ESTIMATE_PAGEMAP_H
#define ESTIMATE_PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGEMAP_PRESENT	((uint64_t)1 << 63)
/* Guard pages have it as well: smaps says how much is swapped out. */
#define PAGEMAP_SWAPPED	((uint64_t)1 << 62)
#define PAGEMAP_PFN(e)	((e) & (((uint64_t)1 << 55) - 1))

/*
 * Sets @present for each of @count entries whose page is in memory. @zero_page:
 * PFN of the kernel's zero page, which is no memory; 0: unknown. Returns the
 * number of present pages.
 */
size_t pagemap_look(const uint64_t *entries, size_t count, uint64_t zero_page,
		    bool *present);

#endif /* ESTIMATE_PAGEMAP_H */
