/* SPDX-License-Identifier: GPL-2.0 */
/* Copy, free and compare what a guest is found by. */
#ifndef CONFIG_GUEST_H
#define CONFIG_GUEST_H

#include "config.h"

/* A copy with strings of its own. 0, or -ENOMEM: there is nothing to free. */
int config_guest_copy(struct config_guest *to, const struct config_guest *from);
/* Free what @guest points to. */
void config_guest_free(struct config_guest *guest);
/* Both are found by the same file, socket or domain. */
bool config_guest_is_same(const struct config_guest *a, const struct config_guest *b);

#endif /* CONFIG_GUEST_H */
