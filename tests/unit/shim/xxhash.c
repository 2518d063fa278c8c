// SPDX-License-Identifier: GPL-2.0
/*
 * xxh64, written from the xxHash algorithm description: four lanes of 8 bytes
 * over the bulk, then what is left in 8, 4 and 1 bytes, then an avalanche.
 */
#include <string.h>

#include <linux/xxhash.h>

#define PRIME_1	0x9E3779B185EBCA87ULL
#define PRIME_2	0xC2B2AE3D27D4EB4FULL
#define PRIME_3	0x165667B19E3779F9ULL
#define PRIME_4	0x85EBCA77C2B2AE63ULL
#define PRIME_5	0x27D4EB2F165667C5ULL

#define LANES	4

static uint64_t rotate(uint64_t value, unsigned int bits)
{
	return value << bits | value >> (64 - bits);
}

static uint64_t load64(const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static uint32_t load32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static uint64_t mix(uint64_t lane, uint64_t input)
{
	return rotate(lane + input * PRIME_2, 31) * PRIME_1;
}

static uint64_t hash_stripes(const uint8_t *from, size_t stripes, uint64_t seed)
{
	uint64_t lane[LANES] = {
		seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1
	};
	uint64_t hash;
	int i;

	for (; stripes; stripes--)
		for (i = 0; i < LANES; i++, from += 8)
			lane[i] = mix(lane[i], load64(from));

	hash = rotate(lane[0], 1) + rotate(lane[1], 7) +
	       rotate(lane[2], 12) + rotate(lane[3], 18);
	for (i = 0; i < LANES; i++)
		hash = (hash ^ mix(0, lane[i])) * PRIME_1 + PRIME_4;

	return hash;
}

uint64_t xxh64(const void *input, size_t length, uint64_t seed)
{
	const uint8_t *from = input;
	size_t stripes = length / 32, left = length % 32;
	uint64_t hash;

	hash = stripes ? hash_stripes(from, stripes, seed) : seed + PRIME_5;
	hash += length;
	from += stripes * 32;

	for (; left >= 8; left -= 8, from += 8)
		hash = rotate(hash ^ mix(0, load64(from)), 27) * PRIME_1 +
		       PRIME_4;
	for (; left >= 4; left -= 4, from += 4)
		hash = rotate(hash ^ load32(from) * PRIME_1, 23) * PRIME_2 +
		       PRIME_3;
	for (; left; left--, from++)
		hash = rotate(hash ^ *from * PRIME_5, 11) * PRIME_1;

	hash = (hash ^ hash >> 33) * PRIME_2;
	hash = (hash ^ hash >> 29) * PRIME_3;
	return hash ^ hash >> 32;
}
