/* SPDX-License-Identifier: GPL-2.0 */
/* What groups would save. */
#ifndef ESTIMATE_RESULT_H
#define ESTIMATE_RESULT_H

#include <stddef.h>
#include <stdint.h>
#include "census.h"

/* The module maps a frame at most so often; the next page starts a twin. */
#define FRAME_MAPPINGS	256u

/**
 * struct tally - windows of one source, of one size
 * @zero: all bytes are 0
 * @changed: changed between two passes, or new in the last one; in no other
 *	number
 * @inside: further copies of what the source has elsewhere
 * @others: contents that other sources have, too
 * @unique: contents that only this source has
 * @alone: windows that a group of only this source saves
 *
 * Windows of a source are @zero + @changed + @inside + @others + @unique.
 */
struct tally {
	uint64_t zero;
	uint64_t changed;
	uint64_t inside;
	uint64_t others;
	uint64_t unique;
	uint64_t alone;
};

/**
 * struct result - of all sources, for one size of windows
 * @total: sum of the tallies; @alone is what groups of one save
 * @saved: windows that one group of all saves
 * @frames: that hold the content of the merged windows in it
 */
struct result {
	struct tally total;
	uint64_t saved;
	uint64_t frames;
};

/*
 * Fill in the tallies of @count sources, which have @zero and @changed already.
 * @mappings: of one frame, 0 = no limit. Closes the census.
 */
void result_compute(struct result *result, struct census *census, struct tally *tallies,
		    size_t count, uint32_t mappings);

#endif /* ESTIMATE_RESULT_H */
