// SPDX-License-Identifier: GPL-2.0
/*
 * gd-storm: userfaultfd memory. A thread of the process resolves its faults: it
 * supplies missing pages, and lifts the protection of write-protected ones.
 */
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "storm.h"

struct watch {
	int fd, stop[2];
	bool protect;
	size_t first, n;
	uint64_t old[RUN];	/* what a protected page must hold until it is let go */
	uint64_t page[GD_WORDS] __attribute__((aligned(4096)));
};

static struct watch watch;

static void let_go(char *addr, bool protect)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)addr, GD_PAGE },
		.mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	if (ioctl(watch.fd, UFFDIO_WRITEPROTECT, &wp) && errno != EAGAIN && errno != ENOENT)
		gd_die("gd-storm: UFFDIO_WRITEPROTECT");
}

static void supply(char *addr, size_t i)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)addr, .src = (uintptr_t)watch.page, .len = GD_PAGE,
	};
	struct uffdio_range wake = { (uintptr_t)addr, GD_PAGE };

	memory_fill(watch.page, me.model[i]);
	while (ioctl(watch.fd, UFFDIO_COPY, &copy)) {
		if (errno == EAGAIN)
			continue;
		if (errno != EEXIST)
			gd_die("gd-storm: UFFDIO_COPY");
		ioctl(watch.fd, UFFDIO_WAKE, &wake);
		break;
	}
}

static void answer(const struct uffd_msg *msg)
{
	char *addr = (char *)(msg->arg.pagefault.address & ~(GD_PAGE - 1));
	size_t i = (addr - me.area) / GD_PAGE;

	if (!watch.protect) {
		supply(addr, i);
		return;
	}
	if (memory_differs(addr, watch.old[i - watch.first]) >= 0)
		memory_wrong("write-protected", addr, watch.old[i - watch.first]);
	let_go(addr, false);
}

static void *serve(void *unused)
{
	struct pollfd fds[2] = { { watch.fd, POLLIN, 0 }, { watch.stop[0], POLLIN, 0 } };
	struct uffd_msg msg;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			gd_die("gd-storm: poll");
		if (fds[0].revents && read(watch.fd, &msg, sizeof(msg)) == sizeof(msg) &&
		    msg.event == UFFD_EVENT_PAGEFAULT)
			answer(&msg);
		else if (fds[1].revents)
			return unused;
	}
}

static int begin(bool protect, pthread_t *thread)
{
	struct uffdio_api api = { UFFD_API, protect ? UFFD_FEATURE_PAGEFAULT_FLAG_WP : 0, 0 };
	struct uffdio_register reg = { 0 };
	int err;

	watch.fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (watch.fd < 0)
		return -errno;
	watch.protect = protect;
	watch.first = memory_range(&watch.n);
	memcpy(watch.old, me.model + watch.first, watch.n * sizeof(*watch.old));
	reg.range.start = (uintptr_t)page_at(watch.first);
	reg.range.len = watch.n * GD_PAGE;
	reg.mode = protect ? UFFDIO_REGISTER_MODE_WP : UFFDIO_REGISTER_MODE_MISSING;
	if (ioctl(watch.fd, UFFDIO_API, &api) || ioctl(watch.fd, UFFDIO_REGISTER, &reg) || pipe(watch.stop)) {
		err = -errno;
		close(watch.fd);
		return err;
	}
	if (pthread_create(thread, NULL, serve, NULL))
		gd_die("gd-storm: thread");
	return 0;
}

static void finish(pthread_t thread)
{
	struct uffdio_range range = { (uintptr_t)page_at(watch.first), watch.n * GD_PAGE };

	if (write(watch.stop[1], "", 1) != 1)
		gd_die("gd-storm: pipe");
	pthread_join(thread, NULL);
	if (roll(2))
		ioctl(watch.fd, UFFDIO_UNREGISTER, &range);
	close(watch.fd);
	close(watch.stop[0]);
	close(watch.stop[1]);
}

int uffd_missing(int unused)
{
	pthread_t thread;
	size_t i;
	int err;

	(void)unused;
	err = begin(false, &thread);
	if (err)
		return err;
	memory_check(watch.first, watch.n, "registered with userfaultfd");
	for (i = watch.first; i < watch.first + watch.n; i++)
		me.model[i] = memory_entry();
	if (madvise(page_at(watch.first), watch.n * GD_PAGE, MADV_DONTNEED))
		gd_die("gd-storm: MADV_DONTNEED");
	memory_check(watch.first, watch.n, "supplied by userfaultfd");
	finish(thread);
	memory_check(watch.first, watch.n, "after userfaultfd");
	return 0;
}

int uffd_protect(int unused)
{
	pthread_t thread;
	size_t i;
	int err;

	(void)unused;
	err = begin(true, &thread);
	if (err)
		return err;
	for (i = watch.first; i < watch.first + watch.n; i++)
		let_go(page_at(i), true);
	memory_rest(20);
	memory_check(watch.first, watch.n, "write-protected by userfaultfd");
	for (i = watch.first; i < watch.first + watch.n; i += 1 + roll(3))
		memory_rewrite(i);
	memory_check(watch.first, watch.n, "written, after a fault");
	finish(thread);
	memory_check(watch.first, watch.n, "after userfaultfd");
	return 0;
}
