// SPDX-License-Identifier: GPL-2.0
/* Patterns, ranges, and the names that a directory has. */
#define _GNU_SOURCE
#include <sys/stat.h>
#include <limits.h>
#include "../../userspace/daemon/pattern.c"
#include "../../userspace/daemon/names.c"
#include "test.h"

static char part[64];

static bool matches(const char *pattern, const char *text, const char *as)
{
	part[0] = '\0';
	return pattern_match(pattern, text, part, sizeof(part)) && !strcmp(part, as);
}

static void match(void)
{
	EXPECT(pattern_is_single("a*") && pattern_is_single("*"));
	EXPECT(!pattern_is_single("a") && !pattern_is_single("a*b*"));
	EXPECT(matches("/run/*.pid", "/run/101.pid", "101"));
	EXPECT(matches("*", "a", "a") && matches("user-*", "user-x-y", "x-y"));
	EXPECT(matches("/u/user-*.slice/x", "/u/user-7.slice/x", "7"));
	EXPECT(matches("a*", "a.b", ".b") && matches("*.pid", "a.pid.pid", "a.pid"));
	/* at least one character, of one component, and no hidden file */
	EXPECT(!matches("/run/*.pid", "/run/.pid", ""));
	EXPECT(!matches("/run/*.pid", "/run/a/b.pid", "a/b"));
	EXPECT(!matches("/run/*.pid", "/run/.a.pid", ".a"));
	EXPECT(!matches("*", ".a", ".a"));
	/* what is before and after may not overlap */
	EXPECT(!matches("ab*ba", "aba", "") && !matches("ab*ba", "abba", ""));
	EXPECT(!matches("a", "a", "") && !matches("a*", "b", ""));
	EXPECT(!pattern_match("*", "a-name-of-four", part, 14));
	EXPECT(pattern_match("*", "a-name-of-four", part, 15));
}

static void fill(void)
{
	char text[16];

	EXPECT(pattern_fill("/q/%s.qmp", "%s", "7", text, sizeof(text)));
	EXPECT(!strcmp(text, "/q/7.qmp"));
	EXPECT(pattern_fill("a*b*", "*", "12", text, sizeof(text)) && !strcmp(text, "a12b12"));
	EXPECT(pattern_fill("none", "*", "12", text, sizeof(text)) && !strcmp(text, "none"));
	EXPECT(pattern_fill("*", "*", "fifteen-letters", text, sizeof(text)));
	EXPECT(!pattern_fill("*", "*", "sixteen-letters-", text, sizeof(text)));
	EXPECT(!pattern_fill("*x", "*", "fifteen-letters", text, sizeof(text)));
	EXPECT(!pattern_fill("***", "*", "fifteen-letters", text, sizeof(text)));
}

static void ranges(void)
{
	static const char * const bad[] = {
		"", ",", "1,", ",1", "1-", "-1", "1--2", "a", "1 2", "1-2-3", "01", "1;2",
		"9999999999999999999",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		test_note("'%s'", bad[i]);
		EXPECT(pattern_check_ranges(bad[i]));
	}
	test_note("good ones");
	EXPECT(strstr(pattern_check_ranges("5-4"), "ends before"));
	EXPECT(!pattern_check_ranges("0") && !pattern_check_ranges(" 1 - 2 , 7 "));
	EXPECT(pattern_in_ranges("100-199,300", "100") && pattern_in_ranges("100-199,300", "199"));
	EXPECT(pattern_in_ranges("100-199, 300", "300") && pattern_in_ranges("0", "0"));
	EXPECT(!pattern_in_ranges("100-199,300", "99") && !pattern_in_ranges("100-199", "200"));
	EXPECT(!pattern_in_ranges("100-199", "0100") && !pattern_in_ranges("100-199", "100a"));
	EXPECT(!pattern_in_ranges("100-199", "a") && !pattern_in_ranges("100-199", ""));
	EXPECT(!pattern_in_ranges("100-199", "-150") && !pattern_in_ranges("1-9", "1-9"));
}

static bool touch(const char *dir, const char *name)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	return file && !fclose(file);
}

static void directory(void)
{
	struct names names = { 0 }, same = { 0 };
	char dir[] = "/tmp/test_names.XXXXXX";
	char path[PATH_MAX];

	EXPECT(mkdtemp(dir));
	EXPECT(touch(dir, "7.pid") && touch(dir, "10.pid") && touch(dir, ".pid"));
	EXPECT(touch(dir, "7.qmp") && touch(dir, "x"));
	EXPECT(!names_list(&names, dir, "/*.pid") && names.count == 2);
	names_sort(&names);
	EXPECT(!strcmp(names.list[0], "10") && !strcmp(names.list[1], "7"));
	EXPECT(!names_list(&same, "", "/nonexistent/*.pid") && !same.count);
	EXPECT(!names_add(&same, "7") && !names_add(&same, "10"));
	EXPECT(!names_are_equal(&names, &same));
	EXPECT(!names_add(&same, "7"));
	names_sort(&same);
	EXPECT(names_are_equal(&names, &same));
	names_free(&same);
	/* a directory for each, of which one has the file */
	snprintf(path, sizeof(path), "%s/d1", dir);
	EXPECT(!mkdir(path, 0700) && touch(path, "pid"));
	snprintf(path, sizeof(path), "%s/d2", dir);
	EXPECT(!mkdir(path, 0700));
	snprintf(path, sizeof(path), "%s/d*/pid", dir);
	EXPECT(!names_list(&same, "", path) && same.count == 1 && !strcmp(same.list[0], "1"));
	names_free(&same);
	names_free(&names);
	snprintf(path, sizeof(path), "rm -r %s", dir);
	EXPECT(!system(path));
}

static const struct test tests[] = {
	TEST(match),
	TEST(fill),
	TEST(ranges),
	TEST(directory),
};

TEST_MAIN(tests)
