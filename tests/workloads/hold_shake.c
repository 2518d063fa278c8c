// SPDX-License-Identifier: GPL-2.0
/*
 * Nuisances of a gd-hold process: a thread that does the same to a region over
 * and over, and areas piled up at one offset. The bytes stay as they are, so the
 * model stays right.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "hold.h"

struct shake {
	char *addr;
	size_t bytes;
	char *scratch;
	void (*turn)(struct shake *shake);
	pthread_t thread;
};

static struct shake *running;
static atomic_bool stop;

/* Holds the mmap lock for writing nearly all the time. */
static void turn_protect(struct shake *shake)
{
	mprotect(shake->addr, shake->bytes, PROT_READ);
	mprotect(shake->addr, shake->bytes, PROT_READ | PROT_WRITE);
}

static void turn_mergeable(struct shake *shake)
{
	madvise(shake->addr, shake->bytes, MADV_MERGEABLE);
}

/* Away and back home; nothing else uses the region meanwhile. */
static void turn_move(struct shake *shake)
{
	char *back = shake->addr, *away = shake->scratch;
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	if (mremap(back, shake->bytes, shake->bytes, flags, away) != away ||
	    mremap(away, shake->bytes, shake->bytes, flags, back) != back)
		abort();
}

static void *shake(void *arg)
{
	struct shake *shake = arg;

	while (!stop)
		shake->turn(shake);
	return NULL;
}

static int do_shake(char **arg)
{
	static const struct {
		const char *name;
		void (*turn)(struct shake *shake);
	} kinds[] = {
		{ "protect", turn_protect }, { "mergeable", turn_mergeable },
		{ "move", turn_move },
	};
	size_t i;

	if (running) {
		say("it is shaking already");
		return -1;
	}
	running = gd_private_alloc(sizeof(*running));
	running->addr = (char *)strtoul(arg[2], NULL, 0);
	running->bytes = strtoul(arg[3], NULL, 0) * GD_PAGE;
	running->scratch = mmap(NULL, running->bytes, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(arg[1], kinds[i].name))
			running->turn = kinds[i].turn;
	stop = false;
	if (!running->turn || pthread_create(&running->thread, NULL, shake, running)) {
		say("cannot shake");
		return -1;
	}
	return say("shaking");
}

static int do_unshake(char **arg)
{
	(void)arg;
	if (!running) {
		say("it is not shaking");
		return -1;
	}
	stop = true;
	pthread_join(running->thread, NULL);
	munmap(running->scratch, running->bytes);
	munmap(running, sizeof(*running));
	running = NULL;
	return say("still");
}

/* A region without content. Each of its pages was mapped at the same place first, and keeps its offset. */
static int do_pile(char **arg)
{
	size_t pages = strtoul(arg[2], NULL, 0), i;
	char *addr = (char *)strtoul(arg[1], NULL, 0);
	char *place = mmap(NULL, GD_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (i = 0; i < pages; i++) {
		if (mmap(place, GD_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != place)
			return no("mmap");
		/* an area without pages would be given another offset */
		*(volatile char *)place = 0;
		if (mremap(place, GD_PAGE, GD_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   addr + i * GD_PAGE) == MAP_FAILED)
			return no("mremap");
	}
	return say("%zu areas", i);
}

const struct command shake_commands[] = {
	{ "shake", do_shake, 3 }, { "unshake", do_unshake, 0 },
	{ "pile", do_pile, 2 },
	{ NULL, NULL, 0 }
};
