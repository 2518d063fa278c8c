// SPDX-License-Identifier: GPL-2.0
/* Patterns with a single '*', and ranges of numbers. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "pattern.h"

bool pattern_is_single(const char *pattern)
{
	const char *star = strchr(pattern, '*');

	return star && !strchr(star + 1, '*');
}

bool pattern_match(const char *pattern, const char *text, char *part, size_t size)
{
	size_t before = strcspn(pattern, "*");
	size_t after = pattern[before] ? strlen(pattern + before + 1) : 0;
	size_t length = strlen(text), n;
	const char *found = text + before;

	if (!pattern[before] || length <= before + after)
		return false;
	n = length - before - after;
	if (strncmp(text, pattern, before) || strcmp(found + n, pattern + before + 1))
		return false;
	if (memchr(found, '/', n) || n >= size ||
	    (*found == '.' && (!before || found[-1] == '/')))
		return false;
	memcpy(part, found, n);
	part[n] = '\0';
	return true;
}

bool pattern_fill(const char *pattern, const char *token, const char *part, char *text,
		  size_t size)
{
	size_t used = 0;
	const char *next;
	int n;

	for (; (next = strstr(pattern, token)); pattern = next + strlen(token)) {
		n = snprintf(text + used, size - used, "%.*s%s", (int)(next - pattern),
			     pattern, part);
		used += (size_t)n;
		if (used >= size)
			return false;
	}
	n = snprintf(text + used, size - used, "%s", pattern);
	return used + (size_t)n < size;
}

/* Reads a number without a leading zero, and moves *text behind it. */
static bool read_number(const char **text, uint64_t *value)
{
	const char *p = *text;

	*value = 0;
	if (*p == '0' && p[1] >= '0' && p[1] <= '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (p - *text >= 18)
			return false;
		*value = *value * 10 + (uint64_t)(*p - '0');
	}
	if (p == *text)
		return false;
	*text = p;
	return true;
}

static bool read_range(const char **text, uint64_t *first, uint64_t *last)
{
	*text += strspn(*text, " \t");
	if (!read_number(text, first))
		return false;
	*last = *first;
	*text += strspn(*text, " \t");
	if (**text == '-') {
		(*text)++;
		*text += strspn(*text, " \t");
		if (!read_number(text, last))
			return false;
		*text += strspn(*text, " \t");
	}
	return true;
}

const char *pattern_check_ranges(const char *ranges)
{
	uint64_t first, last;

	do {
		if (!read_range(&ranges, &first, &last) || (*ranges && *ranges != ','))
			return "is not a list of numbers and ranges (100-199,300)";
		if (first > last)
			return "has a range that ends before it begins";
	} while (*ranges++);
	return NULL;
}

bool pattern_in_ranges(const char *ranges, const char *name)
{
	uint64_t number, first, last;

	if (!read_number(&name, &number) || *name)
		return false;
	do {
		if (!read_range(&ranges, &first, &last))
			return false;
		if (first <= number && number <= last)
			return true;
	} while (*ranges++);
	return false;
}
