// SPDX-License-Identifier: GPL-2.0
/*
 * gd-nlfuzz: what a well-formed request must come to, and whether the listings say
 * the same. A model is exact for the groups that begin with the worker's letter.
 */
#include "nlfuzz_wire.h"

#define SELF	NR_PROCS	/* the worker among its processes */

/* Whom a request names: a process of the worker's, or */
enum { NOBODYS = -1, KERNELS = -2, STRANGER = -3 };

static int find_group(const struct worker *w, const char *name)
{
	int i;

	for (i = 0; i < MAX_GROUPS; i++)
		if (w->group[i].used && !strcmp(w->group[i].name, name))
			return i;
	return -1;
}

static int free_group(const struct worker *w)
{
	int i;

	for (i = 0; i < MAX_GROUPS && w->group[i].used; i++)
		;
	return i;
}

static bool was_ours(const struct worker *w, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < NR_GONE; i++)
		if (w->gone[i].pid == pid)
			return true;
	return false;
}

/* The index of a process of the worker's, or a negative number. */
int model_find_process(const struct worker *w, const struct request *rq)
{
	int i;

	for (i = 0; i <= SELF; i++)
		if (rq->has_pid ? w->proc[i].pid == (pid_t)rq->pid :
				  w->proc[i].pidfd == (int)rq->pidfd)
			return i;
	if (rq->has_pidfd || rq->pid >= w->pid_max || was_ours(w, rq->pid))
		return NOBODYS;
	return rq->pid == 2 ? KERNELS : STRANGER;
}

/* Groups of the crowd's letter, processes of the crowd's, and process 1 */
static bool crowd_knows(const struct worker *w, const struct request *rq)
{
	unsigned int who, i;

	if (rq->pid == 1)
		return true;
	for (who = FIRST_CROWD; who < FIRST_CROWD + 2; who++)
		for (i = 0; i < NR_PROCS; i++)
			if (atomic_load(&w->tallies[who].pid[i]) == (pid_t)rq->pid)
				return true;
	return false;
}

/* Is the result predictable, and no other worker's state affected? */
bool model_knows(const struct worker *w, const struct request *rq)
{
	bool adds = rq->cmd == GRPDEDUP_CMD_GROUP_ADD;
	char letter = rq->name[0];

	if (w->role == NOBODY)
		return true;
	if (letter != w->letter && letter >= 'A' && letter < 'A' + MAX_WORKERS)
		return false;
	if (adds && letter != w->letter && grammar_name_is_good(rq->name))
		return false;
	if (adds && w->role == MODEL && free_group(w) > MAX_GROUPS / 2)
		return false;
	/* without a name, all groups */
	if ((rq->cmd == GRPDEDUP_CMD_PAUSE || rq->cmd == GRPDEDUP_CMD_RESUME) && !rq->has_name)
		return false;
	if (rq->has_pid && model_find_process(w, rq) == STRANGER)
		return w->role == CROWD && crowd_knows(w, rq);
	return w->role == CROWD || !rq->has_number || rq->number == w->last_request ||
	       !rq->number || rq->number > UINT32_MAX;
}

static int expect_member(const struct worker *w, const struct request *rq, int group)
{
	int who;

	if (rq->has_pid == rq->has_pidfd)
		return EINVAL;
	who = model_find_process(w, rq);
	if (rq->cmd == GRPDEDUP_CMD_MEMBER_DEL)
		return who < 0 || w->proc[who].group < 0 ? ESRCH : 0;
	if (who < 0)
		return who == KERNELS ? EINVAL : ESRCH;
	if (w->proc[who].failed)
		return 0;
	if (w->proc[who].group == group)
		return EEXIST;
	return w->proc[who].group >= 0 && !rq->move ? EBUSY : 0;
}

static int expect_number(const struct worker *w, const struct request *rq)
{
	if (!rq->has_number)
		return EINVAL;
	return rq->number && rq->number == w->last_request ? 0 : ENOENT;
}

/* The error of a well-formed request, 0 if it must be served. */
int model_expect(const struct worker *w, const struct request *rq)
{
	bool nameless = !rq->has_name || rq->name_ends_early;
	int group = find_group(w, rq->name);

	if (rq->outdated)
		return EPROTO;
	if (rq->cmd == GRPDEDUP_CMD_MEMBER_DEL)
		return expect_member(w, rq, -1);
	if (rq->cmd == GRPDEDUP_CMD_REQUEST)
		return expect_number(w, rq);
	if (rq->dump && (rq->cmd == GRPDEDUP_CMD_GROUP_GET || !rq->has_name))
		return 0;
	if (nameless)
		return EINVAL;
	if (rq->cmd == GRPDEDUP_CMD_GROUP_ADD) {
		if (!rq->has_rate || !grammar_name_is_good(rq->name))
			return EINVAL;
		return group >= 0 ? EEXIST : 0;
	}
	if (group < 0)
		return ENOENT;
	if (rq->cmd == GRPDEDUP_CMD_MEMBER_ADD)
		return expect_member(w, rq, group);
	if (rq->cmd == GRPDEDUP_CMD_SCAN)
		return w->group[group].paused ? EBUSY : 0;
	return rq->cmd != GRPDEDUP_CMD_GROUP_SET || rq->has_rate || rq->has_split_min ||
	       rq->has_frames_max ? 0 : EINVAL;
}

static void set(struct group *g, const struct request *rq)
{
	if (rq->has_rate)
		g->rate = rq->rate;
	if (rq->has_split_min)
		g->split_min = rq->split_min;
	if (rq->has_frames_max)
		g->frames_max = rq->frames_max;
}

static void assign(struct proc *p, int group, bool failed)
{
	p->group = group;
	p->failed = failed;
}

static void delete(struct worker *w, int group)
{
	int i;

	w->group[group].used = false;
	for (i = 0; i <= SELF; i++)
		if (w->proc[i].group == group)
			assign(&w->proc[i], -1, false);
}

/* An event comes only if something changes. */
static void pause_or_resume(struct worker *w, struct group *g, uint8_t cmd)
{
	bool pause = cmd == GRPDEDUP_CMD_PAUSE;

	w->expected[cmd] += g->paused != pause;
	g->paused = pause;
}

/* A request was served, or has ended well. */
void model_apply(struct worker *w, const struct request *rq)
{
	int group = find_group(w, rq->name);
	struct group *g;

	if (rq->dump)
		return;
	if (rq->cmd == GRPDEDUP_CMD_PAUSE || rq->cmd == GRPDEDUP_CMD_RESUME) {
		pause_or_resume(w, &w->group[group], rq->cmd);
		return;
	}
	w->expected[rq->cmd]++;
	switch (rq->cmd) {
	case GRPDEDUP_CMD_GROUP_ADD:
		if (free_group(w) == MAX_GROUPS)
			wrong(w, NULL, "the model is full");
		g = &w->group[free_group(w)];
		*g = (struct group){ .used = true, .split_min = GRPDEDUP_SPLIT_MIN_DEFAULT };
		snprintf(g->name, sizeof(g->name), "%s", rq->name);
		set(g, rq);
		break;
	case GRPDEDUP_CMD_GROUP_SET:
		set(&w->group[group], rq);
		break;
	case GRPDEDUP_CMD_GROUP_DEL:
		delete(w, group);
		break;
	case GRPDEDUP_CMD_MEMBER_ADD:
		assign(&w->proc[model_find_process(w, rq)], group, false);
		break;
	case GRPDEDUP_CMD_MEMBER_DEL:
		assign(&w->proc[model_find_process(w, rq)], -1, false);
		break;
	}
}

/* What the listings are compared with; one worker is one process. */
static struct { bool listed; unsigned int members; uint32_t said; } group_look[MAX_GROUPS];
static bool proc_look[NR_PROCS + 1];

static void must(const struct worker *w, bool right, const char *what, const char *name,
		 unsigned long got, unsigned long want)
{
	if (!right)
		wrong(w, NULL, "the listing says of '%s': %s %lu, and it must be %lu", name, what,
		      got, want);
}

static void get(const struct worker *w, const struct nlmsghdr *nlh, int type, void *data,
		size_t size)
{
	if (!wire_attr(nlh, type, data, size))
		wrong(w, NULL, "an entry has no attribute %d of %zu bytes", type, size);
}

static void look_at_group(struct worker *w, const struct nlmsghdr *nlh)
{
	char name[GRPDEDUP_NAME_MAX + 1] = "";
	uint32_t rate, split_min, id, said, paused;
	uint64_t frames_max;
	struct group *g;
	int i;

	get(w, nlh, GRPDEDUP_A_GROUP_NAME, name, 0);
	get(w, nlh, GRPDEDUP_A_RATE, &rate, sizeof(rate));
	get(w, nlh, GRPDEDUP_A_SPLIT_MIN, &split_min, sizeof(split_min));
	get(w, nlh, GRPDEDUP_A_FRAMES_MAX, &frames_max, sizeof(frames_max));
	get(w, nlh, GRPDEDUP_A_GROUP_ID, &id, sizeof(id));
	get(w, nlh, GRPDEDUP_A_MEMBERS, &said, sizeof(said));
	get(w, nlh, GRPDEDUP_A_PAUSED, &paused, sizeof(paused));
	if (name[0] != w->letter)
		return;
	if (w->role != MODEL) {
		/* the crowd's names: remembered, to be used again */
		g = &w->group[roll(w, MAX_GROUPS)];
		memcpy(g->name, name, sizeof(name));
		g->used = true;
		return;
	}
	i = find_group(w, name);
	if (i < 0)
		wrong(w, NULL, "there is a group '%s', and nobody made it", name);
	g = &w->group[i];
	must(w, !group_look[i].listed, "entries", name, 2, 1);
	must(w, rate == g->rate, "rate", name, rate, g->rate);
	must(w, split_min == g->split_min, "split_min", name, split_min, g->split_min);
	must(w, frames_max == g->frames_max, "frames_max", name, frames_max, g->frames_max);
	must(w, paused == g->paused, "paused", name, paused, g->paused);
	must(w, g->id ? id == g->id : id > w->last_id, "id", name, id, g->id ?: w->last_id + 1);
	g->id = id;
	atomic_fetch_add(&w->tally->merges, wire_counter(nlh, GRPDEDUP_CNT_MERGES) - g->merges);
	g->merges = wire_counter(nlh, GRPDEDUP_CNT_MERGES);
	group_look[i].listed = true;
	group_look[i].said = said;
}

/* A process that is gone may be listed for a while: its group looks once a second. */
static void look_at_ghost(struct worker *w, pid_t pid, const char *name)
{
	unsigned int i;

	for (i = 0; i < NR_GONE; i++)
		if (w->gone[i].pid == pid)
			break;
	if (i == NR_GONE)
		wrong(w, NULL, "pid %d is in group '%s', and nobody assigned it", pid, name);
	if (gd_now() - w->gone[i].since > patience)
		wrong(w, NULL, "pid %d is in group '%s', and it is gone since %.1f s", pid, name,
		      gd_now() - w->gone[i].since);
}

static void look_at_member(struct worker *w, const struct nlmsghdr *nlh)
{
	char name[GRPDEDUP_NAME_MAX + 1] = "", comm[GRPDEDUP_NAME_MAX + 1] = "";
	uint64_t started;
	uint32_t pid, state;
	bool failed;
	int i, group;

	get(w, nlh, GRPDEDUP_A_GROUP_NAME, name, 0);
	get(w, nlh, GRPDEDUP_A_COMM, comm, 0);
	get(w, nlh, GRPDEDUP_A_PID, &pid, sizeof(pid));
	get(w, nlh, GRPDEDUP_A_START_TIME, &started, sizeof(started));
	get(w, nlh, GRPDEDUP_A_STATE, &state, sizeof(state));
	failed = state == GRPDEDUP_STATE_FAILED;
	group = find_group(w, name);
	for (i = 0; i <= SELF && w->proc[i].pid != (pid_t)pid; i++)
		;
	if (w->role != MODEL || (name[0] != w->letter && i > SELF))
		return;
	if (group < 0)
		wrong(w, NULL, "pid %u is in group '%s', which is not there", pid, name);
	group_look[group].members += !failed;
	if (i > SELF) {
		look_at_ghost(w, pid, name);
		return;
	}
	if (w->unsure)
		assign(&w->proc[i], group, failed);
	must(w, w->proc[i].group == group, "pid of a stranger", name, pid, 0);
	must(w, failed || state == GRPDEDUP_STATE_MEMBER, "state", name, state,
	     GRPDEDUP_STATE_MEMBER);
	must(w, failed == w->proc[i].failed, "failed", name, failed, w->proc[i].failed);
	must(w, !proc_look[i], "entries of one pid", name, 2, 1);
	proc_look[i] = true;
}

static void compare_group(struct worker *w, const struct group *g, int i)
{
	unsigned int said = group_look[i].said, members = group_look[i].members;

	must(w, group_look[i].listed, "entries", g->name, 0, 1);
	/* those who are gone may leave between the two listings */
	must(w, said >= members && said <= members + NR_GONE, "members", g->name, said, members);
	if (g->id > w->last_id)
		w->last_id = g->id;
}

/* Is all state as the model says? Then refused requests changed nothing. */
void model_compare(struct worker *w)
{
	/* memberships end by themselves as well; who hears of a request may have asked before */
	static const uint8_t counted[] = {
		GRPDEDUP_CMD_GROUP_ADD, GRPDEDUP_CMD_GROUP_SET, GRPDEDUP_CMD_GROUP_DEL,
		GRPDEDUP_CMD_MEMBER_ADD, GRPDEDUP_CMD_PAUSE, GRPDEDUP_CMD_RESUME,
	};
	struct proc *p;
	unsigned long want;
	size_t k;
	int i;

	memset(group_look, 0, sizeof(group_look));
	memset(proc_look, 0, sizeof(proc_look));
	wire_dump(w, GRPDEDUP_CMD_GROUP_GET, look_at_group);
	wire_dump(w, GRPDEDUP_CMD_MEMBER_GET, look_at_member);
	if (w->role != MODEL)
		return;
	atomic_fetch_add(&w->tally->checks, 1);
	for (i = 0; i < MAX_GROUPS; i++)
		if (w->group[i].used)
			compare_group(w, &w->group[i], i);
	for (i = 0; i <= SELF; i++) {
		p = &w->proc[i];
		if (w->unsure && !proc_look[i])
			assign(p, -1, false);
		if (p->group >= 0)
			must(w, proc_look[i], "entries of a member, pid", w->group[p->group].name,
			     0, p->pid);
	}
	wire_hear(w);
	for (k = 0; k < sizeof(counted) && w->events.fd >= 0; k++) {
		want = w->expected[counted[k]];
		if (w->heard[counted[k]] != want)
			wrong(w, NULL, "%lu events of command %u, and it must be %lu",
			      w->heard[counted[k]], counted[k], want);
	}
	w->unsure = false;
}

/* What is left at the end goes, one message each. */
void model_clear(struct worker *w)
{
	static const struct genlmsghdr genl = { GRPDEDUP_CMD_GROUP_DEL, GRPDEDUP_GENL_VERSION, 0 };
	struct nlmsghdr *nlh = (void *)w->tally->data;
	struct nlattr *attr = (void *)((char *)NLMSG_DATA(nlh) + GENL_HDRLEN);
	size_t len;
	int i;

	for (i = 0; i < MAX_GROUPS; i++) {
		if (!w->group[i].used)
			continue;
		len = strlen(w->group[i].name) + 1;
		memset(nlh, 0, 128);
		nlh->nlmsg_type = family;
		nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
		nlh->nlmsg_seq = ++w->seq;
		memcpy(NLMSG_DATA(nlh), &genl, sizeof(genl));
		attr->nla_type = GRPDEDUP_A_GROUP_NAME;
		attr->nla_len = NLA_HDRLEN + len;
		memcpy(attr + 1, w->group[i].name, len);
		nlh->nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) + NLA_ALIGN(attr->nla_len);
		w->len = nlh->nlmsg_len;
		w->nr_built = 1;
		grammar_walk(w);
		wire_exchange(w, &w->clean);
	}
}
