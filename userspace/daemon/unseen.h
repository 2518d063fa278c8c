/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Savings that are lost, but that the scanner still counts.
 *
 * The kernel's counters are exact as of each page's last visit, which at a low
 * rate may be minutes ago. A process's file-backed memory (RssFile) is exact
 * now: its mappings of frames plus its program text. So the mappings that the
 * counters report, less RssFile without the text, were written to since. The
 * text is estimated as the largest difference seen: the counters never report
 * fewer mappings than there are.
 */
#ifndef UNSEEN_H
#define UNSEEN_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct unseen - state of one process; initialize to zero
 * @most: largest difference (RssFile - counted mappings) in this pass, pages
 * @most_before: the same in the previous pass. Older passes do not count: after
 *	a full pass the counters are exact again, and text may be reclaimed.
 * @pass: passes that the group has ended
 */
struct unseen {
	int64_t most;
	int64_t most_before;
	uint64_t pass;
	bool primed;
};

/*
 * @file_pages: RssFile, read before the counters, so that merges in between are
 * not taken for text; @mapped: mappings of frames that the counters report;
 * @pass: passes that the scanner has ended. Returns lost savings in pages.
 */
uint64_t unseen_step(struct unseen *unseen, uint64_t file_pages, uint64_t mapped,
		     uint64_t pass);

#endif /* UNSEEN_H */
