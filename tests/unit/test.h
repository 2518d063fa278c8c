/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The least that a test needs. A test is a function; it ends at its first
 * EXPECT that does not hold. One line on stdout for each test, the exit status
 * tells whether all passed.
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct test {
	const char	*name;
	void		(*run)(void);
};

#define TEST(function)	{ #function, function }
#define TEST_MAIN(tests)						\
int main(void)								\
{									\
	return test_run_all(tests, sizeof(tests) / sizeof((tests)[0]));	\
}

#define EXPECT(condition)						\
do {									\
	if (!(condition))						\
		test_fail(__FILE__, __LINE__, #condition);		\
} while (0)

static jmp_buf test_end;
static char test_where[128];

/* Say what is being tried, for the report if it fails. */
__attribute__((format(printf, 1, 2), unused))
static void test_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(test_where, sizeof(test_where), format, args);
	va_end(args);
}

__attribute__((noreturn))
static void test_fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: %s%s%s\n", file, line, condition,
		test_where[0] ? ", at " : "", test_where);
	longjmp(test_end, 1);
}

static int test_run_all(const struct test *tests, size_t nr)
{
	volatile size_t i, failed = 0;

	for (i = 0; i < nr; i++) {
		test_where[0] = '\0';
		if (setjmp(test_end)) {
			printf("not ok - %s\n", tests[i].name);
			failed++;
		} else {
			tests[i].run();
			printf("ok - %s\n", tests[i].name);
		}
		fflush(stdout);
	}

	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A small generator, so that a failing seed fails everywhere (splitmix64). */
__attribute__((unused))
static unsigned long long test_random(unsigned long long *state)
{
	unsigned long long value = *state += 0x9E3779B97F4A7C15ULL;

	value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9ULL;
	value = (value ^ value >> 27) * 0x94D049BB133111EBULL;
	return value ^ value >> 31;
}

#endif /* TEST_H */
