// SPDX-License-Identifier: GPL-2.0
/*
 * What the pure code costs: a digest per page, and an operation on trees of
 * many sizes. The nodes are touched in random order, as pages come.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../module/hash.h"
#include "../../module/tree.c"

#define PAGE		4096
#define NODES_MAX	1000000UL
/* Each figure is taken over about as many operations. */
#define OPERATIONS	2000000UL

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void *allocate(size_t nr, size_t size)
{
	void *memory = calloc(nr, size);

	if (!memory) {
		perror("calloc");
		exit(EXIT_FAILURE);
	}
	return memory;
}

/* More pages than a cache holds, or one again and again. */
static void bench_hash(const char *name, size_t pages)
{
	u8 *data = allocate(pages, PAGE);
	size_t rounds = 262144 / pages, round, page;
	u64 start, ns, sum = 0;

	memset(data, 1, pages * PAGE);
	start = now_ns();
	for (round = 0; round < rounds; round++)
		for (page = 0; page < pages; page++)
			sum += gd_hash(data + page * PAGE, PAGE, round);
	ns = now_ns() - start;

	/* The sum keeps the compiler from leaving the work out. */
	printf("hash %-8s %6.2f GB/s %8.0f ns/page  (%02x)\n", name,
	       (double)rounds * pages * PAGE / ns, (double)ns / rounds / pages,
	       (unsigned int)(sum & 0xff));
	free(data);
}

static void shuffle(struct gd_tree_node **nodes, size_t nr)
{
	size_t i;

	for (i = nr - 1; i > 0; i--) {
		size_t other = (size_t)random() % (i + 1);
		struct gd_tree_node *node = nodes[i];

		nodes[i] = nodes[other];
		nodes[other] = node;
	}
}

static void bench_tree(size_t nr)
{
	struct gd_tree_node *nodes = allocate(nr, sizeof(*nodes));
	struct gd_tree_node **order = allocate(nr, sizeof(*order));
	struct gd_tree tree = GD_TREE_INIT;
	size_t rounds = OPERATIONS / nr, round, i, found = 0;
	u64 start, insert = 0, lookup = 0, erase = 0;
	double operations = (double)rounds * nr;

	for (i = 0; i < nr; i++) {
		nodes[i].word = xxh64(&i, sizeof(i), 0);
		order[i] = &nodes[i];
	}

	for (round = 0; round < rounds; round++) {
		shuffle(order, nr);
		start = now_ns();
		for (i = 0; i < nr; i++)
			gd_tree_insert(&tree, order[i]);
		insert += now_ns() - start;

		shuffle(order, nr);
		start = now_ns();
		for (i = 0; i < nr; i++)
			found += !!gd_tree_first(&tree,
						 gd_tree_digest(order[i]));
		lookup += now_ns() - start;

		shuffle(order, nr);
		start = now_ns();
		for (i = 0; i < nr; i++)
			gd_tree_erase(&tree, order[i]);
		erase += now_ns() - start;
	}

	printf("tree %8zu nodes: insert %6.0f ns  lookup %6.0f ns  erase %6.0f ns%s\n",
	       nr, insert / operations, lookup / operations,
	       erase / operations,
	       found == rounds * nr ? "" : "  (nodes were lost)");
	free(order);
	free(nodes);
}

int main(void)
{
	size_t nr;

	bench_hash("cached", 1);
	bench_hash("memory", 65536);
	for (nr = 1000; nr <= NODES_MAX; nr *= 10)
		bench_tree(nr);

	return EXIT_SUCCESS;
}
