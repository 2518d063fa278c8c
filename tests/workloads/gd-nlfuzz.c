// SPDX-License-Identifier: GPL-2.0
/*
 * gd-nlfuzz: send valid and malformed messages to the module, and check the
 * answers.
 *
 * usage: gd-nlfuzz [--messages N] [--seed S] [--every N] [--patience SECONDS]
 *
 * --every	look at the listings after so many datagrams of a worker
 * --patience	how long a request may take
 *
 * Five workers: two predict the result of each message and compare it with the
 * listings; two ("the crowd") compete for the same groups and processes; one
 * has no rights. The seed determines what they do. The last line is "fuzz: seed
 * S, N messages, A accepted, R refused: EINVAL n ...". Exit status 0: no error;
 * 1: an error, described on standard error; 3: there is no such family.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "nlfuzz_wire.h"

double patience = 10;
static unsigned long messages = 20000, seed = 1, every = 64;
static struct worker me;

static void show_bytes(const struct tally *tally, size_t at, size_t len)
{
	size_t i;

	if (len > 256)
		len = 256;
	for (i = 0; i < len; i++)
		fprintf(stderr, "%02x%s", tally->data[at + i], i % 4 == 3 ? " " : "");
	fprintf(stderr, "\n");
}

/* Something is not right: say where, and end. */
void wrong(const struct worker *w, const struct seen *seen, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "gd-nlfuzz: NOT RIGHT: worker %u of seed %lu, message %u: ", w->number,
		seed, w->seq);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	if (seen) {
		const struct nlmsghdr *nlh = (const void *)(w->tally->data + seen->at);

		fprintf(stderr, "gd-nlfuzz: it was message %u of its datagram, number %u: ",
			(unsigned int)(seen - w->seen), seen->seq);
		show_bytes(w->tally, seen->at, nlh->nlmsg_len);
	}
	exit(1);
}

/* What is carried out later can only be asked for if its reply has come. */
static bool needs_replies(const struct worker *w)
{
	unsigned int i;

	for (i = 0; i < w->nr_seen && w->role == MODEL; i++)
		if (w->seen[i].kind == REQUEST && order_ends_later(&w->seen[i].rq))
			return true;
	return false;
}

/* A socket of some kind that is good enough. */
static struct conn *pick(struct worker *w)
{
	struct conn *c = &w->conn[roll(w, NR_CONNS)];

	if (once_in(w, 50))
		wire_open(w, c, false);
	return c->roomy || !needs_replies(w) ? c : &w->clean;
}

/* Begin a listing, and do not read it: close the socket, or go on with it. */
static void abandon(struct worker *w, struct conn *c)
{
	uint8_t cmd = once_in(w, 2) ? GRPDEDUP_CMD_GROUP_GET : GRPDEDUP_CMD_MEMBER_GET;
	struct { struct nlmsghdr nlh; struct genlmsghdr genl; } q = {
		{ sizeof(q), family, NLM_F_REQUEST | NLM_F_DUMP, ++w->seq, 0 },
		{ cmd, GRPDEDUP_GENL_VERSION, 0 },
	};

	if (send(c->fd, &q, sizeof(q), 0) < 0)
		wrong(w, NULL, "send: %s", strerror(errno));
	c->stale = true;
	if (once_in(w, 2))
		wire_open(w, c, needs_replies(w));
}

/* A process that is killed amid a request: of the crowd, which has no model. */
static void send_and_die(struct worker *w)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		gd_die("gd-nlfuzz: fork");
	if (!pid) {
		wire_open(w, &w->clean, true);
		send(w->clean.fd, w->tally->data, w->len, 0);
		_exit(0);
	}
	usleep(roll(w, 3000));
	kill(pid, SIGKILL);
	atomic_store(&w->tally->since, gd_now());
	waitpid(pid, &status, 0);
	atomic_store(&w->tally->since, 0);
}

static void give_up_rights(struct worker *w)
{
	/* two sockets are from before */
	wire_open(w, &w->conn[0], false);
	wire_open(w, &w->conn[1], false);
	if (setgid(65534) || setuid(65534))
		gd_die("gd-nlfuzz: setuid");
	/* forgotten with the rights */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	w->letter = 'A';
}

static void prepare(struct worker *w)
{
	FILE *file = fopen("/proc/sys/kernel/pid_max", "r");
	unsigned int i;

	if (!file || fscanf(file, "%u", &w->pid_max) != 1)
		gd_die("gd-nlfuzz: pid_max");
	fclose(file);
	w->dice = seed * MAX_WORKERS + w->number;
	w->role = w->number < FIRST_CROWD ? MODEL : w->number < MAX_WORKERS - 1 ? CROWD : NOBODY;
	w->letter = w->role == MODEL ? 'A' + w->number : 'A' + FIRST_CROWD;
	w->events.fd = -1;
	procs_start(w);
	if (w->role == NOBODY)
		give_up_rights(w);
	for (i = w->role == NOBODY ? 2 : 0; i < NR_CONNS; i++)
		wire_open(w, &w->conn[i], false);
	wire_open(w, &w->clean, true);
	if (w->number == 0 || w->role == NOBODY)
		wire_listen(w);
}

/* One worker, to its end. */
__attribute__((noreturn))
static void work(struct worker *w)
{
	unsigned long turn;
	struct conn *c;

	prepare(w);
	for (turn = 1; atomic_load(&w->tally->sent) < w->share; turn++) {
		build_datagram(w);
		c = pick(w);
		if (w->role == CROWD && once_in(w, 60))
			send_and_die(w);
		if (w->role == CROWD && once_in(w, 60))
			wire_listen(w);
		if (w->role != NOBODY && once_in(w, 30))
			abandon(w, c);
		wire_exchange(w, c);
		if (w->role != NOBODY && (turn % every == 0 || (w->role == MODEL && w->unsure)))
			model_compare(w);
		procs_shake(w);
		wire_hear(w);
	}
	if (w->role == MODEL) {
		model_compare(w);
		model_clear(w);
		model_compare(w);
	}
	procs_end(w);
	exit(0);
}

/* Groups of the crowd that are left go; there must be no others. */
static void look_for_rest(struct worker *w, const struct nlmsghdr *nlh)
{
	struct group *g = w->group;

	while (g < w->group + MAX_GROUPS && g->used)
		g++;
	if (g == w->group + MAX_GROUPS)
		return;
	g->used = wire_attr(nlh, GRPDEDUP_A_GROUP_NAME, g->name, 0);
	if (!g->used || g->name[0] != w->letter)
		wrong(w, NULL, "group '%s' is left", g->name);
}

static void clean_up(struct tally *tallies)
{
	double began = gd_now();

	me = (struct worker){ .number = MAX_WORKERS, .role = CROWD, .letter = 'A' + FIRST_CROWD,
			      .tally = &tallies[MAX_WORKERS], .tallies = tallies, .events.fd = -1 };
	wire_open(&me, &me.clean, true);
	/* some are being deleted already, and refuse to be deleted again */
	for (;;) {
		wire_dump(&me, GRPDEDUP_CMD_GROUP_GET, look_for_rest);
		if (!me.group[0].used)
			return;
		if (gd_now() - began > patience)
			wrong(&me, NULL, "group '%s' does not go", me.group[0].name);
		model_clear(&me);
		memset(me.group, 0, sizeof(me.group));
		usleep(10000);
	}
}

static unsigned long sum(struct tally *tallies, size_t offset)
{
	unsigned long n = 0;
	int i;

	for (i = 0; i < MAX_WORKERS; i++)
		n += atomic_load((atomic_ulong *)((char *)&tallies[i] + offset));
	return n;
}
#define SUM(what)	sum(tallies, offsetof(struct tally, what))

static unsigned long refused_with(struct tally *tallies, int err)
{
	return sum(tallies, offsetof(struct tally, refused) + err * sizeof(atomic_ulong));
}

static unsigned long refusals(struct tally *tallies)
{
	unsigned long n = 0;
	int i;

	for (i = 0; i < MAX_ERRNO; i++)
		n += refused_with(tallies, i);
	return n;
}

static void show_progress(struct tally *tallies, double began)
{
	unsigned long n = SUM(sent);
	double passed = gd_now() - began;

	printf("fuzz: %lu of %lu messages in %.0f s, %.0f per second, %lu accepted, %lu refused\n",
	       n, messages, passed, n / passed, SUM(accepted), refusals(tallies));
	fflush(stdout);
}

static int show_end(struct tally *tallies)
{
	int i;

	printf("fuzz: %lu merges; %lu listings compared; %lu messages were no requests, of %lu the"
	       " answer got lost, %lu were refused for now; %lu more were cut off\n", SUM(merges),
	       SUM(checks), SUM(skipped), SUM(unknown), SUM(busy), SUM(unseen));
	if (!SUM(merges) || !SUM(checks) || SUM(busy) > SUM(accepted) / 50) {
		fprintf(stderr, "gd-nlfuzz: NOT RIGHT: too few merges, or too much refused\n");
		return 1;
	}
	printf("fuzz: seed %lu, %lu messages, %lu accepted, %lu refused:", seed, SUM(sent),
	       SUM(accepted), refusals(tallies));
	for (i = 0; i < MAX_ERRNO; i++)
		if (refused_with(tallies, i))
			printf(" %s %lu", strerrorname_np(i), refused_with(tallies, i));
	printf("\n");
	return 0;
}

/* Check whether a request hangs. */
static void check_patience(struct tally *tally, unsigned int number)
{
	double since = atomic_load(&tally->since);
	char command[64];

	if (!since || gd_now() - since < patience)
		return;
	fprintf(stderr, "gd-nlfuzz: NOT RIGHT: worker %u of seed %lu waits for %.1f s for this:\n",
		number, seed, gd_now() - since);
	show_bytes(tally, 0, atomic_load(&tally->len));
	snprintf(command, sizeof(command), "cat /proc/%d/stack >&2", atomic_load(&tally->self));
	if (system(command))
		fprintf(stderr, "gd-nlfuzz: its stack cannot be read\n");
	exit(1);
}

/* Until all have ended well. */
static void watch(struct tally *tallies)
{
	double began = gd_now(), shown = began;
	unsigned int left = MAX_WORKERS, i;
	int status;

	while (left) {
		if (waitpid(-1, &status, WNOHANG) > 0) {
			if (status) {
				fprintf(stderr, "gd-nlfuzz: a worker ended, seed %lu, status %#x\n",
					seed, status);
				exit(1);
			}
			left--;
			continue;
		}
		for (i = 0; i < MAX_WORKERS; i++)
			check_patience(&tallies[i], i);
		if (gd_now() - shown > 10) {
			show_progress(tallies, began);
			shown = gd_now();
		}
		usleep(100000);
	}
	show_progress(tallies, began);
}

static void parse(int argc, char **argv)
{
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--messages"))
			messages = strtoul(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--seed"))
			seed = strtoul(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--every"))
			every = strtoul(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--patience"))
			patience = strtod(argv[i + 1], NULL);
		else
			break;
	}
	errno = 0;
	if (i < argc || !messages || !every || patience <= 0)
		gd_die("usage: gd-nlfuzz [--messages N] [--seed S] [--every N] [--patience S]");
}

int main(int argc, char **argv)
{
	/* per cent of the messages */
	static const unsigned int shares[MAX_WORKERS] = { 35, 35, 12, 12, 6 };
	struct tally *tallies = gd_private_alloc((MAX_WORKERS + 1) * sizeof(*tallies));
	unsigned int i;
	pid_t pid;

	parse(argc, argv);
	wire_find_family();
	for (i = 0; i < MAX_WORKERS; i++) {
		pid = fork();
		if (pid < 0)
			gd_die("gd-nlfuzz: fork");
		if (pid) {
			atomic_store(&tallies[i].self, pid);
			continue;
		}
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		me.number = i;
		me.tally = &tallies[i];
		me.tallies = tallies;
		me.share = (messages * shares[i] + 99) / 100;
		work(&me);
	}
	watch(tallies);
	clean_up(tallies);
	return show_end(tallies);
}
