/* SPDX-License-Identifier: GPL-2.0 */
/* What the module reports and takes, as plain structs. */
#ifndef GRPDEDUP_TYPES_H
#define GRPDEDUP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/grpdedup.h>

#define GRPDEDUP_NAME_SIZE	(GRPDEDUP_NAME_MAX + 1)
#define GRPDEDUP_COMM_SIZE	16
#define GRPDEDUP_MESSAGE_SIZE	256

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

/**
 * struct grpdedup_group - one group
 * @members: without those that failed to join
 * @paused: &enum grpdedup_paused
 */
struct grpdedup_group {
	uint32_t id;
	char name[GRPDEDUP_NAME_SIZE];
	uint32_t rate;
	uint32_t split_min;
	uint64_t frames_max;
	uint32_t tid;
	uint32_t members;
	uint32_t paused;
	struct grpdedup_counters counters;
};

/**
 * struct grpdedup_member - one process in a group
 * @state: &enum grpdedup_state
 * @message: why its last request failed, "" if it did not
 */
struct grpdedup_member {
	uint32_t group_id;
	char group[GRPDEDUP_NAME_SIZE];
	uint32_t pid;
	char comm[GRPDEDUP_COMM_SIZE];
	uint64_t start_time;
	uint32_t state;
	char message[GRPDEDUP_MESSAGE_SIZE];
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
 * struct grpdedup_request - a request that a scanner carries out
 * @number: 0 if the kernel refused it
 * @pid: 0 if it is about a group
 * @comm: known only from the reply that accepted it
 * @ended: if false, the fields below are not valid yet. A refused request has
 *	ended.
 * @error: 0 or a negative errno
 * @pages: mappings that it unshared
 * @message: why it failed, "" if it did not
 */
struct grpdedup_request {
	uint64_t number;
	uint32_t group_id;
	char group[GRPDEDUP_NAME_SIZE];
	uint32_t pid;
	char comm[GRPDEDUP_COMM_SIZE];
	bool ended;
	int error;
	uint64_t pages;
	char message[GRPDEDUP_MESSAGE_SIZE];
};

/**
 * struct grpdedup_event - one event; fields that @cmd does not have are 0
 * @cmd: &enum grpdedup_cmd
 * @reason: &enum grpdedup_reason
 * @paused: &enum grpdedup_paused
 * @request: number of the request that ended
 * @error: how it ended, 0 or a negative errno
 * @message: why it failed
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
	uint32_t paused;
	uint64_t request;
	int error;
	char message[GRPDEDUP_MESSAGE_SIZE];
	struct grpdedup_counters counters;
};

#endif /* GRPDEDUP_TYPES_H */
