// SPDX-License-Identifier: GPL-2.0
/* Pages as bytes: allocating, comparing and hashing one. */
#include <linux/highmem.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "hash.h"
#include "page.h"

/**
 * gd_page_alloc - allocate a page for a frame or for changed content
 *
 * Unmovable, because a frame has no rmap by which it could be moved. Charged to
 * the active memory cgroup, which is the member's: merging must not be a way
 * around memory.max.
 *
 * Return: the page with one reference, or NULL.
 */
struct page *gd_page_alloc(void)
{
	return alloc_page(GD_GFP_CHARGED);
}

/**
 * gd_page_copy - copy a page whose memory may have failed
 * @to: page to fill
 * @from: page to read
 *
 * Return: 0, or -EHWPOISON: it cannot be read. A plain read would take the host
 * down.
 */
int gd_page_copy(struct page *to, struct page *from)
{
	unsigned long left;
	void *src, *dst;

	if (unlikely(PageHWPoison(from)))
		return -EHWPOISON;
	src = kmap_local_page(from);
	dst = kmap_local_page(to);
	left = copy_mc_to_kernel(dst, src, PAGE_SIZE);
	kunmap_local(dst);
	kunmap_local(src);
	return left ? -EHWPOISON : 0;
}

bool gd_page_equals(struct page *a, struct page *b)
{
	void *pa = kmap_local_page(a);
	void *pb = kmap_local_page(b);
	bool equal = !memcmp(pa, pb, PAGE_SIZE);

	kunmap_local(pb);
	kunmap_local(pa);
	return equal;
}

bool gd_page_is_zero(struct page *page)
{
	void *p = kmap_local_page(page);
	bool zero = !memchr_inv(p, 0, PAGE_SIZE);

	kunmap_local(p);
	return zero;
}

u64 gd_page_hash(struct page *page, u64 seed)
{
	void *p = kmap_local_page(page);
	u64 digest = gd_hash(p, PAGE_SIZE, seed);

	kunmap_local(p);
	return digest;
}
