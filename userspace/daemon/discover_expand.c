// SPDX-License-Identifier: GPL-2.0
/* Make a configuration of what was written and what was found. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/array.h"
#include "config_guest.h"
#include "discover.h"
#include "pattern.h"

/* Whoever may name things must not fill the log. */
#define SENTENCES_MAX	32

/**
 * struct expansion - while it is made
 * @before: the configuration in force
 * @guest_room: guests that its array has room for
 * @err: -ENOMEM or 0
 */
struct expansion {
	struct discovery *discovery;
	struct config *config;
	const struct config *before;
	size_t guest_room;
	int err;
};

__attribute__((format(printf, 2, 3)))
static void say(struct expansion *to, const char *fmt, ...)
{
	char sentence[DISCOVER_SENTENCE];
	va_list ap;
	char *c;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	/* Files may have any name. */
	for (c = sentence; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	if (to->discovery->sentences.count >= SENTENCES_MAX)
		return;
	if (names_add(&to->discovery->sentences, sentence))
		to->err = -ENOMEM;
}

static bool is_same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* Another group of the name that a template gives to one */
static bool has_group(struct expansion *to, const struct config_group *template,
		      const char *name, const char *cgroup)
{
	const struct config_group *other = config_find_group(to->config, name);
	const struct config_group *owner = to->before ? config_find_group(to->before, name) :
							NULL;

	if (!other)
		return false;
	say(to, "group %s is made for cgroup %s (%s:%u) and for cgroup %s (%s:%u)", name,
	    other->cgroup, other->file, other->line, cgroup, template->file, template->line);
	/* The one that exists is not moved to the other cgroup. */
	return !owner || strcmp(owner->cgroup, cgroup) || !other->is_found;
}

static void check_cgroup(struct expansion *to, struct config_group *group)
{
	struct config *config = to->config;
	size_t i;

	for (i = 0; i < config->group_count; i++) {
		struct config_group *other = &config->groups[i];

		if (other == group || strcmp(other->cgroup, group->cgroup))
			continue;
		other->rival = (struct config_rival){ group->file, group->line };
		group->rival = (struct config_rival){ other->file, other->line };
		say(to, "cgroup %s is that of group %s (%s:%u) and of group %s (%s:%u): its processes join neither",
		    group->cgroup, other->name, other->file, other->line, group->name,
		    group->file, group->line);
	}
}

static void add_group(struct expansion *to, const struct config_group *template,
		      const char *part)
{
	struct config *config = to->config;
	struct config_group group = *template, *place;
	const char *bad = NULL;

	group.is_found = true;
	if (pattern_fill(template->name, "*", part, group.name, sizeof(group.name)))
		bad = config_bad_group_name(group.name);
	else
		bad = "the name is too long";
	if (!bad && (!pattern_fill(template->cgroup, "*", part, group.cgroup,
				   sizeof(group.cgroup)) ||
		     !pattern_fill(template->account, "*", part, group.account,
				   sizeof(group.account))))
		bad = "the path of its cgroup is too long";
	if (bad) {
		say(to, "no group is made for '%s' by %s:%u: %s", part, template->file,
		    template->line, bad);
		return;
	}
	if (has_group(to, template, group.name, group.cgroup))
		return;
	place = (struct config_group *)config_find_group(config, group.name);
	if (!place)
		place = &config->groups[config->group_count++];
	*place = group;
	check_cgroup(to, place);
}

static struct config_guest *new_guest(struct expansion *to)
{
	struct config *config = to->config;
	struct config_guest *list = array_grow(config->guests, &to->guest_room,
					       config->guest_count, sizeof(*list));

	if (!list) {
		to->err = -ENOMEM;
		return NULL;
	}
	config->guests = list;
	return &config->guests[config->guest_count++];
}

/* NULL if out of memory */
static struct config_guest *copy_guest(struct expansion *to, const struct config_guest *from)
{
	struct config_guest *guest = new_guest(to);

	if (!guest)
		return NULL;
	to->err = config_guest_copy(guest, from);
	if (!to->err)
		return guest;
	to->config->guest_count--;
	return NULL;
}

/*
 * By name and file: while they are contested, two of one name may be in force.
 */
static bool is_in_force(const struct expansion *to, const struct config_guest *guest)
{
	size_t i, count = to->before ? to->before->guest_count : 0;

	for (i = 0; i < count; i++) {
		const struct config_guest *owner = &to->before->guests[i];

		if (!strcmp(owner->name, guest->name) &&
		    is_same(owner->group_name, guest->group_name) &&
		    (is_same(owner->pidfile, guest->pidfile) ||
		     is_same(owner->domain, guest->domain)))
			return true;
	}
	return false;
}

/* Another guest that is the same, or else has the same name; NULL: none */
static struct config_guest *find_other(struct config *config,
				       const struct config_guest *guest, bool *same)
{
	struct config_guest *namesake = NULL;
	size_t i;

	*same = true;
	for (i = 0; i < config->guest_count; i++) {
		struct config_guest *other = &config->guests[i];

		if (other == guest)
			continue;
		if (config_guest_is_same(other, guest))
			return other;
		if (!strcmp(other->name, guest->name))
			namesake = other;
	}
	*same = false;
	return namesake;
}

/*
 * A [guest] goes before what a pattern would make of it. Two patterns are a
 * mistake: what is in force stays. Returns whether @guest is taken, in place of
 * *other if that is set.
 */
static bool settle(struct expansion *to, struct config_guest *guest,
		   struct config_guest **other)
{
	bool same;

	*other = find_other(to->config, guest, &same);
	if (!*other)
		return true;
	if (same && !(*other)->is_found)
		return false;
	if (same) {
		/* The guest itself says so. */
		(*other)->rival = (struct config_rival){ guest->file, guest->line };
		guest->rival = (struct config_rival){ (*other)->file, (*other)->line };
	} else {
		say(to, "guest %s is found twice, by %s:%u and %s:%u: only one of them is taken",
		    guest->name, (*other)->file, (*other)->line, guest->file, guest->line);
	}
	return (*other)->is_found && is_in_force(to, guest) && !is_in_force(to, *other);
}

static void add_guest(struct expansion *to, const struct config_group *group,
		      const struct finding *finding, const char *name)
{
	struct config *config = to->config;
	struct config_guest found = {
		.name = (char *)name, .group_name = (char *)group->name,
		.file = group->file, .line = group->line, .is_found = true,
		.group = (unsigned int)(group - config->groups),
	};
	struct config_guest *guest = copy_guest(to, &found), *other = NULL, replaced;
	const char *bad;
	bool is_taken;

	if (!guest)
		return;
	bad = config_bad_guest_name(name);
	if (!bad)
		bad = finding->source->fill(group, name, guest);
	if (bad)
		say(to, "no guest is made for '%s' by %s:%u: %s", name, group->file,
		    group->line, bad);
	is_taken = !bad && settle(to, guest, &other);
	if (is_taken && other) {
		replaced = *other;
		*other = *guest;
		*guest = replaced;
	}
	if (is_taken && !other)
		return;
	config_guest_free(guest);
	config->guest_count--;
}

static void add_found(struct expansion *to, const struct config *written)
{
	const struct discovery *discovery = to->discovery;
	const struct config_group *group;
	size_t i, j;

	for (i = 0; i < discovery->count; i++) {
		const struct finding *finding = &discovery->findings[i];

		group = finding->source->fill ? config_find_group(to->config, finding->group) :
						config_find_template(written, finding->group);
		if (finding->why[0])
			say(to, "group %s: %s", finding->group, finding->why);
		for (j = 0; group && j < finding->names.count; j++) {
			if (finding->source->fill)
				add_guest(to, group, finding, finding->names.list[j]);
			else
				add_group(to, group, finding->names.list[j]);
		}
	}
}

struct config *discovery_expand(struct discovery *discovery, const struct config *written,
				const struct config *before)
{
	struct expansion to = { .discovery = discovery, .before = before };
	size_t i, room = written->group_count;

	for (i = 0; i < discovery->count; i++)
		room += discovery->findings[i].names.count;
	names_free(&discovery->sentences);
	to.config = calloc(1, sizeof(*to.config));
	if (!to.config)
		return NULL;
	to.config->host = written->host;
	to.config->groups = calloc(room + 1, sizeof(*to.config->groups));
	if (!to.config->groups)
		to.err = -ENOMEM;
	for (i = 0; i < written->group_count && !to.err; i++)
		to.config->groups[to.config->group_count++] = written->groups[i];
	for (i = 0; i < written->guest_count && !to.err; i++)
		copy_guest(&to, &written->guests[i]);
	if (!to.err)
		add_found(&to, written);
	if (!to.err)
		return to.config;
	config_free(to.config);
	return NULL;
}
