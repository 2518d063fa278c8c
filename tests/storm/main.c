// SPDX-License-Identifier: GPL-2.0
/*
 * gd-storm: processes that apply random operations to their memory, and check
 * every byte.
 *
 * usage: gd-storm [--procs N] [--pages N] [--seconds N] [--seed N] [--steps N]
 *		   [--disk FILE] [--dir DIR] [--without KIND,...] [--trace]
 *
 * --disk	a file or block device of 16 MiB for O_DIRECT and io_uring
 * --dir	where worker N writes its process id, to the file N
 * --steps	a worker ends after so many
 * --trace	prints each step: the same for the same seed
 *
 * A worker that is killed (SIGKILL) is restarted. The last lines are the counts
 * of operations by kind; kinds that the kernel always refused ("left out"); and
 * "storm: seed S, N operations, M checks, 0 wrong bytes" (status 0). Status 1:
 * a byte was wrong, or a process failed; standard error says which.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "storm.h"

#define MAX_PROCS	16

struct self me;

static pid_t start(unsigned int number, unsigned int life)
{
	pid_t pid;

	atomic_fetch_add(&me.ledger->alive, 1);
	pid = fork();
	if (pid < 0)
		gd_die("gd-storm: fork");
	if (!pid)
		worker_run(number, life, 0);
	return pid;
}

/* Workers that ended before their time come back; orphans come here too. */
static void watch(pid_t *pids)
{
	unsigned int life[MAX_PROCS] = { 0 }, i;
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, 0);
		if (pid < 0 && errno == ECHILD)
			return;
		if (pid < 0)
			continue;
		family_ended(pid, status);
		for (i = 0; i < me.ledger->opt.procs; i++)
			if (pids[i] == pid && status && gd_now() < me.ledger->end)
				pids[i] = start(i, ++life[i]);
	}
}

static void show_kinds(void)
{
	unsigned long done, refused;
	const char *name;
	unsigned int i;

	printf("done/refused:");
	for (i = 0; (name = worker_kind(i)); i++) {
		done = atomic_load(&me.ledger->kind[i].done);
		refused = atomic_load(&me.ledger->kind[i].refused);
		printf(" %s %lu/%lu", name, done, refused);
		if (refused)
			printf("(%s)", strerrorname_np(atomic_load(&me.ledger->kind[i].error)));
	}
	printf("\n");
	for (i = 0; (name = worker_kind(i)); i++) {
		int err = atomic_load(&me.ledger->kind[i].error);

		if (atomic_load(&me.ledger->kind[i].done))
			continue;
		if (atomic_load(&me.ledger->kind[i].refused))
			printf("left out: %s (%s)\n", name, err == ECANCELED ? "as told" : strerror(err));
		else
			printf("left out: %s (the dice never chose it)\n", name);
	}
}

static int judge(void)
{
	const struct ledger *ledger = me.ledger;
	unsigned long failed = atomic_load(&ledger->failed);

	show_kinds();
	printf("killed: %lu processes\n", atomic_load(&ledger->killed));
	if (failed)
		printf("NOT RIGHT: %lu processes did not end well\n", failed);
	printf("storm: seed %lu, %lu operations, %lu checks, %lu wrong bytes\n", ledger->opt.seed,
	       atomic_load(&ledger->operations), atomic_load(&ledger->checks), atomic_load(&ledger->wrong));
	return failed != 0;
}

static void parse(int argc, char **argv, struct options *opt)
{
	struct { const char *name; unsigned long *number; char *text; size_t size; } names[] = {
		{ "--procs", &opt->procs, NULL, 0 }, { "--pages", &opt->pages, NULL, 0 },
		{ "--seconds", &opt->seconds, NULL, 0 }, { "--seed", &opt->seed, NULL, 0 },
		{ "--steps", &opt->steps, NULL, 0 },
		{ "--disk", NULL, opt->disk, sizeof(opt->disk) },
		{ "--dir", NULL, opt->dir, sizeof(opt->dir) },
		{ "--without", NULL, opt->without, sizeof(opt->without) },
	};
	size_t k;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--trace")) {
			opt->trace = true;
			continue;
		}
		for (k = 0; k < sizeof(names) / sizeof(names[0]) && strcmp(names[k].name, argv[i]); k++)
			;
		if (k == sizeof(names) / sizeof(names[0]) || i + 1 == argc)
			gd_die("gd-storm: what is '%s'?", argv[i]);
		if (names[k].number)
			*names[k].number = strtoul(argv[++i], NULL, 0);
		else if ((size_t)snprintf(names[k].text, names[k].size, "%s", argv[++i]) >= names[k].size)
			gd_die("gd-storm: '%s' is too long", argv[i]);
	}
	if (!opt->procs || opt->procs > MAX_PROCS || opt->pages < 4 * RUN)
		gd_die("gd-storm: 1 to %d processes, at least %d pages", MAX_PROCS, 4 * RUN);
}

/* The disk keeps its descriptor over exec. */
static void open_disk(void)
{
	me.disk = -1;
	if (!me.ledger->opt.disk[0])
		return;
	me.disk = open(me.ledger->opt.disk, O_RDWR | O_DIRECT);
	if (me.disk < 0)
		gd_die("gd-storm: %s", me.ledger->opt.disk);
}

static void map_ledger(void)
{
	me.ledger = mmap(NULL, sizeof(*me.ledger), PROT_READ | PROT_WRITE, MAP_SHARED, me.ledger_fd, 0);
	if (me.ledger == MAP_FAILED)
		gd_die("gd-storm: ledger");
}

/* --resume FD NUMBER LIFE STEP: what family_exec() makes of a worker. */
static void resume(char **argv)
{
	me.ledger_fd = atoi(argv[2]);
	map_ledger();
	open_disk();
	worker_run(atoi(argv[3]), atoi(argv[4]), strtoul(argv[5], NULL, 10));
}

int main(int argc, char **argv)
{
	static const struct rlimit no_core;
	pid_t pids[MAX_PROCS];
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], "--nothing"))
		return 0;
	if (argc == 6 && !strcmp(argv[1], "--resume"))
		resume(argv);
	me.ledger_fd = memfd_create("storm", 0);
	if (me.ledger_fd < 0 || ftruncate(me.ledger_fd, sizeof(*me.ledger)))
		gd_die("gd-storm: memfd");
	map_ledger();
	me.ledger->opt = (struct options){ .procs = 4, .pages = 1024, .seconds = 10, .seed = 1 };
	parse(argc, argv, &me.ledger->opt);
	open_disk();
	setrlimit(RLIMIT_CORE, &no_core);
	/* orphans end here, not with process 1 */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	me.ledger->end = gd_now() + me.ledger->opt.seconds;
	for (i = 0; i < me.ledger->opt.procs; i++)
		pids[i] = start(i, 0);
	watch(pids);
	return judge();
}
