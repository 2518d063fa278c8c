// SPDX-License-Identifier: GPL-2.0
/* gd-storm's workers: one step after the other, each of a kind that the dice choose. */
#include <sys/prctl.h>
#include <sys/wait.h>

#include "hammer.h"
#include "storm.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

static const struct {
	const char *name;
	unsigned int weight;
	int (*act)(int arg);
	int arg;
} kinds[] = {
	{ "write", 14, write_page, 0 },
	{ "write-word", 12, write_word, 0 },
	{ "check", 14, write_check, 0 },
	{ "fork", 3, family_child, 0 },
	{ "fork-orphan", 2, family_child, 1 },
	{ "exec", 1, family_exec, 0 },
	{ "spawn", 1, family_spawn, 0 },
	{ "ptrace", 2, family_puppet, 0 },
	{ "proc-mem", 2, family_puppet, 1 },
	{ "process-vm", 2, family_puppet, 2 },
	{ "mremap-swap", 4, map_swap, 0 },
	{ "mremap-dontunmap", 2, map_keep, 0 },
	{ "mremap-move", 2, map_move, 0 },
	{ "mremap-grow", 3, map_grow, 0 },
	{ "mremap-shrink", 2, map_shrink, 0 },
	{ "munmap", 2, map_unmap, 0 },
	{ "renew", 1, map_renew, 0 },
	{ "mprotect-read", 3, map_protect, PROT_READ },
	{ "mprotect-none", 2, map_protect, PROT_NONE },
	{ "dontneed", 3, advise_drop, 0 },
	{ "free", 3, advise_free, 0 },
	{ "cold", 2, advise_keep, MADV_COLD },
	{ "pageout", 3, advise_keep, MADV_PAGEOUT },
	{ "willneed", 1, advise_keep, MADV_WILLNEED },
	{ "hugepage", 2, advise_keep, MADV_HUGEPAGE },
	{ "nohugepage", 2, advise_keep, MADV_NOHUGEPAGE },
	{ "mergeable", 2, advise_keep, MADV_MERGEABLE },
	{ "unmergeable", 2, advise_keep, MADV_UNMERGEABLE },
	{ "collapse", 2, advise_keep, MADV_COLLAPSE },
	{ "populate-read", 2, advise_keep, MADV_POPULATE_READ },
	{ "populate-write", 2, advise_keep, MADV_POPULATE_WRITE },
	{ "dontfork", 1, advise_fork, MADV_DONTFORK },
	{ "wipeonfork", 1, advise_fork, MADV_WIPEONFORK },
	{ "mlock", 3, advise_lock, 0 },
	{ "clear-refs", 1, advise_clear_refs, 0 },
	{ "mbind", 2, numa_bind, 0 },
	{ "move-pages", 2, numa_move, 0 },
	{ "migrate-pages", 1, numa_migrate, 0 },
	{ "direct-read", 4, io_direct, 0 },
	{ "direct-write", 4, io_direct, 1 },
	{ "direct-sector", 3, io_sector, 0 },
	{ "uring-read", 3, uring_transfer, 0 },
	{ "uring-write", 3, uring_transfer, 1 },
	{ "uring-fixed", 3, uring_transfer, 2 },
	{ "vmsplice-out", 3, io_pipe, 1 },
	{ "vmsplice-in", 2, io_pipe, 0 },
	{ "uffd-missing", 2, uffd_missing, 0 },
	{ "uffd-wp", 2, uffd_protect, 0 },
};

#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))
_Static_assert(KINDS <= MAX_KINDS, "the ledger has no line for every kind");

const char *worker_kind(unsigned int i)
{
	return i < KINDS ? kinds[i].name : NULL;
}

static bool is_without(const char *name)
{
	const char *list = me.ledger->opt.without, *hit;
	size_t n = strlen(name);

	for (hit = list; (hit = strstr(hit, name)); hit += n)
		if ((hit == list || hit[-1] == ',') && (!hit[n] || hit[n] == ','))
			return true;
	return false;
}

/* The kind of the next step. */
static unsigned int choose(void)
{
	unsigned int i, sum = 0;
	unsigned long n;

	me.dice = storm_mix(me.path, ++me.step);
	for (i = 0; i < KINDS; i++)
		sum += kinds[i].weight;
	n = roll(sum);
	for (i = 0; n >= kinds[i].weight; i++)
		n -= kinds[i].weight;
	return i;
}

static void count_done(unsigned int i)
{
	atomic_fetch_add(&me.ledger->kind[i].done, 1);
	atomic_fetch_add(&me.ledger->operations, 1);
}

static void step(void)
{
	struct ledger *ledger = me.ledger;
	unsigned int i = choose();
	int err;

	me.doing = kinds[i].name;
	if (ledger->opt.trace)
		dprintf(1, "trace %u %u %u %#lx %lu %s\n", me.number, me.life, me.depth, me.path, me.step, me.doing);
	err = is_without(me.doing) ? -ECANCELED : kinds[i].act(kinds[i].arg);
	if (err) {
		atomic_fetch_add(&ledger->kind[i].refused, 1);
		atomic_store(&ledger->kind[i].error, -err);
	} else {
		count_done(i);
	}
	memmove(me.done + 1, me.done, sizeof(me.done) - sizeof(me.done[0]));
	me.done[0] = me.doing;
	me.doing = "between steps";
	family_reap(false);
}

void worker_steps(unsigned long n)
{
	while (n--)
		step();
}

static void *hammer(void *mem)
{
	uint64_t state = me.path ^ (uintptr_t)mem, last[GD_HAMMER_PAGES] = { 0 };
	void *lost;

	while (!(lost = gd_hammer(mem, last, 1000))) {
		atomic_fetch_add(&me.ledger->checks, GD_HAMMER_PAGES);
		usleep(gd_next(&state) % 200000);
	}
	memory_wrong("a hammer's write is lost", lost, 0);
	return NULL;
}

/* Who drives the storm finds worker N by DIR/N. */
static void sign_in(void)
{
	char path[200], name[16];
	int fd;

	snprintf(name, sizeof(name), "storm/%u", me.number);
	prctl(PR_SET_NAME, name);
	if (!me.ledger->opt.dir[0])
		return;
	snprintf(path, sizeof(path), "%s/%u", me.ledger->opt.dir, me.number);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || dprintf(fd, "%d\n", getpid()) < 0)
		gd_die("gd-storm: %s", path);
	close(fd);
}

/* Until the time is over, or the steps are. */
void worker_run(unsigned int number, unsigned int life, uint64_t first)
{
	const struct options *opt = &me.ledger->opt;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	me.number = number;
	me.life = life;
	me.path = storm_mix(storm_mix(opt->seed, number), life);
	me.dice = me.path;
	if (first) {
		me.step = first - 1;
		count_done(choose());
	}
	me.lane = -1;
	me.doing = "its first writes";
	sign_in();
	memory_create(opt->pages, opt->pages * 3 / 2);
	if (!gd_hammers_start(hammer))
		gd_die("gd-storm: thread");
	while (gd_now() < me.ledger->end && (!opt->steps || me.step < opt->steps))
		step();
	memory_check(0, me.pages, "at the end");
	family_reap(true);
	_exit(0);
}
