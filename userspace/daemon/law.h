/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The law of one group: from its savings to the absolute targets of its guests.
 * A pure function of its arguments, time included. Memory is in bytes.
 *
 * What the guests of a group are told to have above their bases never exceeds
 * in total what the group saves, less its reserve. So if they do as they are
 * told, a group never costs the host more than their bases, whatever other
 * groups do.
 */
#ifndef LAW_H
#define LAW_H

#include "policy.h"

/**
 * struct law_params - as configured
 * @policy: divides the grant
 * @reserve: savings that stay with the host
 * @growth: maximum growth of the group's grant in one round
 * @deadband: smaller growth is skipped, and so are shifts between guests below
 *	this or below 1/400 of a guest's max; reductions never are
 * @average: time constant of the moving average of savings, seconds
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
 * @share: as the policies see it; the caller sets base, actual, saved and the
 *	statistics; room and amount are set here
 * @max: upper limit of the target
 * @live: the guest can be told a target. One that is not keeps its last target,
 *	which counts against the group's grant.
 * @follows: it does what it is told. One that does not is not granted more, and
 *	what it has beyond its grant is not taken from the others.
 * @in_force: the last target that QEMU has acknowledged; it may be in force
 *	until the next one is; 0: none yet
 * @target: last target (0: none yet); new target on return
 */
struct law_guest {
	struct share share;
	uint64_t max;
	bool live;
	bool follows;
	uint64_t in_force;
	uint64_t target;
};

/**
 * struct law - state of a group between rounds; initialize to zero
 * @average: moving average of savings; follows a decrease at once
 * @primed: @average is valid
 */
struct law {
	double average;
	bool primed;
};

/**
 * struct law_round - input and output of a round
 * @saved: what the group saves now
 * @host_short: the host is short of memory: all guests go to their bases
 * @seconds: time since the last round
 * @available: out: the smaller of @saved and its average, less the reserve
 * @granted: out: total grant above the bases, including guests not live
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
