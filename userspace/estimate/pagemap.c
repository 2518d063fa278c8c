// SPDX-License-Identifier: GPL-2.0
/* Which pages may be read without bringing one into memory. */
#include "pagemap.h"

size_t pagemap_look(const uint64_t *entries, size_t count, uint64_t zero_page,
		    bool *present)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		present[i] = entries[i] & PAGEMAP_PRESENT &&
			     !(entries[i] & PAGEMAP_SWAPPED) &&
			     (!zero_page || PAGEMAP_PFN(entries[i]) != zero_page);
		n += present[i];
	}
	return n;
}
