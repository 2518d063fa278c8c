// SPDX-License-Identifier: GPL-2.0
/* estimate: one JSON object; sizes are in bytes. */
#include <inttypes.h>
#include <stdio.h>
#include "cli.h"
#include "estimate.h"
#include "output.h"

static void number(struct row *row, const char *key, uint64_t value)
{
	row_number(row, key, NULL, CELL_COUNT, value);
}

static void add_tally(struct row *row, const struct tally *tally, uint32_t bytes)
{
	number(row, "zero", tally->zero * bytes);
	number(row, "changed", tally->changed * bytes);
	number(row, "same_inside", tally->inside * bytes);
	number(row, "same_others", tally->others * bytes);
	number(row, "unique", tally->unique * bytes);
	number(row, "saved_alone", tally->alone * bytes);
}

static void print_object(const struct row *row)
{
	putchar('{');
	json_fields(stdout, row);
	putchar('}');
}

/* @source: its number, or that of no source for all together */
static void print_windows(const struct estimate *estimate, size_t source)
{
	bool together = source == estimate->sources.count;
	unsigned int i;

	fputs(",\"windows\":[", stdout);
	for (i = 0; i < estimate->windows.count; i++) {
		const struct result *result = &estimate->results[i];
		uint32_t bytes = estimate->windows.bytes[i];
		struct row row = { .count = 0 };

		number(&row, "window", bytes);
		add_tally(&row, together ? &result->total : estimate_tally(estimate, i, source),
			  bytes);
		if (together) {
			number(&row, "saved", result->saved * bytes);
			number(&row, "merged_by_module", bytes == PAGE_BYTES);
		}
		if (i)
			putchar(',');
		print_object(&row);
	}
	putchar(']');
}

static void print_source(const struct estimate *estimate, size_t i)
{
	const struct source *source = &estimate->sources.list[i];
	struct row row = { .count = 0 }, out = { .count = 0 };
	int k;

	row_text(&row, "source", NULL, source->name);
	if (source->pid)
		number(&row, "pid", (uint64_t)source->pid);
	else
		row_text(&row, "path", NULL, source->path);
	if (source->err) {
		row_text(&row, "error", NULL, source->why);
		print_object(&row);
		return;
	}
	number(&row, "memory", source->in_reach + source_out(source));
	number(&row, "in_reach", source->in_reach);
	number(&row, "swapped", source->swapped);
	number(&row, "missing", source->missing);
	for (k = AREA_IN_REACH + 1; k < AREA_REACHES; k++)
		number(&out, area_key(k), source->out[k]);
	putchar('{');
	json_fields(stdout, &row);
	fputs(",\"out_of_reach\":", stdout);
	print_object(&out);
	print_windows(estimate, i);
	putchar('}');
}

void estimate_print_json(const struct estimate *estimate)
{
	struct row row = { .count = 0 };
	size_t i;

	fputs("{\"sources\":[", stdout);
	for (i = 0; i < estimate->sources.count; i++) {
		if (i)
			putchar(',');
		print_source(estimate, i);
	}
	number(&row, "in_reach", estimate_in_reach(estimate));
	number(&row, "frames", estimate->results[0].frames * PAGE_BYTES);
	number(&row, "bookkeeping", estimate_bookkeeping(estimate));
	number(&row, "rate", estimate->rate ? estimate->rate : RATE_DEFAULT);
	number(&row, "milliseconds", (uint64_t)(estimate_seconds(estimate) * 1000));
	fputs("],\"together\":{", stdout);
	json_fields(stdout, &row);
	print_windows(estimate, estimate->sources.count);
	puts("}}");
}
