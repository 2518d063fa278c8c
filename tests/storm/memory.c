// SPDX-License-Identifier: GPL-2.0
/*
 * gd-storm's memory: an area of pages and a model that says what is in them.
 *
 * An entry of the model is the number of a page's content (32 bits) and one word
 * that differs from it (its place, 16 bits; what it is xored with, 16 bits).
 * Most contents come from a pool, so that most pages are equal to others.
 */
#include <signal.h>

#include "storm.h"

#define POOL		48
#define PATCH_SHIFT	48
#define PLACE_SHIFT	32

static uint64_t content(uint64_t entry)
{
	return entry & 0xffffffff;
}

unsigned int memory_patch_at(uint64_t entry)
{
	return entry >> PLACE_SHIFT & 511;
}

/* A quarter are zero, an eighth are nobody else's. */
uint64_t memory_entry(void)
{
	switch (roll(8)) {
	case 0:
	case 1:
		return 0;
	case 2:
		return POOL + 1 + roll(1UL << 31);
	default:
		return 1 + roll(POOL);
	}
}

/* The same page with one word changed: there are few such words, or none would be equal. */
uint64_t memory_patched(uint64_t entry)
{
	uint64_t place = memory_patch_at(entry), patch = entry >> PATCH_SHIFT;

	if (!patch)
		place = roll(8) * 73;
	return content(entry) | place << PLACE_SHIFT | (patch % 3 + 1) << PATCH_SHIFT;
}

/* Word @n of a page. */
uint64_t memory_word(uint64_t entry, unsigned int n)
{
	uint64_t state = content(entry) + n * 0x9e3779b97f4a7c15ULL;
	uint64_t word = content(entry) ? gd_next(&state) : 0;

	return n == memory_patch_at(entry) ? word ^ entry >> PATCH_SHIFT : word;
}

void memory_fill(void *page, uint64_t entry)
{
	uint64_t *word = page;

	gd_fill(page, content(entry));
	if (entry >> PATCH_SHIFT)
		word[memory_patch_at(entry)] ^= entry >> PATCH_SHIFT;
}

/* The offset of the first byte that is not as it must be, or -1. */
int memory_differs(const void *page, uint64_t entry)
{
	unsigned int i, k, place = memory_patch_at(entry);
	const uint64_t *word = page;
	uint64_t id = content(entry), state = id, want;

	for (i = 0; i < GD_WORDS; i++) {
		want = id ? gd_next(&state) : 0;
		if (i == place)
			want ^= entry >> PATCH_SHIFT;
		if (word[i] == want)
			continue;
		for (k = 0; ((unsigned char *)&word[i])[k] == ((unsigned char *)&want)[k] && k < 7; k++)
			;
		return i * sizeof(want) + k;
	}
	return -1;
}

/* Where this process is, and what it has done. */
static void tell(const char *what)
{
	size_t i, wrong = 0, first = 0, last = 0;

	dprintf(2, "gd-storm: in pid %d, worker %u life %u depth %u step %lu (%s), %s; before: %s %s %s %s %s %s %s %s\n",
		getpid(), me.number, me.life, me.depth, me.step, me.doing, what, me.done[0], me.done[1],
		me.done[2], me.done[3], me.done[4], me.done[5], me.done[6], me.done[7]);
	for (i = 0; i < me.pages; i++) {
		if (memory_differs(page_at(i), me.model[i]) < 0)
			continue;
		if (!wrong++)
			first = i;
		last = i;
	}
	dprintf(2, "gd-storm: %zu pages of %zu at %p are wrong, %zu to %zu\n",
		wrong, me.pages, (void *)me.area, first, last);
}

/* Memory that a process has, and cannot use, is as bad as a wrong byte. */
static void on_fault(int number, siginfo_t *info, void *unused)
{
	(void)unused;
	signal(number, SIG_DFL);
	atomic_fetch_add(&me.ledger->wrong, 1);
	dprintf(2, "gd-storm: NO MEMORY: signal %d at %p\n", number, info->si_addr);
	tell("faulting");
	_exit(1);
}

static void catch_faults(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

void memory_wrong(const char *what, const void *page, uint64_t entry)
{
	int off = memory_differs(page, entry);
	unsigned int at = off < 0 ? 0 : off / 8;
	const uint64_t *word = page;

	atomic_fetch_add(&me.ledger->wrong, 1);
	dprintf(2, "gd-storm: WRONG BYTES: %p byte %d, entry %#lx, words 0 and %u: %#lx %#lx, must be %#lx %#lx\n",
		page, off, entry, at, word[0], word[at], memory_word(entry, 0), memory_word(entry, at));
	tell(what);
	_exit(1);
}

void memory_check_bytes(const void *page, const uint64_t *entries, size_t n, const char *when)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (memory_differs((const char *)page + i * GD_PAGE, entries[i]) >= 0)
			memory_wrong(when, (const char *)page + i * GD_PAGE, entries[i]);
	atomic_fetch_add(&me.ledger->checks, n);
}

void memory_check(size_t first, size_t n, const char *when)
{
	memory_check_bytes(page_at(first), me.model + first, n, when);
}

void memory_rewrite(size_t i)
{
	me.model[i] = memory_entry();
	memory_fill(page_at(i), me.model[i]);
}

size_t memory_range(size_t *n)
{
	*n = 1 + roll(RUN);
	return roll(me.pages - *n);
}

/* Time for the scanner to look at what was just done. */
void memory_rest(unsigned long ms)
{
	usleep(roll(ms * 1000));
}

void memory_new_bounce(void)
{
	me.bounce = gd_private_alloc(RUN * GD_PAGE);
}

void memory_create(size_t pages, size_t room)
{
	size_t i;

	catch_faults();
	me.pages = pages;
	me.room = room;
	me.area = gd_map_aligned(pages * GD_PAGE);
	if (!me.area)
		gd_die("gd-storm: mmap");
	me.model = gd_private_alloc(room * sizeof(*me.model));
	memory_new_bounce();
	if (me.number % 2)
		madvise(me.area, pages * GD_PAGE, MADV_HUGEPAGE);
	for (i = 0; i < pages; i++)
		memory_rewrite(i);
}

int write_page(int unused)
{
	size_t n, first = memory_range(&n), i;

	(void)unused;
	for (i = first; i < first + n; i += 1 + roll(4))
		memory_rewrite(i);
	return 0;
}

/* One word of a page that may be shared. */
int write_word(int unused)
{
	size_t n, first = memory_range(&n), i;

	(void)unused;
	for (i = first; i < first + n; i += 1 + roll(4)) {
		volatile uint64_t *word = (void *)page_at(i);
		unsigned int place;

		me.model[i] = memory_patched(me.model[i]);
		place = memory_patch_at(me.model[i]);
		word[place] = memory_word(me.model[i], place);
	}
	memory_check(first, n, "one word written");
	return 0;
}

int write_check(int unused)
{
	size_t n, first = memory_range(&n);

	(void)unused;
	memory_rest(10);
	memory_check(first, n, "at rest");
	return 0;
}
