// SPDX-License-Identifier: GPL-2.0
/*
 * gd-passes: set a scanner going at full speed and write down what it had done
 * at the end of each of its passes. ksmd and a group's scanner are watched in the
 * same way, by the same clock: CPU time is the first field of /proc/TID/schedstat.
 *
 * usage: gd-passes ksmd|GROUP TID CPU_NS PERMILLE PASSES MS SECONDS
 *
 *   CPU_NS	CPU time of thread TID before it had anything to do with the memory
 *   PERMILLE	it has converged after the first pass that saved something and
 *		whose sum changes by no more than this in each of the two passes
 *		that follow
 *   PASSES MS	then it is watched for that many passes and that long, at least
 *   SECONDS	all must be over by then; exit status 3 if it never converged
 *
 * Prints "KEY VALUE" lines: where it converged (passes, wall_ns, cpu_ns, saved and,
 * for a group, merges, zaps), the same with the two passes that proved it
 * (proved_wall_ns, proved_cpu_ns), sums of the passes thereafter (steady_*), and
 * the merges until the end (last_merges).
 * On stderr a line for each pass. The scanner is stopped at the end; what it
 * merged stays.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libgrpdedup.h"

#define KSM		"/sys/kernel/mm/ksm/"
#define POLL_US		5000
#define MAX_PASSES	100000

/* What is known at the end of a pass; times since the start, the rest in total. */
struct sample {
	uint64_t pass, wall, cpu, saved, visited, merges, zaps;
};

struct scanner {
	void (*run)(uint64_t speed);
	uint64_t (*passes)(void);
	void (*read)(struct sample *s);
};

static struct grpdedup_conn *conn;
static const char *name, *schedstat;
static uint64_t start_ns, base_cpu;

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("gd-passes: ", stderr);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static uint64_t read_number(const char *path)
{
	char text[128];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		die("cannot read %s", path);
	close(fd);
	text[n] = 0;
	return strtoull(text, NULL, 10);
}

static void ksmd_run(uint64_t speed)
{
	int fd = open(KSM "run", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, speed ? "1" : "0", 1) != 1)
		die("cannot write %srun", KSM);
	close(fd);
}

static uint64_t ksmd_passes(void)
{
	return read_number(KSM "full_scans");
}

/* ksmd counts its visits since 6.6. Before, it visited each page that it has an item of once in a pass. */
static void ksmd_read(struct sample *s)
{
	static uint64_t visited;

	s->saved = read_number(KSM "pages_sharing");
	s->merges = s->saved + read_number(KSM "pages_shared");
	visited += s->merges + read_number(KSM "pages_unshared") + read_number(KSM "pages_volatile");
	s->visited = access(KSM "pages_scanned", R_OK) ? visited : read_number(KSM "pages_scanned");
}

static void group_run(uint64_t speed)
{
	struct grpdedup_group_params params = { .name = name, .set = GRPDEDUP_SET_RATE, .rate = speed };

	if (grpdedup_group_set(conn, &params))
		die("cannot set the rate of %s: %s", name, grpdedup_conn_error(conn));
}

static uint64_t group_counter(const struct grpdedup_group *group, enum grpdedup_counter id)
{
	uint64_t value;

	if (!grpdedup_counter_get(&group->counters, id, &value))
		die("the module does not send counter %s", grpdedup_counter_name(id));
	return value;
}

static struct grpdedup_group group_now(void)
{
	struct grpdedup_group group;

	if (grpdedup_group_get(conn, name, &group))
		die("cannot read group %s: %s", name, grpdedup_conn_error(conn));
	return group;
}

static uint64_t group_passes(void)
{
	struct grpdedup_group group = group_now();

	return group_counter(&group, GRPDEDUP_CNT_FULL_SCANS);
}

static void group_read(struct sample *s)
{
	struct grpdedup_group group = group_now();

	s->saved = group_counter(&group, GRPDEDUP_CNT_PAGES_SHARING);
	s->visited = group_counter(&group, GRPDEDUP_CNT_PAGES_SCANNED);
	s->merges = group_counter(&group, GRPDEDUP_CNT_MERGES);
	s->zaps = group_counter(&group, GRPDEDUP_CNT_ZAPS);
}

static const struct scanner ksmd = { ksmd_run, ksmd_passes, ksmd_read };
static const struct scanner group = { group_run, group_passes, group_read };

static bool near(const struct sample *a, const struct sample *b, uint64_t permille)
{
	uint64_t change = a->saved > b->saved ? a->saved - b->saved : b->saved - a->saved;

	return change * 1000 <= permille * a->saved;
}

/* The first of @n samples at which it had converged, or NULL. */
static const struct sample *converged(const struct sample *s, size_t n, uint64_t permille)
{
	size_t i;

	for (i = 0; i + 2 < n; i++)
		if (s[i].saved && near(&s[i], &s[i + 1], permille) && near(&s[i], &s[i + 2], permille))
			return &s[i];
	return NULL;
}

/* Waits for the end of the pass after @last. */
static bool next_pass(const struct scanner *scanner, uint64_t last, struct sample *s, uint64_t end)
{
	uint64_t pass;

	while ((pass = scanner->passes()) == last) {
		if (now_ns() > end)
			return false;
		usleep(POLL_US);
	}
	s->wall = now_ns() - start_ns;
	s->cpu = read_number(schedstat) - base_cpu;
	s->pass = pass;
	scanner->read(s);
	fprintf(stderr, "gd-passes: %s pass %llu at %llu ms: cpu %llu ms, saved %llu\n", name,
		(unsigned long long)pass, (unsigned long long)s->wall / 1000000,
		(unsigned long long)s->cpu / 1000000, (unsigned long long)s->saved);
	return true;
}

static void print(const char *key, uint64_t value)
{
	printf("%s %llu\n", key, (unsigned long long)value);
}

static void print_all(const struct sample *at, const struct sample *last, uint64_t first)
{
	const struct sample *proved = at + 2;

	print("passes", at->pass - first);
	print("wall_ns", at->wall);
	print("cpu_ns", at->cpu);
	print("saved", at->saved);
	print("merges", at->merges);
	print("zaps", at->zaps);
	print("last_merges", last->merges);
	print("proved_wall_ns", proved->wall);
	print("proved_cpu_ns", proved->cpu);
	print("steady_passes", last->pass - proved->pass);
	print("steady_wall_ns", last->wall - proved->wall);
	print("steady_cpu_ns", last->cpu - proved->cpu);
	print("steady_visited", last->visited - proved->visited);
}

int main(int argc, char **argv)
{
	uint64_t permille, passes, ms, first, last, end;
	const struct scanner *scanner;
	const struct sample *at = NULL;
	static struct sample s[MAX_PASSES];
	char path[64];
	size_t n = 0;

	if (argc != 8)
		die("usage: gd-passes ksmd|GROUP TID CPU_NS PERMILLE PASSES MS SECONDS");
	name = argv[1];
	scanner = strcmp(name, "ksmd") ? &group : &ksmd;
	snprintf(path, sizeof(path), "/proc/%s/schedstat", argv[2]);
	schedstat = path;
	base_cpu = strtoull(argv[3], NULL, 10);
	permille = strtoull(argv[4], NULL, 10);
	passes = strtoull(argv[5], NULL, 10);
	ms = strtoull(argv[6], NULL, 10);
	if (scanner == &group && grpdedup_conn_open(&conn))
		die("the module does not answer");

	first = last = scanner->passes();
	start_ns = now_ns();
	end = start_ns + strtoull(argv[7], NULL, 10) * 1000000000ULL;
	scanner->run(GRPDEDUP_RATE_MAX);
	while (n < MAX_PASSES && next_pass(scanner, last, &s[n], end)) {
		last = s[n++].pass;
		if (!at)
			at = converged(s, n, permille);
		if (at && last - at[2].pass >= passes && s[n - 1].wall - at[2].wall >= ms * 1000000)
			break;
	}
	scanner->run(0);
	if (!at) {
		fprintf(stderr, "gd-passes: %s has not converged after %zu passes\n", name, n);
		return 3;
	}
	print_all(at, &s[n - 1], first);
	return 0;
}
