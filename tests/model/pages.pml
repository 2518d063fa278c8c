/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages, for models that define PAGES. A page's bytes are one number, as all
 * that matters is whether they are equal. mem[] has them, ref[] is
 * page_ref_count(), map[] page_mapcount(). A page is live from its allocation
 * until it is freed.
 */
#define ZEROS	0	/* what a new page has, and a freed one */

byte mem[PAGES];
byte ref[PAGES];
byte map[PAGES];
bit live[PAGES];

/* What a model keeps of a page besides is reset too, to have fewer states. */
#ifndef reset_page
#define reset_page(p)	skip
#endif

inline new_page(p, bytes)
{
	live[p] = 1;
	ref[p] = 1;
	mem[p] = bytes
}

inline free_page(p)
{
	live[p] = 0;
	mem[p] = ZEROS;
	reset_page(p)
}

inline put_page(p)
{
	d_step {
		ref[p]--;
		if
		:: ref[p] == 0 -> free_page(p)
		:: else
		fi
	}
}
