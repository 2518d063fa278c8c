/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event loop: file descriptors that are waited for, and nothing else. A
 * callback may forget any watch, its own included. The loop is not thread-safe.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>

struct loop;
struct watch;

/* @events: EPOLLIN, EPOLLOUT and so on, as they came. */
typedef void (*watch_fn)(void *arg, uint32_t events);

/* NULL: errno says why. */
struct loop *loop_create(void);
void loop_destroy(struct loop *loop);
/*
 * Waits at most @timeout_ms (-1: for ever) and hands out what has come. 0 or
 * -errno.
 */
int loop_turn(struct loop *loop, int timeout_ms);

/* NULL: errno says why. The descriptor stays the caller's. */
struct watch *watch_add(struct loop *loop, int fd, uint32_t events, watch_fn fn,
			void *arg);
void watch_change(struct watch *watch, uint32_t events);
/* Before the descriptor is closed. NULL is fine. */
void watch_remove(struct watch *watch);

/* CLOCK_MONOTONIC in ms: all times of the daemon are these. */
uint64_t loop_now(void);

#endif /* LOOP_H */
