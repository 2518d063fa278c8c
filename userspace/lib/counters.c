// SPDX-License-Identifier: GPL-2.0
/* Names of the counters and access to them. */
#include "libgrpdedup.h"

_Static_assert(GRPDEDUP_CNT_MAX < 64,
	       "struct grpdedup_counters has one bit for each");

static const char *const names[GRPDEDUP_CNT_MAX + 1] = {
	[GRPDEDUP_CNT_PAGES_SHARED] = "pages_shared",
	[GRPDEDUP_CNT_PAGES_SHARING] = "pages_sharing",
	[GRPDEDUP_CNT_PAGES_UNSHARED] = "pages_unshared",
	[GRPDEDUP_CNT_PAGES_VOLATILE] = "pages_volatile",
	[GRPDEDUP_CNT_PAGES_ZERO] = "pages_zero",
	[GRPDEDUP_CNT_PAGES_SCANNED] = "pages_scanned",
	[GRPDEDUP_CNT_FULL_SCANS] = "full_scans",
	[GRPDEDUP_CNT_MERGES] = "merges",
	[GRPDEDUP_CNT_COW_BREAKS] = "cow_breaks",
	[GRPDEDUP_CNT_THP_SPLITS] = "thp_splits",
	[GRPDEDUP_CNT_LARGE_MERGES] = "large_merges",
	[GRPDEDUP_CNT_SKIP_BUSY] = "skip_busy",
	[GRPDEDUP_CNT_SKIP_THP] = "skip_thp",
	[GRPDEDUP_CNT_SKIP_LOCKED] = "skip_locked",
	[GRPDEDUP_CNT_SKIP_SWAPCACHE] = "skip_swapcache",
	[GRPDEDUP_CNT_SKIP_RACED] = "skip_raced",
	[GRPDEDUP_CNT_SKIP_NOMEM] = "skip_nomem",
	[GRPDEDUP_CNT_SKIP_CONTENDED] = "skip_contended",
	[GRPDEDUP_CNT_SKIP_VMA_SHARED] = "skip_vma_shared",
	[GRPDEDUP_CNT_SKIP_VMA_HUGETLB] = "skip_vma_hugetlb",
	[GRPDEDUP_CNT_SKIP_VMA_OTHER] = "skip_vma_other",
	[GRPDEDUP_CNT_ZAPS] = "zaps",
	[GRPDEDUP_CNT_UNSHARES] = "unshares",
	[GRPDEDUP_CNT_CPU_NS] = "cpu_ns",
	[GRPDEDUP_CNT_METADATA_BYTES] = "metadata_bytes",
	[GRPDEDUP_CNT_SKIP_VMA_FILE] = "skip_vma_file",
	[GRPDEDUP_CNT_SKIP_RESERVE] = "skip_reserve",
	[GRPDEDUP_CNT_PARTIAL_SCANS] = "partial_scans",
	[GRPDEDUP_CNT_LONE_UNSHARES] = "lone_unshares",
};

const char *grpdedup_counter_name(unsigned int counter)
{
	return counter <= GRPDEDUP_CNT_MAX ? names[counter] : NULL;
}

bool grpdedup_counter_get(const struct grpdedup_counters *counters,
			  unsigned int counter, uint64_t *value)
{
	if (counter > GRPDEDUP_CNT_MAX || !(counters->present >> counter & 1))
		return false;
	*value = counters->value[counter];
	return true;
}

uint64_t grpdedup_counter_or_0(const struct grpdedup_counters *counters,
			       unsigned int counter)
{
	uint64_t value = 0;

	grpdedup_counter_get(counters, counter, &value);
	return value;
}
