/* SPDX-License-Identifier: GPL-2.0 */
/* Pages as bytes: allocating, comparing and hashing one. */
#ifndef GD_PAGE_H
#define GD_PAGE_H

#include <linux/gfp_types.h>
#include <linux/mm_types.h>

/**
 * GD_GFP_CHARGED - for everything that the active memory cgroup is charged for
 *
 * A charge that may wait puts the scanner to sleep for up to two seconds per 64
 * pages while the member is above memory.high, and reclaims the member's memory
 * at memory.max; the whole group would wait for that member, at worst with its
 * mmap lock held. So there is no direct reclaim: without room below memory.max
 * nothing is merged, even if page cache of the cgroup could be reclaimed.
 * kswapd is woken, and the reserves of those who cannot wait stay closed.
 */
#define GD_GFP_CHARGED	(GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOMEMALLOC | \
			 __GFP_NOWARN)

struct page *gd_page_alloc(void);
int gd_page_copy(struct page *to, struct page *from);
bool gd_page_equals(struct page *a, struct page *b);
bool gd_page_is_zero(struct page *page);
u64 gd_page_hash(struct page *page, u64 seed);

#endif /* GD_PAGE_H */
