// SPDX-License-Identifier: GPL-2.0
/*
 * gd-stale: writes to memory for which this CPU has a TLB entry, as often as it
 * can, so that a write gets lost if the page went away and the entry did not.
 *
 * usage: gd-stale CPU PAGES ID SECONDS
 *
 * PAGES pages, every second one of an area, hold what "gd-hold fill R 0 PAGES seq
 * ID" makes. In each round they are written for a while with what they hold, then
 * with a new value, the CPU forgets its TLB, and the value must be there. All else
 * of the process is locked: nothing but these pages can be swapped out, and what
 * is swapped out would flush the TLB for all.
 *
 * Prints "ready", in the end "N rounds, M lost writes"; the exit status is 1 if
 * any was lost.
 */
#include <sched.h>

#include "gd.h"

/* So long the pages are left as they are: time to merge them. */
#define CALM	0.3
/* So many pages make the kernel flush the whole TLB, not them alone. */
#define FLUSH	(64 * GD_PAGE)

static volatile uint64_t **word;	/* one of each page */
static uint64_t *content;
static size_t pages;
static char *dummy;

static void fill(uint64_t id)
{
	char *area = gd_map_aligned(GD_HUGE);
	size_t i;

	if (!area || 2 * pages > GD_HUGE / GD_PAGE || madvise(area, GD_HUGE, MADV_NOHUGEPAGE))
		gd_die("gd-stale: no area for %zu pages", pages);
	for (i = 0; i < pages; i++) {
		gd_fill(area + 2 * i * GD_PAGE, id + i);
		word[i] = (void *)(area + 2 * i * GD_PAGE);
		content[i] = *word[i];
	}
}

/* Not the compiler's idea of what changes nothing. */
static void write_all(uint64_t change)
{
	size_t i;

	for (i = 0; i < pages; i++)
		*word[i] = content[i] ^ change;
}

static void forget_tlb(void)
{
	memset(dummy, 1, FLUSH);
	if (mprotect(dummy, FLUSH, PROT_READ) || mprotect(dummy, FLUSH, PROT_READ | PROT_WRITE))
		gd_die("gd-stale: mprotect");
}

static size_t lost(uint64_t change)
{
	size_t i, n = 0;

	for (i = 0; i < pages; i++)
		n += *word[i] != (content[i] ^ change);
	return n;
}

int main(int argc, char **argv)
{
	unsigned long rounds, missed = 0;
	double end, calm;
	cpu_set_t set;

	if (argc != 5)
		gd_die("usage: gd-stale CPU PAGES ID SECONDS");
	CPU_ZERO(&set);
	CPU_SET(atoi(argv[1]), &set);
	pages = strtoul(argv[2], NULL, 0);
	word = gd_private_alloc(pages * sizeof(*word));
	content = gd_private_alloc(pages * sizeof(*content));
	dummy = gd_private_alloc(FLUSH);
	if (sched_setaffinity(0, sizeof(set), &set) || mlockall(MCL_CURRENT))
		gd_die("gd-stale: CPU %s", argv[1]);
	fill(strtoull(argv[3], NULL, 0));
	puts("ready");
	fflush(stdout);
	end = gd_now() + atof(argv[4]);
	for (rounds = 1; gd_now() < end; rounds++) {
		for (calm = gd_now() + CALM; gd_now() < calm; )
			write_all(0);
		write_all(rounds);
		forget_tlb();
		missed += lost(rounds);
		write_all(0);
	}
	printf("%lu rounds, %lu lost writes\n", rounds - 1, missed);
	return missed ? 1 : 0;
}
