// SPDX-License-Identifier: GPL-2.0
/* The daemon's socket. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "control.h"

#define READERS_MAX	32
#define READER_MS	5000

/* One client. */
struct reader {
	struct reader *next;
	struct control *control;
	int fd;
	struct watch *watch;
	char *text;
	size_t size;
	size_t sent;
	uint64_t since_ms;
};

struct control {
	struct loop *loop;
	char *path;
	int fd;
	struct watch *watch;
	control_fn fn;
	void *arg;
	struct reader *readers;
	unsigned int count;
};

static void drop(struct reader *reader)
{
	struct reader **link = &reader->control->readers;

	while (*link != reader)
		link = &(*link)->next;
	*link = reader->next;
	reader->control->count--;
	watch_remove(reader->watch);
	close(reader->fd);
	free(reader->text);
	free(reader);
}

static void serve(void *arg, uint32_t events)
{
	struct reader *reader = arg;
	ssize_t n;

	(void)events;
	while (reader->sent < reader->size) {
		n = send(reader->fd, reader->text + reader->sent,
			 reader->size - reader->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break;
		reader->sent += (size_t)n;
	}
	drop(reader);
}

static void greet(void *arg, uint32_t events)
{
	struct control *control = arg;
	struct reader *reader;
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	reader = control->count < READERS_MAX ? calloc(1, sizeof(*reader)) : NULL;
	if (!reader) {
		close(fd);
		return;
	}
	reader->control = control;
	reader->fd = fd;
	reader->since_ms = loop_now();
	reader->next = control->readers;
	control->readers = reader;
	control->count++;
	reader->text = control->fn(control->arg, &reader->size);
	reader->watch = watch_add(control->loop, fd, EPOLLOUT, serve, reader);
	if (!reader->text || !reader->watch)
		drop(reader);
}

/* A killed daemon leaves its socket behind; a running one accepts. */
static int make_room(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)) ||
	    errno == EAGAIN)
		err = -EADDRINUSE;
	else if (errno == ECONNREFUSED && unlink(address->sun_path))
		err = -errno;
	close(fd);
	return err;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	err = make_room(&address);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	mask = umask(0177);
	err = bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	      listen(fd, READERS_MAX) ? -errno : 0;
	umask(mask);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* Create the directory of the socket, in case systemd did not. */
static void make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory;

	if (!slash || slash == path)
		return;
	directory = strndup(path, (size_t)(slash - path));
	if (directory)
		mkdir(directory, 0755);
	free(directory);
}

struct control *control_create(struct loop *loop, const char *path, control_fn fn,
			       void *arg, char *error, size_t size)
{
	struct control *control = calloc(1, sizeof(*control));
	int err = -ENOMEM;

	if (!control)
		goto err_report;
	control->loop = loop;
	control->fn = fn;
	control->arg = arg;
	control->fd = -1;
	control->path = strdup(path);
	if (!control->path)
		goto err_free;
	make_directory(path);
	err = listen_at(path);
	if (err < 0)
		goto err_free;
	control->fd = err;
	control->watch = watch_add(loop, control->fd, EPOLLIN, greet, control);
	if (control->watch)
		return control;
	err = -errno;
	unlink(path);
	close(control->fd);
err_free:
	free(control->path);
	free(control);
err_report:
	snprintf(error, size, "cannot listen at %s: %s", path,
		 err == -EADDRINUSE ? "another daemon uses it" : strerror(-err));
	return NULL;
}

void control_destroy(struct control *control)
{
	while (control->readers)
		drop(control->readers);
	watch_remove(control->watch);
	unlink(control->path);
	close(control->fd);
	free(control->path);
	free(control);
}

void control_tick(struct control *control)
{
	struct reader *reader, *next;
	uint64_t now = loop_now();

	for (reader = control->readers; reader; reader = next) {
		next = reader->next;
		if (now - reader->since_ms > READER_MS)
			drop(reader);
	}
}
