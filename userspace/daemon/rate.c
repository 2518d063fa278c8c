// SPDX-License-Identifier: GPL-2.0
/* Automatic scan rate of one group. */
#include <stdio.h>
#include "rate.h"

/* Minimum length of a window, in time and in pages. */
#define WINDOW_MS	2000
#define WINDOW_PAGES	256
/*
 * Pages reclaimed per visited page: above the first the rate doubles, below the
 * second it is reduced by a quarter.
 */
#define YIELD_HIGH	0.01
#define YIELD_LOW	0.001
/* A page merges on its second visit at the earliest. */
#define PASSES_TO_JUDGE	3

static uint32_t clamp(double rate, const struct rate_params *params)
{
	if (rate < params->min)
		return params->min;
	if (rate > params->max)
		return params->max;
	return (uint32_t)rate;
}

static bool went_back(const struct rate_sample *now, const struct rate_sample *then)
{
	return now->scanned < then->scanned || now->cpu_ns < then->cpu_ns ||
	       now->full_scans < then->full_scans;
}

static void begin(struct rate *rate, const struct rate_sample *sample, uint64_t now_ms)
{
	rate->primed = true;
	rate->since_ms = now_ms;
	rate->last = *sample;
}

/* The new rate after one window; rate->reason says why it changed. */
static uint32_t judge(struct rate *rate, const struct rate_params *params,
		      const struct rate_sample *sample, double seconds)
{
	double scanned = (double)(sample->scanned - rate->last.scanned);
	double gained = (double)sample->sharing - (double)rate->last.sharing;
	double cpu = (double)(sample->cpu_ns - rate->last.cpu_ns) / 1e7 / seconds;
	double yield = gained > 0 ? gained / scanned : 0;
	double raised = 2.0 * rate->rate;
	uint32_t next = rate->rate;
	char reason[RATE_REASON_SIZE] = "";

	if (params->cpu_max > 0 && cpu > params->cpu_max) {
		next = clamp(rate->rate * (params->cpu_max / cpu), params);
		snprintf(reason, sizeof(reason),
			 "lowered: the scanner used %.1f %% of a CPU, the limit is %.1f %%",
			 cpu, params->cpu_max);
	} else if (yield >= YIELD_HIGH) {
		if (params->cpu_max > 0 && cpu * 2 > params->cpu_max)
			raised = rate->rate * (params->cpu_max / cpu);
		next = clamp(raised, params);
		snprintf(reason, sizeof(reason),
			 "raised: %.1f %% of the visited pages were reclaimed", yield * 100);
	} else if (yield < YIELD_LOW && sample->full_scans >= PASSES_TO_JUDGE) {
		next = clamp(rate->rate * 0.75, params);
		snprintf(reason, sizeof(reason),
			 "lowered: %.2f %% of the visited pages were reclaimed", yield * 100);
	}
	if (next != rate->rate)
		snprintf(rate->reason, sizeof(rate->reason), "%s", reason);
	return next;
}

bool rate_step(struct rate *rate, const struct rate_params *params,
	       const struct rate_sample *sample, uint64_t now_ms)
{
	uint64_t elapsed = now_ms - rate->since_ms;
	uint32_t next;

	if (!rate->primed || went_back(sample, &rate->last)) {
		begin(rate, sample, now_ms);
		return false;
	}
	if (elapsed < WINDOW_MS || sample->scanned - rate->last.scanned < WINDOW_PAGES)
		return false;
	next = judge(rate, params, sample, (double)elapsed / 1000);
	begin(rate, sample, now_ms);
	if (next == rate->rate)
		return false;
	rate->rate = next;
	rate->changed_ms = now_ms;
	return true;
}
