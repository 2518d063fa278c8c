/* SPDX-License-Identifier: GPL-2.0 */
/* How often each content was seen, and in which sources. */
#ifndef ESTIMATE_CENSUS_H
#define ESTIMATE_CENSUS_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct entry - windows of one source with one digest
 */
struct entry {
	uint64_t digest;
	uint32_t source;
	uint32_t count;
};

/**
 * struct census - the entries of all sources, for one size of windows
 * @list: in no order, and equal ones several times, until census_close()
 * @limit: entries that it may have
 */
struct census {
	struct entry *list;
	size_t count;
	size_t room;
	size_t limit;
};

/* @limit: at least 1 */
void census_init(struct census *census, size_t limit);
void census_free(struct census *census);
/* 0; -ENOMEM; or -ENOSPC: there are too many contents for the limit. */
int census_add(struct census *census, uint64_t digest, uint32_t source);
/* Forget the windows of a source. */
void census_drop(struct census *census, uint32_t source);
/* Sort by digest, then by source, with one entry for each pair of them. */
void census_close(struct census *census);

#endif /* ESTIMATE_CENSUS_H */
