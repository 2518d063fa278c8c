/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The daemon's socket: whoever connects gets a snapshot and the end of the
 * file.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stddef.h>
#include "loop.h"

struct control;

/* The snapshot as malloc()ed text, NULL without memory. */
typedef char *(*control_fn)(void *arg, size_t *size);

/*
 * Listens at @path, for its owner only; a socket there that nobody serves is
 * replaced. NULL with a sentence in @error.
 */
struct control *control_create(struct loop *loop, const char *path, control_fn fn,
			       void *arg, char *error, size_t size);
void control_destroy(struct control *control);
/* Once per round: readers that do not read are dropped. */
void control_tick(struct control *control);

#endif /* CONTROL_H */
