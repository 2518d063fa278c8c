// SPDX-License-Identifier: GPL-2.0
/* Targets of the guests of one group. */
#include <math.h>
#include <stdlib.h>
#include "law.h"

/* Targets are a whole number of MiB above base: finer steps are not useful. */
#define GRAIN		(1ull << 20)

static uint64_t more(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t beyond(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What the guest has above its base. */
static uint64_t held(const struct law_guest *guest)
{
	return beyond(guest->share.actual, guest->share.base);
}

/*
 * What it has, or may still take; of what it has only what it was granted if it
 * does not follow.
 */
static uint64_t counted(const struct law_guest *guest)
{
	uint64_t has = guest->follows ? held(guest) :
					less(held(guest), guest->share.amount);

	return more(has, beyond(guest->in_force, guest->share.base));
}

/* Its grant before this round; a new guest starts with what it has. */
static uint64_t before(const struct law_guest *guest)
{
	if (!guest->target)
		return guest->follows ? less(held(guest), guest->share.room) : 0;
	return less(beyond(guest->target, guest->share.base), guest->share.room);
}

static void follow(struct law *law, const struct law_params *params,
		   const struct law_round *round)
{
	double saved = (double)round->saved;

	if (!law->primed || saved < law->average || params->average <= 0)
		law->average = saved;
	else
		law->average += (saved - law->average) *
				(1 - exp(-round->seconds / params->average));
	law->primed = true;
}

static uint64_t available(const struct law *law, const struct law_params *params,
			  const struct law_round *round)
{
	if (round->host_short)
		return 0;
	return beyond(less(round->saved, (uint64_t)law->average), params->reserve);
}

/* The grant of the live guests: reduced at once, raised in steps. */
static uint64_t grant(const struct law_params *params, uint64_t may, uint64_t was)
{
	if (may <= was)
		return may;
	if (may - was <= params->deadband)
		return was;
	return was + less(may - was, params->growth);
}

/*
 * Round to whole grains, unless the room is full. The remainders go to the
 * first guests that can take a grain: the part of each guest in a step may be
 * less than a grain.
 */
static void round_off(struct share *shares, size_t count)
{
	uint64_t left = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		struct share *share = &shares[i];
		uint64_t odd = share->amount < share->room ? share->amount % GRAIN : 0;

		share->amount -= odd;
		left += odd;
	}
	for (i = 0; i < count; i++) {
		uint64_t part = less(GRAIN, shares[i].room - shares[i].amount);

		if (part > left)
			continue;
		shares[i].amount += part;
		left -= part;
	}
}

/*
 * A guest may not grow into memory that another guest still has to release;
 * grants not yet taken count too.
 * @may: what the live guests may hold in total; @shares: scratch space
 */
static void wait_for_others(struct law_guest *guests, size_t count,
			    struct share *shares, uint64_t may)
{
	uint64_t hold = 0, grow = 0;
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		uint64_t own = beyond(guests[i].share.amount, counted(&guests[i]));

		if (!guests[i].live)
			continue;
		shares[n++] = (struct share){ .room = own };
		hold += counted(&guests[i]) + own;
		grow += own;
	}
	if (hold <= may)
		return;
	policy_pour(shares, NULL, n, beyond(grow, hold - may));
	round_off(shares, n);
	for (i = 0, n = 0; i < count; i++) {
		if (!guests[i].live)
			continue;
		guests[i].share.amount -= shares[n].room - shares[n].amount;
		n++;
	}
}

/* Undo shifts between guests that are too small to be worthwhile. */
static void leave_alone(const struct law_params *params, struct law_guest *guests,
			size_t count, uint64_t total)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (guests[i].live)
			sum += guests[i].share.amount;
	for (i = 0; i < count; i++) {
		struct share *share = &guests[i].share;
		uint64_t was = before(&guests[i]);
		uint64_t slack = more(params->deadband, guests[i].max / 400);

		if (!guests[i].live || !guests[i].target)
			continue;
		if (share->amount > was && share->amount - was < slack) {
			sum -= share->amount - was;
			share->amount = was;
		}
	}
	for (i = 0; i < count; i++) {
		struct share *share = &guests[i].share;
		uint64_t was = before(&guests[i]);
		uint64_t slack = more(params->deadband, guests[i].max / 400);

		if (guests[i].live && guests[i].target && share->amount < was &&
		    was - share->amount < slack && sum + (was - share->amount) <= total) {
			sum += was - share->amount;
			share->amount = was;
		}
	}
}

static void share_out(const struct law_params *params, struct law_guest *guests,
		      size_t count, struct share *shares, uint64_t total)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		if (guests[i].live)
			shares[n++] = guests[i].share;
	params->policy->divide(shares, n, total);
	round_off(shares, n);
	for (i = 0, n = 0; i < count; i++)
		if (guests[i].live)
			guests[i].share.amount = shares[n++].amount;
}

void law_step(struct law *law, const struct law_params *params,
	      struct law_round *round, struct law_guest *guests, size_t count)
{
	struct share *shares = calloc(count ? count : 1, sizeof(*shares));
	uint64_t dead = 0, was = 0, may, total;
	size_t i;

	follow(law, params, round);
	round->available = available(law, params, round);
	for (i = 0; i < count; i++) {
		guests[i].share.room = beyond(guests[i].max, guests[i].share.base);
		/* Out of memory: keep the grants, and retry next round. */
		guests[i].share.amount = before(&guests[i]);
		if (!guests[i].live) {
			dead += beyond(more(guests[i].target, guests[i].in_force),
				       guests[i].share.base);
			continue;
		}
		if (!guests[i].follows)
			guests[i].share.room = before(&guests[i]);
		/* Memory still to be released is not available to others. */
		was += more(before(&guests[i]),
			    less(counted(&guests[i]), guests[i].share.room));
	}
	may = beyond(round->available, dead);
	total = grant(params, may, was);
	if (shares) {
		share_out(params, guests, count, shares, total);
		if (total == was)
			leave_alone(params, guests, count, total);
		wait_for_others(guests, count, shares, may);
	}
	free(shares);
	round->granted = dead;
	for (i = 0; i < count; i++) {
		struct share *share = &guests[i].share;

		if (!guests[i].live)
			continue;
		if (share->amount < share->room)
			share->amount -= share->amount % GRAIN;
		guests[i].target = share->base + share->amount;
		round->granted += share->amount;
	}
}
