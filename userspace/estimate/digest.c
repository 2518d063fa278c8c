// SPDX-License-Identifier: GPL-2.0
/* XXH3 with a random seed. Its header has all of it: there is no library. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "digest.h"

int digest_make_key(uint64_t *key)
{
	return getrandom(key, sizeof(*key), 0) == sizeof(*key) ? 0 : -EIO;
}

uint64_t digest_of(uint64_t key, const void *data, size_t size)
{
	return XXH3_64bits_withSeed(data, size, key);
}

bool digest_is_zero(const void *data, size_t size)
{
	uint64_t word;

	/* The first word is zero, and each byte is as eight bytes before. */
	memcpy(&word, data, sizeof(word));
	return !word && !memcmp(data, (const char *)data + sizeof(word), size - sizeof(word));
}
