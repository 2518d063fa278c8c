/* SPDX-License-Identifier: GPL-2.0 */
/* Parse numbers of the command line and the configuration file. */
#ifndef GRPDEDUP_PARSE_H
#define GRPDEDUP_PARSE_H

#include <stdint.h>

/* All return NULL, or an error message; *value is then unchanged. */
const char *parse_number(const char *text, uint64_t max, uint64_t *value);
/* Pages per second; k and M are thousands and millions. */
const char *parse_rate(const char *text, uint32_t *value);
/* Seconds, with up to three decimals, more than 0 and at most a day. */
const char *parse_seconds(const char *text, unsigned int *ms);

#endif /* GRPDEDUP_PARSE_H */
