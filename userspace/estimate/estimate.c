// SPDX-License-Identifier: GPL-2.0
/* Passes over the sources. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "block.h"
#include "census.h"
#include "digest.h"
#include "estimate.h"
#include "speed.h"
#include "trace.h"

/**
 * struct scan - what a source is read for
 * @traces: of each source, NULL if there is only one pass
 * @source: which one is read
 * @last: the last pass counts, those before it only note
 */
struct scan {
	struct estimate *estimate;
	struct census census[WINDOW_SIZES];
	struct trace *traces;
	struct speed speed;
	uint8_t *buffer;
	uint64_t key;
	uint32_t source;
	bool last;
};

static struct tally *tally_of(const struct estimate *estimate, unsigned int window, size_t source)
{
	return &estimate->tallies[window * estimate->sources.count + source];
}

/* One window: all of its pages are present. */
static int count_window(struct scan *scan, unsigned int window, const uint8_t *data, bool changed)
{
	uint32_t bytes = scan->estimate->windows.bytes[window];
	struct tally *tally = tally_of(scan->estimate, window, scan->source);

	if (changed) {
		tally->changed++;
		return 0;
	}
	if (digest_is_zero(data, bytes)) {
		tally->zero++;
		return 0;
	}
	return census_add(&scan->census[window], digest_of(scan->key, data, bytes), scan->source);
}

/* Windows of at least a page; those with a page missing are left out. */
static int count_large(struct scan *scan, unsigned int window, const struct block *block,
		       const bool *changed)
{
	unsigned int pages = scan->estimate->windows.bytes[window] / PAGE_BYTES;
	unsigned int first, i;
	int err = 0;

	for (first = 0; !err && first < BLOCK_PAGES; first += pages) {
		bool any = false;

		for (i = first; i < first + pages && block->present[i]; i++)
			any |= changed[i];
		if (i == first + pages)
			err = count_window(scan, window, block->data + (size_t)first * PAGE_BYTES,
					   any);
	}
	return err;
}

/* Windows of less than a page */
static int count_small(struct scan *scan, unsigned int window, const struct block *block,
		       const bool *changed)
{
	uint32_t bytes = scan->estimate->windows.bytes[window];
	size_t offset;
	int err = 0;

	for (offset = 0; !err && offset < BLOCK_BYTES; offset += bytes)
		if (block->present[offset / PAGE_BYTES])
			err = count_window(scan, window, block->data + offset,
					   changed[offset / PAGE_BYTES]);
	return err;
}

static int visit(void *arg, const struct block *block)
{
	struct scan *scan = arg;
	const struct windows *windows = &scan->estimate->windows;
	bool changed[BLOCK_PAGES] = { false };
	unsigned int i, pages = 0;
	int err = 0;

	for (i = 0; i < BLOCK_PAGES; i++)
		pages += block->present[i];
	if (scan->traces && !scan->last)
		err = trace_note(&scan->traces[scan->source], scan->key, block);
	else if (scan->traces && scan->estimate->sources.list[scan->source].pid)
		trace_compare(&scan->traces[scan->source], scan->key, block, changed);
	for (i = 0; !err && scan->last && i < windows->count; i++)
		err = windows->bytes[i] < PAGE_BYTES ? count_small(scan, i, block, changed) :
						       count_large(scan, i, block, changed);
	speed_add(&scan->speed, pages);
	return err;
}

static void forget(struct scan *scan)
{
	unsigned int i;

	for (i = 0; i < scan->estimate->windows.count; i++) {
		census_drop(&scan->census[i], scan->source);
		memset(tally_of(scan->estimate, i, scan->source), 0, sizeof(struct tally));
	}
}

/* Only lack of memory ends a pass; a source that fails says so itself. */
static int pass(struct scan *scan)
{
	struct sources *sources = &scan->estimate->sources;
	struct source *source;
	int err;

	speed_start(&scan->speed, scan->estimate->rate);
	for (scan->source = 0; scan->source < sources->count; scan->source++) {
		source = &sources->list[scan->source];
		/* Files do not change. */
		if (source->err || (!source->pid && !scan->last))
			continue;
		err = source_read(source, scan->buffer, visit, scan);
		if (err && !source->err)
			return err;
		if (err)
			forget(scan);
	}
	return 0;
}

static int passes(struct scan *scan)
{
	struct estimate *estimate = scan->estimate;
	unsigned int i;
	int err = 0;

	for (i = 1; !err && i <= estimate->passes; i++) {
		if (i > 1)
			poll(NULL, 0, (int)estimate->interval_ms);
		scan->last = i == estimate->passes;
		err = pass(scan);
	}
	for (i = 0; !err && i < estimate->windows.count; i++)
		result_compute(&estimate->results[i], &scan->census[i], tally_of(estimate, i, 0),
			       estimate->sources.count,
			       estimate->windows.bytes[i] == PAGE_BYTES ? FRAME_MAPPINGS : 0);
	return err;
}

int estimate_run(struct estimate *estimate)
{
	size_t sources = estimate->sources.count, i;
	struct scan scan = { .estimate = estimate };
	int err = digest_make_key(&scan.key);

	setpriority(PRIO_PROCESS, 0, 19);
	for (i = 0; i < estimate->windows.count; i++)
		census_init(&scan.census[i], estimate->memory / estimate->windows.count /
					     sizeof(struct entry));
	estimate->tallies = calloc(sources * estimate->windows.count, sizeof(*estimate->tallies));
	scan.buffer = aligned_alloc(PAGE_BYTES, BLOCK_BYTES);
	if (estimate->passes > 1)
		scan.traces = calloc(sources, sizeof(*scan.traces));
	if (!estimate->tallies || !scan.buffer || (estimate->passes > 1 && !scan.traces))
		err = -ENOMEM;
	if (!err)
		err = passes(&scan);
	for (i = 0; scan.traces && i < sources; i++)
		trace_free(&scan.traces[i]);
	for (i = 0; i < estimate->windows.count; i++)
		census_free(&scan.census[i]);
	free(scan.traces);
	free(scan.buffer);
	return err;
}

void estimate_free(struct estimate *estimate)
{
	sources_free(&estimate->sources);
	free(estimate->tallies);
	estimate->tallies = NULL;
}

const struct tally *estimate_tally(const struct estimate *estimate, unsigned int window,
				   size_t source)
{
	return tally_of(estimate, window, source);
}

size_t estimate_counted(const struct estimate *estimate)
{
	size_t i, n = 0;

	for (i = 0; i < estimate->sources.count; i++)
		n += !estimate->sources.list[i].err;
	return n;
}

uint64_t estimate_in_reach(const struct estimate *estimate)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < estimate->sources.count; i++)
		if (!estimate->sources.list[i].err)
			bytes += estimate->sources.list[i].in_reach;
	return bytes;
}

double estimate_seconds(const struct estimate *estimate)
{
	uint32_t rate = estimate->rate ? estimate->rate : RATE_DEFAULT;

	return 2.0 * (double)(estimate_in_reach(estimate) / PAGE_BYTES) / rate;
}

uint64_t estimate_bookkeeping(const struct estimate *estimate)
{
	return estimate_in_reach(estimate) / PAGE_BYTES * SLOT_BYTES;
}
