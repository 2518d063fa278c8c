// SPDX-License-Identifier: GPL-2.0
/*
 * gd-storm: memory as the buffer of O_DIRECT and of pipes. The kernel holds
 * references to pages meanwhile, and the data has to be in the right page.
 */
#include <signal.h>
#include <sys/uio.h>

#include "storm.h"

#define SECTOR	512UL

/* A part of the disk for this process alone: that of a dead one is free. -1: none is left. */
off_t io_lane(void)
{
	int i, owner;

	if (me.disk < 0)
		return -1;
	for (i = 0; me.lane < 0 && i < MAX_LANES; i++) {
		owner = atomic_load(&me.ledger->lane[i]);
		if (owner && owner != getpid() && !kill(owner, 0))
			continue;
		if (atomic_compare_exchange_strong(&me.ledger->lane[i], &owner, getpid()))
			me.lane = i;
	}
	return me.lane < 0 ? -1 : (off_t)(me.lane * LANE_PAGES * GD_PAGE);
}

/* O_DIRECT of whole pages: into memory, or out of it and then back into the bounce. */
int io_direct(int out)
{
	size_t n, first = memory_range(&n), i;
	ssize_t bytes = n * GD_PAGE;
	off_t at = io_lane();

	if (at < 0)
		return -ENODEV;
	if (out) {
		if (pwrite(me.disk, page_at(first), bytes, at) != bytes)
			return -errno;
		if (pread(me.disk, me.bounce, bytes, at) != bytes)
			return -errno;
		memory_check_bytes(me.bounce, me.model + first, n, "written out");
		return 0;
	}
	for (i = 0; i < n; i++) {
		me.model[first + i] = memory_entry();
		memory_fill(me.bounce + i * GD_PAGE, me.model[first + i]);
	}
	if (pwrite(me.disk, me.bounce, bytes, at) != bytes ||
	    pread(me.disk, page_at(first), bytes, at) != bytes)
		gd_die("gd-storm: O_DIRECT of %zd bytes", bytes);
	memory_check(first, n, "just read in");
	return 0;
}

/* O_DIRECT into one sector of a page, whose rest must stay. */
int io_sector(int unused)
{
	size_t i = roll(me.pages);
	uint64_t entry = memory_patched(me.model[i]);
	size_t sector = memory_patch_at(entry) * 8 / SECTOR * SECTOR;
	off_t at = io_lane();

	(void)unused;
	if (at < 0)
		return -ENODEV;
	memory_fill(me.bounce, entry);
	if (pwrite(me.disk, me.bounce, GD_PAGE, at) != (ssize_t)GD_PAGE)
		return -errno;
	if (pread(me.disk, page_at(i) + sector, SECTOR, at + sector) != (ssize_t)SECTOR)
		return -errno;
	me.model[i] = entry;
	memory_check(i, 1, "one sector read in");
	return 0;
}

/* What is in a pipe stays the same when a child writes to the page that it came from. */
static int through_pipe(int from, int to, size_t first, size_t n)
{
	struct iovec iov = { page_at(first), n * GD_PAGE };
	size_t got = 0, i;
	ssize_t bytes;
	pid_t pid;

	bytes = vmsplice(to, &iov, 1, 0);
	if (bytes < 0)
		return -errno;
	memory_rest(20);
	if (roll(2)) {
		pid = family_fork();
		if (!pid) {
			for (i = first; i < first + n; i++)
				memory_rewrite(i);
			memory_check(first, n, "a child's, of a page in a pipe");
			_exit(0);
		}
		if (pid > 0)
			family_wait(pid);
	}
	while (got < (size_t)bytes) {
		ssize_t more = read(from, me.bounce + got, bytes - got);

		if (more <= 0)
			gd_die("gd-storm: read of a pipe");
		got += more;
	}
	memory_check_bytes(me.bounce, me.model + first, bytes / GD_PAGE, "out of a pipe");
	memory_check(first, n, "after vmsplice");
	return 0;
}

static int from_pipe(int from, int to, size_t first, size_t n)
{
	struct iovec iov = { page_at(first), n * GD_PAGE };
	size_t i;

	for (i = 0; i < n; i++) {
		me.model[first + i] = memory_entry();
		memory_fill(me.bounce + i * GD_PAGE, me.model[first + i]);
	}
	if (write(to, me.bounce, n * GD_PAGE) != (ssize_t)(n * GD_PAGE))
		gd_die("gd-storm: write to a pipe");
	for (; iov.iov_len; iov.iov_len -= i, iov.iov_base = (char *)iov.iov_base + i) {
		ssize_t got = vmsplice(from, &iov, 1, 0);

		if (got <= 0)
			gd_die("gd-storm: vmsplice of %zu bytes", iov.iov_len);
		i = got;
	}
	memory_check(first, n, "vmspliced in");
	return 0;
}

/* A pipe holds 16 pages unless told. */
int io_pipe(int out)
{
	size_t n = 1 + roll(15), first = roll(me.pages - n);
	int ends[2], err;

	if (pipe(ends))
		return -errno;
	err = out ? through_pipe(ends[0], ends[1], first, n) : from_pipe(ends[0], ends[1], first, n);
	close(ends[0]);
	close(ends[1]);
	return err;
}
