/* SPDX-License-Identifier: GPL-2.0 */
/* The sizes of the windows that are compared. */
#ifndef ESTIMATE_WINDOW_H
#define ESTIMATE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_MIN	64u
#define WINDOW_MAX	(2u << 20)
/* One for each power of two */
#define WINDOW_SIZES	16

/**
 * struct windows - sizes of windows
 * @bytes: the first is a page, which the module merges; the others ascend
 * @count: of sizes, at least 1
 * @listed: show one line for each size but a page that was not asked for
 * @page_listed: the page was asked for as well
 */
struct windows {
	uint32_t bytes[WINDOW_SIZES];
	unsigned int count;
	bool listed;
	bool page_listed;
};

void windows_init(struct windows *windows);
/* "64,4K,2M"; NULL, or an error message. */
const char *windows_parse(struct windows *windows, const char *text);
/* Bytes, or with one of the suffixes K, M and G; NULL, or an error message. */
const char *size_parse(const char *text, uint64_t max, uint64_t *bytes);
/* "64", "4K", "2M"; returns @buf. */
const char *window_text(char *buf, size_t size, uint32_t bytes);

#endif /* ESTIMATE_WINDOW_H */
