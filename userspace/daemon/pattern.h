/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Patterns of paths and names: a single '*', which stands for at least one
 * character of one component.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>
#include <stddef.h>

bool pattern_is_single(const char *pattern);
/*
 * @text is as @pattern, with @part in the place of '*'. Does not match a name
 * that begins with '.', as a shell does not.
 */
bool pattern_match(const char *pattern, const char *text, char *part, size_t size);
/* @pattern with @part for each @token; false if that is too long. */
bool pattern_fill(const char *pattern, const char *token, const char *part, char *text,
		  size_t size);

/*
 * Ranges: "100-199,300". The first returns NULL, or an error message; @name of
 * the second is in them only if it is a number without leading zeros.
 */
const char *pattern_check_ranges(const char *ranges);
bool pattern_in_ranges(const char *ranges, const char *name);

#endif /* PATTERN_H */
