// SPDX-License-Identifier: GPL-2.0
/* What an estimate computes: sizes, areas, page maps, copies. */
#define _GNU_SOURCE
#include <string.h>
#include "../../userspace/lib/parse.c"
#include "../../userspace/estimate/area.c"
#include "../../userspace/estimate/census.c"
#include "../../userspace/estimate/digest.c"
#include "../../userspace/estimate/pagemap.c"
#include "../../userspace/estimate/result.c"
#include "../../userspace/estimate/window.c"
#include "test.h"

static bool size_is(const char *text, uint64_t expected)
{
	uint64_t bytes = ~expected;

	test_note("'%s'", text);
	return !size_parse(text, UINT64_MAX, &bytes) && bytes == expected;
}

static bool size_is_bad(const char *text, uint64_t max)
{
	uint64_t bytes = 77;

	test_note("'%s'", text);
	return size_parse(text, max, &bytes) && bytes == 77;
}

static void sizes(void)
{
	EXPECT(size_is("0", 0));
	EXPECT(size_is("64", 64));
	EXPECT(size_is("4K", 4096));
	EXPECT(size_is("2M", 2 << 20));
	EXPECT(size_is("17179869183G", 17179869183ULL << 30));
	EXPECT(size_is_bad("17179869184G", UINT64_MAX));
	EXPECT(size_is_bad("5K", 5119));
	EXPECT(size_is_bad("", UINT64_MAX));
	EXPECT(size_is_bad("K", UINT64_MAX));
	EXPECT(size_is_bad("-1", UINT64_MAX));
	EXPECT(size_is_bad("1k", UINT64_MAX));
	EXPECT(size_is_bad("1KK", UINT64_MAX));
	EXPECT(size_is_bad("0x40", UINT64_MAX));
	EXPECT(size_is_bad("1111111111111111111111111", UINT64_MAX));
}

static void lists_of_windows(void)
{
	static const uint32_t expected[] = { 4096, 64, 512, 65536, 2 << 20 };
	struct windows windows;
	unsigned int i;

	windows_init(&windows);
	EXPECT(windows.count == 1 && windows.bytes[0] == 4096 && !windows.listed);
	EXPECT(!windows_parse(&windows, "2M,64K,4K,512,64"));
	EXPECT(windows.count == 5 && windows.listed && windows.page_listed);
	for (i = 0; i < 5; i++)
		EXPECT(windows.bytes[i] == expected[i]);
	EXPECT(!windows_parse(&windows, "64"));
	EXPECT(windows.count == 2 && !windows.page_listed);
	EXPECT(!windows_parse(&windows, "64,128,256,512,1K,2K,4K,8K,16K,32K,64K,128K,256K,512K,1M,2M"));
	EXPECT(windows.count == WINDOW_SIZES);
}

static void wrong_windows(void)
{
	static const char *const lists[] = {
		"", "100", "32", "4M", "0", ",", "64,", ",64", "64,64", "4K,4096", "2M,64,2048K",
		"64;128", "-64", "111111111111111111111111111111",
	};
	struct windows windows;
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		test_note("'%s'", lists[i]);
		EXPECT(windows_parse(&windows, lists[i]));
		EXPECT(windows.count <= WINDOW_SIZES);
	}
}

static void names_of_windows(void)
{
	char text[16];

	EXPECT(!strcmp(window_text(text, sizeof(text), 64), "64"));
	EXPECT(!strcmp(window_text(text, sizeof(text), 2048), "2K"));
	EXPECT(!strcmp(window_text(text, sizeof(text), 2 << 20), "2M"));
}

static enum area_reach reach_of(const char *access, const char *inode, const char *flags)
{
	struct areas areas = { 0 };
	enum area_reach reach;
	char text[512];
	FILE *file;

	snprintf(text, sizeof(text),
		 "7f0000000000-7f0000100000 %s 00000000 00:00 %s  /a name-1 b\n"
		 "Size: 1024 kB\nRss:  12 kB\nSwap:  8 kB\nSwapPss:  4 kB\n%s%s\n",
		 access, inode, flags ? "VmFlags: " : "Locked: 0 kB", flags ? flags : "");
	file = fmemopen(text, strlen(text), "r");
	test_note("%s %s %s", access, inode, flags ? flags : "");
	EXPECT(!areas_read(&areas, file) && areas.count == 1);
	EXPECT(areas.list[0].start == 0x7f0000000000 && areas.list[0].end == 0x7f0000100000);
	EXPECT(areas.list[0].resident == 12288 && areas.list[0].swapped == 8192);
	reach = areas.list[0].reach;
	areas_free(&areas);
	fclose(file);
	return reach;
}

static void reach_of_areas(void)
{
	EXPECT(reach_of("rw-p", "0", "rd wr mr mw me ac ") == AREA_IN_REACH);
	EXPECT(reach_of("rw-p", "0", "rd wr mr mw me gd ac sd nh ") == AREA_IN_REACH);
	EXPECT(reach_of("rw-p", "0", NULL) == AREA_IN_REACH);
	EXPECT(reach_of("rw-p", "77", NULL) == AREA_FILE);
	EXPECT(reach_of("rw-s", "77", NULL) == AREA_SHARED);
	EXPECT(reach_of("rw-s", "77", "rd wr sh mr mw me ms ") == AREA_SHARED);
	EXPECT(reach_of("r--s", "77", "rd mr me ms ") == AREA_SHARED);
	EXPECT(reach_of("rw-p", "77", "rd wr mr mw me ac lo ") == AREA_FILE);
	EXPECT(reach_of("rw-p", "77", "rd wr mr mw me ac ht ") == AREA_HUGETLB);
	EXPECT(reach_of("rw-p", "0", "rd wr mr mw me lo ac ") == AREA_LOCKED);
	EXPECT(reach_of("rw-p", "0", "rd wr mr mw me um ") == AREA_WATCHED);
	EXPECT(reach_of("rw-p", "0", "rd wr mr mw me uw ") == AREA_WATCHED);
	EXPECT(reach_of("rw-p", "0", "rd wr mr mw me wf ") == AREA_WATCHED);
	EXPECT(reach_of("r--p", "0", "rd mr io pf de dd ") == AREA_OTHER);
	EXPECT(reach_of("r-xp", "0", "rd ex mr mw me de sd ") == AREA_OTHER);
	EXPECT(reach_of("rw-p", "0", "rd wr mm ") == AREA_OTHER);
}

/* The kernel's smaps may be cut off anywhere when the process exits. */
static void torn_smaps(void)
{
	static const char whole[] =
		"00400000-00401000 rw-p 00000000 00:00 0 \nRss:   4 kB\nVmFlags: rd wr \n"
		"00500000-00501000 rw-s 00000000 00:05 9 /x\nRss:   4 kB\nVmFlags: rd sh \n";
	struct areas areas = { 0 };
	size_t size;
	FILE *file;

	for (size = 1; size < sizeof(whole); size++) {
		file = fmemopen((void *)whole, size, "r");
		EXPECT(!areas_read(&areas, file) && areas.count <= 2);
		fclose(file);
	}
	EXPECT(areas.count == 2 && areas.list[1].reach == AREA_SHARED);
	areas_free(&areas);
}

static void pages_that_may_be_read(void)
{
	static const uint64_t entries[] = {
		0, PAGEMAP_PRESENT | 5, PAGEMAP_SWAPPED | 5, PAGEMAP_PRESENT | 1ULL << 61 | 6,
		PAGEMAP_PRESENT | PAGEMAP_SWAPPED, PAGEMAP_PRESENT | 1ULL << 55 | 7, 1ULL << 56,
		PAGEMAP_PRESENT,
	};
	bool present[8];

	EXPECT(pagemap_look(entries, 8, 0, present) == 4);
	EXPECT(!present[0] && present[1] && !present[2] && present[3] && !present[4]);
	EXPECT(present[5] && !present[6] && present[7]);
	EXPECT(pagemap_look(entries, 8, 7, present) == 3);
	EXPECT(!present[5] && present[1]);
}

static void zeros(void)
{
	unsigned char data[4096] __attribute__((aligned(8))) = { 0 };
	size_t i;

	EXPECT(digest_is_zero(data, 64) && digest_is_zero(data, 4096));
	for (i = 0; i < sizeof(data); i++) {
		test_note("byte %zu", i);
		data[i] = 1;
		EXPECT(!digest_is_zero(data, 4096));
		data[i] = 0;
	}
}

#define SOURCES	5
#define WINDOWS	3000

static struct { uint64_t digest; uint32_t source; } seen[WINDOWS];

/* Windows like the one number @i before it: of any source, or of its own */
static uint64_t oracle_equal(size_t i, bool own, size_t end)
{
	uint64_t n = 0;
	size_t k;

	for (k = 0; k < end; k++)
		n += seen[k].digest == seen[i].digest && (!own || seen[k].source == seen[i].source);
	return n;
}

static void compare_with_oracle(struct result *result, const struct tally *tallies,
				const uint64_t *zero, uint32_t mappings, size_t windows)
{
	uint64_t saved = 0, frames = 0, zeros = 0;
	struct tally expected[SOURCES] = { 0 };
	size_t i;

	for (i = 0; i < SOURCES; i++) {
		expected[i].zero = zero[i];
		expected[i].alone = zero[i] - frames_of(zero[i], mappings);
		zeros += zero[i];
	}
	saved = zeros - frames_of(zeros, mappings);
	frames = zeros > 1 ? frames_of(zeros, mappings) : 0;
	for (i = 0; i < windows; i++) {
		struct tally *tally = &expected[seen[i].source];
		uint64_t all = oracle_equal(i, false, windows), own = oracle_equal(i, true, windows);

		/* At the first one of its source, and at the first one of all */
		if (oracle_equal(i, true, i))
			tally->inside++;
		else if (all > own)
			tally->others++;
		else
			tally->unique++;
		if (!oracle_equal(i, true, i))
			tally->alone += own - frames_of(own, mappings);
		if (!oracle_equal(i, false, i)) {
			saved += all - frames_of(all, mappings);
			frames += all > 1 ? frames_of(all, mappings) : 0;
		}
	}
	EXPECT(!memcmp(expected, tallies, sizeof(expected)));
	EXPECT(result->saved == saved && result->frames == frames);
}

/* Few contents, many contents, and one content that most windows have */
static void copies_against_an_oracle(void)
{
	static const unsigned int contents[] = { 1, 7, 600, 1 << 30 };
	static const uint32_t mappings[] = { 0, 16, 256 };
	unsigned long long seed = 5;
	struct tally tallies[SOURCES];
	uint64_t zero[SOURCES];
	struct census census;
	struct result result;
	unsigned int round;
	size_t i;

	for (round = 0; round < 12; round++) {
		test_note("round %u", round);
		census_init(&census, 1 << 20);
		memset(tallies, 0, sizeof(tallies));
		for (i = 0; i < SOURCES; i++)
			tallies[i].zero = zero[i] = test_random(&seed) % 600;
		for (i = 0; i < WINDOWS; i++) {
			uint64_t content = test_random(&seed) % contents[round % 4];

			seen[i].digest = content % 3 ? test_random(&(unsigned long long){ content }) :
						       content;
			seen[i].source = (uint32_t)(test_random(&seed) % SOURCES);
			EXPECT(!census_add(&census, seen[i].digest, seen[i].source));
		}
		result_compute(&result, &census, tallies, SOURCES, mappings[round / 4]);
		compare_with_oracle(&result, tallies, zero, mappings[round / 4], WINDOWS);
		census_free(&census);
	}
}

/* Copies are joined when the census is full; many contents do not fit. */
static void a_full_census(void)
{
	struct tally tally = { 0 };
	struct census census;
	struct result result;
	size_t i;
	int err;

	census_init(&census, 1000);
	for (i = 0; i < 100000; i++)
		EXPECT(!census_add(&census, i % 700 << 32, 0));
	EXPECT(census.room <= 1000);
	result_compute(&result, &census, &tally, 1, 0);
	EXPECT(tally.unique == 700 && tally.inside == 99300 && result.saved == 99300);
	census_free(&census);
	census_init(&census, 1000);
	for (i = 0, err = 0; !err && i < 2000; i++)
		err = census_add(&census, i, 0);
	EXPECT(err == -ENOSPC && i == 1001);
	census_free(&census);
}

static void a_source_that_is_dropped(void)
{
	struct tally tallies[2] = { { 0 } };
	struct census census;
	struct result result;
	size_t i;

	census_init(&census, 1000);
	for (i = 0; i < 100; i++)
		EXPECT(!census_add(&census, i, i % 2));
	EXPECT(!census_add(&census, 1, 0));
	census_drop(&census, 1);
	result_compute(&result, &census, tallies, 2, 0);
	EXPECT(tallies[0].unique == 51 && !tallies[1].unique && !result.saved);
	census_free(&census);
}

static const struct test tests[] = {
	TEST(sizes),
	TEST(lists_of_windows),
	TEST(wrong_windows),
	TEST(names_of_windows),
	TEST(reach_of_areas),
	TEST(torn_smaps),
	TEST(pages_that_may_be_read),
	TEST(zeros),
	TEST(copies_against_an_oracle),
	TEST(a_full_census),
	TEST(a_source_that_is_dropped),
};

TEST_MAIN(tests)
