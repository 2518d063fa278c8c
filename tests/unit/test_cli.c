// SPDX-License-Identifier: GPL-2.0
/* The tool's pure parts: numbers of the command line, rows and their writers. */
#define _GNU_SOURCE
#include "../../userspace/lib/parse.c"
#include "../../userspace/cli/output.c"
#include "../../userspace/cli/row.c"
#include "../../userspace/lib/counters.c"
#include "../../userspace/lib/release.c"
#include "test.h"

static bool rate_is(const char *text, uint32_t expected)
{
	uint32_t value = ~expected;

	test_note("'%s'", text);
	return !parse_rate(text, &value) && value == expected;
}

static bool rate_is_bad(const char *text, const char *why)
{
	uint32_t value = 77;
	const char *bad = parse_rate(text, &value);

	test_note("'%s'", text);
	return bad && strstr(bad, why) && value == 77;
}

static void rates(void)
{
	EXPECT(rate_is("0", 0));
	EXPECT(rate_is("4000", 4000));
	EXPECT(rate_is("010", 10));
	EXPECT(rate_is("8k", 8000));
	EXPECT(rate_is("8K", 8000));
	EXPECT(rate_is("3M", 3000000));
	EXPECT(rate_is("4294967295", UINT32_MAX));
	EXPECT(rate_is("4294M", 4294000000u));
}

static void bad_rates(void)
{
	EXPECT(rate_is_bad("", "not a number"));
	EXPECT(rate_is_bad("k", "not a number"));
	EXPECT(rate_is_bad(" 1", "not a number"));
	EXPECT(rate_is_bad("+1", "not a number"));
	EXPECT(rate_is_bad("-1", "negative"));
	EXPECT(rate_is_bad("-0", "negative"));
	EXPECT(rate_is_bad("4294967296", "too large"));
	EXPECT(rate_is_bad("4295M", "too large"));
	EXPECT(rate_is_bad("99999999999999999999999999", "too large"));
	EXPECT(rate_is_bad("1x", "after the number"));
	EXPECT(rate_is_bad("1kk", "after the number"));
	EXPECT(rate_is_bad("1k ", "after the number"));
	EXPECT(rate_is_bad("1m", "after the number"));
	EXPECT(rate_is_bad("1.5k", "after the number"));
	EXPECT(rate_is_bad("0x10", "after the number"));
}

static void numbers(void)
{
	uint64_t value;

	EXPECT(!parse_number("18446744073709551615", UINT64_MAX, &value));
	EXPECT(value == UINT64_MAX);
	EXPECT(parse_number("18446744073709551616", UINT64_MAX, &value));
	EXPECT(parse_number("18446744073709551620", UINT64_MAX, &value));
	EXPECT(!parse_number("512", 512, &value) && value == 512);
	EXPECT(parse_number("513", 512, &value));
	EXPECT(!parse_number("5", 5, &value) && value == 5);
	EXPECT(parse_number("6", 5, &value));
	EXPECT(parse_number("5k", 10000, &value));
}

static void seconds(void)
{
	unsigned int ms = 0;

	EXPECT(!parse_seconds("2", &ms) && ms == 2000);
	EXPECT(!parse_seconds("0.5", &ms) && ms == 500);
	EXPECT(!parse_seconds("1.25", &ms) && ms == 1250);
	EXPECT(!parse_seconds("0.001", &ms) && ms == 1);
	EXPECT(!parse_seconds("86400", &ms) && ms == 86400000);
	ms = 7;
	EXPECT(parse_seconds("86400.001", &ms));
	EXPECT(parse_seconds("86401", &ms));
	EXPECT(parse_seconds("0", &ms));
	EXPECT(parse_seconds("0.0", &ms));
	EXPECT(parse_seconds("0.0005", &ms));
	EXPECT(parse_seconds("1.", &ms));
	EXPECT(parse_seconds(".5", &ms));
	EXPECT(parse_seconds("-1", &ms));
	EXPECT(parse_seconds("1s", &ms));
	EXPECT(parse_seconds("", &ms));
	EXPECT(ms == 7);
}

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
		     "\"pages_shared\":0,\"skip_busy\":18446744073709551615"));
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
	};
	struct grpdedup_member member = { .pid = 41,
					  .comm = "a\tb",
					  .group = "t" };
	struct row row;
	FILE *out;

	set(&group.counters, GRPDEDUP_CNT_PAGES_SHARED, 11);
	set(&group.counters, GRPDEDUP_CNT_CPU_NS, 12);
	row_of_group(&row, &group);
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
		     "\tskip_vma_other\tzaps\tunshares\tcpu_ns\tmetadata_bytes\n"
		     "\tt\t3\t4000\t16\t7\t99\t2\t11\t-\t-\t-\t-\t-\t-\t-\t-\t-"
		     "\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t12\t-\n"));

	row_of_member(&row, &member);
	out = writing();
	tsv_names(out, &row);
	tsv_values(out, &row);
	fclose(out);
	EXPECT(strstr(written, "\tgroup_name\tgroup_id\tpid\tcomm\tstart_time"
		      "\tpages_shared\tpages_sharing\t") == written);
	EXPECT(strstr(written, "\n\tt\t0\t41\ta\\x09b\t0\t-\t"));
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
	row_of_group(&row, &group);
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

static void columns_stay_aligned(void)
{
	struct grpdedup_group groups[3] = {
		{ .name = "a", .rate = 0 },
		{ .name = "fifteen-letters", .rate = 1000000000, .members = 7 },
		{ .name = "b", .rate = 1 },
	};
	struct grpdedup_member members[2] = {
		{ .group = "a", .pid = 1, .comm = "x" },
		{ .group = "fifteen-letters",
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
		row_of_group(&rows[i], &groups[i]);
	out = writing();
	table_print(out, rows, 3);
	fclose(out);
	EXPECT(lines_are_equally_long(written, 5));
	EXPECT(strstr(written, "paused"));

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
	row_of_group(&row, &group);
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

	set(&group.counters, GRPDEDUP_CNT_SKIP_VMA_HUGETLB, 512);
	set(&group.counters, GRPDEDUP_CNT_SKIP_BUSY, 3);
	out = writing();
	print_skips(out, &group);
	EXPECT(wrote(out, "skipped: t: 512 pages of hugetlbfs mappings, 3 busy "
		     "pages (pinned, locked or referenced elsewhere)\n"));

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
	event.cmd = GRPDEDUP_CMD_MAX + 1;
	EXPECT(!event_name(&event));
	free(written);
	written = NULL;
}

static void releases(void)
{
	EXPECT(!grpdedup_release_is_newer("6.1.0-56-amd64", "7.3"));
	EXPECT(!grpdedup_release_is_newer("7.3.4+deb13-amd64", "7.3"));
	EXPECT(grpdedup_release_is_newer("7.4.0-rc1", "7.3"));
	EXPECT(grpdedup_release_is_newer("8.0-amd64", "7.3"));
	EXPECT(grpdedup_release_is_newer("7.10.0", "7.3"));
	EXPECT(!grpdedup_release_is_newer("6.99", "7.3"));
	EXPECT(!grpdedup_release_is_newer("rc", "7.3"));
}

static const struct test tests[] = {
	TEST(rates),
	TEST(bad_rates),
	TEST(numbers),
	TEST(seconds),
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
	TEST(releases),
};

TEST_MAIN(tests)
