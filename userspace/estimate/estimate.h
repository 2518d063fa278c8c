/* SPDX-License-Identifier: GPL-2.0 */
/* Read sources, compare their windows, and say what groups would save. */
#ifndef ESTIMATE_ESTIMATE_H
#define ESTIMATE_ESTIMATE_H

#include "result.h"
#include "source.h"
#include "window.h"

/* As in docs/design.md: a slot for each page. */
#define SLOT_BYTES	32u
/* If no rate is given, times are for this one. */
#define RATE_DEFAULT	10000u

/**
 * struct estimate - what is asked, and the answer
 * @sources: of which those that failed are in no number
 * @windows: sizes; the first is a page
 * @rate: pages per second that are read at most, 0 = no limit
 * @passes: 1, or 2 to find out what changes
 * @interval_ms: from the end of one pass to the start of the next
 * @memory: bytes that the index may have
 * @tallies: one for each source, for each size one after the other
 * @results: one for each size
 */
struct estimate {
	struct sources sources;
	struct windows windows;
	uint32_t rate;
	unsigned int passes;
	unsigned int interval_ms;
	uint64_t memory;
	struct tally *tallies;
	struct result results[WINDOW_SIZES];
};

/*
 * 0; -ENOSPC: @memory is too little; or -errno. A source that cannot be read
 * has its error in it, and does not keep the others from being counted.
 */
int estimate_run(struct estimate *estimate);
void estimate_free(struct estimate *estimate);
/* Of source @source, for the size number @window */
const struct tally *estimate_tally(const struct estimate *estimate, unsigned int window,
				   size_t source);
/* Sources that are counted */
size_t estimate_counted(const struct estimate *estimate);
/* Bytes in reach of all sources that are counted */
uint64_t estimate_in_reach(const struct estimate *estimate);
/* Seconds until one group saves that: a page is merged at its second visit. */
double estimate_seconds(const struct estimate *estimate);
/* Bytes of the module's bookkeeping */
uint64_t estimate_bookkeeping(const struct estimate *estimate);

#endif /* ESTIMATE_ESTIMATE_H */
