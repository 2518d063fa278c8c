/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Red-black trees of digests, independent of pages and groups.
 *
 * Both trees of a group are of this kind: the stable one holds frames, the
 * unstable one page slots. Equal digests are allowed (twin frames, collisions);
 * they are neighbours, and the caller of a look-up compares the bytes.
 */
#ifndef GD_TREE_H
#define GD_TREE_H

#include <linux/rbtree.h>
#include <linux/types.h>

/* Bits of a word that belong to the node's owner; the digest is above them. */
#define GD_TAG_BITS	8
#define GD_TAG_MASK	((1ULL << GD_TAG_BITS) - 1)

/**
 * struct gd_tree_node - one digest, 32 bytes
 * @rb: place in the tree; free for the owner's use while outside of one
 * @word: 56 bits of digest over 8 bits that the tree ignores
 */
struct gd_tree_node {
	struct rb_node	rb;
	u64		word;
};

struct gd_tree {
	struct rb_root	root;
	unsigned long	nr;
};

#define GD_TREE_INIT	(struct gd_tree){ .root = RB_ROOT }

static inline u64 gd_tree_digest(const struct gd_tree_node *node)
{
	return node->word >> GD_TAG_BITS;
}

void gd_tree_insert(struct gd_tree *tree, struct gd_tree_node *node);
void gd_tree_erase(struct gd_tree *tree, struct gd_tree_node *node);
struct gd_tree_node *gd_tree_first(const struct gd_tree *tree, u64 digest);
struct gd_tree_node *gd_tree_next(const struct gd_tree_node *node);
bool gd_tree_verify(const struct gd_tree *tree);

#endif /* GD_TREE_H */
