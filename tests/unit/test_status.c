// SPDX-License-Identifier: GPL-2.0
/* The daemon's snapshot as the tool takes it apart: good ones, and what a foreign socket says. */
#define _GNU_SOURCE
#include "../../userspace/cli/status.c"
#include "test.h"

#define MAGIC	"grpdedupd\t1\n"
#define HOST	"#host\tavailable\tpressure\tshort\twhy\n" "host\t8123456789\t1.20\t0\t\n"
#define END	"end\n"
#define GUESTS	"#guest\tgroup_name\tguest\tpid\n"

/* A copy of its own size, so that ASan sees who reads behind it. */
static const char *parse(struct status *status, const char *text)
{
	char *copy = strdup(text);

	EXPECT(copy);
	return status_parse(status, copy);
}

static void expect_field(const struct status *status, size_t line, const char *name,
			 const char *value)
{
	EXPECT(line < status->count);
	test_note("line %zu, %s: '%s'", line, name, status_get(&status->lines[line], name));
	EXPECT(!strcmp(status_get(&status->lines[line], name), value));
}

static void whole(void)
{
	struct status status;

	EXPECT(!parse(&status, MAGIC HOST
		      "#group\tgroup_name\tpolicy\terror\n"
		      "group\ttenant-a\tequal\t\n"
		      "group\ttenant-b\tdemand\tthe module is not loaded\n"
		      GUESTS
		      "guest\ttenant-a\tweb1\t4121\n"
		      "guest\ttenant-b\tdb1\t\n" END));
	EXPECT(status.count == 5);
	EXPECT(!strcmp(status.lines[0].kind, "host") && status.lines[0].count == 4);
	EXPECT(!strcmp(status.lines[2].kind, "group") && status.lines[2].count == 3);
	EXPECT(!strcmp(status.lines[4].kind, "guest"));
	expect_field(&status, 0, "available", "8123456789");
	expect_field(&status, 0, "pressure", "1.20");
	expect_field(&status, 0, "why", "");
	expect_field(&status, 1, "policy", "equal");
	expect_field(&status, 2, "error", "the module is not loaded");
	expect_field(&status, 3, "guest", "web1");
	expect_field(&status, 4, "pid", "");
	expect_field(&status, 4, "available", "");
	status_free(&status);
	EXPECT(!status.lines && !status.names && !status.text);
}

/* The next version of the daemon may say more, and in another order. */
static void more_than_known(void)
{
	struct status status;

	EXPECT(!parse(&status, MAGIC
		      "#weather\tsky\n" "weather\tclear\n"
		      "#guest\tpid\tshoe_size\tguest\n" "guest\t7\t42\tweb1\n" HOST END));
	EXPECT(status.count == 3);
	expect_field(&status, 1, "guest", "web1");
	expect_field(&status, 1, "pid", "7");
	expect_field(&status, 1, "shoe_size", "42");
	expect_field(&status, 2, "short", "0");
	status_free(&status);
}

/* More fields than there is room for: the first are there, the others are not. */
static void many_fields(void)
{
	char names[1024] = "#wide", values[1024] = "wide", text[4096], name[16];
	struct status status;
	unsigned int i;

	for (i = 0; i < STATUS_FIELDS + 3; i++) {
		sprintf(names + strlen(names), "\tf%u", i);
		sprintf(values + strlen(values), "\t%u", 100 + i);
	}
	sprintf(text, MAGIC "%s\n%s\n" END, names, values);
	EXPECT(!parse(&status, text));
	EXPECT(status.count == 1 && status.lines[0].count == STATUS_FIELDS);
	sprintf(name, "f%u", STATUS_FIELDS - 1);
	sprintf(text, "%u", 100 + STATUS_FIELDS - 1);
	expect_field(&status, 0, name, text);
	sprintf(name, "f%u", STATUS_FIELDS);
	expect_field(&status, 0, name, "");
	status_free(&status);
}

static void nothing_to_tell(void)
{
	struct status status;

	EXPECT(!parse(&status, MAGIC END));
	EXPECT(status.count == 0);
	status_free(&status);
}

static void broken(void)
{
	static const struct {
		const char *text;
		const char *bad;
	} cases[] = {
		{ "", "incomplete" },
		{ MAGIC, "incomplete" },
		{ MAGIC HOST, "incomplete" },
		{ MAGIC HOST "end", "incomplete" },
		{ MAGIC HOST END HOST, "data after the end" },
		{ MAGIC HOST END "\n", "data after the end" },
		{ MAGIC HOST "end\t\n" END, "a line without field names" },
		{ "\n", "not a grpdedupd status" },
		{ "grpdedupd\t1", "incomplete" },
		{ "grpdedupd\n", "not a grpdedupd status" },
		{ "grpdedupd 1\n", "not a grpdedupd status" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", "not a grpdedupd status" },
		{ "{\"QMP\": {}}\r\n", "not a grpdedupd status" },
		{ "\n" MAGIC HOST, "not a grpdedupd status" },
		{ "grpdedupd\t2\n", "unknown version" },
		{ "grpdedupd\t10\n", "unknown version" },
		{ "grpdedupd\t1\t1\n", "unknown version" },
		{ "grpdedupd\t\n", "unknown version" },
		{ MAGIC HOST "#gue", "incomplete" },
		{ MAGIC HOST GUESTS "guest\ta\tweb1\t41", "incomplete" },
		{ MAGIC HOST GUESTS "guest\ta\tweb1\n", "wrong number of fields" },
		{ MAGIC HOST GUESTS "guest\ta\tb\t4\t5\n", "wrong number of fields" },
		{ MAGIC HOST GUESTS "guest\n", "wrong number of fields" },
		{ MAGIC HOST "guest\ta\tweb1\t4121\n", "a line without field names" },
		{ MAGIC "guest\ta\n" "#guest\tguest\n", "a line without field names" },
		{ MAGIC "garbage\n", "a line without field names" },
		{ MAGIC "\t\t\n", "a line without field names" },
		{ MAGIC HOST "\n" GUESTS, "a line without field names" },
		{ MAGIC HOST "\n\n", "a line without field names" },
		{ MAGIC HOST GUESTS GUESTS, "duplicate list of field names" },
		{ MAGIC "#\n#\n", "duplicate list of field names" },
	};
	struct status status;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *bad = parse(&status, cases[i].text);

		test_note("case %zu: %s", i, bad ? bad : "good");
		EXPECT(bad && !strcmp(bad, cases[i].bad));
		status_free(&status);
	}
}

static void too_many_kinds(void)
{
	char text[1024] = MAGIC, ended[1024];
	struct status status;
	const char *bad;
	unsigned int i;

	for (i = 0; i < KINDS_MAX; i++)
		sprintf(text + strlen(text), "#kind%u\tname\n", i);
	strcpy(ended, text);
	bad = parse(&status, strcat(ended, END));
	EXPECT(!bad);
	status_free(&status);
	strcat(text, "#last\tname\n" END);
	bad = parse(&status, text);
	EXPECT(bad && !strcmp(bad, "too many kinds of lines"));
	status_free(&status);
}

/* Each beginning of a good snapshot is refused, and never read beyond. */
static void cut_anywhere(void)
{
	static const char good[] = MAGIC HOST GUESTS "guest\ta\tweb1\t4121\n" END;
	struct status status;
	char *text;
	size_t n;

	for (n = 0; n < sizeof(good); n++) {
		text = strndup(good, n);
		test_note("the first %zu bytes", n);
		EXPECT(text);
		EXPECT(!status_parse(&status, text) == (n == strlen(good)));
		status_free(&status);
	}
}

static const struct test tests[] = {
	TEST(whole),
	TEST(more_than_known),
	TEST(many_fields),
	TEST(nothing_to_tell),
	TEST(broken),
	TEST(too_many_kinds),
	TEST(cut_anywhere),
};

TEST_MAIN(tests)
