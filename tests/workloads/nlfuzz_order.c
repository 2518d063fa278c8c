// SPDX-License-Identifier: GPL-2.0
/*
 * gd-nlfuzz: requests that are accepted and end later. A worker with a model waits
 * for the end before it sends anything that depends on it; the crowd never waits.
 */
#include "nlfuzz_wire.h"

/* Is it carried out after the answer? */
bool order_ends_later(const struct request *rq)
{
	return !rq->dump && (rq->cmd == GRPDEDUP_CMD_GROUP_DEL ||
			     rq->cmd == GRPDEDUP_CMD_MEMBER_ADD ||
			     rq->cmd == GRPDEDUP_CMD_MEMBER_DEL);
}

static int process_of(const struct worker *w, const struct request *rq)
{
	return rq->cmd == GRPDEDUP_CMD_MEMBER_ADD || rq->cmd == GRPDEDUP_CMD_MEMBER_DEL ?
	       model_find_process(w, rq) : -1;
}

/* Does the group @name matter to a request? */
static bool concerns(const struct worker *w, const struct request *rq, const char *name)
{
	int who = process_of(w, rq), group = who < 0 ? -1 : w->proc[who].group;

	return (rq->has_name && !strcmp(rq->name, name)) ||
	       (group >= 0 && !strcmp(w->group[group].name, name));
}

/* Does the answer to @later, or the end of @first, depend on which comes first? */
static bool depend(const struct worker *w, const struct request *first,
		   const struct request *later)
{
	int who = process_of(w, first);

	return (who >= 0 && who == process_of(w, later)) ||
	       (first->cmd == GRPDEDUP_CMD_GROUP_DEL && concerns(w, later, first->name)) ||
	       (later->cmd == GRPDEDUP_CMD_GROUP_DEL && concerns(w, first, later->name));
}

static bool must_wait(const struct worker *w, unsigned int later)
{
	unsigned int i;

	for (i = 0; i < later; i++)
		if (w->seen[i].kind == REQUEST && order_ends_later(&w->seen[i].rq) &&
		    depend(w, &w->seen[i].rq, &w->seen[later].rq))
			return true;
	return false;
}

/* A model waits for the end of a request: cut off what must not be sent before. */
void order_cut(struct worker *w)
{
	unsigned int i;

	for (i = 0; i < w->nr_seen && w->role == MODEL; i++) {
		if (w->seen[i].kind != REQUEST || !must_wait(w, i))
			continue;
		w->len = w->seen[i].at;
		w->nr_seen = i;
		w->nr_built = i;
	}
}

/* Ask until an accepted request has ended. */
static int wait_for(struct worker *w, const struct seen *seen)
{
	double began = gd_now();
	int err;

	while ((err = wire_ask(w, seen->number)) == EINPROGRESS) {
		if (gd_now() - began > patience)
			wrong(w, seen, "request %lu does not end", seen->number);
		usleep(1000);
	}
	return err;
}

static void settle(struct worker *w, const struct seen *seen)
{
	int err = wait_for(w, seen);

	/* so many others have ended since that it was forgotten: most end well */
	if (!err || err == ENOENT)
		model_apply(w, &seen->rq);
	else if (err != EBUSY)
		wrong(w, seen, "ended with %d (%s)", err, strerror(err));
	if (err) {
		atomic_fetch_add(&w->tally->busy, 1);
		/* a process may have left one group and not entered the other */
		w->unsure = true;
	}
}

/* Until what was accepted has ended, nothing about the same group or process is sent. */
void order_settle(struct worker *w)
{
	unsigned int i;

	for (i = 0; i < w->nr_seen; i++) {
		if (w->seen[i].kind != REQUEST || !order_ends_later(&w->seen[i].rq) ||
		    !w->seen[i].number)
			continue;
		if (w->role == MODEL)
			settle(w, &w->seen[i]);
		w->last_request = w->seen[i].number;
	}
}
