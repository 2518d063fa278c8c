/* SPDX-License-Identifier: GPL-2.0 */
/* The state of the daemon as text, in the format of ../lib/status.h. */
#ifndef STATUS_H
#define STATUS_H

#include "daemon.h"

/* The caller frees it; NULL if out of memory. */
char *status_text(const struct daemon *daemon, size_t *size);

#endif /* STATUS_H */
