// SPDX-License-Identifier: GPL-2.0
/*
 * gd-storm: memory as the buffer of io_uring, with several requests under way at
 * once, and registered: then its pages are pinned all the while.
 */
#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "storm.h"

#define ENTRIES	RUN

struct ring {
	int fd;
	char *rings, *sqes;
	size_t rings_size;
	struct io_uring_params p;
};

enum { READ, WRITE, FIXED };

static int ring_open(struct ring *ring)
{
	size_t sq, cq;

	memset(&ring->p, 0, sizeof(ring->p));
	ring->fd = syscall(SYS_io_uring_setup, ENTRIES, &ring->p);
	if (ring->fd < 0)
		return -errno;
	if (!(ring->p.features & IORING_FEAT_SINGLE_MMAP)) {
		close(ring->fd);
		return -EOPNOTSUPP;
	}
	sq = ring->p.sq_off.array + ring->p.sq_entries * sizeof(unsigned int);
	cq = ring->p.cq_off.cqes + ring->p.cq_entries * sizeof(struct io_uring_cqe);
	ring->rings_size = sq > cq ? sq : cq;
	ring->rings = mmap(NULL, ring->rings_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			   ring->fd, IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, ring->p.sq_entries * sizeof(struct io_uring_sqe),
			  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	if (ring->rings == MAP_FAILED || ring->sqes == MAP_FAILED)
		gd_die("gd-storm: mmap of io_uring");
	return 0;
}

static void ring_close(struct ring *ring)
{
	munmap(ring->rings, ring->rings_size);
	munmap(ring->sqes, ring->p.sq_entries * sizeof(struct io_uring_sqe));
	close(ring->fd);
}

static unsigned int *word_at(struct ring *ring, unsigned int offset)
{
	return (unsigned int *)(ring->rings + offset);
}

static void queue(struct ring *ring, int opcode, char *mem, size_t bytes, off_t at)
{
	unsigned int tail = *word_at(ring, ring->p.sq_off.tail);
	unsigned int slot = tail & *word_at(ring, ring->p.sq_off.ring_mask);
	struct io_uring_sqe *sqe = (struct io_uring_sqe *)ring->sqes + slot;

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->fd = me.disk;
	sqe->addr = (uintptr_t)mem;
	sqe->len = bytes;
	sqe->off = at;
	word_at(ring, ring->p.sq_off.array)[slot] = slot;
	__atomic_store_n(word_at(ring, ring->p.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
}

/* All of them, each of @bytes. */
static int complete(struct ring *ring, unsigned int n, int bytes)
{
	unsigned int head = *word_at(ring, ring->p.cq_off.head), done = 0, mask;
	const struct io_uring_cqe *cqe;
	int err = 0;

	if (syscall(SYS_io_uring_enter, ring->fd, n, n, IORING_ENTER_GETEVENTS, NULL, 0) != (long)n)
		gd_die("gd-storm: io_uring_enter");
	mask = *word_at(ring, ring->p.cq_off.ring_mask);
	cqe = (void *)(ring->rings + ring->p.cq_off.cqes);
	for (; done < n; done++, head++) {
		if (head == __atomic_load_n(word_at(ring, ring->p.cq_off.tail), __ATOMIC_ACQUIRE))
			gd_die("gd-storm: io_uring returns before all is done");
		if (cqe[head & mask].res != bytes)
			err = cqe[head & mask].res < 0 ? cqe[head & mask].res : -EIO;
	}
	__atomic_store_n(word_at(ring, ring->p.cq_off.head), head, __ATOMIC_RELEASE);
	return err;
}

static int transfer(struct ring *ring, int opcode, char *mem, size_t n, off_t at)
{
	size_t i;

	for (i = 0; i < n; i++)
		queue(ring, opcode, mem + i * GD_PAGE, GD_PAGE, at + i * GD_PAGE);
	return complete(ring, n, GD_PAGE);
}

/* New content comes by way of the disk. */
static int read_in(struct ring *ring, int opcode, size_t first, size_t n, off_t at)
{
	size_t i;
	int err;

	for (i = 0; i < n; i++) {
		me.model[first + i] = memory_entry();
		memory_fill(me.bounce + i * GD_PAGE, me.model[first + i]);
	}
	err = transfer(ring, IORING_OP_WRITE, me.bounce, n, at);
	if (!err)
		err = transfer(ring, opcode, page_at(first), n, at);
	if (err) {
		errno = -err;
		gd_die("gd-storm: io_uring");
	}
	memory_check(first, n, "read in by io_uring");
	return 0;
}

static int write_out(struct ring *ring, size_t first, size_t n, off_t at)
{
	int err = transfer(ring, IORING_OP_WRITE, page_at(first), n, at);

	if (!err)
		err = transfer(ring, IORING_OP_READ, me.bounce, n, at);
	if (!err)
		memory_check_bytes(me.bounce, me.model + first, n, "written out by io_uring");
	return err;
}

/* Registered, rested, maybe forked: what is pinned has to stay this process's own page. */
static int read_fixed(struct ring *ring, size_t first, size_t n, off_t at)
{
	struct iovec iov = { page_at(first), n * GD_PAGE };
	pid_t pid = -1;
	size_t i;

	if (syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS, &iov, 1))
		return -errno;
	memory_rest(20);
	if (roll(2)) {
		pid = family_fork();
		if (!pid) {
			memory_rest(10);
			memory_check(first, n, "a child's, of a registered buffer");
			for (i = first; i < first + n; i += 2)
				memory_rewrite(i);
			memory_check(first, n, "a child's, written");
			_exit(0);
		}
		memory_rest(10);
	}
	read_in(ring, IORING_OP_READ_FIXED, first, n, at);
	if (pid > 0)
		family_wait(pid);
	memory_check(first, n, "registered");
	return syscall(SYS_io_uring_register, ring->fd, IORING_UNREGISTER_BUFFERS, NULL, 0) ? -errno : 0;
}

int uring_transfer(int how)
{
	size_t n, first = memory_range(&n);
	off_t at = io_lane();
	struct ring ring;
	int err;

	if (at < 0)
		return -ENODEV;
	err = ring_open(&ring);
	if (err)
		return err;
	if (how == READ)
		err = read_in(&ring, IORING_OP_READ, first, n, at);
	else if (how == WRITE)
		err = write_out(&ring, first, n, at);
	else
		err = read_fixed(&ring, first, n, at);
	ring_close(&ring);
	return err;
}
