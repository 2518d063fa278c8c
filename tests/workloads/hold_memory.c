// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a gd-hold process: regions, the model of what must be in them,
 * and the commands that work on them. The model is in shared mappings, so that
 * nothing of it is ever merged.
 */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "hold.h"

#define MAX_REGIONS	8

enum { HOLE = 1, UNREADABLE = 2, POKED = 4, MAY_BE_ZERO = 8 };

struct page {
	uint64_t id;
	uint16_t off;		/* POKED: byte @off is @val */
	uint8_t val;
	uint8_t flags;
};

struct region {
	char name[16];
	char *addr;
	size_t pages;
	bool huge;
	struct page *model;
};

struct model {
	struct region region[MAX_REGIONS];
	uint64_t unique;
	char page[GD_PAGE];
};

static struct model *my;
static int uffd = -1;

void model_init(void)
{
	my = gd_private_alloc(sizeof(*my));
}

/* What a child will need: made before the fork, as shared memory stays shared. */
struct model *model_copy(void)
{
	struct model *copy = gd_private_alloc(sizeof(*copy));
	struct region *r;
	struct page *pages;

	memcpy(copy, my, sizeof(*copy));
	for (r = copy->region; r < copy->region + MAX_REGIONS; r++) {
		if (!r->name[0])
			continue;
		pages = gd_private_alloc(r->pages * sizeof(*pages));
		r->model = memcpy(pages, r->model, r->pages * sizeof(*pages));
	}
	return copy;
}

void model_use(struct model *copy)
{
	model_free(my);
	my = copy;
}

void model_free(struct model *copy)
{
	struct region *r;

	for (r = copy->region; r < copy->region + MAX_REGIONS; r++)
		if (r->name[0])
			munmap(r->model, r->pages * sizeof(*r->model));
	munmap(copy, sizeof(*copy));
}

static struct region *find(const char *name)
{
	struct region *r;

	for (r = my->region; r < my->region + MAX_REGIONS; r++)
		if (!strcmp(r->name, name))
			return r;
	return NULL;
}

/* What a range command works on. */
struct range {
	struct region *r;
	size_t first, n;
	char *addr;
	struct page *page;
};

static int parse_range(char **arg, struct range *range)
{
	struct region *r = arg[1] ? find(arg[1]) : NULL;

	if (!r) {
		say("no region '%s'", arg[1] ? arg[1] : "");
		return -1;
	}
	range->r = r;
	range->first = arg[2] ? strtoul(arg[2], NULL, 0) : 0;
	range->n = arg[2] && arg[3] ? strtoul(arg[3], NULL, 0) : r->pages - range->first;
	range->addr = r->addr + range->first * GD_PAGE;
	range->page = r->model + range->first;
	if (range->first + range->n > r->pages) {
		say("region %s has only %zu pages", r->name, r->pages);
		return -1;
	}
	return 0;
}

static void forget(struct range *range, uint64_t id, int flags)
{
	size_t i;

	for (i = 0; i < range->n; i++)
		range->page[i] = (struct page){ .id = id, .flags = flags };
}

static int do_map(char **arg)
{
	struct region *r = find("");
	const char *kind = arg[3] ? arg[3] : "small";
	int flags = 0;

	if (!r || find(arg[1])) {
		say("cannot name a region '%s'", arg[1]);
		return -1;
	}
	r->pages = strtoul(arg[2], NULL, 0);
	if (!strcmp(kind, "shared"))
		flags = MAP_SHARED | MAP_ANONYMOUS;
	else if (!strcmp(kind, "hugetlb"))
		flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
	if (flags)
		r->addr = mmap(NULL, r->pages * GD_PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
	else
		r->addr = (strcmp(kind, "file") ? gd_map_aligned : gd_map_file)(r->pages * GD_PAGE);
	if (!r->addr || r->addr == MAP_FAILED)
		return no("mmap");
	r->huge = !strcmp(kind, "huge");
	if (r->huge && madvise(r->addr, r->pages * GD_PAGE, MADV_HUGEPAGE))
		return no("MADV_HUGEPAGE");
	if (!strcmp(kind, "small") && madvise(r->addr, r->pages * GD_PAGE, MADV_NOHUGEPAGE))
		return no("MADV_NOHUGEPAGE");
	r->model = gd_private_alloc(r->pages * sizeof(*r->model));
	snprintf(r->name, sizeof(r->name), "%s", arg[1]);
	return say("%p %zu", r->addr, r->pages);
}

static uint64_t unique_id(void)
{
	return 1ULL << 63 | (uint64_t)getpid() << 32 | ++my->unique;
}

static int do_fill(char **arg)
{
	size_t i, zero = 0, common = 0, zeros, commons;
	struct range range;
	const char *kind;
	uint64_t id;

	if (parse_range(arg, &range))
		return -1;
	kind = arg[4] ? arg[4] : "";
	for (i = 0; i < range.n; i++) {
		if (!strcmp(kind, "zero")) {
			id = 0;
		} else if (!strcmp(kind, "same") && arg[5]) {
			id = strtoull(arg[5], NULL, 0);
		} else if (!strcmp(kind, "seq") && arg[5]) {
			id = strtoull(arg[5], NULL, 0) + i;
		} else if (!strcmp(kind, "unique")) {
			id = unique_id();
		} else if (!strcmp(kind, "mix") && arg[5] && arg[6] && arg[7]) {
			zeros = strtoul(arg[5], NULL, 0);
			commons = strtoul(arg[6], NULL, 0);
			/* 37 spreads the kinds over the region */
			if (i * 37 % 100 < zeros)
				id = 0, zero++;
			else if (i * 37 % 100 < zeros + commons)
				id = strtoull(arg[7], NULL, 0) + i, common++;
			else
				id = unique_id();
		} else {
			say("fill: '%s' is no kind, or an argument is missing", kind);
			return -1;
		}
		range.page[i] = (struct page){ .id = id };
		gd_fill(range.addr + i * GD_PAGE, id);
	}
	return say("zero %zu common %zu other %zu", zero, common, range.n - zero - common);
}

static int do_poke(char **arg)
{
	struct region *r = find(arg[1]);
	size_t i = arg[2] ? strtoul(arg[2], NULL, 0) : 0;
	struct page *page;

	if (!r || i >= r->pages || !arg[3] || !arg[4]) {
		say("poke REGION PAGE OFFSET BYTE");
		return -1;
	}
	page = &r->model[i];
	page->off = strtoul(arg[3], NULL, 0) % GD_PAGE;
	page->val = strtoul(arg[4], NULL, 0);
	page->flags |= POKED;
	page->flags &= ~MAY_BE_ZERO;
	((volatile char *)r->addr)[i * GD_PAGE + page->off] = page->val;
	return say("poked");
}

/* What page @page must be, built in my->page. */
static const char *expected(const struct page *page)
{
	gd_fill(my->page, page->id);
	if (page->flags & POKED)
		my->page[page->off] = page->val;
	return my->page;
}

static bool page_right(const char *addr, const struct page *page)
{
	if (page->flags & (HOLE | UNREADABLE))
		return true;
	if (!(page->flags & POKED) && gd_differs(addr, page->id) < 0)
		return true;
	if (!memcmp(addr, expected(page), GD_PAGE))
		return true;
	return (page->flags & MAY_BE_ZERO) && gd_differs(addr, 0) < 0;
}

static int verify_range(struct range *range)
{
	const char *have, *want;
	size_t i, off = 0;

	for (i = 0; i < range->n; i++) {
		have = range->addr + i * GD_PAGE;
		if (page_right(have, &range->page[i]))
			continue;
		want = expected(&range->page[i]);
		while (off < GD_PAGE - 1 && have[off] == want[off])
			off++;
		say("WRONG BYTES: region %s page %zu (%p) byte %zu is %02hhx, must be %02hhx (id %#llx)",
		    range->r->name, range->first + i, have, off, have[off],
		    want[off], (unsigned long long)range->page[i].id);
		return -1;
	}
	return 0;
}

static int do_verify(char **arg)
{
	struct range range;
	struct region *r;
	size_t n = 0;

	for (r = my->region; r < my->region + MAX_REGIONS; r++) {
		if (!r->name[0] || (arg[1] && strcmp(arg[1], r->name)))
			continue;
		if (arg[1] && parse_range(arg, &range))
			return -1;
		if (!arg[1])
			range = (struct range){ r, 0, r->pages, r->addr, r->model };
		if (verify_range(&range))
			return -1;
		n += range.n;
	}
	if (!n) {
		say("nothing to verify");
		return -1;
	}
	return say("%zu pages right", n);
}

static int do_munmap(char **arg)
{
	struct range range;

	if (parse_range(arg, &range))
		return -1;
	if (munmap(range.addr, range.n * GD_PAGE))
		return no("munmap");
	forget(&range, 0, HOLE);
	return say("unmapped %zu pages", range.n);
}

static int do_mremap(char **arg)
{
	struct region *r = find(arg[1]);
	size_t pages = arg[2] ? strtoul(arg[2], NULL, 0) : 0;
	struct page *model;
	char *to = NULL;

	if (!r || !pages) {
		say("mremap REGION PAGES [move]");
		return -1;
	}
	if (arg[3]) {
		to = gd_map_aligned(pages * GD_PAGE);
		if (!to)
			return no("mmap");
		to = mremap(r->addr, r->pages * GD_PAGE, pages * GD_PAGE,
			    MREMAP_MAYMOVE | MREMAP_FIXED, to);
	} else {
		to = mremap(r->addr, r->pages * GD_PAGE, pages * GD_PAGE, MREMAP_MAYMOVE);
	}
	if (to == MAP_FAILED)
		return no("mremap");
	model = gd_private_alloc(pages * sizeof(*model));
	memcpy(model, r->model, (pages < r->pages ? pages : r->pages) * sizeof(*model));
	munmap(r->model, r->pages * sizeof(*model));
	r->addr = to;
	r->pages = pages;
	r->model = model;
	return say("%p %zu", r->addr, r->pages);
}

static int do_mprotect(char **arg)
{
	static const char * const names[] = { "none", "r", "rw" };
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	struct range range;
	unsigned int k;
	size_t i;

	if (parse_range(arg, &range))
		return -1;
	for (k = 0; k < 3 && strcmp(names[k], arg[4] ? arg[4] : ""); k++)
		;
	if (k == 3 || mprotect(range.addr, range.n * GD_PAGE, prots[k]))
		return no("mprotect");
	for (i = 0; i < range.n; i++) {
		range.page[i].flags &= ~UNREADABLE;
		range.page[i].flags |= k ? 0 : UNREADABLE;
	}
	return say("%s", names[k]);
}

static int do_madvise(char **arg)
{
	static const struct { const char *name; int advice; } kinds[] = {
		{ "DONTNEED", MADV_DONTNEED }, { "FREE", MADV_FREE },
		{ "COLD", MADV_COLD }, { "PAGEOUT", MADV_PAGEOUT },
		{ "HUGEPAGE", MADV_HUGEPAGE }, { "NOHUGEPAGE", MADV_NOHUGEPAGE },
		{ "MERGEABLE", MADV_MERGEABLE }, { "UNMERGEABLE", MADV_UNMERGEABLE },
		{ "COLLAPSE", 25 /* MADV_COLLAPSE, 6.1 */ }, { "WIPEONFORK", MADV_WIPEONFORK },
	};
	struct range range;
	unsigned int k;
	size_t i;

	if (parse_range(arg, &range))
		return -1;
	for (k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
		if (!strcmp(kinds[k].name, arg[4] ? arg[4] : ""))
			break;
	if (k == sizeof(kinds) / sizeof(*kinds)) {
		say("madvise: '%s' is not known", arg[4] ? arg[4] : "");
		return -1;
	}
	if (madvise(range.addr, range.n * GD_PAGE, kinds[k].advice))
		return no(kinds[k].name);
	if (kinds[k].advice == MADV_DONTNEED)
		forget(&range, 0, 0);
	for (i = 0; kinds[k].advice == MADV_FREE && i < range.n; i++)
		range.page[i].flags |= MAY_BE_ZERO;
	return say("%s", kinds[k].name);
}

static int do_mlock(char **arg)
{
	struct range range;

	if (parse_range(arg, &range))
		return -1;
	if (mlock(range.addr, range.n * GD_PAGE))
		return no("mlock");
	return say("locked");
}

static int do_munlock(char **arg)
{
	struct range range;

	if (parse_range(arg, &range))
		return -1;
	if (munlock(range.addr, range.n * GD_PAGE))
		return no("munlock");
	return say("unlocked");
}

static int do_dio_out(char **arg)
{
	struct range range;
	size_t i, bytes;
	char *back;
	int fd;

	if (parse_range(arg, &range))
		return -1;
	bytes = range.n * GD_PAGE;
	fd = open(arg[4], O_RDWR | O_DIRECT);
	if (fd < 0)
		return no(arg[4]);
	back = gd_private_alloc(bytes);
	if (pwrite(fd, range.addr, bytes, 0) != (ssize_t)bytes ||
	    pread(fd, back, bytes, 0) != (ssize_t)bytes)
		return no("O_DIRECT write or read");
	close(fd);
	for (i = 0; i < range.n; i++)
		if (!page_right(back + i * GD_PAGE, &range.page[i])) {
			say("WRONG BYTES written: region %s page %zu", range.r->name, range.first + i);
			return -1;
		}
	munmap(back, bytes);
	return say("%zu pages written", range.n);
}

static int do_dio_in(char **arg)
{
	struct range range;
	size_t i, bytes;
	uint64_t id;
	char *data;
	int fd;

	if (parse_range(arg, &range))
		return -1;
	bytes = range.n * GD_PAGE;
	id = strtoull(arg[5] ? arg[5] : "1", NULL, 0);
	fd = open(arg[4], O_RDWR | O_DIRECT);
	if (fd < 0)
		return no(arg[4]);
	data = gd_private_alloc(bytes);
	for (i = 0; i < range.n; i++)
		gd_fill(data + i * GD_PAGE, id + i);
	if (pwrite(fd, data, bytes, 0) != (ssize_t)bytes ||
	    pread(fd, range.addr, bytes, 0) != (ssize_t)bytes)
		return no("O_DIRECT write or read");
	close(fd);
	munmap(data, bytes);
	for (i = 0; i < range.n; i++)
		range.page[i] = (struct page){ .id = id + i };
	return verify_range(&range) ? -1 : say("%zu pages read", range.n);
}

static int do_uffd_wp(char **arg)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	struct range range;

	if (parse_range(arg, &range))
		return -1;
	reg.range.start = wp.range.start = (uintptr_t)range.addr;
	reg.range.len = wp.range.len = range.n * GD_PAGE;
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg) ||
	    ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		return no("userfaultfd");
	return say("protected");
}

static int do_uffd_off(char **arg)
{
	(void)arg;
	close(uffd);
	return say("closed");
}

static int do_addr(char **arg)
{
	struct range range;

	if (parse_range(arg, &range))
		return -1;
	return say("%p %zu", range.addr, range.n);
}

const struct command memory_commands[] = {
	{ "map", do_map, 2 }, { "fill", do_fill, 4 }, { "poke", do_poke, 4 },
	{ "verify", do_verify, 0 }, { "munmap", do_munmap, 1 }, { "mremap", do_mremap, 2 },
	{ "mprotect", do_mprotect, 4 }, { "madvise", do_madvise, 4 }, { "mlock", do_mlock, 1 },
	{ "munlock", do_munlock, 1 }, { "dio-out", do_dio_out, 4 }, { "dio-in", do_dio_in, 5 },
	{ "uffd-wp", do_uffd_wp, 1 }, { "uffd-off", do_uffd_off, 0 }, { "addr", do_addr, 1 },
	{ NULL, NULL, 0 }
};
