/* SPDX-License-Identifier: GPL-2.0 */
/* Areas of an address space, and which of them the module would merge. */
#ifndef ESTIMATE_AREA_H
#define ESTIMATE_AREA_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The module's own classes: see gd_vma_classify(). */
enum area_reach {
	AREA_IN_REACH,
	AREA_SHARED,
	AREA_HUGETLB,
	AREA_FILE,
	AREA_LOCKED,
	AREA_WATCHED,
	AREA_OTHER,
	AREA_REACHES,
};

/**
 * struct area - one line of maps
 * @start: address of the first byte
 * @end: address after the last byte
 * @resident: bytes in memory, without the zero page
 * @swapped: bytes swapped out
 * @reach: whether the module merges it, or why not
 */
struct area {
	uint64_t start;
	uint64_t end;
	uint64_t resident;
	uint64_t swapped;
	enum area_reach reach;
};

/**
 * struct areas - of one process, by address
 */
struct areas {
	struct area *list;
	size_t count;
	size_t room;
};

/* @smaps: an open /proc/PID/smaps. 0, or -errno; free the areas in any case. */
int areas_read(struct areas *areas, FILE *smaps);
void areas_free(struct areas *areas);
/* "mlocked areas", and a key for JSON. */
const char *area_words(enum area_reach reach);
const char *area_key(enum area_reach reach);

#endif /* ESTIMATE_AREA_H */
