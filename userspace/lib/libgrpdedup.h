/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Client of the grpdedup kernel module: plain structs and one call per request.
 *
 * Calls return 0 or a negative errno, the kernel's own where it answered;
 * gd_conn_error() then has its sentence. -EPROTONOSUPPORT means that the module
 * is not there (any more). The library prints nothing.
 */
#ifndef LIBGRPDEDUP_H
#define LIBGRPDEDUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/grpdedup.h>

#define GD_NAME_SIZE	(GRPDEDUP_NAME_MAX + 1)
#define GD_COMM_SIZE	16

struct gd_conn;
struct gd_events;

/**
 * struct gd_counters - counters of a group or a member
 * @value: by &enum grpdedup_counter
 * @present: bit N is set if the kernel sent counter N; one that it did not send
 *	is unknown, not 0
 */
struct gd_counters {
	uint64_t value[GRPDEDUP_CNT_MAX + 1];
	uint64_t present;
};

struct gd_group {
	uint32_t id;
	char name[GD_NAME_SIZE];
	uint32_t rate;
	uint32_t split_min;
	uint64_t frames_max;
	uint32_t tid;
	uint32_t members;
	struct gd_counters counters;
};

struct gd_member {
	uint32_t group_id;
	char group[GD_NAME_SIZE];
	uint32_t pid;
	char comm[GD_COMM_SIZE];
	uint64_t start_time;
	struct gd_counters counters;
};

#define GD_SET_RATE		(1u << 0)
#define GD_SET_SPLIT_MIN	(1u << 1)
#define GD_SET_FRAMES_MAX	(1u << 2)

/**
 * struct gd_group_params - what to set of a group
 * @name: its name
 * @set: GD_SET_ bits of the fields below that count
 * @rate: pages per second
 * @split_min: matches that a huge page must hold to be split
 * @frames_max: most frames, 0 = no limit
 */
struct gd_group_params {
	const char *name;
	unsigned int set;
	uint32_t rate;
	uint32_t split_min;
	uint64_t frames_max;
};

/**
 * struct gd_left - what the kernel says about a process that left its group
 * @group: the group
 * @pid: the process
 * @pages: its mappings that were unshared
 */
struct gd_left {
	char group[GD_NAME_SIZE];
	uint32_t pid;
	uint64_t pages;
};

/**
 * struct gd_event - one event; fields that @cmd does not have are 0
 * @cmd: &enum grpdedup_cmd
 * @reason: &enum grpdedup_reason
 */
struct gd_event {
	uint8_t cmd;
	uint32_t group_id;
	char group[GD_NAME_SIZE];
	uint32_t rate;
	uint32_t pid;
	char comm[GD_COMM_SIZE];
	uint32_t reason;
	uint64_t pages;
	struct gd_counters counters;
};

int gd_conn_open(struct gd_conn **conn);
void gd_conn_close(struct gd_conn *conn);
/* The kernel's sentence about the last failed call, "" if it gave none. */
const char *gd_conn_error(const struct gd_conn *conn);
uint32_t gd_conn_family_version(const struct gd_conn *conn);

int gd_group_add(struct gd_conn *conn, const struct gd_group_params *params);
int gd_group_set(struct gd_conn *conn, const struct gd_group_params *params);
int gd_group_del(struct gd_conn *conn, const char *name, bool unshare);
int gd_group_get(struct gd_conn *conn, const char *name, struct gd_group *group);
/* The caller frees *groups. */
int gd_group_list(struct gd_conn *conn, struct gd_group **groups, size_t *count);
/* *pass: the request is served when FULL_SCANS has reached it. */
int gd_group_scan(struct gd_conn *conn, const char *name, uint64_t *pass);

int gd_member_add(struct gd_conn *conn, const char *group, pid_t pid, bool move,
		  struct gd_member *member);
int gd_member_del(struct gd_conn *conn, pid_t pid, bool keep,
		  struct gd_left *left);
/* @group NULL: all. The caller frees *members. */
int gd_member_list(struct gd_conn *conn, const char *group,
		   struct gd_member **members, size_t *count);

int gd_events_open(struct gd_events **events);
void gd_events_close(struct gd_events *events);
/* To poll for POLLIN. */
int gd_events_fd(const struct gd_events *events);
/*
 * Hands the events that are waiting, at most one datagram of them, to @fn and
 * does not block. -ENOBUFS: some were lost, go on.
 */
int gd_events_read(struct gd_events *events,
		   void (*fn)(const struct gd_event *event, void *arg), void *arg);

/* Lower case uapi name of a counter without its prefix, NULL if unknown. */
const char *gd_counter_name(unsigned int counter);
bool gd_counter_get(const struct gd_counters *counters, unsigned int counter,
		    uint64_t *value);
/* The same, with 0 for a counter that the kernel did not send. */
uint64_t gd_counter_or_0(const struct gd_counters *counters, unsigned int counter);

#endif /* LIBGRPDEDUP_H */
