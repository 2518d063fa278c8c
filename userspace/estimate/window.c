// SPDX-License-Identifier: GPL-2.0
/* Parse sizes. */
#include <stdio.h>
#include <string.h>
#include "../lib/parse.h"
#include "block.h"
#include "window.h"

const char *size_parse(const char *text, uint64_t max, uint64_t *bytes)
{
	static const char suffixes[] = "KMG";
	size_t length = strlen(text);
	unsigned int shift = 0;
	const char *suffix;
	const char *bad;
	char digits[24];
	uint64_t n;

	if (length >= sizeof(digits))
		return "is too large";
	strcpy(digits, text);
	suffix = length > 1 ? strchr(suffixes, text[length - 1]) : NULL;
	if (suffix) {
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
		digits[length - 1] = '\0';
	}
	bad = parse_number(digits, max >> shift, &n);
	if (!bad)
		*bytes = n << shift;
	return bad;
}

void windows_init(struct windows *windows)
{
	*windows = (struct windows){ .bytes = { PAGE_BYTES }, .count = 1 };
}

/* Keeps all but the first in order. */
static const char *add(struct windows *windows, uint32_t bytes)
{
	unsigned int i;

	if (bytes == PAGE_BYTES) {
		if (windows->page_listed)
			return "has a size twice";
		windows->page_listed = true;
		return NULL;
	}
	for (i = 1; i < windows->count; i++)
		if (windows->bytes[i] == bytes)
			return "has a size twice";
	for (i = windows->count++; i > 1 && windows->bytes[i - 1] > bytes; i--)
		windows->bytes[i] = windows->bytes[i - 1];
	windows->bytes[i] = bytes;
	return NULL;
}

const char *windows_parse(struct windows *windows, const char *text)
{
	const char *bad = NULL;
	uint64_t bytes;
	char one[24];
	size_t n;

	windows_init(windows);
	windows->listed = true;
	for (; !bad; text += n + 1) {
		n = strcspn(text, ",");
		if (n >= sizeof(one))
			return "is too large";
		memcpy(one, text, n);
		one[n] = '\0';
		bad = size_parse(one, UINT32_MAX, &bytes);
		if (!bad && (bytes < WINDOW_MIN || bytes > WINDOW_MAX || (bytes & (bytes - 1))))
			bad = "must be powers of two from 64 to 2M";
		if (!bad)
			bad = add(windows, (uint32_t)bytes);
		if (!text[n])
			break;
	}
	return bad;
}

const char *window_text(char *buf, size_t size, uint32_t bytes)
{
	if (bytes >= 1u << 20)
		snprintf(buf, size, "%uM", bytes >> 20);
	else if (bytes >= 1u << 10)
		snprintf(buf, size, "%uK", bytes >> 10);
	else
		snprintf(buf, size, "%u", bytes);
	return buf;
}
