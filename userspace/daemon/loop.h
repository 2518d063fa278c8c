/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event loop: watches file descriptors only. A callback may remove any
 * watch, including its own. The loop is not thread-safe.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>

struct loop;
struct watch;

/* @events: the EPOLL* events that occurred. */
typedef void (*watch_fn)(void *arg, uint32_t events);

/* NULL on error, with errno set. */
struct loop *loop_create(void);
void loop_destroy(struct loop *loop);
/*
 * Waits at most @timeout_ms (-1: no limit) and calls the watches whose events
 * occurred. 0 or -errno.
 */
int loop_turn(struct loop *loop, int timeout_ms);

/* NULL on error, with errno set. The caller keeps ownership of @fd. */
struct watch *watch_add(struct loop *loop, int fd, uint32_t events, watch_fn fn,
			void *arg);
void watch_change(struct watch *watch, uint32_t events);
/* Call before closing the descriptor. NULL is allowed. */
void watch_remove(struct watch *watch);

/* CLOCK_MONOTONIC in ms, the clock of all times in the daemon. */
uint64_t loop_now(void);

#endif /* LOOP_H */
