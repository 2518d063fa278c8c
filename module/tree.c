// SPDX-License-Identifier: GPL-2.0
/*
 * Red-black trees of digests. Independent of pages and groups, takes no lock
 * and allocates nothing; a tree belongs to one thread.
 */
#include <linux/rbtree.h>
#include <linux/rbtree_augmented.h>
#include <linux/types.h>

#include "tree.h"

static struct gd_tree_node *node_of(const struct rb_node *rb)
{
	return rb_entry(rb, struct gd_tree_node, rb);
}

/**
 * gd_tree_insert() - put a node into a tree
 * @tree: the tree
 * @node: a node outside of any tree, its word set; its rb need not be
 *        initialized
 *
 * The node comes after those of the same digest.
 */
void gd_tree_insert(struct gd_tree *tree, struct gd_tree_node *node)
{
	struct rb_node **link = &tree->root.rb_node, *parent = NULL;
	u64 digest = gd_tree_digest(node);

	while (*link) {
		parent = *link;
		if (digest < gd_tree_digest(node_of(parent)))
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}

	rb_link_node(&node->rb, parent, link);
	rb_insert_color(&node->rb, &tree->root);
	tree->nr++;
}

/**
 * gd_tree_erase() - remove a node from its tree
 * @tree: the tree
 * @node: a node of @tree
 *
 * The rb of the node is its owner's afterwards.
 */
void gd_tree_erase(struct gd_tree *tree, struct gd_tree_node *node)
{
	rb_erase(&node->rb, &tree->root);
	tree->nr--;
}

/**
 * gd_tree_first() - find the first node of a digest
 * @tree: the tree
 * @digest: the digest to find
 *
 * Return: the node, or NULL if no node has this digest.
 */
struct gd_tree_node *gd_tree_first(const struct gd_tree *tree, u64 digest)
{
	struct rb_node *rb = tree->root.rb_node;
	struct gd_tree_node *first = NULL;

	while (rb) {
		struct gd_tree_node *node = node_of(rb);

		if (gd_tree_digest(node) < digest) {
			rb = rb->rb_right;
			continue;
		}
		/* Rotations move equals to both sides: continue to the left. */
		if (gd_tree_digest(node) == digest)
			first = node;
		rb = rb->rb_left;
	}

	return first;
}

/**
 * gd_tree_next() - find the next node of the same digest
 * @node: a node in a tree
 *
 * Return: the node, or NULL if @node is the last one of its digest.
 */
struct gd_tree_node *gd_tree_next(const struct gd_tree_node *node)
{
	struct rb_node *rb = rb_next(&node->rb);

	if (!rb || gd_tree_digest(node_of(rb)) != gd_tree_digest(node))
		return NULL;

	return node_of(rb);
}

/* State of a verification. */
struct check {
	unsigned long	nr;	/* nodes entered */
	unsigned int	blacks;	/* black nodes from the root to here */
	unsigned int	height;	/* the same at the first leaf, 0 before it */
};

/* May @rb hang below @parent? Only then its own parent link can be trusted. */
static bool link_ok(const struct rb_node *rb, const struct rb_node *parent)
{
	if (rb_parent(rb) != parent)
		return false;
	if (rb_is_red(rb) && (!parent || rb_is_red(parent)))
		return false;

	/* A child on both sides would hide its parent from the walk. */
	return !rb->rb_left || rb->rb_left != rb->rb_right;
}

/* Walk from @rb, a child of @parent, down to the left until NULL. */
static bool descend(struct check *check, const struct rb_node *rb,
		    const struct rb_node *parent, const struct rb_node **last)
{
	for (; rb; parent = rb, rb = rb->rb_left) {
		if (!link_ok(rb, parent))
			return false;
		check->nr++;
		check->blacks += rb_is_black(rb);
	}

	if (!check->height)
		check->height = check->blacks;
	*last = parent;

	return check->blacks == check->height;
}

/* Walk from @rb, all below it done, up to the first node not visited yet. */
static const struct rb_node *ascend(struct check *check,
				    const struct rb_node *rb)
{
	const struct rb_node *child;

	do {
		child = rb;
		check->blacks -= rb_is_black(child);
		rb = rb_parent(child);
	} while (rb && child == rb->rb_right);

	return rb;
}

/**
 * gd_tree_verify() - check the invariants of a tree
 * @tree: the tree
 *
 * Checks the order, the number of nodes, the parent links, and the rules of
 * red-black trees. Uses no stack and follows no parent link before it has been
 * checked, so it terminates on a broken tree too.
 *
 * Return: true if the tree is sound.
 */
bool gd_tree_verify(const struct gd_tree *tree)
{
	const struct rb_node *rb, *right;
	struct check check = {};
	u64 last = 0;

	if (!descend(&check, tree->root.rb_node, NULL, &rb))
		return false;

	while (rb) {
		u64 digest = gd_tree_digest(node_of(rb));

		if (digest < last)
			return false;
		last = digest;

		right = rb->rb_right;
		if (!descend(&check, right, rb, &rb))
			return false;
		if (!right)
			rb = ascend(&check, rb);
	}

	return check.nr == tree->nr;
}
