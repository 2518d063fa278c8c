/* SPDX-License-Identifier: GPL-2.0 */
/* What a source is read in: up to 2 MiB of one area, aligned to 2 MiB. */
#ifndef ESTIMATE_BLOCK_H
#define ESTIMATE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_BYTES	4096u
#define BLOCK_PAGES	512u
#define BLOCK_BYTES	(BLOCK_PAGES * PAGE_BYTES)

/**
 * struct block - content of a part of one area
 * @address: a multiple of BLOCK_BYTES
 * @data: BLOCK_BYTES; only present pages have content
 * @present: pages that are in memory, and in this area
 */
struct block {
	uint64_t address;
	uint8_t *data;
	bool present[BLOCK_PAGES];
};

/* Nonzero ends the reading with that. */
typedef int (*block_visitor)(void *arg, const struct block *block);

#endif /* ESTIMATE_BLOCK_H */
