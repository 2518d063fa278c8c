/* SPDX-License-Identifier: GPL-2.0 */
/* What the pages of a source held in an earlier pass. */
#ifndef ESTIMATE_TRACE_H
#define ESTIMATE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "block.h"

struct trace_block;

/**
 * struct trace - 4 bytes for each page, in blocks by address
 */
struct trace {
	struct trace_block *list;
	size_t count;
	size_t room;
};

/*
 * Note the present pages of a block. Blocks come by address; several areas may
 * be in one. 0 or -ENOMEM.
 */
int trace_note(struct trace *trace, uint64_t key, const struct block *block);
/* Sets @changed for present pages that are new, or are not what was noted. */
void trace_compare(const struct trace *trace, uint64_t key, const struct block *block,
		   bool *changed);
void trace_free(struct trace *trace);

#endif /* ESTIMATE_TRACE_H */
