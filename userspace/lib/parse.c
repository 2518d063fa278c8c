// SPDX-License-Identifier: GPL-2.0
/*
 * Parse numbers. strtoull() would accept signs, white space and octal, and
 * would wrap negative numbers.
 */
#include <stddef.h>
#include "parse.h"

#define SECONDS_MAX	86400

static const char *digits(const char **text, uint64_t max, uint64_t *value)
{
	const char *p = *text;
	uint64_t n = 0;

	if (*p == '-')
		return "is negative";
	if (*p < '0' || *p > '9')
		return "is not a number";
	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned int d = (unsigned int)(*p - '0');

		if (d > max || n > (max - d) / 10)
			return "is too large";
		n = n * 10 + d;
	}
	*text = p;
	*value = n;
	return NULL;
}

const char *parse_number(const char *text, uint64_t max, uint64_t *value)
{
	uint64_t n;
	const char *bad = digits(&text, max, &n);

	if (bad)
		return bad;
	if (*text)
		return "has extra characters after the number";
	*value = n;
	return NULL;
}

const char *parse_rate(const char *text, uint32_t *value)
{
	uint64_t unit = 1;
	uint64_t n;
	const char *bad = digits(&text, UINT32_MAX, &n);

	if (bad)
		return bad;
	if (*text == 'k' || *text == 'K')
		unit = 1000;
	else if (*text == 'M')
		unit = 1000000;
	if (unit > 1)
		text++;
	if (*text)
		return "has extra characters after the number (k and M are the suffixes)";
	if (n > UINT32_MAX / unit)
		return "is too large";
	*value = (uint32_t)(n * unit);
	return NULL;
}

const char *parse_seconds(const char *text, unsigned int *ms)
{
	unsigned int unit = 100;
	uint64_t n;
	const char *bad = digits(&text, SECONDS_MAX, &n);

	if (bad)
		return bad;
	n *= 1000;
	if (*text == '.') {
		for (text++; *text >= '0' && *text <= '9' && unit; text++) {
			n += unit * (unsigned int)(*text - '0');
			unit /= 10;
		}
		if (text[-1] == '.')
			return "is not a number";
	}
	if (*text)
		return "has extra characters after the number";
	if (!n)
		return "must be more than 0";
	if (n > SECONDS_MAX * 1000)
		return "is too large";
	*ms = (unsigned int)n;
	return NULL;
}
