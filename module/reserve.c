// SPDX-License-Identifier: GPL-2.0
/*
 * The memory that frames come from, and the part of it that merging leaves.
 *
 * A frame cannot be moved, so it comes from the zones of the kernel. A page of
 * a member can lie elsewhere: in ZONE_MOVABLE (kernelcore=, movable_node,
 * hotplugged memory) or in a CMA area. A merge then takes memory that the
 * kernel needs and gives back memory that it cannot use. Without a limit the
 * OOM killer would come at last, with the host's memory free. ksmd has no such
 * limit: its pages stay where they are, and can be moved.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/vmstat.h>

#include "reserve.h"

/* Merging leaves one part of this many. */
#define GD_RESERVE_PART	32

/**
 * struct sums - over all zones, in pages
 * @kernel: managed, in the zones that frames come from
 * @room: of these, what can still be allocated
 * @other: managed, where frames cannot be
 */
struct sums {
	unsigned long	kernel;
	unsigned long	room;
	unsigned long	other;
};

/*
 * Page cache counts as room, as kswapd takes it when free pages run short: on a
 * host that is in use free pages are always few. What lies below the high
 * watermark, or is kept from kernel allocations for lower zones, does not.
 */
static unsigned long room_in(struct zone *zone)
{
	unsigned long pages = zone_page_state(zone, NR_FREE_PAGES) +
			      zone_page_state(zone, NR_ZONE_INACTIVE_FILE) +
			      zone_page_state(zone, NR_ZONE_ACTIVE_FILE);
	unsigned long kept = zone_page_state(zone, NR_FREE_CMA_PAGES) +
			     high_wmark_pages(zone) +
			     zone->lowmem_reserve[ZONE_NORMAL];

	return pages > kept ? pages - kept : 0;
}

static void add_node(struct sums *sums, struct zone *zones)
{
	struct zone *zone;
	int i;

	for (i = 0; i <= ZONE_NORMAL; i++) {
		zone = &zones[i];
		if (!zone_managed_pages(zone))
			continue;
		sums->kernel += zone_managed_pages(zone) - zone_cma_pages(zone);
		sums->other += zone_cma_pages(zone);
		sums->room += room_in(zone);
	}
	sums->other += zone_managed_pages(&zones[ZONE_MOVABLE]);
}

/**
 * gd_reserve_is_low - is the memory that frames come from nearly used up?
 *
 * Never so where there is little other memory: each merge then gives back at
 * least what it takes, and a host that is short of memory needs it most. Reads
 * a few counters per zone: to be called once per block.
 */
bool gd_reserve_is_low(void)
{
	struct sums sums = {};
	int nid;

	for_each_online_node(nid)
		add_node(&sums, NODE_DATA(nid)->node_zones);
	return sums.other > sums.kernel / GD_RESERVE_PART &&
	       sums.room < sums.kernel / GD_RESERVE_PART;
}

/**
 * gd_reserve_gains - does the memory that frames come from get back a page?
 * @page: a page that is to be replaced by a frame
 *
 * Then the frame takes nothing of the reserve.
 */
bool gd_reserve_gains(struct page *page)
{
	return page_zonenum(page) <= ZONE_NORMAL &&
	       !zone_cma_pages(page_zone(page));
}
