/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Savings that are gone already, but that the scanner has not come by to see.
 * Pure.
 *
 * The kernel's counters are exact as of each page's last visit, and at a low
 * rate that may be minutes ago. A process's file-backed memory (RssFile) is
 * exact now: it is its mappings of frames and its program text. So what the
 * counters believe to be mapped, less what the process has beyond its text, was
 * written to since. The text is the most that was ever left over: belief is
 * never less than the truth.
 */
#ifndef UNSEEN_H
#define UNSEEN_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct unseen - of one process; zeroed to begin
 * @most: most pages left over (RssFile - belief) in this pass of the scanner
 * @most_before: in the pass before. Older ones do not count: after a whole pass
 *	the counters are right again, and text may have been reclaimed.
 * @pass: the group's passes
 */
struct unseen {
	int64_t most;
	int64_t most_before;
	uint64_t pass;
	bool primed;
};

/*
 * @file_pages: RssFile, read before the counters, so that merges in between are
 * not taken for text; @mapped: mappings of frames that the counters believe in;
 * @pass: passes that the scanner has ended. Returns pages.
 */
uint64_t unseen_step(struct unseen *unseen, uint64_t file_pages, uint64_t mapped,
		     uint64_t pass);

#endif /* UNSEEN_H */
