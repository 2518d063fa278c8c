// SPDX-License-Identifier: GPL-2.0
/* gd-storm: operations on mappings. Memory moves, grows, shrinks, goes and changes its rights. */
#include "storm.h"

static int map_at(char *where, size_t pages)
{
	void *p = mmap(where, pages * GD_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (p != where)
		gd_die("gd-storm: mmap of %zu pages at %p", pages, (void *)where);
	return 0;
}

/*
 * What madvise and mprotect have cut up does not move as one; kernels from 6.17
 * on may do a part of it and then fail. Page by page it always goes: what has
 * moved already is a hole (EFAULT).
 */
static int move_to(char *from, char *to, size_t n, int flags)
{
	size_t i;

	flags |= MREMAP_MAYMOVE | MREMAP_FIXED;
	if (!(flags & MREMAP_DONTUNMAP) && mremap(from, n * GD_PAGE, n * GD_PAGE, flags, to) == to)
		return 0;
	for (i = 0; i < n; i++) {
		if (mremap(from + i * GD_PAGE, GD_PAGE, GD_PAGE, flags, to + i * GD_PAGE) != MAP_FAILED)
			continue;
		if ((flags & MREMAP_DONTUNMAP) && !i)
			return -errno;
		if ((flags & MREMAP_DONTUNMAP) || errno != EFAULT)
			gd_die("gd-storm: mremap of page %zu of %zu", i, n);
	}
	return 0;
}

static char *elsewhere(size_t n)
{
	char *p = mmap(NULL, n * GD_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void swap_entries(size_t a, size_t b, size_t n)
{
	uint64_t entry;

	for (; n--; a++, b++) {
		entry = me.model[a];
		me.model[a] = me.model[b];
		me.model[b] = entry;
	}
}

/* Two ranges change places. */
int map_swap(int unused)
{
	size_t n = 1 + roll(RUN / 2), a = roll(me.pages / 2 - n), b = me.pages / 2 + a;
	char *hold = elsewhere(n);

	(void)unused;
	if (!hold)
		return -errno;
	move_to(page_at(a), hold, n, 0);
	move_to(page_at(b), page_at(a), n, 0);
	move_to(hold, page_at(b), n, 0);
	swap_entries(a, b, n);
	memory_check(a, n, "moved");
	memory_check(b, n, "moved");
	return 0;
}

/* The pages go and their mapping stays; then they come back. */
int map_keep(int unused)
{
	size_t n, first = memory_range(&n), i;
	char *hold = elsewhere(n);
	int err;

	(void)unused;
	if (!hold)
		return -errno;
	err = move_to(page_at(first), hold, n, MREMAP_DONTUNMAP);
	if (err) {
		munmap(hold, n * GD_PAGE);
		return err;
	}
	memory_rest(10);
	for (i = first; i < first + n; i++)
		if (memory_differs(page_at(i), 0) >= 0)
			memory_wrong("after MREMAP_DONTUNMAP", page_at(i), 0);
	memory_check_bytes(hold, me.model + first, n, "moved away");
	move_to(hold, page_at(first), n, 0);
	memory_check(first, n, "moved back");
	return 0;
}

/* All of it, to where a huge page could start. */
int map_move(int unused)
{
	char *to = gd_map_aligned(me.pages * GD_PAGE);

	(void)unused;
	if (!to)
		return -errno;
	move_to(me.area, to, me.pages, 0);
	me.area = to;
	memory_check(0, me.pages, "all of it moved");
	return 0;
}

/* Where it is if there is room, else all of it moves. */
int map_grow(int unused)
{
	size_t n = 1 + roll(RUN), i;
	char *tail = page_at(me.pages - 1), *p;

	(void)unused;
	if (me.pages + n > me.room)
		return -EAGAIN;
	p = mremap(tail, GD_PAGE, (1 + n) * GD_PAGE, 0);
	if (p == MAP_FAILED) {
		p = mremap(me.area, me.pages * GD_PAGE, (me.pages + n) * GD_PAGE, MREMAP_MAYMOVE);
		if (p == MAP_FAILED)
			return -errno;
		me.area = p;
	}
	for (i = me.pages; i < me.pages + n; i++)
		me.model[i] = 0;
	memory_check(me.pages - 1, n + 1, "grown");
	me.pages += n;
	return 0;
}

int map_shrink(int unused)
{
	size_t n = 1 + roll(RUN);

	(void)unused;
	if (me.pages - n < me.ledger->opt.pages / 2)
		return -EAGAIN;
	if (mremap(me.area, me.pages * GD_PAGE, (me.pages - n) * GD_PAGE, 0) != me.area)
		return -errno;
	me.pages -= n;
	memory_check(me.pages - RUN, RUN, "shrunk");
	return 0;
}

int map_unmap(int unused)
{
	size_t n, first = memory_range(&n);

	(void)unused;
	if (munmap(page_at(first), n * GD_PAGE))
		return -errno;
	map_at(page_at(first), n);
	memset(me.model + first, 0, n * sizeof(*me.model));
	memory_check(first, n / 2, "mapped anew");
	return 0;
}

/* A copy in one piece: what is in many pieces would never again move, or be a huge page. */
int map_renew(int unused)
{
	char *to = gd_map_aligned(me.pages * GD_PAGE);

	(void)unused;
	if (!to)
		return -errno;
	memcpy(to, me.area, me.pages * GD_PAGE);
	munmap(me.area, me.pages * GD_PAGE);
	me.area = to;
	if (roll(2))
		madvise(me.area, me.pages * GD_PAGE, roll(2) ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	memory_check(0, me.pages, "copied");
	return 0;
}

/* A write that has to fail, and one by the back door that has to work. */
static void try_to_write(size_t i)
{
	int zero = open("/dev/zero", O_RDONLY), mem = open("/proc/self/mem", O_RDWR);
	uint64_t entry = memory_patched(me.model[i]), word;
	unsigned int place = memory_patch_at(entry);

	if (zero < 0 || mem < 0)
		gd_die("gd-storm: /dev/zero, /proc/self/mem");
	if (read(zero, page_at(i), 8) != -1 || errno != EFAULT)
		memory_wrong("a read-only page was written", page_at(i), me.model[i]);
	word = memory_word(entry, place);
	if (pwrite(mem, &word, sizeof(word), (off_t)(page_at(i) + 8 * place)) == sizeof(word))
		me.model[i] = entry;
	close(zero);
	close(mem);
}

int map_protect(int prot)
{
	size_t n, first = memory_range(&n);
	char *addr = page_at(first);

	if (mprotect(addr, n * GD_PAGE, prot))
		return -errno;
	memory_rest(20);
	if (prot & PROT_READ) {
		memory_check(first, n, "read-only");
		try_to_write(first);
		memory_check(first, n, "read-only, and written with force");
	}
	if (mprotect(addr, n * GD_PAGE, PROT_READ | PROT_WRITE))
		gd_die("gd-storm: mprotect back");
	memory_check(first, n, "protected no more");
	memory_rewrite(first + roll(n));
	return 0;
}
