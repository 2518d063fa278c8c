// SPDX-License-Identifier: GPL-2.0
/* Trees of digests against a sorted array, and gd_tree_verify() itself. */
#include <string.h>

#include "../../module/tree.c"
#include "test.h"

#define NODES_MAX	4096
#define DIGEST_MASK	(~0ULL >> GD_TAG_BITS)

/* The tree under test, and what it should hold in the order it should have. */
static struct gd_tree tree;
static struct gd_tree_node nodes[NODES_MAX];
static struct gd_tree_node *model[NODES_MAX];
static unsigned int model_nr;
/* Nodes outside of the tree. */
static struct gd_tree_node *spare[NODES_MAX];
static unsigned int spare_nr;

static void reset(unsigned int nr)
{
	tree = GD_TREE_INIT;
	model_nr = 0;
	spare_nr = 0;
	while (spare_nr < nr) {
		spare[spare_nr] = &nodes[spare_nr];
		spare_nr++;
	}
}

/* The first place in the model whose digest is not below @digest. */
static unsigned int model_find(u64 digest)
{
	unsigned int low = 0, high = model_nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (gd_tree_digest(model[middle]) < digest)
			low = middle + 1;
		else
			high = middle;
	}

	return low;
}

static void insert(u64 digest, u64 tag)
{
	struct gd_tree_node *node = spare[--spare_nr];
	unsigned int at = model_find(digest + 1);

	/* As an owner who kept something of its own there leaves it. */
	memset(&node->rb, 0xa5, sizeof(node->rb));
	node->word = digest << GD_TAG_BITS | (tag & GD_TAG_MASK);
	gd_tree_insert(&tree, node);

	memmove(&model[at + 1], &model[at], (model_nr - at) * sizeof(*model));
	model[at] = node;
	model_nr++;
}

static void erase(unsigned int at)
{
	struct gd_tree_node *node = model[at];

	gd_tree_erase(&tree, node);
	memset(node, 0xa5, sizeof(*node));

	model_nr--;
	memmove(&model[at], &model[at + 1], (model_nr - at) * sizeof(*model));
	spare[spare_nr++] = node;
}

static void compare_lookup(u64 digest)
{
	struct gd_tree_node *node = gd_tree_first(&tree, digest);
	unsigned int at = model_find(digest);

	for (; at < model_nr && gd_tree_digest(model[at]) == digest; at++) {
		EXPECT(node == model[at]);
		node = gd_tree_next(node);
	}
	EXPECT(!node);
}

static void compare_all(void)
{
	struct rb_node *rb = rb_first(&tree.root);
	unsigned int i;

	EXPECT(gd_tree_verify(&tree));
	EXPECT(tree.nr == model_nr);
	EXPECT(RB_EMPTY_ROOT(&tree.root) == !model_nr);

	for (i = 0; i < model_nr; i++, rb = rb_next(rb))
		EXPECT(rb == &model[i]->rb);
	EXPECT(!rb);

	rb = rb_last(&tree.root);
	for (i = model_nr; i > 0; i--, rb = rb_prev(rb))
		EXPECT(rb == &model[i - 1]->rb);
	EXPECT(!rb);
}

/*
 * Grow and shrink a tree of up to @nr nodes at random. Digests are one of
 * @digests, all over the range. Look at all of it every @every steps.
 */
static void run_random(u64 seed, unsigned int nr, u64 digests,
		       unsigned int steps, unsigned int every)
{
	u64 state = seed, spread = DIGEST_MASK / digests;
	unsigned int step;

	reset(nr);
	for (step = 1; step <= steps; step++) {
		u64 digest = test_random(&state) % digests * spread;
		/* Mostly growing, then mostly shrinking, and so on. */
		bool growing = step / nr % 2 == 0;
		bool add = test_random(&state) % 8 < (growing ? 6 : 2);

		test_note("seed %llu, up to %u nodes of %llu digests, step %u",
			  seed, nr, digests, step);

		if (model_nr == 0 || (add && spare_nr > 0))
			insert(digest, test_random(&state));
		else
			erase(test_random(&state) % model_nr);

		compare_lookup(digest);
		compare_lookup(test_random(&state) % digests * spread);
		if (step % every == 0)
			compare_all();
	}

	while (model_nr)
		erase(test_random(&state) % model_nr);
	compare_all();
}

static const u64 digest_counts[] = { 1, 2, 3, 10, 100, DIGEST_MASK };
#define NR_COUNTS	(sizeof(digest_counts) / sizeof(digest_counts[0]))

static void small_trees_match_model(void)
{
	u64 seed;
	unsigned int i;

	for (seed = 0; seed < 50; seed++)
		for (i = 0; i < NR_COUNTS; i++)
			run_random(seed, 1 + seed, digest_counts[i], 400, 1);
}

static void large_trees_match_model(void)
{
	u64 seed;
	unsigned int i;

	/* A look-up among all-equal digests walks them all: fewer steps. */
	for (seed = 100; seed < 103; seed++)
		for (i = 0; i < NR_COUNTS; i++)
			run_random(seed, NODES_MAX, digest_counts[i],
				   digest_counts[i] < 10 ? 10000 : 30000, 1000);
}

static void ordered_input_stays_balanced(void)
{
	unsigned int i;

	reset(NODES_MAX);
	for (i = 0; i < NODES_MAX; i++)
		insert(i, 0);
	compare_all();
	for (i = 0; i < NODES_MAX / 2; i++)
		erase(0);
	compare_all();

	reset(NODES_MAX);
	for (i = NODES_MAX; i > 0; i--)
		insert(i, 0);
	compare_all();
	for (i = 0; i < NODES_MAX / 2; i++)
		erase(model_nr - 1);
	compare_all();
}

static void tags_do_not_order(void)
{
	unsigned int i;

	reset(GD_TAG_MASK + 1);
	for (i = 0; i <= GD_TAG_MASK; i++)
		insert(7, GD_TAG_MASK - i);
	compare_all();
	compare_lookup(7);
	EXPECT(gd_tree_first(&tree, 7) == &nodes[GD_TAG_MASK]);

	/* The tree does not look at them: changing them in place is fine. */
	for (i = 0; i < model_nr; i++)
		model[i]->word ^= i & GD_TAG_MASK;
	compare_all();
	compare_lookup(7);
}

static void extreme_digests(void)
{
	reset(NODES_MAX);
	EXPECT(gd_tree_verify(&tree));
	EXPECT(!gd_tree_first(&tree, 0));
	EXPECT(!gd_tree_first(&tree, DIGEST_MASK));

	insert(DIGEST_MASK, GD_TAG_MASK);
	insert(0, 0);
	insert(DIGEST_MASK, 0);
	insert(0, GD_TAG_MASK);
	compare_all();
	compare_lookup(0);
	compare_lookup(1);
	compare_lookup(DIGEST_MASK);
	/* No node can have a digest that is wider than they are kept. */
	EXPECT(!gd_tree_first(&tree, DIGEST_MASK + 1));
}

/* A tree of @nr nodes, digests 0, 2, 4... */
static void build(unsigned int nr, u64 seed)
{
	unsigned int i;

	reset(nr);
	for (i = 0; i < nr; i++) {
		u64 digest;

		do {
			digest = test_random(&seed) % nr * 2;
		} while (gd_tree_first(&tree, digest));
		insert(digest, 0);
	}
	EXPECT(gd_tree_verify(&tree));
}

#define EXPECT_NOTICED(place, wrong)			\
do {							\
	__typeof__(place) saved = (place);		\
							\
	(place) = (wrong);				\
	EXPECT(!gd_tree_verify(&tree));			\
	(place) = saved;				\
	EXPECT(gd_tree_verify(&tree));			\
} while (0)

static void verify_notices_count(void)
{
	unsigned int nr;

	for (nr = 0; nr < 40; nr++) {
		test_note("%u nodes", nr);
		build(nr, nr);
		EXPECT_NOTICED(tree.nr, nr + 1);
		EXPECT_NOTICED(tree.nr, nr - 1);
		if (nr)
			EXPECT_NOTICED(tree.root.rb_node, NULL);
	}
}

static void verify_notices_colors(void)
{
	unsigned int nr, i;

	for (nr = 1; nr < 40; nr++) {
		build(nr, nr);
		for (i = 0; i < nr; i++) {
			struct rb_node *rb = &model[i]->rb;

			test_note("%u nodes, node %u", nr, i);
			EXPECT_NOTICED(rb->__rb_parent_color,
				       rb->__rb_parent_color ^ RB_BLACK);
		}
	}
}

/* Black heights alone would not do: color whole levels of a full tree. */
static void verify_notices_red_below_red(void)
{
	static const u64 level_by_level[] = { 4, 2, 6, 1, 3, 5, 7 };
	unsigned int i;

	reset(7);
	for (i = 0; i < 7; i++)
		insert(level_by_level[i], 0);

	for (i = 0; i < 7; i++)
		model[i]->rb.__rb_parent_color |= RB_BLACK;
	EXPECT(gd_tree_verify(&tree));

	model[1]->rb.__rb_parent_color &= ~1UL;
	model[5]->rb.__rb_parent_color &= ~1UL;
	EXPECT(gd_tree_verify(&tree));

	for (i = 0; i < 7; i += 2)
		model[i]->rb.__rb_parent_color &= ~1UL;
	EXPECT(!gd_tree_verify(&tree));
}

static void verify_notices_order(void)
{
	unsigned int nr, i;

	for (nr = 2; nr < 40; nr++) {
		build(nr, nr);
		for (i = 0; i + 1 < nr; i++) {
			test_note("%u nodes, node %u", nr, i);
			EXPECT_NOTICED(model[i]->word,
				       model[i + 1]->word + GD_TAG_MASK + 1);
		}
	}
}

static void verify_notices_links(void)
{
	unsigned int nr, i;

	for (nr = 3; nr < 40; nr++) {
		build(nr, nr);
		for (i = 0; i < nr; i++) {
			struct rb_node *rb = &model[i]->rb;
			struct rb_node *root = tree.root.rb_node;

			test_note("%u nodes, node %u", nr, i);
			/* A parent that it is not the child of: itself. */
			EXPECT_NOTICED(rb->__rb_parent_color,
				       (unsigned long)rb | rb_color(rb));

			/* Loops: to itself and to the root. */
			EXPECT_NOTICED(rb->rb_left, rb);
			EXPECT_NOTICED(rb->rb_right, rb);
			EXPECT_NOTICED(rb->rb_left, root);
			EXPECT_NOTICED(rb->rb_right, root);

			/* One child lost, or hung on both sides. */
			if (rb->rb_left) {
				EXPECT_NOTICED(rb->rb_left, NULL);
				EXPECT_NOTICED(rb->rb_right, rb->rb_left);
			}
			if (rb->rb_right) {
				EXPECT_NOTICED(rb->rb_right, NULL);
				EXPECT_NOTICED(rb->rb_left, rb->rb_right);
			}
		}
	}
}

static const struct test tests[] = {
	TEST(small_trees_match_model),
	TEST(large_trees_match_model),
	TEST(ordered_input_stays_balanced),
	TEST(tags_do_not_order),
	TEST(extreme_digests),
	TEST(verify_notices_count),
	TEST(verify_notices_colors),
	TEST(verify_notices_red_below_red),
	TEST(verify_notices_order),
	TEST(verify_notices_links),
};

TEST_MAIN(tests)
