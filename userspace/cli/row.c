// SPDX-License-Identifier: GPL-2.0
/*
 * Rows of groups, members and events. The order of the cells that have a key is
 * the column order of dump: it is frozen, append new ones.
 */
#include <inttypes.h>
#include <stdio.h>
#include "row.h"

#define FIRST_COUNTER	(GRPDEDUP_CNT_PAD + 1)

struct shown {
	const char *title;
	enum cell_kind kind;
	bool group_only;
};

/* Counters that are columns of the table. */
static const struct shown shown[GRPDEDUP_CNT_MAX + 1] = {
	[GRPDEDUP_CNT_PAGES_SHARED] = { "shared", CELL_PAGES, false },
	[GRPDEDUP_CNT_PAGES_SHARING] = { "saved", CELL_PAGES, false },
	[GRPDEDUP_CNT_PAGES_VOLATILE] = { "volatile", CELL_PAGES, false },
	[GRPDEDUP_CNT_PAGES_ZERO] = { "zero", CELL_PAGES, false },
	[GRPDEDUP_CNT_FULL_SCANS] = { "passes", CELL_COUNT, true },
	[GRPDEDUP_CNT_MERGES] = { "merges", CELL_COUNT, false },
	[GRPDEDUP_CNT_COW_BREAKS] = { "breaks", CELL_COUNT, false },
	[GRPDEDUP_CNT_CPU_NS] = { "cpu", CELL_NS, true },
	[GRPDEDUP_CNT_METADATA_BYTES] = { "metadata", CELL_BYTES, false },
};

/*
 * The part of the scanned memory that is saved. A group's "shared" are its
 * frames, its "sharing" further mappings of them; a member's "shared" are all
 * its mappings.
 */
static void add_saved_part(struct row *row,
			   const struct grpdedup_counters *counters,
			   bool is_group)
{
	uint64_t saved =
		grpdedup_counter_or_0(counters, GRPDEDUP_CNT_PAGES_SHARING);
	uint64_t all =
		grpdedup_counter_or_0(counters, GRPDEDUP_CNT_PAGES_SHARED) +
		grpdedup_counter_or_0(counters, GRPDEDUP_CNT_PAGES_UNSHARED) +
		grpdedup_counter_or_0(counters, GRPDEDUP_CNT_PAGES_VOLATILE) +
		(is_group ? saved : 0);

	if (all)
		row_number(row, NULL, "saved", CELL_PERMILLE,
			   (uint64_t)((double)saved * 1000 / (double)all + 0.5));
	else
		row_absent(row, NULL, "saved", CELL_PERMILLE);
}

static void add_counters(struct row *row,
			 const struct grpdedup_counters *counters,
			 bool is_group)
{
	unsigned int i;

	for (i = FIRST_COUNTER; i <= GRPDEDUP_CNT_MAX; i++) {
		bool in_table = shown[i].title && (is_group || !shown[i].group_only);
		const char *title = in_table ? shown[i].title : NULL;
		enum cell_kind kind = title ? shown[i].kind : CELL_COUNT;
		uint64_t value;

		if (grpdedup_counter_get(counters, i, &value))
			row_number(row, grpdedup_counter_name(i), title, kind,
				   value);
		else
			row_absent(row, grpdedup_counter_name(i), title, kind);
		if (i == GRPDEDUP_CNT_PAGES_SHARING)
			add_saved_part(row, counters, is_group);
	}
}

/* The table shows "paused" for a group that is, whatever its rate is. */
static void add_rate(struct row *row, const struct grpdedup_group *group)
{
	row_number(row, "rate", NULL, CELL_RATE, group->rate);
	row_number(row, NULL, "rate", CELL_RATE, group->paused ? 0 : group->rate);
}

void row_of_group(struct row *row, const struct grpdedup_group *group,
		  const char *account)
{
	row->count = 0;
	row_text(row, "group_name", "group", group->name);
	row_number(row, "group_id", NULL, CELL_COUNT, group->id);
	add_rate(row, group);
	row_number(row, "split_min", NULL, CELL_COUNT, group->split_min);
	row_number(row, "frames_max", NULL, CELL_COUNT, group->frames_max);
	row_number(row, "tid", NULL, CELL_COUNT, group->tid);
	row_number(row, "member_count", "members", CELL_COUNT, group->members);
	add_counters(row, &group->counters, true);
	row_text(row, "paused", NULL, paused_name(group->paused));
	if (account)
		row_text(row, "account", NULL, account);
	else
		row_absent(row, "account", NULL, CELL_TEXT);
}

void row_of_member(struct row *row, const struct grpdedup_member *member)
{
	row->count = 0;
	row_text(row, "group_name", "group", member->group);
	row_number(row, "group_id", NULL, CELL_COUNT, member->group_id);
	row_number(row, "pid", "pid", CELL_COUNT, member->pid);
	row_text(row, "comm", "process", member->comm);
	row_text(row, NULL, "state", state_name(member->state));
	row_number(row, "start_time", NULL, CELL_COUNT, member->start_time);
	add_counters(row, &member->counters, false);
	row_text(row, "state", NULL, state_name(member->state));
	if (member->message[0])
		row_text(row, "message", NULL, member->message);
	else
		row_absent(row, "message", NULL, CELL_TEXT);
}

const char *event_name(const struct grpdedup_event *event)
{
	static const char *const names[GRPDEDUP_CMD_MAX + 1] = {
		[GRPDEDUP_CMD_GROUP_ADD] = "group-add",
		[GRPDEDUP_CMD_GROUP_SET] = "group-set",
		[GRPDEDUP_CMD_GROUP_DEL] = "group-del",
		[GRPDEDUP_CMD_MEMBER_ADD] = "member-add",
		[GRPDEDUP_CMD_MEMBER_DEL] = "member-del",
		[GRPDEDUP_CMD_RECLAIM] = "reclaim",
		[GRPDEDUP_CMD_REQUEST] = "request",
		[GRPDEDUP_CMD_PAUSE] = "pause",
		[GRPDEDUP_CMD_RESUME] = "resume",
	};

	return event->cmd <= GRPDEDUP_CMD_MAX ? names[event->cmd] : NULL;
}

const char *reason_name(uint32_t reason)
{
	static const char *const names[GRPDEDUP_REASON_MAX + 1] = {
		[GRPDEDUP_REASON_UNSPEC] = "unknown",
		[GRPDEDUP_REASON_UNASSIGN] = "unassigned",
		[GRPDEDUP_REASON_EXIT] = "exit",
		[GRPDEDUP_REASON_EXEC] = "exec",
		[GRPDEDUP_REASON_MOVE] = "moved",
		[GRPDEDUP_REASON_GROUP_DEL] = "group-deleted",
	};

	return names[reason <= GRPDEDUP_REASON_MAX ? reason : 0];
}

const char *state_name(uint32_t state)
{
	static const char *const names[GRPDEDUP_STATE_MAX + 1] = {
		[GRPDEDUP_STATE_UNSPEC] = "unknown",
		[GRPDEDUP_STATE_JOINING] = "joining",
		[GRPDEDUP_STATE_MEMBER] = "member",
		[GRPDEDUP_STATE_LEAVING] = "leaving",
		[GRPDEDUP_STATE_FAILED] = "failed",
	};

	return names[state <= GRPDEDUP_STATE_MAX ? state : 0];
}

const char *paused_name(uint32_t paused)
{
	static const char *const names[GRPDEDUP_PAUSED_MAX + 1] = {
		[GRPDEDUP_PAUSED_NOT] = "no",
		[GRPDEDUP_PAUSED_REQUEST] = "request",
		[GRPDEDUP_PAUSED_FAULT] = "fault",
	};

	return paused <= GRPDEDUP_PAUSED_MAX ? names[paused] : "unknown";
}

static void add_request(struct row *row, const struct grpdedup_event *event)
{
	row_number(row, "request", NULL, CELL_COUNT, event->request);
	if (event->pid)
		row_number(row, "pid", NULL, CELL_COUNT, event->pid);
	row_number(row, "error", NULL, CELL_COUNT, (uint64_t)-event->error);
	if (event->message[0])
		row_text(row, "message", NULL, event->message);
}

static void add_details(struct row *row, const struct grpdedup_event *event)
{
	switch (event->cmd) {
	case GRPDEDUP_CMD_GROUP_ADD:
	case GRPDEDUP_CMD_GROUP_SET:
		row_number(row, "rate", NULL, CELL_COUNT, event->rate);
		break;
	case GRPDEDUP_CMD_MEMBER_ADD:
	case GRPDEDUP_CMD_MEMBER_DEL:
		row_number(row, "pid", NULL, CELL_COUNT, event->pid);
		row_text(row, "comm", NULL, event->comm);
		break;
	case GRPDEDUP_CMD_REQUEST:
		add_request(row, event);
		break;
	case GRPDEDUP_CMD_PAUSE:
	case GRPDEDUP_CMD_RESUME:
		row_text(row, "paused", NULL, paused_name(event->paused));
		break;
	}
	if (event->cmd == GRPDEDUP_CMD_MEMBER_DEL)
		row_text(row, "reason", NULL, reason_name(event->reason));
	if (event->cmd == GRPDEDUP_CMD_MEMBER_DEL ||
	    event->cmd == GRPDEDUP_CMD_GROUP_DEL ||
	    event->cmd == GRPDEDUP_CMD_REQUEST ||
	    event->cmd == GRPDEDUP_CMD_RECLAIM)
		row_number(row, "pages", NULL, CELL_COUNT, event->pages);
}

void row_of_event(struct row *row, const struct grpdedup_event *event,
		  const char *time)
{
	unsigned int i;
	uint64_t value;

	row->count = 0;
	if (time)
		row_text(row, "time", NULL, time);
	row_text(row, "event", NULL, event_name(event));
	row_text(row, "group_name", NULL, event->group);
	row_number(row, "group_id", NULL, CELL_COUNT, event->group_id);
	add_details(row, event);
	for (i = FIRST_COUNTER; i <= GRPDEDUP_CNT_MAX; i++)
		if (grpdedup_counter_get(&event->counters, i, &value))
			row_number(row, grpdedup_counter_name(i), NULL,
				   CELL_COUNT, value);
}

void print_skips(FILE *out, const struct grpdedup_group *group)
{
	static const struct {
		unsigned int counter;
		bool is_size;
		const char *words;
	} skips[] = {
		{ GRPDEDUP_CNT_SKIP_VMA_SHARED, true, "of shared mappings "
		  "(memory backend with share=on, memfd, tmpfs)" },
		{ GRPDEDUP_CNT_SKIP_VMA_HUGETLB, true, "of hugetlbfs mappings" },
		{ GRPDEDUP_CNT_SKIP_VMA_FILE, true, "of private mappings of "
		  "files" },
		{ GRPDEDUP_CNT_SKIP_VMA_OTHER, true, "of areas that are never "
		  "merged (I/O, areas without memory)" },
		{ GRPDEDUP_CNT_SKIP_LOCKED, false, "pages of mlocked areas" },
		{ GRPDEDUP_CNT_SKIP_THP, false, "matches left in huge pages "
		  "(fewer than split-min, or the split failed)" },
		{ GRPDEDUP_CNT_SKIP_BUSY, false, "busy pages (pinned, locked or "
		  "referenced elsewhere)" },
		{ GRPDEDUP_CNT_SKIP_SWAPCACHE, false, "pages in the swap cache" },
		{ GRPDEDUP_CNT_SKIP_RACED, false, "pages written during the "
		  "merge" },
		{ GRPDEDUP_CNT_SKIP_NOMEM, false, "merges without memory for a "
		  "frame (or at max-frames)" },
		{ GRPDEDUP_CNT_SKIP_RESERVE, false, "merges while the memory "
		  "that frames come from was nearly used up" },
		{ GRPDEDUP_CNT_SKIP_CONTENDED, false, "blocks whose process held "
		  "its mmap lock" },
	};
	const struct grpdedup_counters *counters = &group->counters;
	const char *comma = "";
	char size[32];
	size_t i;

	if (grpdedup_counter_or_0(counters, GRPDEDUP_CNT_PAGES_SHARING))
		return;
	for (i = 0; i < sizeof(skips) / sizeof(skips[0]); i++) {
		uint64_t value =
			grpdedup_counter_or_0(counters, skips[i].counter);

		if (!value)
			continue;
		if (!comma[0])
			fprintf(out, "skipped: %s: ", group->name);
		if (skips[i].is_size)
			text_size(size, sizeof(size), (double)value);
		else
			snprintf(size, sizeof(size), "%" PRIu64, value);
		fprintf(out, "%s%s %s", comma, size, skips[i].words);
		comma = ", ";
	}
	if (comma[0])
		fputc('\n', out);
}
