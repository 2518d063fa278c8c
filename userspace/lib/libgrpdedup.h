/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Client of the grpdedup kernel module: plain structs and one call per request.
 *
 * Calls return 0 or a negative errno, the kernel's own where it replied;
 * grpdedup_conn_error() then returns its message. -EPROTONOSUPPORT: the module
 * is not loaded. The caller frees returned arrays. Nothing is printed.
 */
#ifndef LIBGRPDEDUP_H
#define LIBGRPDEDUP_H

#include <signal.h>
#include "types.h"

struct grpdedup_conn;
struct grpdedup_events;

int grpdedup_conn_open(struct grpdedup_conn **conn);
void grpdedup_conn_close(struct grpdedup_conn *conn);
/* The kernel's message about the last failed call, "" if there is none. */
const char *grpdedup_conn_error(const struct grpdedup_conn *conn);
uint32_t grpdedup_conn_family_version(const struct grpdedup_conn *conn);
/*
 * -EPROTO and a message if the module speaks another version of the interface.
 * Every request begins with this check.
 */
int grpdedup_conn_check(struct grpdedup_conn *conn);

int grpdedup_group_add(struct grpdedup_conn *conn,
		       const struct grpdedup_group_params *params);
int grpdedup_group_set(struct grpdedup_conn *conn,
		       const struct grpdedup_group_params *params);
int grpdedup_group_get(struct grpdedup_conn *conn, const char *name,
		       struct grpdedup_group *group);
int grpdedup_group_list(struct grpdedup_conn *conn,
			struct grpdedup_group **groups, size_t *count);
/* The requested pass has ended once FULL_SCANS reaches *pass. */
int grpdedup_group_scan(struct grpdedup_conn *conn, const char *name,
			uint64_t *pass);
/* @name NULL: all groups, also those added later. */
int grpdedup_group_pause(struct grpdedup_conn *conn, const char *name);
int grpdedup_group_resume(struct grpdedup_conn *conn, const char *name);
/* A sentence about a value of &enum grpdedup_paused, NULL if not paused. */
const char *grpdedup_group_paused(uint32_t paused);
/*
 * Account the CPU time of the group's scanner to the cgroup (version 2) @path,
 * "none": the root. The last component is created if it is missing. Refused,
 * with a message and without a change, unless the cgroup has no processes but
 * scanners, and is not frozen.
 */
int grpdedup_account_set(struct grpdedup_conn *conn, const char *name,
			 const char *path);
/* The cgroup of scanner @tid, below the mount point; "/" is the root. */
int grpdedup_account_get(uint32_t tid, char *path, size_t size);
/* @group NULL: the members of all groups. */
int grpdedup_member_list(struct grpdedup_conn *conn, const char *group,
			 struct grpdedup_member **members, size_t *count);

/*
 * Requests that a scanner carries out: the kernel accepts them, and they end
 * later. The calls below return when the kernel has accepted or refused the
 * request, and fill in *request. To wait for the end:
 *
 *	grpdedup_conn_watch(conn);
 *	err = grpdedup_member_add(conn, group, pid, 0, &request);
 *	if (!err)
 *		err = grpdedup_request_wait(conn, &request, 1, NULL);
 */
#define GRPDEDUP_FLAG_MOVE	(1u << 0)
#define GRPDEDUP_FLAG_KEEP	(1u << 1)
#define GRPDEDUP_FLAG_UNSHARE	(1u << 2)
#define GRPDEDUP_FLAG_FORCE	(1u << 3)

/* @flags: MOVE, and with it FORCE */
int grpdedup_member_add(struct grpdedup_conn *conn, const char *group,
			pid_t pid, unsigned int flags,
			struct grpdedup_request *request);
/* @flags: KEEP or FORCE */
int grpdedup_member_del(struct grpdedup_conn *conn, pid_t pid,
			unsigned int flags, struct grpdedup_request *request);
/* @flags: UNSHARE, and with it FORCE */
int grpdedup_group_del(struct grpdedup_conn *conn, const char *name,
		       unsigned int flags, struct grpdedup_request *request);
/*
 * How request @number stands: returns 0 also for one that has failed. -ENOENT
 * and a message if the kernel does not know it (any more).
 */
int grpdedup_request_get(struct grpdedup_conn *conn, uint64_t number,
			 struct grpdedup_request *request);
/*
 * Listen for the ends of requests that are sent from now on. If this fails or
 * was not called, grpdedup_request_wait() asks the kernel again and again.
 */
void grpdedup_conn_watch(struct grpdedup_conn *conn);
/*
 * Wait until requests[0] has ended, and return its error and message, as if the
 * call that sent it had returned them. The other requests are updated as well:
 * to wait for several, put them into one array, and call this for each
 * remainder of it.
 *
 * @mask: blocked signals while waiting, as for ppoll(); a signal that is caught
 * then ends the wait with -EINTR, and it can be resumed. NULL: no signal does.
 */
int grpdedup_request_wait(struct grpdedup_conn *conn,
			  struct grpdedup_request *requests, size_t count,
			  const sigset_t *mask);

int grpdedup_events_open(struct grpdedup_events **events);
void grpdedup_events_close(struct grpdedup_events *events);
int grpdedup_events_fd(const struct grpdedup_events *events);
/*
 * Call when the descriptor is readable: passes at most one datagram of events
 * to @fn and does not block. -ENOBUFS: events were lost, keep reading.
 */
int grpdedup_events_read(struct grpdedup_events *events,
			 void (*fn)(const struct grpdedup_event *event,
				    void *arg),
			 void *arg);

/* Lower-case uapi name of a counter without its prefix, NULL if unknown. */
const char *grpdedup_counter_name(unsigned int counter);
bool grpdedup_counter_get(const struct grpdedup_counters *counters,
			  unsigned int counter, uint64_t *value);
/* The same, but returns 0 for a counter that the kernel did not send. */
uint64_t grpdedup_counter_or_0(const struct grpdedup_counters *counters,
			       unsigned int counter);

#endif /* LIBGRPDEDUP_H */
