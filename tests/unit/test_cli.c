// SPDX-License-Identifier: GPL-2.0
/* Numbers of the command line, and which releases go together. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../../userspace/lib/parse.c"
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

/* What it says of a module of this version */
static const char *mismatch_of(const char *version)
{
	int fd = memfd_create("version", MFD_CLOEXEC);
	static char message[256];
	const char *mismatch;
	char path[64];

	EXPECT(fd >= 0);
	EXPECT(write(fd, version, strlen(version)) == (ssize_t)strlen(version));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	mismatch = grpdedup_release_mismatch(path, message, sizeof(message));
	close(fd);
	return mismatch;
}

static void releases_of_the_module(void)
{
	char message[64];

	EXPECT(!mismatch_of(GRPDEDUP_VERSION "\n"));
	EXPECT(!mismatch_of(GRPDEDUP_VERSION "-untested\n"));
	EXPECT(!mismatch_of(GRPDEDUP_VERSION));
	EXPECT(strstr(mismatch_of("0.0.9\n"), "the module is of release 0.0.9, this program of "));
	EXPECT(mismatch_of(GRPDEDUP_VERSION "1\n"));
	EXPECT(mismatch_of(""));
	EXPECT(!grpdedup_release_mismatch("/nonexistent", message, sizeof(message)));
}

static const struct test tests[] = {
	TEST(rates),
	TEST(bad_rates),
	TEST(numbers),
	TEST(seconds),
	TEST(releases),
	TEST(releases_of_the_module),
};

TEST_MAIN(tests)
