/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The law of one group: from what it has saved to absolute targets of its
 * guests. Pure; time comes as an argument. Memory is in bytes.
 *
 * The sum of what the guests of a group have above their bases never exceeds
 * what the group saves, less its reserve: then a group costs the host no more
 * than the bases of its guests, whatever the others do.
 */
#ifndef LAW_H
#define LAW_H

#include "policy.h"

/**
 * struct law_params - as configured
 * @policy: divides the grant
 * @reserve: saved memory that stays with the host
 * @growth: most by which the grant of the group grows in one round
 * @deadband: growth below this is left alone, and so are shifts between guests
 *	below it or below 1/400 of a guest's max; what must be taken back is
 * @average: time constant of the moving average of saved, seconds
 */
struct law_params {
	const struct policy *policy;
	uint64_t reserve;
	uint64_t growth;
	uint64_t deadband;
	double average;
};

/**
 * struct law_guest - one guest in a round
 * @share: as the policies see it; base, actual, saved and stats are the
 *	caller's to set, room and amount are set here
 * @max: most that it may have
 * @live: it takes part. One that is not keeps what it has: that is counted
 *	against the group's grant, and it gets no new target.
 * @target: what it was last told (0: nothing yet); new target on return
 */
struct law_guest {
	struct share share;
	uint64_t max;
	bool live;
	uint64_t target;
};

/**
 * struct law - what one group remembers from round to round; zeroed to begin
 * @average: moving average of saved; it follows down at once
 * @primed: @average has begun
 */
struct law {
	double average;
	bool primed;
};

/**
 * struct law_round - what a round starts from and comes to
 * @saved: what the group saves now
 * @host_short: the host needs its memory: all guests go to their bases
 * @seconds: since the last round
 * @available: out: what may be given out: the smaller of saved and its
 *	average, less the reserve
 * @granted: out: what is given out now, above bases, those that are not live
 *	included
 */
struct law_round {
	uint64_t saved;
	bool host_short;
	double seconds;
	uint64_t available;
	uint64_t granted;
};

void law_step(struct law *law, const struct law_params *params,
	      struct law_round *round, struct law_guest *guests, size_t count);

#endif /* LAW_H */
