// SPDX-License-Identifier: GPL-2.0
/*
 * enrol: a library for LD_PRELOAD that makes a program that knows nothing of it,
 * and each of its children, a member of a group; and that has the scanner merge
 * its memory between its system calls. The whole of what it changes:
 *
 *   at the start of the program (after an exec as well) and in each child, before
 *   fork() returns there: the process is assigned to $GRPDEDUP_TEST_GROUP
 *
 *   before fork(), and before and after each of
 *   mprotect madvise munmap mremap vmsplice ioctl
 *   io_uring_register_buffers io_uring_submit, read and write of pipes
 *   it waits. If $GRPDEDUP_TEST_STEPS is a number, until the scanner has made as many
 *   passes: all that can be merged is. If it is 0, now and then for a random time:
 *   merges happen whenever they do. Not before madvise(MADV_PAGEOUT): frames are not
 *   swapped out, and a test of swapped memory would find none to test.
 *
 * The calls themselves, their arguments and their results are the kernel's. Without
 * $GRPDEDUP_TEST_GROUP it does nothing. If it cannot do its work, it says so and the
 * process ends with status 99.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../../userspace/lib/libgrpdedup.h"

#define EXPORT		__attribute__((visibility("default")))
#define POLL_US		300
#define PASS_SECONDS	60
#define SLEEP_US_MAX	50000

struct io_uring;

static const char *group;
static struct grpdedup_conn *conn;
static unsigned int steps, dice;

static void give_up(const char *what, int err)
{
	fprintf(stderr, "enrol: pid %d: %s: %s %s\n", getpid(), what, strerror(-err),
		conn ? grpdedup_conn_error(conn) : "");
	_exit(99);
}

static void enrol(void)
{
	struct grpdedup_request request;
	int err = grpdedup_conn_open(&conn);

	if (!err)
		err = grpdedup_member_add(conn, group, getpid(), 0, &request);
	if (!err)
		err = grpdedup_request_wait(conn, &request, 1, NULL);
	if (err)
		give_up("it cannot become a member", err);
	dice = getpid() ^ (unsigned int)time(NULL);
}

/* One pass from its start to its end. */
static void wait_for_pass(void)
{
	time_t end = time(NULL) + PASS_SECONDS;
	struct grpdedup_group state;
	uint64_t pass;
	int err = grpdedup_group_scan(conn, group, &pass);

	while (!err) {
		err = grpdedup_group_get(conn, group, &state);
		if (!err && grpdedup_counter_or_0(&state.counters, GRPDEDUP_CNT_FULL_SCANS) >= pass)
			return;
		if (!err && time(NULL) > end)
			err = -ETIMEDOUT;
		usleep(POLL_US);
	}
	give_up("a pass", err);
}

/* What is done around each call; errno and the results must not change. */
static void look(void)
{
	int err = errno;
	unsigned int i;

	if (!conn)
		return;
	for (i = 0; i < steps; i++)
		wait_for_pass();
	if (!steps && rand_r(&dice) % 4 == 0)
		usleep(rand_r(&dice) % SLEEP_US_MAX);
	errno = err;
}

/* The parent's connection is not the child's. */
static void child(void)
{
	int err = errno;

	grpdedup_conn_close(conn);
	enrol();
	errno = err;
}

__attribute__((constructor))
static void start(void)
{
	const char *word = getenv("GRPDEDUP_TEST_STEPS");

	group = getenv("GRPDEDUP_TEST_GROUP");
	if (!group)
		return;
	steps = word ? atoi(word) : 0;
	enrol();
	pthread_atfork(look, NULL, child);
}

/* The call @nr between two looks. */
static long between_looks(long nr, long a, long b, long c, long d, long e)
{
	long ret;

	look();
	ret = syscall(nr, a, b, c, d, e);
	look();
	return ret;
}

EXPORT int mprotect(void *addr, size_t len, int prot)
{
	return between_looks(SYS_mprotect, (long)addr, len, prot, 0, 0);
}

EXPORT int madvise(void *addr, size_t len, int advice)
{
	int ret;

	if (advice != MADV_PAGEOUT)
		look();
	ret = syscall(SYS_madvise, addr, len, advice);
	look();
	return ret;
}

EXPORT int munmap(void *addr, size_t len)
{
	return between_looks(SYS_munmap, (long)addr, len, 0, 0, 0);
}

EXPORT void *mremap(void *addr, size_t old_len, size_t new_len, int flags, ...)
{
	void *to = NULL;
	va_list ap;

	if (flags & MREMAP_FIXED) {
		va_start(ap, flags);
		to = va_arg(ap, void *);
		va_end(ap);
	}
	return (void *)between_looks(SYS_mremap, (long)addr, old_len, new_len, flags, (long)to);
}

EXPORT ssize_t vmsplice(int fd, const struct iovec *iov, size_t count, unsigned int flags)
{
	return between_looks(SYS_vmsplice, fd, (long)iov, count, flags, 0);
}

/* Where tests wait for one another. They also set dozens of knobs in sysfs. */
static bool is_pipe(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISFIFO(st.st_mode);
}

EXPORT ssize_t read(int fd, void *buf, size_t len)
{
	if (!is_pipe(fd))
		return syscall(SYS_read, fd, buf, len);
	return between_looks(SYS_read, fd, (long)buf, len, 0, 0);
}

EXPORT ssize_t write(int fd, const void *buf, size_t len)
{
	if (!is_pipe(fd))
		return syscall(SYS_write, fd, buf, len);
	return between_looks(SYS_write, fd, (long)buf, len, 0, 0);
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	long arg;

	va_start(ap, request);
	arg = va_arg(ap, long);
	va_end(ap);
	return between_looks(SYS_ioctl, fd, request, arg, 0, 0);
}

EXPORT int io_uring_register_buffers(struct io_uring *ring, const struct iovec *iov,
				     unsigned int count)
{
	int (*real)(struct io_uring *, const struct iovec *, unsigned int) =
		dlsym(RTLD_NEXT, "io_uring_register_buffers");
	int ret;

	look();
	ret = real(ring, iov, count);
	look();
	return ret;
}

EXPORT int io_uring_submit(struct io_uring *ring)
{
	int (*real)(struct io_uring *) = dlsym(RTLD_NEXT, "io_uring_submit");
	int ret;

	look();
	ret = real(ring);
	look();
	return ret;
}
