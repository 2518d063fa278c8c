/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rooms of gd-nlfuzz. A worker is a process with sockets, with processes that
 * it may enrol, and with dice. It builds datagrams, reads them as the kernel must
 * (grammar), knows what has to become of each message (model), sends, and judges
 * the answers.
 *
 * A worker's groups begin with a letter of its own, so that its model is right
 * whatever the others do. Workers of the crowd share a letter and have no model.
 */
#ifndef GD_NLFUZZ_H
#define GD_NLFUZZ_H

#include <linux/genetlink.h>
#include <linux/grpdedup.h>
#include <linux/netlink.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "gd.h"

#define MAX_WORKERS	5	/* two with a model, two of the crowd, one without rights */
#define FIRST_CROWD	2
#define MAX_BUILT	24	/* messages built into one datagram */
#define MAX_SEEN	256	/* messages that the kernel finds in it */
#define MAX_ERRNO	134
#define MAX_GROUPS	24	/* of one worker */
#define DATAGRAM	(96 * 1024)
#define NR_PROCS	6
#define NR_GONE		64
#define NR_ODD		10
#define NR_CONNS	4

enum role { MODEL, CROWD, NOBODY };

/* What the kernel makes of a message: skipped is what is no request. */
enum kind { SKIPPED, MALFORMED, REQUEST };

struct request {
	uint8_t cmd;
	bool dump, has_name, name_ends_early, has_rate, has_split_min, has_frames_max;
	bool has_pid, has_pidfd, has_number, move;
	bool outdated;		/* of an older version of the interface */
	char name[GRPDEDUP_NAME_MAX + 1];
	uint32_t rate, split_min, pid, pidfd;
	uint64_t frames_max, number;
};

struct seen {
	enum kind kind;
	struct request rq;
	uint32_t seq;
	size_t at;
	bool ack, foreign_type, answered, done, torn, said_why;
	int err;		/* the kernel's answer, positive */
	unsigned int replies;
	uint64_t number;	/* by which an accepted request can be asked for */
};

/* Shared with the parent, which watches. */
struct tally {
	atomic_ulong sent, unseen, accepted, skipped, unknown, busy, merges, checks;
	atomic_ulong refused[MAX_ERRNO];
	_Atomic double since;	/* when the worker went into the kernel; 0: it is back */
	atomic_uint len;	/* of the datagram with which */
	atomic_int pid[NR_PROCS], self;
	_Alignas(8) uint8_t data[DATAGRAM];
};

struct conn {
	int fd;
	bool roomy;		/* no answer may get lost */
	bool stale;		/* a dump was not read to its end */
	bool explains;		/* extended acks */
};

struct proc {
	pid_t pid;
	int pidfd, group;	/* group: index, or -1 */
	bool failed;		/* listed in the group, which it could not join */
};

struct group {
	char name[GRPDEDUP_NAME_MAX + 1];
	bool used, paused;
	uint32_t rate, split_min, id;
	uint64_t frames_max, merges;
};

struct worker {
	enum role role;
	unsigned int number;
	char letter;
	uint64_t dice, share, last_request;
	uint32_t seq, pid_max, last_id;
	struct tally *tally, *tallies;
	struct conn conn[NR_CONNS], clean, events;
	struct proc proc[NR_PROCS + 1];	/* the last one is the worker itself */
	struct { pid_t pid; int pidfd; double since; } gone[NR_GONE];
	unsigned int nr_gone;
	int odd[NR_ODD];
	struct group group[MAX_GROUPS];
	unsigned long expected[GRPDEDUP_CMD_MAX + 1], heard[GRPDEDUP_CMD_MAX + 1]; /* events */
	bool unsure;		/* who is in which group: the next look says it */
	struct seen seen[MAX_SEEN];
	unsigned int nr_seen, nr_built;
	size_t len;
};

extern uint16_t family;
extern double patience;

static inline uint64_t roll(struct worker *w, uint64_t n)
{
	return gd_next(&w->dice) % n;
}

static inline bool once_in(struct worker *w, uint64_t n)
{
	return !roll(w, n);
}

/* grammar: the wire as the header describes it, told once more */
void grammar_walk(struct worker *w);
bool grammar_name_is_good(const char *name);
/* build: what to send */
void build_datagram(struct worker *w);
/* model: what must become of it */
int model_expect(const struct worker *w, const struct request *rq);
void model_apply(struct worker *w, const struct request *rq);
bool model_knows(const struct worker *w, const struct request *rq);
int model_find_process(const struct worker *w, const struct request *rq);
void model_compare(struct worker *w);
void model_clear(struct worker *w);
/* order: what is accepted ends later */
bool order_ends_later(const struct request *rq);
void order_cut(struct worker *w);
void order_settle(struct worker *w);
/* procs: whom to enrol */
void procs_start(struct worker *w);
void procs_shake(struct worker *w);
void procs_end(struct worker *w);

__attribute__((noreturn, format(printf, 3, 4)))
void wrong(const struct worker *w, const struct seen *seen, const char *fmt, ...);

#endif /* GD_NLFUZZ_H */
