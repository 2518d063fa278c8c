// SPDX-License-Identifier: GPL-2.0
/* Estimate savings that were lost since the scanner counted them. */
#include "unseen.h"

uint64_t unseen_step(struct unseen *unseen, uint64_t file_pages, uint64_t mapped,
		     uint64_t pass)
{
	int64_t left = (int64_t)file_pages - (int64_t)mapped;
	int64_t text;

	if (!unseen->primed || pass < unseen->pass) {
		*unseen = (struct unseen){ .most = left, .most_before = left,
					   .pass = pass, .primed = true };
	} else if (pass != unseen->pass) {
		/*
		 * Several passes at once: the previous one was as short as this
		 * one.
		 */
		unseen->most_before = pass == unseen->pass + 1 ? unseen->most : left;
		unseen->most = left;
		unseen->pass = pass;
	} else if (left > unseen->most) {
		unseen->most = left;
	}
	text = unseen->most > unseen->most_before ? unseen->most : unseen->most_before;
	return text > left ? (uint64_t)(text - left) : 0;
}
