/* SPDX-License-Identifier: GPL-2.0 */
/* Where the kernel keeps the colors. */
#ifndef SHIM_LINUX_RBTREE_AUGMENTED_H
#define SHIM_LINUX_RBTREE_AUGMENTED_H

#include <linux/rbtree.h>

#define RB_RED		0
#define RB_BLACK	1

#define rb_color(rb)	((rb)->__rb_parent_color & 1)
#define rb_is_red(rb)	(rb_color(rb) == RB_RED)
#define rb_is_black(rb)	(rb_color(rb) == RB_BLACK)

#endif /* SHIM_LINUX_RBTREE_AUGMENTED_H */
