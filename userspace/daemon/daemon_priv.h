/* SPDX-License-Identifier: GPL-2.0 */
/* Internal to daemon*.c */
#ifndef DAEMON_PRIV_H
#define DAEMON_PRIV_H

#include "daemon.h"

struct guest_env daemon_env(struct daemon *daemon);
/* NULL if there is none of this name. */
struct group *daemon_find_group(struct group **groups, size_t count, const char *name);
/* daemon_config.c: look for groups and guests, put in force what is new */
void daemon_discover(struct daemon *daemon);
/* daemon_claim.c: find out which processes two sections claim */
void daemon_claim(struct daemon *daemon);

#endif /* DAEMON_PRIV_H */
