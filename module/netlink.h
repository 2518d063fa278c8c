/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family: registering and unregistering it. */
#ifndef GD_NETLINK_H
#define GD_NETLINK_H

int gd_netlink_init(void);
void gd_netlink_exit(void);

#endif /* GD_NETLINK_H */
