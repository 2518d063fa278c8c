// SPDX-License-Identifier: GPL-2.0
/* Rows of the tool and their writers. */
#define _GNU_SOURCE
#include <errno.h>
#include "../../userspace/cli/output.c"
#include "../../userspace/cli/row.c"
#include "../../userspace/lib/counters.c"
#include "test.h"

static void sizes(void)
{
	char buf[32];

	EXPECT(!strcmp(text_size(buf, sizeof(buf), 0), "0.0 KiB"));
	EXPECT(!strcmp(text_size(buf, sizeof(buf), 4096), "4.0 KiB"));
	EXPECT(!strcmp(text_size(buf, sizeof(buf), 4000 * 4096.0), "15.6 MiB"));
	EXPECT(!strcmp(text_size(buf, sizeof(buf), 38211 * 4096.0), "149.3 MiB"));
	EXPECT(!strcmp(text_size(buf, sizeof(buf), 1e9 * 4096), "3.7 TiB"));
	EXPECT(!strcmp(text_size(buf, sizeof(buf), 0x1p64 * 4096), "65536.0 EiB"));
}

static bool escapes_to(const char *text, const char *expected)
{
	char buf[64];

	return !strcmp(text_escape(buf, sizeof(buf), text), expected);
}

static void escaping(void)
{
	char small[6];

	EXPECT(escapes_to("", ""));
	EXPECT(escapes_to("qemu-system-x86", "qemu-system-x86"));
	EXPECT(escapes_to("a\tb\n", "a\\x09b\\x0a"));
	EXPECT(escapes_to("\033[2J", "\\x1b[2J"));
	EXPECT(escapes_to("\\x1b", "\\\\x1b"));
	EXPECT(escapes_to("\xff\x7f", "\\xff\\x7f"));
	/* Cut between, never inside of an escape. */
	EXPECT(!strcmp(text_escape(small, sizeof(small), "ab\x01"), "ab"));
	EXPECT(!strcmp(text_escape(small, sizeof(small), "a\x01"), "a\\x01"));
}

/* What a writer writes; the caller frees it. */
static char *written;
static size_t written_len;

static FILE *writing(void)
{
	free(written);
	return open_memstream(&written, &written_len);
}

static bool wrote(FILE *out, const char *expected)
{
	fclose(out);
	if (strcmp(written, expected))
		fprintf(stderr, "wrote <%s>\n", written);
	return !strcmp(written, expected);
}

static bool json_is(const char *text, const char *expected)
{
	FILE *out = writing();

	json_string(out, text);
	return wrote(out, expected);
}

static void json_strings(void)
{
	EXPECT(json_is("", "\"\""));
	EXPECT(json_is("a\"b\\c", "\"a\\\"b\\\\c\""));
	EXPECT(json_is("\n\x01\x7f", "\"\\u000a\\u0001\\u007f\""));
	EXPECT(json_is("gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""));
	EXPECT(json_is("\xf0\x9f\x90\xa7", "\"\xf0\x9f\x90\xa7\""));
	/* Not UTF-8: a stray byte, cut short, overlong, a surrogate, too high. */
	EXPECT(json_is("a\xff" "b", "\"a\\ufffdb\""));
	EXPECT(json_is("\xc3", "\"\\ufffd\""));
	EXPECT(json_is("\xc0\xaf", "\"\\ufffd\\ufffd\""));
	EXPECT(json_is("\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\""));
	EXPECT(json_is("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""));
	EXPECT(json_is("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""));
}

static void set(struct grpdedup_counters *counters, unsigned int id,
		uint64_t value)
{
	counters->value[id] = value;
	counters->present |= UINT64_C(1) << id;
}

static void every_counter_has_a_name(void)
{
	unsigned int i;

	for (i = GRPDEDUP_CNT_PAD + 1; i <= GRPDEDUP_CNT_MAX; i++)
		EXPECT(grpdedup_counter_name(i));
	EXPECT(!grpdedup_counter_name(GRPDEDUP_CNT_PAD));
	EXPECT(!grpdedup_counter_name(GRPDEDUP_CNT_MAX + 1));
	EXPECT(!strcmp(grpdedup_counter_name(GRPDEDUP_CNT_SKIP_VMA_HUGETLB),
		       "skip_vma_hugetlb"));
}

static void absent_is_not_0(void)
{
	struct grpdedup_counters counters = { 0 };
	uint64_t value = 5;

	EXPECT(!grpdedup_counter_get(&counters, GRPDEDUP_CNT_CPU_NS, &value));
	EXPECT(value == 5);
	EXPECT(!grpdedup_counter_or_0(&counters, GRPDEDUP_CNT_CPU_NS));
	set(&counters, GRPDEDUP_CNT_CPU_NS, 9);
	EXPECT(grpdedup_counter_get(&counters, GRPDEDUP_CNT_CPU_NS, &value));
	EXPECT(value == 9);
	EXPECT(!grpdedup_counter_get(&counters, GRPDEDUP_CNT_MAX + 1, &value));
}

static void member_json_leaves_out_what_is_absent(void)
{
	struct grpdedup_member member = {
		.group_id = 3,
		.group = "a\"b",
		.pid = 41,
		.comm = "x\ty",
		.start_time = UINT64_MAX,
		.state = GRPDEDUP_STATE_LEAVING,
	};
	struct row row;
	FILE *out;

	set(&member.counters, GRPDEDUP_CNT_PAGES_SHARED, 0);
	set(&member.counters, GRPDEDUP_CNT_SKIP_BUSY, UINT64_MAX);
	row_of_member(&row, &member);
	out = writing();
	json_fields(out, &row);
	EXPECT(wrote(out, "\"group_name\":\"a\\\"b\",\"group_id\":3,\"pid\":41,"
		     "\"comm\":\"x\\u0009y\",\"start_time\":18446744073709551615,"
		     "\"pages_shared\":0,\"skip_busy\":18446744073709551615,"
		     "\"state\":\"leaving\""));
}

static void dump_columns_are_frozen(void)
{
	struct grpdedup_group group = {
		.id = 3,
		.name = "t",
		.rate = 4000,
		.split_min = 16,
		.tid = 99,
		.frames_max = 7,
		.members = 2,
		.paused = GRPDEDUP_PAUSED_FAULT,
	};
	struct grpdedup_member member = {
		.pid = 41,
		.comm = "a\tb",
		.group = "t",
		.state = GRPDEDUP_STATE_FAILED,
		.message = "a \033 b",
	};
	struct row row;
	FILE *out;

	set(&group.counters, GRPDEDUP_CNT_PAGES_SHARED, 11);
	set(&group.counters, GRPDEDUP_CNT_CPU_NS, 12);
	row_of_group(&row, &group, "/a b");
	out = writing();
	tsv_names(out, &row);
	tsv_values(out, &row);
	EXPECT(wrote(out, "\tgroup_name\tgroup_id\trate\tsplit_min\tframes_max"
		     "\ttid\tmember_count\tpages_shared\tpages_sharing"
		     "\tpages_unshared\tpages_volatile\tpages_zero"
		     "\tpages_scanned\tfull_scans\tmerges\tcow_breaks"
		     "\tthp_splits\tlarge_merges\tskip_busy\tskip_thp"
		     "\tskip_locked\tskip_swapcache\tskip_raced\tskip_nomem"
		     "\tskip_contended\tskip_vma_shared\tskip_vma_hugetlb"
		     "\tskip_vma_other\tzaps\tunshares\tcpu_ns\tmetadata_bytes"
		     "\tskip_vma_file\tskip_reserve\tpartial_scans"
		     "\tlone_unshares\tpaused\taccount\n"
		     "\tt\t3\t4000\t16\t7\t99\t2\t11\t-\t-\t-\t-\t-\t-\t-\t-\t-"
		     "\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t12\t-"
		     "\t-\t-\t-\t-\tfault\t/a b\n"));

	row_of_member(&row, &member);
	out = writing();
	tsv_names(out, &row);
	tsv_values(out, &row);
	fclose(out);
	EXPECT(strstr(written, "\tgroup_name\tgroup_id\tpid\tcomm\tstart_time"
		      "\tpages_shared\tpages_sharing\t") == written);
	EXPECT(strstr(written, "\tlone_unshares\tstate\tmessage\n\tt\t0\t41\t"));
	EXPECT(strstr(written, "\n\tt\t0\t41\ta\\x09b\t0\t-\t"));
	EXPECT(strstr(written, "\t-\tfailed\ta \\x1b b\n"));
}

static void rows_fit(void)
{
	struct grpdedup_event event = { .cmd = GRPDEDUP_CMD_RECLAIM };
	struct grpdedup_member member = { 0 };
	struct grpdedup_group group = { 0 };
	struct row row;

	event.counters.present = UINT64_MAX;
	row_of_event(&row, &event, "now");
	EXPECT(row.count <= ROW_CELLS);
	row_of_group(&row, &group, NULL);
	EXPECT(row.count <= ROW_CELLS);
	row_of_member(&row, &member);
	EXPECT(row.count <= ROW_CELLS);
}

/* All lines of a table are as long as its first one. */
static bool lines_are_equally_long(const char *text, int lines)
{
	size_t len = strcspn(text, "\n");

	for (; *text; text += strcspn(text, "\n") + 1, lines--)
		if (strcspn(text, "\n") != len)
			return false;
	return lines == 0;
}

/* The longest that the module accepts */
#define LONG_NAME	"twenty-one-characters" "twenty-one-characters" "twenty-one-characters"

static void columns_stay_aligned(void)
{
	struct grpdedup_group groups[3] = {
		{ .name = "a", .rate = 0 },
		{ .name = LONG_NAME, .rate = 1000000000, .members = 7 },
		{ .name = "b", .rate = 1 },
	};
	struct grpdedup_member members[2] = {
		{ .group = "a", .pid = 1, .comm = "x" },
		{ .group = LONG_NAME,
		  .pid = 4194304,
		  .comm = "\033\033\033\033\033\033\033\033\033\033\033\033\033\033\033" },
	};
	struct row rows[3];
	unsigned int i;
	FILE *out;

	for (i = GRPDEDUP_CNT_PAD + 1; i <= GRPDEDUP_CNT_MAX; i++) {
		set(&groups[1].counters, i, UINT64_MAX);
		set(&groups[2].counters, i, i);
		set(&members[1].counters, i, UINT64_MAX);
	}
	for (i = 0; i < 3; i++)
		row_of_group(&rows[i], &groups[i], NULL);
	out = writing();
	table_print(out, rows, 3);
	fclose(out);
	EXPECT(lines_are_equally_long(written, 5));
	EXPECT(strstr(written, "paused") && strstr(written, LONG_NAME "  "));

	for (i = 0; i < 2; i++)
		row_of_member(&rows[i], &members[i]);
	out = writing();
	table_print(out, rows, 2);
	fclose(out);
	EXPECT(lines_are_equally_long(written, 4));
	EXPECT(!strchr(written, '\033'));
}

static void percentages(void)
{
	struct grpdedup_member member = { 0 };
	struct grpdedup_group group = { 0 };
	struct row row;
	FILE *out;

	/* 10 frames with 30 more mappings, 50 + 10 others: 30 of 100 saved. */
	set(&group.counters, GRPDEDUP_CNT_PAGES_SHARED, 10);
	set(&group.counters, GRPDEDUP_CNT_PAGES_SHARING, 30);
	set(&group.counters, GRPDEDUP_CNT_PAGES_UNSHARED, 50);
	set(&group.counters, GRPDEDUP_CNT_PAGES_VOLATILE, 10);
	row_of_group(&row, &group, NULL);
	out = writing();
	table_print(out, &row, 1);
	fclose(out);
	EXPECT(strstr(written, " 30.0 "));

	/* A member maps 40 frames, its part in the saving is 30, 60 others. */
	member.counters = group.counters;
	member.counters.value[GRPDEDUP_CNT_PAGES_SHARED] = 40;
	row_of_member(&row, &member);
	out = writing();
	table_print(out, &row, 1);
	fclose(out);
	EXPECT(strstr(written, " 30.0 "));
}

static void skips(void)
{
	struct grpdedup_group group = { .name = "t" };
	FILE *out = writing();

	print_skips(out, &group);
	EXPECT(wrote(out, ""));

	set(&group.counters, GRPDEDUP_CNT_SKIP_VMA_HUGETLB, 2 << 20);
	set(&group.counters, GRPDEDUP_CNT_SKIP_VMA_FILE, 4096);
	set(&group.counters, GRPDEDUP_CNT_SKIP_BUSY, 3);
	out = writing();
	print_skips(out, &group);
	EXPECT(wrote(out, "skipped: t: 2.0 MiB of hugetlbfs mappings, 4.0 KiB of "
		     "private mappings of files, 3 busy pages (pinned, locked or "
		     "referenced elsewhere)\n"));

	set(&group.counters, GRPDEDUP_CNT_PAGES_SHARING, 1);
	out = writing();
	print_skips(out, &group);
	EXPECT(wrote(out, ""));
}

static void events(void)
{
	struct grpdedup_event event = {
		.cmd = GRPDEDUP_CMD_MEMBER_DEL,
		.group_id = 2,
		.group = "t",
		.pid = 7,
		.comm = "q",
		.reason = GRPDEDUP_REASON_EXEC,
		.pages = 5,
	};
	struct row row;
	FILE *out = writing();

	row_of_event(&row, &event, NULL);
	json_fields(out, &row);
	EXPECT(wrote(out, "\"event\":\"member-del\",\"group_name\":\"t\","
		     "\"group_id\":2,\"pid\":7,\"comm\":\"q\","
		     "\"reason\":\"exec\",\"pages\":5"));
	EXPECT(!strcmp(reason_name(GRPDEDUP_REASON_MAX + 1), "unknown"));
	EXPECT(!strcmp(state_name(GRPDEDUP_STATE_MAX + 1), "unknown"));
	EXPECT(!strcmp(paused_name(GRPDEDUP_PAUSED_MAX + 1), "unknown"));
	event.cmd = GRPDEDUP_CMD_MAX + 1;
	EXPECT(!event_name(&event));
	free(written);
	written = NULL;
}

static void events_of_requests(void)
{
	struct grpdedup_event event = {
		.cmd = GRPDEDUP_CMD_REQUEST,
		.group_id = 2,
		.group = "t",
		.request = 17,
		.error = -EBUSY,
		.message = "it is \"busy\"",
	};
	struct row row;
	FILE *out = writing();

	row_of_event(&row, &event, NULL);
	json_fields(out, &row);
	EXPECT(wrote(out, "\"event\":\"request\",\"group_name\":\"t\","
		     "\"group_id\":2,\"request\":17,\"error\":16,"
		     "\"message\":\"it is \\\"busy\\\"\",\"pages\":0"));
	event.pid = 41;
	event.error = 0;
	event.message[0] = '\0';
	event.pages = 5;
	row_of_event(&row, &event, NULL);
	out = writing();
	json_fields(out, &row);
	EXPECT(wrote(out, "\"event\":\"request\",\"group_name\":\"t\","
		     "\"group_id\":2,\"request\":17,\"pid\":41,\"error\":0,"
		     "\"pages\":5"));
	event = (struct grpdedup_event){ .cmd = GRPDEDUP_CMD_PAUSE,
					 .paused = GRPDEDUP_PAUSED_REQUEST };
	row_of_event(&row, &event, NULL);
	out = writing();
	json_fields(out, &row);
	EXPECT(wrote(out, "\"event\":\"pause\",\"group_name\":\"\","
		     "\"group_id\":0,\"paused\":\"request\""));
}

static void paused_groups(void)
{
	struct grpdedup_group group = { .name = "t", .rate = 4000 };
	struct row row;
	FILE *out;

	row_of_group(&row, &group, NULL);
	out = writing();
	table_print(out, &row, 1);
	fclose(out);
	EXPECT(strstr(written, " 4000 ") && !strstr(written, "paused"));
	group.paused = GRPDEDUP_PAUSED_REQUEST;
	row_of_group(&row, &group, NULL);
	out = writing();
	table_print(out, &row, 1);
	fclose(out);
	EXPECT(strstr(written, " paused ") && !strstr(written, "4000"));
	out = writing();
	json_fields(out, &row);
	fclose(out);
	EXPECT(strstr(written, "\"rate\":4000") && strstr(written, "\"paused\":\"request\""));
	free(written);
	written = NULL;
}

static const struct test tests[] = {
	TEST(sizes),
	TEST(escaping),
	TEST(json_strings),
	TEST(every_counter_has_a_name),
	TEST(absent_is_not_0),
	TEST(member_json_leaves_out_what_is_absent),
	TEST(dump_columns_are_frozen),
	TEST(rows_fit),
	TEST(columns_stay_aligned),
	TEST(percentages),
	TEST(skips),
	TEST(events),
	TEST(events_of_requests),
	TEST(paused_groups),
};

TEST_MAIN(tests)
