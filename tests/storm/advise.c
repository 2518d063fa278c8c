// SPDX-License-Identifier: GPL-2.0
/* gd-storm: what a process tells the kernel about its memory: madvise, mlock, NUMA. */
#include <linux/mempolicy.h>
#include <sys/syscall.h>

#include "storm.h"

#define MAX_NODES	2UL

static int advise(size_t first, size_t n, int advice)
{
	return madvise(page_at(first), n * GD_PAGE, advice) ? -errno : 0;
}

int advise_drop(int unused)
{
	size_t n, first = memory_range(&n);
	int err = advise(first, n, MADV_DONTNEED);

	(void)unused;
	if (err)
		return err;
	memset(me.model + first, 0, n * sizeof(*me.model));
	memory_check(first, n / 2, "after MADV_DONTNEED");
	return 0;
}

/*
 * Until it is written again, a page is as it was or zero.
 *
 * It is written before, too, so that it is nobody else's: kernels lose memory
 * otherwise, without any module (seen on 6.1 and 6.18). A page that a read has
 * brought back from swap is clean, and so is the copy that a pin for reading
 * makes (FAULT_FLAG_UNSHARE); after a fork, MADV_FREE of the one makes it a page
 * that reclaim may drop, for both.
 */
int advise_free(int unused)
{
	size_t n, first = memory_range(&n), i;
	int err;

	(void)unused;
	for (i = first; i < first + n; i++)
		memory_rewrite(i);
	err = advise(first, n, MADV_FREE);
	if (err)
		return err;
	memory_rest(10);
	for (i = first; i < first + n; i++) {
		if (memory_differs(page_at(i), me.model[i]) >= 0 && memory_differs(page_at(i), 0) >= 0)
			memory_wrong("after MADV_FREE", page_at(i), me.model[i]);
		memory_rewrite(i);
	}
	return 0;
}

/* Advice that changes no byte. */
int advise_keep(int advice)
{
	size_t n, first = memory_range(&n);
	int err;

	/* what is about huge pages, and what cuts up areas: often of the whole area */
	if ((advice == MADV_HUGEPAGE || advice == MADV_NOHUGEPAGE || advice == MADV_MERGEABLE ||
	     advice == MADV_UNMERGEABLE || advice == 25) && roll(2)) {
		err = advise(0, me.pages, advice);
	} else {
		err = advise(first, n, advice);
	}
	memory_rest(4);
	memory_check(first, n, "after advice");
	return err;
}

/* What a child sees of a range that it is not to have. */
static void look_as_child(int advice, size_t first, size_t n)
{
	unsigned char core;
	size_t i;

	for (i = first; i < first + n; i++) {
		if (advice == MADV_WIPEONFORK && memory_differs(page_at(i), 0) >= 0)
			memory_wrong("wiped on fork", page_at(i), 0);
		if (advice == MADV_DONTFORK && !mincore(page_at(i), GD_PAGE, &core))
			memory_wrong("a child has what it must not have", page_at(i), 0);
	}
	_exit(0);
}

int advise_fork(int advice)
{
	size_t n, first = memory_range(&n);
	int err = advise(first, n, advice), back;
	pid_t pid;

	if (err)
		return err;
	memory_rest(10);
	pid = family_fork();
	if (!pid)
		look_as_child(advice, first, n);
	err = pid < 0 ? pid : family_wait(pid);
	back = advise(first, n, advice == MADV_DONTFORK ? MADV_DOFORK : MADV_KEEPONFORK);
	if (back)
		gd_die("gd-storm: madvise back");
	memory_check(first, n, "after a child without it");
	return err;
}

int advise_lock(int unused)
{
	size_t n, first = memory_range(&n);

	(void)unused;
	if (roll(2) ? mlock(page_at(first), n * GD_PAGE) :
		      syscall(SYS_mlock2, page_at(first), n * GD_PAGE, 1 /* MLOCK_ONFAULT */))
		return -errno;
	memory_rewrite(first + roll(n));
	memory_rest(10);
	memory_check(first, n, "locked");
	if (munlock(page_at(first), n * GD_PAGE))
		return -errno;
	return 0;
}

/* As CRIU does: which pages are written from now on? */
int advise_clear_refs(int unused)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY), err;

	(void)unused;
	if (fd < 0)
		return -errno;
	err = write(fd, "4", 1) == 1 ? 0 : -errno;
	close(fd);
	return err;
}

static bool has_nodes(void)
{
	return !access("/sys/devices/system/node/node1", F_OK);
}

/* Half of the policies stay. */
int numa_bind(int unused)
{
	unsigned long mask = 1UL << roll(MAX_NODES);
	size_t n, first = memory_range(&n);
	int err = 0;

	(void)unused;
	if (!has_nodes())
		return -ENODEV;
	if (syscall(SYS_mbind, page_at(first), n * GD_PAGE, MPOL_PREFERRED, &mask, 8 * sizeof(mask), MPOL_MF_MOVE))
		err = -errno;
	memory_check(first, n, "bound to a node");
	if (roll(2) && syscall(SYS_mbind, page_at(first), n * GD_PAGE, MPOL_DEFAULT, NULL, 0, 0))
		gd_die("gd-storm: mbind back");
	return err;
}

int numa_move(int unused)
{
	int nodes[RUN], status[RUN], node = roll(MAX_NODES);
	size_t n, first = memory_range(&n), i;
	void *where[RUN];
	int err = 0;

	(void)unused;
	if (!has_nodes())
		return -ENODEV;
	for (i = 0; i < n; i++) {
		where[i] = page_at(first + i);
		nodes[i] = node;
	}
	if (syscall(SYS_move_pages, 0, n, where, nodes, status, MPOL_MF_MOVE) < 0)
		err = -errno;
	memory_check(first, n, "moved to a node");
	return err;
}

int numa_migrate(int unused)
{
	unsigned long from = 1UL << roll(MAX_NODES), to = from ^ 3;
	int err = 0;

	(void)unused;
	if (!has_nodes())
		return -ENODEV;
	if (syscall(SYS_migrate_pages, 0, 8 * sizeof(from), &from, &to) < 0)
		err = -errno;
	memory_check(0, me.pages, "migrated");
	return err;
}
