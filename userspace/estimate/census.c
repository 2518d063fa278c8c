// SPDX-License-Identifier: GPL-2.0
/* An array that is sorted in place: 16 bytes for each window, at most. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include "census.h"

#define FIRST_ROOM	4096u
/* Fewer entries are faster sorted by insertion. */
#define FEW		32u
/* Bytes of the key: those of the digest, then those of the source */
#define KEY_BYTES	12u

void census_init(struct census *census, size_t limit)
{
	*census = (struct census){ .limit = limit };
}

void census_free(struct census *census)
{
	free(census->list);
	*census = (struct census){ 0 };
}

static bool is_less(const struct entry *a, const struct entry *b)
{
	return a->digest != b->digest ? a->digest < b->digest : a->source < b->source;
}

static void sort_few(struct entry *list, size_t count)
{
	struct entry entry;
	size_t i, j;

	for (i = 1; i < count; i++) {
		entry = list[i];
		for (j = i; j && is_less(&entry, &list[j - 1]); j--)
			list[j] = list[j - 1];
		list[j] = entry;
	}
}

static unsigned int key_byte(const struct entry *entry, unsigned int byte)
{
	if (byte < 8)
		return entry->digest >> (56 - 8 * byte) & 0xff;
	return entry->source >> (24 - 8 * (byte - 8)) & 0xff;
}

/* Exchange entries until each is in the bucket of its byte. */
static void distribute(struct entry *list, const size_t *ends, size_t *next, unsigned int byte)
{
	unsigned int bucket, target;
	struct entry entry, swap;

	for (bucket = 0; bucket < 256; bucket++) {
		while (next[bucket] < ends[bucket]) {
			entry = list[next[bucket]];
			target = key_byte(&entry, byte);
			while (target != bucket) {
				swap = list[next[target]];
				list[next[target]++] = entry;
				entry = swap;
				target = key_byte(&entry, byte);
			}
			list[next[bucket]++] = entry;
		}
	}
}

/* Radix sort in place, the first byte first: qsort() needs a copy. */
static void sort(struct entry *list, size_t count, unsigned int byte)
{
	size_t ends[256] = { 0 }, next[256];
	size_t i, start = 0;
	unsigned int bucket;

	if (count <= FEW) {
		sort_few(list, count);
		return;
	}
	for (i = 0; i < count; i++)
		ends[key_byte(&list[i], byte)]++;
	for (bucket = 0; bucket < 256; bucket++) {
		next[bucket] = start;
		start += ends[bucket];
		ends[bucket] = start;
	}
	distribute(list, ends, next, byte);
	for (bucket = 0, start = 0; byte + 1 < KEY_BYTES && bucket < 256; bucket++) {
		if (ends[bucket] - start > 1)
			sort(list + start, ends[bucket] - start, byte + 1);
		start = ends[bucket];
	}
}

void census_close(struct census *census)
{
	struct entry *list = census->list;
	size_t i, n = 0;

	if (census->count)
		sort(list, census->count, 0);
	for (i = 0; i < census->count; i++) {
		if (n && list[n - 1].digest == list[i].digest &&
		    list[n - 1].source == list[i].source &&
		    list[i].count <= UINT32_MAX - list[n - 1].count)
			list[n - 1].count += list[i].count;
		else
			list[n++] = list[i];
	}
	census->count = n;
}

/* Join equal entries. If few are, the next time would be too soon. */
static int make_room(struct census *census)
{
	census_close(census);
	return census->count > census->limit - census->limit / 4 ? -ENOSPC : 0;
}

/* Large arrays grow by mremap(), and what is not used yet takes no memory. */
static int grow(struct census *census)
{
	size_t room = census->room ? 2 * census->room : FIRST_ROOM;
	struct entry *bigger;

	if (room > census->limit)
		room = census->limit;
	bigger = reallocarray(census->list, room, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	census->list = bigger;
	census->room = room;
	return 0;
}

int census_add(struct census *census, uint64_t digest, uint32_t source)
{
	int err = 0;

	if (census->count == census->limit)
		err = make_room(census);
	if (!err && census->count == census->room)
		err = grow(census);
	if (err)
		return err;
	census->list[census->count++] = (struct entry){ digest, source, 1 };
	return 0;
}

void census_drop(struct census *census, uint32_t source)
{
	size_t i, n = 0;

	for (i = 0; i < census->count; i++)
		if (census->list[i].source != source)
			census->list[n++] = census->list[i];
	census->count = n;
}
