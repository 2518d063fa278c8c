// SPDX-License-Identifier: GPL-2.0
/*
 * Red-black trees, written from the textbook: red nodes have black children,
 * and every path from the root to a leaf has as many black nodes. Sides are
 * indices, so that each case is written once.
 */
#include <stdbool.h>

#include <linux/rbtree_augmented.h>

enum side { LEFT, RIGHT };

static struct rb_node **child(struct rb_node *node, enum side side)
{
	return side == LEFT ? &node->rb_left : &node->rb_right;
}

static enum side side_of(const struct rb_node *node,
			 const struct rb_node *parent)
{
	return node == parent->rb_left ? LEFT : RIGHT;
}

static void set_parent(struct rb_node *node, const struct rb_node *parent)
{
	node->__rb_parent_color = (unsigned long)parent | rb_color(node);
}

static void set_color(struct rb_node *node, unsigned long color)
{
	node->__rb_parent_color = (unsigned long)rb_parent(node) | color;
}

/* Leaves are black. */
static bool is_red(const struct rb_node *node)
{
	return node && rb_is_red(node);
}

/* Put @new, NULL for nothing, where @old hangs. */
static void replace(struct rb_root *root, struct rb_node *old,
		    struct rb_node *new)
{
	struct rb_node *parent = rb_parent(old);

	if (parent)
		*child(parent, side_of(old, parent)) = new;
	else
		root->rb_node = new;
	if (new)
		set_parent(new, parent);
}

/* Move @top down to @side; its other child takes its place. */
static void rotate(struct rb_root *root, struct rb_node *top, enum side side)
{
	struct rb_node *up = *child(top, !side);
	struct rb_node *middle = *child(up, side);

	replace(root, top, up);
	*child(up, side) = top;
	set_parent(top, up);
	*child(top, !side) = middle;
	if (middle)
		set_parent(middle, top);
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *parent;

	while ((parent = rb_parent(node)) && rb_is_red(parent)) {
		/* There is one: the root is black. */
		struct rb_node *grandparent = rb_parent(parent);
		enum side side = side_of(parent, grandparent);
		struct rb_node *uncle = *child(grandparent, !side);

		set_color(grandparent, RB_RED);
		if (is_red(uncle)) {
			set_color(parent, RB_BLACK);
			set_color(uncle, RB_BLACK);
			node = grandparent;
			continue;
		}

		if (side_of(node, parent) != side) {
			rotate(root, parent, side);
			parent = node;
		}
		set_color(parent, RB_BLACK);
		rotate(root, grandparent, !side);
		break;
	}

	set_color(root->rb_node, RB_BLACK);
}

/* Paths through the child of @parent at @side are one black node short. */
static void rebalance(struct rb_root *root, struct rb_node *parent,
		      enum side side)
{
	for (;;) {
		struct rb_node *node = *child(parent, side);
		struct rb_node *sibling = *child(parent, !side);

		if (is_red(node)) {
			set_color(node, RB_BLACK);
			return;
		}

		if (is_red(sibling)) {
			set_color(sibling, RB_BLACK);
			set_color(parent, RB_RED);
			rotate(root, parent, side);
			sibling = *child(parent, !side);
		}

		if (is_red(sibling->rb_left) || is_red(sibling->rb_right)) {
			if (!is_red(*child(sibling, !side))) {
				rotate(root, sibling, !side);
				set_color(sibling, RB_RED);
				sibling = rb_parent(sibling);
			}
			set_color(sibling, rb_color(parent));
			set_color(parent, RB_BLACK);
			set_color(*child(sibling, !side), RB_BLACK);
			rotate(root, parent, side);
			return;
		}

		/* Make the sibling's paths short too and mend it one up. */
		set_color(sibling, RB_RED);
		node = parent;
		parent = rb_parent(node);
		if (is_red(node) || !parent) {
			set_color(node, RB_BLACK);
			return;
		}
		side = side_of(node, parent);
	}
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *parent, *below;
	unsigned long color;
	enum side side;

	if (node->rb_left && node->rb_right) {
		/* The successor has no left child: trade places with it. */
		struct rb_node *next = rb_next(node);

		color = rb_color(next);
		below = next->rb_right;
		parent = rb_parent(next);
		side = side_of(next, parent);

		replace(root, next, below);
		replace(root, node, next);
		set_color(next, rb_color(node));
		next->rb_left = node->rb_left;
		next->rb_right = node->rb_right;
		set_parent(next->rb_left, next);
		if (next->rb_right)
			set_parent(next->rb_right, next);
		if (parent == node)
			parent = next;
	} else {
		color = rb_color(node);
		below = node->rb_left ? node->rb_left : node->rb_right;
		parent = rb_parent(node);
		side = parent ? side_of(node, parent) : LEFT;
		replace(root, node, below);
	}

	if (color == RB_RED)
		return;
	if (parent)
		rebalance(root, parent, side);
	else if (below)
		set_color(below, RB_BLACK);
}

static struct rb_node *outermost(struct rb_node *node, enum side side)
{
	while (node && *child(node, side))
		node = *child(node, side);

	return node;
}

/* The neighbour of @node at @side, in order. */
static struct rb_node *step(const struct rb_node *node, enum side side)
{
	struct rb_node *from = (struct rb_node *)node, *parent;

	if (*child(from, side))
		return outermost(*child(from, side), !side);

	while ((parent = rb_parent(from)) && side_of(from, parent) == side)
		from = parent;

	return parent;
}

struct rb_node *rb_first(const struct rb_root *root)
{
	return outermost(root->rb_node, LEFT);
}

struct rb_node *rb_last(const struct rb_root *root)
{
	return outermost(root->rb_node, RIGHT);
}

struct rb_node *rb_next(const struct rb_node *node)
{
	return step(node, RIGHT);
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	return step(node, LEFT);
}
