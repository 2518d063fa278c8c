// SPDX-License-Identifier: GPL-2.0
/* Short digests of pages by address. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/array.h"
#include "digest.h"
#include "trace.h"

/**
 * struct trace_block - the pages of one block
 * @digests: 0 is a page that was not there
 */
struct trace_block {
	uint64_t address;
	uint32_t digests[BLOCK_PAGES];
};

static uint32_t page_digest(uint64_t key, const struct block *block, unsigned int page)
{
	uint32_t digest = (uint32_t)digest_of(key, block->data + (size_t)page * PAGE_BYTES,
					      PAGE_BYTES);

	return digest ? digest : 1;
}

static struct trace_block *block_at(struct trace *trace, uint64_t address)
{
	struct trace_block *list;

	if (trace->count && trace->list[trace->count - 1].address == address)
		return &trace->list[trace->count - 1];
	list = array_grow(trace->list, &trace->room, trace->count, sizeof(*list));
	if (!list)
		return NULL;
	trace->list = list;
	memset(&trace->list[trace->count], 0, sizeof(*trace->list));
	trace->list[trace->count].address = address;
	return &trace->list[trace->count++];
}

int trace_note(struct trace *trace, uint64_t key, const struct block *block)
{
	struct trace_block *to = block_at(trace, block->address);
	unsigned int i;

	if (!to)
		return -ENOMEM;
	for (i = 0; i < BLOCK_PAGES; i++)
		if (block->present[i])
			to->digests[i] = page_digest(key, block, i);
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct trace_block *)a)->address;
	uint64_t y = ((const struct trace_block *)b)->address;

	return (x > y) - (x < y);
}

void trace_compare(const struct trace *trace, uint64_t key, const struct block *block,
		   bool *changed)
{
	const struct trace_block *from = NULL;
	struct trace_block wanted = { .address = block->address };
	unsigned int i;

	if (trace->count)
		from = bsearch(&wanted, trace->list, trace->count, sizeof(wanted), compare);
	for (i = 0; i < BLOCK_PAGES; i++)
		changed[i] = block->present[i] &&
			     (!from || from->digests[i] != page_digest(key, block, i));
}

void trace_free(struct trace *trace)
{
	free(trace->list);
	*trace = (struct trace){ 0 };
}
