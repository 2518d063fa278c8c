/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Content digests; compiles in user space too, for the unit tests.
 *
 * xxh64 is not a cryptographic hash: a member can make collisions. They cost
 * its own group some probes; merging compares bytes.
 */
#ifndef GD_HASH_H
#define GD_HASH_H

#include <linux/types.h>
#include <linux/xxhash.h>

#include "tree.h"

/* The digest of @len bytes at @data, as wide as a tree node keeps it. */
static inline u64 gd_hash(const void *data, size_t len, u64 seed)
{
	return xxh64(data, len, seed) >> GD_TAG_BITS;
}

#endif /* GD_HASH_H */
