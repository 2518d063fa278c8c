// SPDX-License-Identifier: GPL-2.0
/* Requests to the kernel, each on its own thread. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "../lib/libgrpdedup.h"
#include "thread.h"
#include "work.h"

#define SENTENCE_SIZE	256

enum job_kind {
	JOB_ASSIGN,
	JOB_UNASSIGN,
	JOB_DELETE_GROUP,
};

/**
 * struct job - one request
 * @work: the list that it belongs to
 * @next: in @work's list of done jobs; protected by its lock
 * @all_next: in @work's list of all jobs; used by the loop's thread only
 */
struct job {
	struct work *work;
	struct job *next;
	struct job *all_next;
	enum job_kind kind;
	char group[GRPDEDUP_NAME_SIZE];
	pid_t pid;
	bool move;
	work_fn fn;
	void *arg;
	int err;
	char sentence[SENTENCE_SIZE];
};

/**
 * struct work - the requests under way
 * @lock: protects @done
 * @done: jobs that have ended, but are not reported yet
 * @fd: eventfd that signals @done
 * @all: jobs that are not reported yet; used by the loop's thread only
 * @count: number of jobs in @all
 */
struct work {
	pthread_mutex_t lock;
	struct job *done;
	int fd;
	struct watch *watch;
	struct job *all;
	unsigned int count;
};

static int send(struct grpdedup_conn *conn, const struct job *job,
		struct grpdedup_request *request)
{
	switch (job->kind) {
	case JOB_ASSIGN:
		return grpdedup_member_add(conn, job->group, job->pid,
					   job->move ? GRPDEDUP_FLAG_MOVE : 0,
					   request);
	case JOB_UNASSIGN:
		return grpdedup_member_del(conn, job->pid, 0, request);
	default:
		return grpdedup_group_del(conn, job->group,
					  GRPDEDUP_FLAG_UNSHARE, request);
	}
}

static int carry_out(struct grpdedup_conn *conn, const struct job *job)
{
	struct grpdedup_request request;
	int err;

	grpdedup_conn_watch(conn);
	err = send(conn, job, &request);
	return err ? err : grpdedup_request_wait(conn, &request, 1, NULL);
}

static void *run(void *arg)
{
	struct job *job = arg;
	struct work *work = job->work;
	uint64_t one = 1;
	struct grpdedup_conn *conn;

	job->err = grpdedup_conn_open(&conn);
	if (!job->err) {
		job->err = carry_out(conn, job);
		snprintf(job->sentence, sizeof(job->sentence), "%s",
			 grpdedup_conn_error(conn));
		grpdedup_conn_close(conn);
	}
	if (job->err && !job->sentence[0])
		snprintf(job->sentence, sizeof(job->sentence), "%s", strerror(-job->err));
	pthread_mutex_lock(&work->lock);
	job->next = work->done;
	work->done = job;
	if (write(work->fd, &one, sizeof(one)) < 0)
		job->err = -errno;
	pthread_mutex_unlock(&work->lock);
	return NULL;
}

static void drop(struct work *work, struct job *job)
{
	struct job **link = &work->all;

	while (*link != job)
		link = &(*link)->all_next;
	*link = job->all_next;
	work->count--;
	free(job);
}

static void hand_back(void *arg, uint32_t events)
{
	struct work *work = arg;
	struct job *job, *next;
	uint64_t count;

	(void)events;
	if (read(work->fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&work->lock);
	job = work->done;
	work->done = NULL;
	pthread_mutex_unlock(&work->lock);
	for (; job; job = next) {
		next = job->next;
		if (job->fn)
			job->fn(job->arg, job->err, job->sentence);
		drop(work, job);
	}
}

struct work *work_create(struct loop *loop)
{
	struct work *work = calloc(1, sizeof(*work));

	if (!work)
		return NULL;
	pthread_mutex_init(&work->lock, NULL);
	work->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (work->fd >= 0)
		work->watch = watch_add(loop, work->fd, EPOLLIN, hand_back, work);
	if (!work->watch) {
		if (work->fd >= 0)
			close(work->fd);
		free(work);
		return NULL;
	}
	return work;
}

void work_destroy(struct work *work)
{
	watch_remove(work->watch);
	/*
	 * Running threads use the rest of the struct until the process exits.
	 */
	if (work->count)
		return;
	close(work->fd);
	pthread_mutex_destroy(&work->lock);
	free(work);
}

static bool start(struct work *work, const struct job *template)
{
	struct job *job;

	if (work->count >= WORK_MAX)
		return false;
	job = malloc(sizeof(*job));
	if (!job)
		return false;
	*job = *template;
	job->work = work;
	job->all_next = work->all;
	work->all = job;
	work->count++;
	if (thread_start(run, job))
		return true;
	drop(work, job);
	return false;
}

bool work_assign(struct work *work, const char *group, pid_t pid, bool move,
		 work_fn fn, void *arg)
{
	struct job job = {
		.kind = JOB_ASSIGN, .pid = pid, .move = move, .fn = fn, .arg = arg,
	};

	snprintf(job.group, sizeof(job.group), "%s", group);
	return start(work, &job);
}

bool work_unassign(struct work *work, pid_t pid, work_fn fn, void *arg)
{
	struct job job = { .kind = JOB_UNASSIGN, .pid = pid, .fn = fn, .arg = arg };

	return start(work, &job);
}

bool work_delete_group(struct work *work, const char *group, work_fn fn, void *arg)
{
	struct job job = { .kind = JOB_DELETE_GROUP, .fn = fn, .arg = arg };

	snprintf(job.group, sizeof(job.group), "%s", group);
	return start(work, &job);
}

void work_forget(struct work *work, const void *arg)
{
	struct job *job;

	for (job = work->all; job; job = job->all_next)
		if (job->arg == arg)
			job->fn = NULL;
}
