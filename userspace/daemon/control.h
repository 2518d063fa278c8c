/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon's socket: each client receives one snapshot, then end of file. */
#ifndef CONTROL_H
#define CONTROL_H

#include <stddef.h>
#include "loop.h"

struct control;

/* The snapshot as malloc()ed text, NULL if out of memory. */
typedef char *(*control_fn)(void *arg, size_t *size);

/*
 * Listens at @path with mode 0600; replaces a socket that is not served. NULL
 * on error, with a message in @error.
 */
struct control *control_create(struct loop *loop, const char *path, control_fn fn,
			       void *arg, char *error, size_t size);
void control_destroy(struct control *control);
/* Once per round: drop clients that do not read. */
void control_tick(struct control *control);

#endif /* CONTROL_H */
