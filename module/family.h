/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family. notify.c sends events through it. netlink.c,
 * which is above notify.c, defines it, because struct genl_family lists the
 * operations: the only upward dependency in the module.
 */
#ifndef GD_FAMILY_H
#define GD_FAMILY_H

#include <net/genetlink.h>

extern struct genl_family gd_family;

#endif /* GD_FAMILY_H */
