/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Automatic scan rate of one group, after section 5.3 of the paper: raised
 * while the reclaim per visited page is high, lowered when it decays or when
 * the scanner takes more CPU time than configured.
 */
#ifndef RATE_H
#define RATE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct rate_params - as configured
 * @min, @max: pages per second
 * @cpu_max: limit of the scanner's CPU time, percent of one CPU, 0 = none
 */
struct rate_params {
	uint32_t min;
	uint32_t max;
	double cpu_max;
};

/* Counters of the group: totals, except sharing, which is a present value. */
struct rate_sample {
	uint64_t scanned;
	uint64_t sharing;
	uint64_t full_scans;
	uint64_t cpu_ns;
};

#define RATE_REASON_SIZE	96

/**
 * struct rate - state of one group; initialize to zero
 * @rate: present rate; initialize it to the kernel's
 * @reason: why it last changed, a sentence, "" if it never has
 * @changed_ms: when it last changed
 */
struct rate {
	uint32_t rate;
	char reason[RATE_REASON_SIZE];
	uint64_t changed_ms;
	bool primed;
	uint64_t since_ms;
	struct rate_sample last;
};

/* Once per round; true if rate->rate has changed. */
bool rate_step(struct rate *rate, const struct rate_params *params,
	       const struct rate_sample *sample, uint64_t now_ms);

#endif /* RATE_H */
