// SPDX-License-Identifier: GPL-2.0
/*
 * gd-pfns: which page frames hold the anonymous private memory of processes.
 *
 * usage: gd-pfns PID ADDR PAGES
 *	one line per page: INDEX PFN KIND MAPPINGS
 *	KIND: none, swap, zero (the kernel's zero page), anon, thp (anon, in a
 *	huge page), ksm, frame (present, not anonymous: put there by the module)
 *
 * usage: gd-pfns --sum PID...
 *	over all anonymous private areas of all these processes, "KEY VALUE":
 *	pages of each kind; distinct: different PFNs; frames: different PFNs of
 *	kind frame; max: most mappings of one frame
 *
 * usage: gd-pfns --common [--frames] PID... -- PID...
 *	the number of PFNs that both sets of processes map. Files, the vdso and
 *	the zero page do not count; --frames: only those of kind frame.
 *	Needs root. The processes may run and be scanned meanwhile: a PFN counts
 *	only if it is still found at both places when it is looked at again.
 *
 * Where the kernel reports KSM for every anonymous page (see ksm_flag_lies()),
 * pages shared by fork in an area with pages of ksmd's are reported as ksm too.
 */
#include "gd.h"

enum kind { NONE, SWAP, ZERO, ANON, THP, KSM, FRAME, KINDS };
static const char * const kind_name[KINDS] = {
	"none", "swap", "zero", "anon", "thp", "ksm", "frame"
};

struct page {
	uint64_t pfn, addr;
	pid_t pid;
	enum kind kind;
};

struct set {
	struct page *page;
	size_t n, room, count[KINDS];
};

static uint64_t read_u64(const char *path, uint64_t index)
{
	static int fds[2] = { -1, -1 };
	int *fd = &fds[!strcmp(path, "/proc/kpagecount")];
	uint64_t value = 0;

	if (*fd < 0)
		*fd = open(path, O_RDONLY);
	if (*fd < 0 || pread(*fd, &value, sizeof(value), index * sizeof(value)) != sizeof(value))
		gd_die("%s at %#lx", path, (unsigned long)index);
	return value;
}

static int open_proc(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		gd_die("%s", path);
	return fd;
}

/*
 * From 6.10 on, for a year, stable_page_flags() tests one bit of the KSM flags
 * only: it reports KSM for every anonymous page, even our own stack.
 */
static bool ksm_flag_lies(void)
{
	static int lies = -1;
	uint64_t entry = 0;
	int pagemap;

	if (lies < 0) {
		pagemap = open_proc(getpid(), "pagemap");
		if (pread(pagemap, &entry, 8, (uintptr_t)&entry / GD_PAGE * 8) != 8)
			gd_die("gd-pfns: our own pagemap");
		close(pagemap);
		lies = !!(read_u64("/proc/kpageflags", GD_PM_PFN(entry)) & GD_KPF_KSM);
	}
	return lies;
}

/* The areas of one process that have pages of ksmd's, from smaps: that tells the truth. */
static struct {
	pid_t pid;
	size_t n, room;
	struct area { unsigned long start, end; } *area;
} ksm_areas;

static void add_ksm_area(unsigned long start, unsigned long end)
{
	if (ksm_areas.n == ksm_areas.room) {
		ksm_areas.room += 64;
		ksm_areas.area = realloc(ksm_areas.area, ksm_areas.room * sizeof(*ksm_areas.area));
		if (!ksm_areas.area)
			gd_die("gd-pfns: memory");
	}
	ksm_areas.area[ksm_areas.n++] = (struct area){ start, end };
}

static void read_ksm_areas(pid_t pid)
{
	unsigned long start = 0, end = 0, kb;
	bool told = false;
	char line[512];
	FILE *smaps = fdopen(open_proc(pid, "smaps"), "r");

	ksm_areas.pid = pid;
	ksm_areas.n = 0;
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "KSM: %lu", &kb) != 1) {
			sscanf(line, "%lx-%lx ", &start, &end);
			continue;
		}
		told = true;
		if (kb)
			add_ksm_area(start, end);
	}
	fclose(smaps);
	if (!told && start)
		gd_die("gd-pfns: smaps does not tell ksmd's pages, and kpageflags lies");
}

/* ksmd's pages are small, and nobody's exclusively. */
static bool is_ksm(pid_t pid, uint64_t addr, uint64_t flags)
{
	const struct area *area;

	if (!(flags & GD_KPF_KSM) || !ksm_flag_lies())
		return flags & GD_KPF_KSM;
	if (flags & (GD_KPF_THP | GD_KPF_OWNER_2))
		return false;
	if (ksm_areas.pid != pid)
		read_ksm_areas(pid);
	for (area = ksm_areas.area; area < ksm_areas.area + ksm_areas.n; area++)
		if (area->start <= addr && addr < area->end)
			return true;
	return false;
}

static enum kind kind_of(pid_t pid, uint64_t addr, uint64_t entry)
{
	uint64_t flags;

	if (entry & GD_PM_SWAP)
		return SWAP;
	if (!(entry & GD_PM_PRESENT))
		return NONE;
	if (!GD_PM_PFN(entry))
		gd_die("gd-pfns: pagemap shows no PFNs; are you root?");
	flags = read_u64("/proc/kpageflags", GD_PM_PFN(entry));
	if (flags & GD_KPF_ZERO)
		return ZERO;
	if (entry & GD_PM_FILE)
		return FRAME;
	if (is_ksm(pid, addr, flags))
		return KSM;
	return flags & GD_KPF_THP ? THP : ANON;
}

static void add(struct set *set, pid_t pid, uint64_t addr, uint64_t entry)
{
	struct page page = { GD_PM_PFN(entry), addr, pid, kind_of(pid, addr, entry) };

	set->count[page.kind]++;
	if (page.kind < ANON)
		return;
	if (set->n == set->room) {
		set->room = set->room ? 2 * set->room : 4096;
		set->page = realloc(set->page, set->room * sizeof(*set->page));
		if (!set->page)
			gd_die("gd-pfns: memory");
	}
	set->page[set->n++] = page;
}

static void add_range(struct set *set, pid_t pid, int pagemap, uint64_t start, uint64_t end)
{
	uint64_t entry[512];
	ssize_t n, i;

	while (start < end) {
		n = (end - start) / GD_PAGE < 512 ? (end - start) / GD_PAGE : 512;
		n = pread(pagemap, entry, n * 8, start / GD_PAGE * 8);
		if (n <= 0)
			return;		/* the process went away */
		for (i = 0; i < n / 8; i++, start += GD_PAGE)
			add(set, pid, start, entry[i]);
	}
}

/* Private areas without a file; a private /dev/zero is one of them too. */
static bool is_anonymous(const char *perms, unsigned long inode, const char *name)
{
	if (perms[3] != 'p' || !strncmp(name, "[v", 2))
		return false;
	return !inode || !strcmp(name, "/dev/zero");
}

static void add_process(struct set *set, pid_t pid)
{
	unsigned long start, end, inode;
	char line[512], perms[8], name[256];
	int pagemap = open_proc(pid, "pagemap");
	FILE *maps = fdopen(open_proc(pid, "maps"), "r");

	while (fgets(line, sizeof(line), maps)) {
		name[0] = 0;
		if (sscanf(line, "%lx-%lx %7s %*s %*s %lu %255s", &start, &end, perms, &inode, name) < 4)
			gd_die("gd-pfns: cannot read '%s'", line);
		if (is_anonymous(perms, inode, name))
			add_range(set, pid, pagemap, start, end);
	}
	fclose(maps);
	close(pagemap);
}

static int by_pfn(const void *a, const void *b)
{
	const struct page *p = a, *q = b;

	return p->pfn < q->pfn ? -1 : p->pfn > q->pfn;
}

static void sort(struct set *set)
{
	qsort(set->page, set->n, sizeof(*set->page), by_pfn);
}

static bool still_there(const struct page *page)
{
	int pagemap = open_proc(page->pid, "pagemap");
	uint64_t entry = 0;
	ssize_t n = pread(pagemap, &entry, 8, page->addr / GD_PAGE * 8);

	close(pagemap);
	return n == 8 && (entry & GD_PM_PRESENT) && GD_PM_PFN(entry) == page->pfn;
}

static int do_common(struct set *a, struct set *b, bool frames_only)
{
	size_t i = 0, k = 0, common = 0;

	sort(a);
	sort(b);
	while (i < a->n && k < b->n) {
		struct page *p = &a->page[i], *q = &b->page[k];

		if (p->pfn != q->pfn) {
			p->pfn < q->pfn ? i++ : k++;
			continue;
		}
		i++;
		if (frames_only && p->kind != FRAME)
			continue;
		if (!still_there(p) || !still_there(q) || !still_there(p))
			continue;
		if (common++ < 8)
			fprintf(stderr, "gd-pfns: PFN %#lx (%s) is at %#lx of %d and at %#lx of %d\n",
				p->pfn, kind_name[p->kind], p->addr, p->pid, q->addr, q->pid);
	}
	printf("%zu\n", common);
	return 0;
}

static int do_sum(struct set *set)
{
	size_t i, run = 0, distinct = 0, frames = 0, max = 0;
	enum kind kind;

	sort(set);
	for (i = 0; i < set->n; i++) {
		run = i && set->page[i].pfn == set->page[i - 1].pfn ? run + 1 : 1;
		distinct += run == 1;
		if (set->page[i].kind != FRAME)
			continue;
		frames += run == 1;
		max = run > max ? run : max;
	}
	for (kind = NONE; kind < KINDS; kind++)
		printf("%s %zu\n", kind_name[kind], set->count[kind]);
	printf("distinct %zu\nframes %zu\nmax %zu\n", distinct, frames, max);
	return 0;
}

static int do_range(pid_t pid, uint64_t addr, size_t pages)
{
	int pagemap = open_proc(pid, "pagemap");
	uint64_t entry;
	enum kind kind;
	size_t i;

	for (i = 0; i < pages; i++) {
		if (pread(pagemap, &entry, 8, (addr / GD_PAGE + i) * 8) != 8)
			gd_die("gd-pfns: pagemap of %d at %#lx", pid, addr);
		kind = kind_of(pid, addr + i * GD_PAGE, entry);
		printf("%zu %#llx %s %lu\n", i, kind < ZERO ? 0 : GD_PM_PFN(entry), kind_name[kind],
		       kind < ZERO ? 0 : read_u64("/proc/kpagecount", GD_PM_PFN(entry)));
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct set sets[2] = { 0 };
	bool common, frames = false;
	int i, which = 0;

	if (argc == 4 && argv[1][0] != '-')
		return do_range(atoi(argv[1]), strtoull(argv[2], NULL, 0), strtoul(argv[3], NULL, 0));
	common = argc > 1 && !strcmp(argv[1], "--common");
	if (argc < 3 || (!common && strcmp(argv[1], "--sum")))
		gd_die("usage: gd-pfns PID ADDR PAGES | --sum PID... | --common [--frames] PID... -- PID...");
	for (i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "--frames"))
			frames = true;
		else if (!strcmp(argv[i], "--") && common && !which)
			which = 1;
		else if (atoi(argv[i]) > 0)
			add_process(&sets[which], atoi(argv[i]));
		else
			gd_die("gd-pfns: '%s' is no PID", argv[i]);
	}
	/* An empty set would make every answer 0: a check that cannot fail. */
	if (!sets[0].n || (common && !sets[1].n))
		gd_die("gd-pfns: no anonymous memory found");
	return common ? do_common(&sets[0], &sets[1], frames) : do_sum(&sets[0]);
}
