/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon's state as text, in the form of ../lib/status.h. */
#ifndef STATUS_H
#define STATUS_H

#include "daemon.h"

/* The caller frees it; NULL without memory. */
char *status_text(const struct daemon *daemon, size_t *size);

#endif /* STATUS_H */
