// SPDX-License-Identifier: GPL-2.0
/*
 * Two groups that claim one process: it joins neither, and stays where it is if
 * one of them has it already, as a mistake in a file should move nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon_priv.h"

static int compare_guests(const void *a, const void *b)
{
	const struct guest *x = *(struct guest *const *)a, *y = *(struct guest *const *)b;

	return x->pid != y->pid ? (x->pid > y->pid) - (x->pid < y->pid) :
				  strcmp(x->config.name, y->config.name);
}

/* What a pid file names, but its monitor does not, is no claim. */
static bool has_claim(const struct guest *guest)
{
	return guest->pid && guest->is_proven && !guest->leaving_ms;
}

static void say(char *text, size_t size, pid_t pid, const char *group,
		const struct config_rival *place, const char *other,
		const struct config_rival *other_place)
{
	snprintf(text, size, "process %d is claimed by group %s (%s:%u) and by group %s (%s:%u): it joins neither",
		 (int)pid, group, place->file, place->line, other, other_place->file,
		 other_place->line);
}

static struct config_rival place_of(const struct guest *guest)
{
	return (struct config_rival){ guest->config.file, guest->config.line };
}

/* Two patterns that match the same file; the configuration knows it. */
static bool contest_pattern(struct guest *guest)
{
	const struct config_rival *rival = &guest->config.rival;
	char text[sizeof(guest->contest)];

	if (!rival->file)
		return false;
	snprintf(text, sizeof(text), "two patterns match it, %s:%u and %s:%u: it joins neither group",
		 guest->config.file, guest->config.line, rival->file, rival->line);
	guest_contest(guest, text);
	return true;
}

/* Guests of one process: one of another group contests them all. */
static bool contest_guests(struct guest **guests, size_t count)
{
	struct config_rival place = place_of(guests[0]), other_place;
	char text[sizeof(guests[0]->contest)];
	size_t i, j;

	for (i = 1; i < count; i++)
		if (strcmp(guests[i]->group, guests[0]->group))
			break;
	if (i >= count)
		return false;
	other_place = place_of(guests[i]);
	say(text, sizeof(text), guests[0]->pid, guests[0]->group, &place, guests[i]->group,
	    &other_place);
	for (j = 0; j < count; j++)
		guest_contest(guests[j], text);
	return true;
}

/* @contested: it is already */
static void claim_resident(struct daemon *daemon, struct guest *guest, bool contested)
{
	const struct group *group = residents_group(daemon->residents, guest->pid);
	struct config_rival place = place_of(guest), other_place;
	char text[sizeof(guest->contest)];

	if (!group || !strcmp(group->config.name, guest->group)) {
		residents_claim(daemon->residents, guest->pid, guest->group, NULL);
		if (!contested)
			guest_contest(guest, NULL);
		return;
	}
	other_place = (struct config_rival){ group->config.file, group->config.line };
	say(text, sizeof(text), guest->pid, guest->group, &place, group->config.name,
	    &other_place);
	residents_claim(daemon->residents, guest->pid, guest->group, text);
	if (!contested)
		guest_contest(guest, text);
}

void daemon_claim(struct daemon *daemon)
{
	struct guest **claims = calloc(daemon->guest_count + 1, sizeof(*claims));
	size_t i, j, n = 0;

	if (!claims)
		return;
	for (i = 0; i < daemon->guest_count; i++) {
		struct guest *guest = daemon->guests[i];

		/* The configuration of one that is leaving may be gone. */
		if (has_claim(guest))
			claims[n++] = guest;
		else if (guest->leaving_ms || !contest_pattern(guest))
			guest_contest(guest, NULL);
	}
	qsort(claims, n, sizeof(*claims), compare_guests);
	for (i = 0; i < n; i = j) {
		bool contested;

		for (j = i + 1; j < n && claims[j]->pid == claims[i]->pid; j++)
			;
		contested = contest_guests(&claims[i], j - i);
		for (; i < j; i++)
			claim_resident(daemon, claims[i],
				       contested || contest_pattern(claims[i]));
	}
	free(claims);
}
