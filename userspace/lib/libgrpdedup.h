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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/grpdedup.h>

#define GRPDEDUP_NAME_SIZE	(GRPDEDUP_NAME_MAX + 1)
#define GRPDEDUP_COMM_SIZE	16

struct grpdedup_conn;
struct grpdedup_events;

/**
 * struct grpdedup_counters - counters of a group or a member
 * @value: by &enum grpdedup_counter
 * @present: bit N is set if the kernel sent counter N; a counter that it did
 *	not send is unknown, not 0
 */
struct grpdedup_counters {
	uint64_t value[GRPDEDUP_CNT_MAX + 1];
	uint64_t present;
};

struct grpdedup_group {
	uint32_t id;
	char name[GRPDEDUP_NAME_SIZE];
	uint32_t rate;
	uint32_t split_min;
	uint64_t frames_max;
	uint32_t tid;
	uint32_t members;
	struct grpdedup_counters counters;
};

struct grpdedup_member {
	uint32_t group_id;
	char group[GRPDEDUP_NAME_SIZE];
	uint32_t pid;
	char comm[GRPDEDUP_COMM_SIZE];
	uint64_t start_time;
	struct grpdedup_counters counters;
};

#define GRPDEDUP_SET_RATE	(1u << 0)
#define GRPDEDUP_SET_SPLIT_MIN	(1u << 1)
#define GRPDEDUP_SET_FRAMES_MAX	(1u << 2)

/**
 * struct grpdedup_group_params - settings of a group
 * @name: its name
 * @set: GRPDEDUP_SET_ bits of the fields below that are valid
 * @rate: pages per second
 * @split_min: matches that a huge page must contain to be split
 * @frames_max: maximum number of frames, 0 = no limit
 */
struct grpdedup_group_params {
	const char *name;
	unsigned int set;
	uint32_t rate;
	uint32_t split_min;
	uint64_t frames_max;
};

/**
 * struct grpdedup_left - a process that left its group
 * @pages: how many of its mappings were unshared
 */
struct grpdedup_left {
	char group[GRPDEDUP_NAME_SIZE];
	uint32_t pid;
	uint64_t pages;
};

/**
 * struct grpdedup_event - one event; fields that @cmd does not have are 0
 * @cmd: &enum grpdedup_cmd
 * @reason: &enum grpdedup_reason
 */
struct grpdedup_event {
	uint8_t cmd;
	uint32_t group_id;
	char group[GRPDEDUP_NAME_SIZE];
	uint32_t rate;
	uint32_t pid;
	char comm[GRPDEDUP_COMM_SIZE];
	uint32_t reason;
	uint64_t pages;
	struct grpdedup_counters counters;
};

int grpdedup_conn_open(struct grpdedup_conn **conn);
void grpdedup_conn_close(struct grpdedup_conn *conn);
/* The kernel's message about the last failed call, "" if there is none. */
const char *grpdedup_conn_error(const struct grpdedup_conn *conn);
uint32_t grpdedup_conn_family_version(const struct grpdedup_conn *conn);

int grpdedup_group_add(struct grpdedup_conn *conn,
		       const struct grpdedup_group_params *params);
int grpdedup_group_set(struct grpdedup_conn *conn,
		       const struct grpdedup_group_params *params);
int grpdedup_group_del(struct grpdedup_conn *conn, const char *name,
		       bool unshare);
int grpdedup_group_get(struct grpdedup_conn *conn, const char *name,
		       struct grpdedup_group *group);
int grpdedup_group_list(struct grpdedup_conn *conn,
			struct grpdedup_group **groups, size_t *count);
/* The requested pass has ended once FULL_SCANS reaches *pass. */
int grpdedup_group_scan(struct grpdedup_conn *conn, const char *name,
			uint64_t *pass);

int grpdedup_member_add(struct grpdedup_conn *conn, const char *group,
			pid_t pid, bool move, struct grpdedup_member *member);
int grpdedup_member_del(struct grpdedup_conn *conn, pid_t pid, bool keep,
			struct grpdedup_left *left);
/* @group NULL: the members of all groups. */
int grpdedup_member_list(struct grpdedup_conn *conn, const char *group,
			 struct grpdedup_member **members, size_t *count);

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
