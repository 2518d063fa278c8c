// SPDX-License-Identifier: GPL-2.0
/* Count copies. */
#include <stdbool.h>
#include <string.h>
#include "result.h"

/**
 * struct count - while the census is read
 * @mappings: of one frame, 0 = no limit
 */
struct count {
	struct result *result;
	struct tally *tallies;
	uint32_t mappings;
};

static uint64_t frames_of(uint64_t copies, uint32_t mappings)
{
	if (!copies)
		return 0;
	return mappings ? (copies + mappings - 1) / mappings : 1;
}

/* One content: @n entries, by source; one may not have held the number. */
static void count_content(struct count *count, const struct entry *entries, size_t n)
{
	bool several = entries[0].source != entries[n - 1].source;
	uint64_t copies = 0, own;
	struct tally *tally;
	size_t i, j;

	for (i = 0; i < n; i = j) {
		for (j = i, own = 0; j < n && entries[j].source == entries[i].source; j++)
			own += entries[j].count;
		tally = &count->tallies[entries[i].source];
		tally->inside += own - 1;
		tally->others += several;
		tally->unique += !several;
		tally->alone += own - frames_of(own, count->mappings);
		copies += own;
	}
	count->result->saved += copies - frames_of(copies, count->mappings);
	if (copies > 1)
		count->result->frames += frames_of(copies, count->mappings);
}

/* Those are in no census: they are one content. */
static void add_zeros(struct count *count, size_t sources)
{
	struct result *result = count->result;
	struct tally *tally;
	uint64_t zeros = 0;

	for (tally = count->tallies; tally < count->tallies + sources; tally++) {
		tally->alone += tally->zero - frames_of(tally->zero, count->mappings);
		zeros += tally->zero;
	}
	result->saved += zeros - frames_of(zeros, count->mappings);
	if (zeros > 1)
		result->frames += frames_of(zeros, count->mappings);
}

static void add_up(struct count *count, size_t sources)
{
	struct tally *total = &count->result->total;
	const struct tally *tally;

	for (tally = count->tallies; tally < count->tallies + sources; tally++) {
		total->zero += tally->zero;
		total->changed += tally->changed;
		total->inside += tally->inside;
		total->others += tally->others;
		total->unique += tally->unique;
		total->alone += tally->alone;
	}
}

void result_compute(struct result *result, struct census *census, struct tally *tallies,
		    size_t count, uint32_t mappings)
{
	struct count state = { .result = result, .tallies = tallies, .mappings = mappings };
	size_t i, j;

	memset(result, 0, sizeof(*result));
	census_close(census);
	for (i = 0; i < census->count; i = j) {
		for (j = i; j < census->count &&
		     census->list[j].digest == census->list[i].digest; j++)
			;
		count_content(&state, census->list + i, j - i);
	}
	add_zeros(&state, count);
	add_up(&state, count);
}
