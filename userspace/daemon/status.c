// SPDX-License-Identifier: GPL-2.0
/* Print the state of the daemon as text. */
#include <inttypes.h>
#include <stdio.h>
#include "../lib/status.h"
#include "status.h"

static void put_u64(FILE *out, uint64_t value)
{
	fprintf(out, "\t%" PRIu64, value);
}

static void put_text(FILE *out, const char *text)
{
	fprintf(out, "\t%s", text);
}

/* A number; the field is empty if it is unknown. */
static void put_known(FILE *out, bool known, uint64_t value)
{
	if (known)
		put_u64(out, value);
	else
		put_text(out, "");
}

static void put_host(FILE *out, const struct daemon *daemon)
{
	const struct host *host = &daemon->host;

	fputs("#host\tavailable\tpressure\tshort\twhy\tperiod_ms\tlate_ms\tunknown\n", out);
	fputs("host", out);
	put_u64(out, host->available);
	if (host->pressure >= 0)
		fprintf(out, "\t%.2f", host->pressure);
	else
		put_text(out, "");
	put_u64(out, host->is_short);
	put_text(out, host->why);
	put_u64(out, daemon->period_ms);
	put_u64(out, daemon->late_ms);
	put_text(out, host->unknown);
	fputc('\n', out);
}

static void put_group(FILE *out, const struct group *group, uint64_t now)
{
	const struct config_group *config = &group->config;
	const char *paused = grpdedup_group_paused(group->paused);
	bool changed = group->rate.changed_ms > 0;

	fputs("group", out);
	put_text(out, config->name);
	put_text(out, config->law.policy->name);
	put_text(out, config->rate_auto ? "auto" : "fixed");
	put_u64(out, group->rate.rate);
	put_known(out, changed, changed ? now - group->rate.changed_ms : 0);
	put_text(out, group->rate.reason);
	put_u64(out, group->round.saved);
	put_u64(out, (uint64_t)group->law.average);
	put_u64(out, config->law.reserve);
	put_u64(out, group->round.available);
	put_u64(out, group->round.granted);
	if (group->error[0] || !group->refused)
		put_text(out, group->error);
	else
		fprintf(out, "\t%u %s not where the group wants them: %s", group->refused,
			group->refused == 1 ? "process is" : "processes are", group->refusal);
	put_text(out, paused ? paused : "");
	put_text(out, config->cgroup);
	put_known(out, config->cgroup[0], group->processes);
	put_known(out, config->cgroup[0], group->refused);
	fputc('\n', out);
}

/* What discovery has to say that is about no group in force */
static void put_found(FILE *out, const struct daemon *daemon)
{
	const struct names *sentences = &daemon->discovery.sentences;
	size_t i;

	fputs("#found\tsentence\n", out);
	for (i = 0; i < sentences->count; i++)
		fprintf(out, "found\t%s\n", sentences->list[i]);
	if (residents_why(daemon->residents)[0])
		fprintf(out, "found\t%s\n", residents_why(daemon->residents));
}

static void put_guest(FILE *out, const struct guest *guest, uint64_t now)
{
	const struct balloon *balloon = &guest->balloon;
	bool heard = balloon->heard_ms > 0;
	uint64_t max = guest_max(guest), base = guest->config.base.bytes;

	if (!base)
		base = guest_base(guest);

	fputs("guest", out);
	put_text(out, guest->group);
	put_text(out, guest->config.name);
	put_known(out, guest->pid, (uint64_t)guest->pid);
	put_text(out, balloon_state_name(guest_state(guest)));
	put_text(out, guest_why(guest));
	put_known(out, base, base);
	put_known(out, heard, balloon->actual);
	put_known(out, balloon->target, balloon->target);
	put_known(out, max, max);
	put_known(out, heard, heard ? now - balloon->heard_ms : 0);
	put_known(out, balloon->has_stats, balloon->stats.available);
	put_u64(out, guest->is_member);
	put_u64(out, guest->saved);
	fputc('\n', out);
}

char *status_text(const struct daemon *daemon, size_t *size)
{
	uint64_t now = loop_now();
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	size_t i;

	if (!out)
		return NULL;
	fprintf(out, "%s\t%d\n", GRPDEDUP_STATUS_MAGIC,
		GRPDEDUP_STATUS_VERSION);
	put_host(out, daemon);
	fputs("#group\tgroup_name\tpolicy\trate_control\trate\trate_changed_ms\trate_reason\t"
	      "saved\taverage\treserve\tavailable\tgranted\terror\tpaused\t"
	      "cgroup\tprocesses\trefused\n", out);
	for (i = 0; i < daemon->group_count; i++)
		put_group(out, daemon->groups[i], now);
	fputs("#guest\tgroup_name\tguest\tpid\tstate\twhy\tbase\tactual\ttarget\tmax\tage_ms\t"
	      "memory_available\tmember\tsaved\n", out);
	for (i = 0; i < daemon->guest_count; i++)
		put_guest(out, daemon->guests[i], now);
	put_found(out, daemon);
	fputs(GRPDEDUP_STATUS_END "\n", out);
	if (fclose(out))
		return NULL;
	return text;
}
