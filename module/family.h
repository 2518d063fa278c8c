/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family itself; its operations are in netlink.c. */
#ifndef GD_FAMILY_H
#define GD_FAMILY_H

#include <net/genetlink.h>

extern struct genl_family gd_family;

#endif /* GD_FAMILY_H */
