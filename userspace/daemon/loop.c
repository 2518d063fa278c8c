// SPDX-License-Identifier: GPL-2.0
/* The event loop: epoll, and watches that callbacks may remove. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include "loop.h"

#define BATCH	64

/**
 * struct watch - one watched descriptor
 * @removed: no longer called; freed at the end of the turn, as the batch of
 *	events may still point to it
 * @next: in the list of removed watches
 */
struct watch {
	struct loop *loop;
	int fd;
	watch_fn fn;
	void *arg;
	bool removed;
	struct watch *next;
};

struct loop {
	int fd;
	bool in_turn;
	struct watch *removed;
};

struct loop *loop_create(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->fd < 0) {
		free(loop);
		return NULL;
	}
	return loop;
}

static void free_removed(struct loop *loop)
{
	struct watch *watch;

	while ((watch = loop->removed)) {
		loop->removed = watch->next;
		free(watch);
	}
}

void loop_destroy(struct loop *loop)
{
	if (!loop)
		return;
	free_removed(loop);
	close(loop->fd);
	free(loop);
}

int loop_turn(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[BATCH];
	int i, count = epoll_wait(loop->fd, events, BATCH, timeout_ms);

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	loop->in_turn = true;
	for (i = 0; i < count; i++) {
		struct watch *watch = events[i].data.ptr;

		if (!watch->removed)
			watch->fn(watch->arg, events[i].events);
	}
	loop->in_turn = false;
	free_removed(loop);
	return 0;
}

struct watch *watch_add(struct loop *loop, int fd, uint32_t events, watch_fn fn,
			void *arg)
{
	struct epoll_event event = { .events = events };
	struct watch *watch = calloc(1, sizeof(*watch));
	int err;

	if (!watch)
		return NULL;
	*watch = (struct watch){ .loop = loop, .fd = fd, .fn = fn, .arg = arg };
	event.data.ptr = watch;
	if (epoll_ctl(loop->fd, EPOLL_CTL_ADD, fd, &event)) {
		err = errno;
		free(watch);
		errno = err;
		return NULL;
	}
	return watch;
}

void watch_change(struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	epoll_ctl(watch->loop->fd, EPOLL_CTL_MOD, watch->fd, &event);
}

void watch_remove(struct watch *watch)
{
	if (!watch)
		return;
	epoll_ctl(watch->loop->fd, EPOLL_CTL_DEL, watch->fd, NULL);
	if (!watch->loop->in_turn) {
		free(watch);
		return;
	}
	watch->removed = true;
	watch->next = watch->loop->removed;
	watch->loop->removed = watch;
}

uint64_t loop_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
