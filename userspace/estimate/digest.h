/* SPDX-License-Identifier: GPL-2.0 */
/* Digests of windows, with a key of this run: they tell nothing to others. */
#ifndef ESTIMATE_DIGEST_H
#define ESTIMATE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0, or -errno */
int digest_make_key(uint64_t *key);
uint64_t digest_of(uint64_t key, const void *data, size_t size);
/* @size: a multiple of 8 */
bool digest_is_zero(const void *data, size_t size);

#endif /* ESTIMATE_DIGEST_H */
