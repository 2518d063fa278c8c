/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family. Events (notify.c) are sent by it, and its
 * operations (netlink.c) are above them: the one arrow in the module that
 * points up. The family is defined in netlink.c, because a struct genl_family
 * names its operations.
 */
#ifndef GD_FAMILY_H
#define GD_FAMILY_H

#include <net/genetlink.h>

extern struct genl_family gd_family;

#endif /* GD_FAMILY_H */
