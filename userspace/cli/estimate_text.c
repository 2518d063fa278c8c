// SPDX-License-Identifier: GPL-2.0
/* estimate: a table and sentences, in 80 columns. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "cli.h"
#include "estimate.h"
#include "output.h"

#define MIB	(1024.0 * 1024.0)
/* Sources, then numbers of 8 columns each: as many as fit into 80 */
#define NUMBERS	7
#define WIDTH	8
#define NAME	(80 - NUMBERS * WIDTH)
/* More processes are not listed in the suggestion. */
#define FEW	6

/**
 * struct line - of the table
 * @bytes: memory, out of reach, changed, zero, same inside, same with others,
 *	unique, saved alone
 */
struct line {
	const char *name;
	double bytes[NUMBERS + 1];
};

enum { CHANGED = 2 };

/* The column "changed" takes the place of a part of the names. */
static void print_cells(const char *name, const char *const *cells, bool changed)
{
	int width = changed ? NAME - WIDTH : NAME;
	char escaped[256];
	int i;

	printf("%-*.*s", width, width - 1, text_escape(escaped, sizeof(escaped), name));
	for (i = 0; i < NUMBERS + 1; i++)
		if (i != CHANGED || changed)
			printf("%*s", WIDTH, cells[i]);
	putchar('\n');
}

static void print_line(const struct line *line, bool changed)
{
	const char *cells[NUMBERS + 1];
	char texts[NUMBERS + 1][32];
	int i;

	for (i = 0; i < NUMBERS + 1; i++) {
		snprintf(texts[i], sizeof(texts[i]), line->bytes[i] < 99999 * MIB ? "%.1f" : "%.0f",
			 line->bytes[i] / MIB);
		cells[i] = texts[i];
	}
	print_cells(line->name, cells, changed);
}

static void set_tally(struct line *line, const struct tally *tally)
{
	const uint64_t windows[] = { tally->changed, tally->zero, tally->inside, tally->others,
				     tally->unique, tally->alone };
	size_t i;

	for (i = 0; i < sizeof(windows) / sizeof(*windows); i++)
		line->bytes[CHANGED + i] = (double)windows[i] * PAGE_BYTES;
}

static void print_table(const struct estimate *estimate)
{
	static const char *const titles[][NUMBERS + 1] = {
		{ "memory", "out of", "changed", "zero", "same", "same", "unique", "saved" },
		{ "", "reach", "", "", "inside", "others", "", "alone" },
		{ "MiB", "MiB", "MiB", "MiB", "MiB", "MiB", "MiB", "MiB" },
	};
	struct line together = { .name = "together" };
	bool changed = estimate->passes > 1;
	size_t i;

	print_cells("source", titles[0], changed);
	print_cells("", titles[1], changed);
	print_cells("", titles[2], changed);
	for (i = 0; i < estimate->sources.count; i++) {
		const struct source *source = &estimate->sources.list[i];
		double out = (double)source_out(source);
		struct line line = { source->name, { (double)source->in_reach + out, out } };

		if (source->err)
			continue;
		set_tally(&line, estimate_tally(estimate, 0, i));
		print_line(&line, changed);
		together.bytes[0] += line.bytes[0];
		together.bytes[1] += line.bytes[1];
	}
	set_tally(&together, &estimate->results[0].total);
	if (estimate_counted(estimate) > 1)
		print_line(&together, changed);
}

static void print_reasons(const struct estimate *estimate)
{
	uint64_t out[AREA_REACHES] = { 0 }, swapped = 0;
	size_t i, k;

	for (i = 0; i < estimate->sources.count; i++) {
		const struct source *source = &estimate->sources.list[i];

		for (k = 0; k < AREA_REACHES && !source->err; k++)
			out[k] += source->out[k];
		swapped += source->err ? 0 : source->swapped;
	}
	/* Less would be shown as 0.0; JSON has it. */
	for (k = 0; k < AREA_REACHES; k++)
		if ((double)out[k] >= MIB / 20)
			printf("out of reach: %.1f MiB of %s\n", (double)out[k] / MIB,
			       area_words(k));
	if (swapped)
		printf("swapped out, unknown: %.1f MiB\n", (double)swapped / MIB);
	if (estimate->results[0].total.changed)
		printf("changed: %.1f MiB within %.1f s, counted as not saved\n",
		       (double)estimate->results[0].total.changed * PAGE_BYTES / MIB,
		       estimate->interval_ms / 1000.0);
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static void print_savings(const struct estimate *estimate)
{
	const struct result *result = &estimate->results[0];
	double whole = (double)estimate_in_reach(estimate);
	double alone = (double)result->total.alone * PAGE_BYTES;
	double saved = (double)result->saved * PAGE_BYTES;

	printf("one group: saves %.1f of %.1f MiB (%.1f %%)\n", saved / MIB, whole / MIB,
	       percent(saved, whole));
	if (estimate_counted(estimate) > 1)
		printf("groups of one: %.1f MiB (%.1f %%)\n", alone / MIB, percent(alone, whole));
}

static void print_windows(const struct estimate *estimate)
{
	const struct windows *windows = &estimate->windows;
	double whole = (double)estimate_in_reach(estimate);
	bool page_done = !windows->page_listed;
	unsigned int i, k = 1;
	char name[16];
	double saved;

	if (!windows->listed)
		return;
	puts("\nwindow  saved MiB      %");
	while (!page_done || k < windows->count) {
		/* The first is the page, whose place is among the others. */
		i = !page_done && (k == windows->count || windows->bytes[k] > PAGE_BYTES) ? 0 : k++;
		page_done |= !i;
		saved = (double)estimate->results[i].saved * windows->bytes[i];
		printf("%6s  %9.1f  %5.1f%s\n",
		       window_text(name, sizeof(name), windows->bytes[i]), saved / MIB,
		       percent(saved, whole), i ? "  (not merged by the module)" : "");
	}
	putchar('\n');
}

static const char *duration(char *buf, size_t size, double seconds)
{
	if (seconds < 90)
		snprintf(buf, size, "%.0f s", seconds < 1 ? 1 : seconds);
	else if (seconds < 90 * 60)
		snprintf(buf, size, "%.1f min", seconds / 60);
	else
		snprintf(buf, size, "%.1f h", seconds / 3600);
	return buf;
}

static void print_costs(const struct estimate *estimate)
{
	uint32_t rate = estimate->rate ? estimate->rate : RATE_DEFAULT;
	char text[32];

	printf("at %" PRIu32 " pages/s: all of it is saved after about %s\n", rate,
	       duration(text, sizeof(text), estimate_seconds(estimate)));
	printf("frames that cannot be swapped: %.1f MiB; bookkeeping: %.1f MiB\n",
	       (double)estimate->results[0].frames * PAGE_BYTES / MIB,
	       (double)estimate_bookkeeping(estimate) / MIB);
}

static void print_suggestion(const struct estimate *estimate)
{
	uint32_t rate = estimate->rate ? estimate->rate : RATE_DEFAULT;
	size_t i, processes = 0;

	for (i = 0; i < estimate->sources.count; i++)
		processes += estimate->sources.list[i].pid && !estimate->sources.list[i].err;
	if (!processes || !estimate->results[0].saved)
		return;
	printf("try: grpdedup add-group NAME --rate %" PRIu32 "\n"
	       "     grpdedup assign NAME", rate);
	for (i = 0; i < estimate->sources.count && processes <= FEW; i++)
		if (estimate->sources.list[i].pid && !estimate->sources.list[i].err)
			printf(" %d", estimate->sources.list[i].pid);
	puts(processes > FEW ? " PID..." : "");
}

void estimate_print_text(const struct estimate *estimate)
{
	print_table(estimate);
	print_reasons(estimate);
	print_windows(estimate);
	print_savings(estimate);
	print_costs(estimate);
	print_suggestion(estimate);
}
