/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers as written on the command line and in the daemon's file. */
#ifndef GRPDEDUP_PARSE_H
#define GRPDEDUP_PARSE_H

#include <stdint.h>

/* All return NULL, or what is wrong with the text; *value is then untouched. */
const char *parse_number(const char *text, uint64_t max, uint64_t *value);
/* Pages per second; k and M are thousands and millions. */
const char *parse_rate(const char *text, uint32_t *value);
/* Seconds, with up to three decimals, more than 0 and at most a day. */
const char *parse_seconds(const char *text, unsigned int *ms);

#endif /* GRPDEDUP_PARSE_H */
