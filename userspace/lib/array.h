/* SPDX-License-Identifier: GPL-2.0 */
/* Arrays that grow as entries are added at their end. */
#ifndef GRPDEDUP_ARRAY_H
#define GRPDEDUP_ARRAY_H

#include <stdlib.h>

/*
 * @list with room for one entry of @size bytes behind its @count ones. @room:
 * number of entries that there is room for. Returns the array, which may have
 * moved; or NULL if out of memory: @list is unchanged.
 */
static inline void *array_grow(void *list, size_t *room, size_t count, size_t size)
{
	size_t more = *room ? 2 * *room : 64;
	void *bigger;

	if (count < *room)
		return list;
	bigger = reallocarray(list, more, size);
	if (bigger)
		*room = more;
	return bigger;
}

#endif /* GRPDEDUP_ARRAY_H */
