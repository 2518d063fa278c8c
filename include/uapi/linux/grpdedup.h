/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * grpdedup: the interface between the module and user space.
 *
 * Generic netlink family "grpdedup". One value per attribute; numbers are in
 * host order; every refusal carries an extended ack message. All requests need
 * CAP_SYS_ADMIN in the initial user namespace, and the initial network and pid
 * namespaces. Numbers in this file are frozen: new ones go to the end.
 *
 * No request waits for a scanner. One that a scanner has to carry out is
 * accepted: its reply holds REQUEST, and an event %GRPDEDUP_CMD_REQUEST with
 * the same number tells how it ended. Who misses the event asks for it.
 *
 * A request of an older version is refused (EPROTO).
 *
 * Version 2: requests are accepted and end later; names of up to 63 bytes (15
 * before); the SKIP_VMA_ counters are gauges in bytes.
 */
#ifndef _UAPI_LINUX_GRPDEDUP_H
#define _UAPI_LINUX_GRPDEDUP_H

#define GRPDEDUP_GENL_NAME	"grpdedup"
#define GRPDEDUP_GENL_VERSION	2
#define GRPDEDUP_MCGRP_EVENTS	"events"

/* Longest group name: printable ASCII without '/' and white space. */
#define GRPDEDUP_NAME_MAX	63
/* Ended requests that can still be asked for. */
#define GRPDEDUP_REQUESTS_KEPT	1024
/* Highest scan rate, pages per second (about 3.8 TiB/s). 0 is paused. */
#define GRPDEDUP_RATE_MAX	1000000000
/* Pages of a transparent huge page; the upper bound of SPLIT_MIN. */
#define GRPDEDUP_BLOCK_PAGES	512
#define GRPDEDUP_SPLIT_MIN_DEFAULT	16

/**
 * enum grpdedup_cmd - requests, replies and events
 *
 * A process is given by %GRPDEDUP_A_PID or by %GRPDEDUP_A_PIDFD, not both.
 *
 * @GRPDEDUP_CMD_GROUP_ADD: create a group. Takes GROUP_NAME and RATE,
 *	optional SPLIT_MIN, FRAMES_MAX. Event: the same command with GROUP_ID,
 *	GROUP_NAME, RATE.
 * @GRPDEDUP_CMD_GROUP_SET: change a group. Takes GROUP_NAME and at least one of
 *	RATE, SPLIT_MIN, FRAMES_MAX. Event: GROUP_ID, GROUP_NAME, RATE.
 * @GRPDEDUP_CMD_GROUP_DEL: delete a group and end its memberships. Takes
 *	GROUP_NAME, flag UNSHARE to unshare its frames first (default: they stay
 *	shared), with it flag FORCE. Reply: GROUP_ID, GROUP_NAME, REQUEST.
 *	Event: GROUP_ID, GROUP_NAME, PAGES (mappings unshared).
 * @GRPDEDUP_CMD_GROUP_GET: do: GROUP_NAME; dump: all. A reply holds GROUP_ID,
 *	GROUP_NAME, RATE, SPLIT_MIN, FRAMES_MAX, TID, MEMBERS, PAUSED, COUNTERS.
 * @GRPDEDUP_CMD_MEMBER_ADD: assign a process. Takes GROUP_NAME and a process;
 *	flag MOVE allows moving it from another group, whose frames it loses
 *	first, with it flag FORCE. Reply: GROUP_ID, GROUP_NAME, PID, COMM,
 *	REQUEST. Event, once it is a member: GROUP_ID, GROUP_NAME, PID, COMM.
 * @GRPDEDUP_CMD_MEMBER_DEL: unassign a process. Takes a process; flag KEEP
 *	leaves its frames shared, flag FORCE unshares them even if the host
 *	seems to have no room for the copies. Reply: GROUP_ID, GROUP_NAME, PID,
 *	COMM, REQUEST. Event: GROUP_ID, GROUP_NAME, PID, COMM, REASON, PAGES
 *	(mappings unshared).
 * @GRPDEDUP_CMD_MEMBER_GET: dump only; GROUP_NAME narrows it. A reply holds
 *	GROUP_ID, GROUP_NAME, PID, COMM, START_TIME, STATE, COUNTERS, and
 *	MESSAGE if its last request failed.
 * @GRPDEDUP_CMD_SCAN: request one full pass now, whatever the rate is. Takes
 *	GROUP_NAME. Reply: GROUP_ID, GROUP_NAME, PASS: the request is served
 *	when the group's FULL_SCANS counter has reached PASS. EBUSY: the group
 *	is paused.
 * @GRPDEDUP_CMD_RECLAIM: event only, at the end of a pass that merged:
 *	GROUP_ID, GROUP_NAME, PAGES (by which pages_sharing has grown in this
 *	pass, 0 if it has not), COUNTERS.
 * @GRPDEDUP_CMD_REQUEST: how a request ended. Takes REQUEST. Reply, and event
 *	at the end: REQUEST, GROUP_ID, GROUP_NAME, PID unless it was about a
 *	group, PAGES (mappings unshared), ERROR, and MESSAGE if it failed.
 *	Without ERROR it has not ended. One that is unknown, or ended long ago,
 *	is refused: see %GRPDEDUP_REQUESTS_KEPT.
 * @GRPDEDUP_CMD_PAUSE: stop all merging and scanning of a group, whatever its
 *	rate is. Takes GROUP_NAME; without it, of all groups, also of those
 *	added later. Event for each group: GROUP_ID, GROUP_NAME, PAUSED.
 * @GRPDEDUP_CMD_RESUME: the reverse, with the same attributes and events.
 */
enum grpdedup_cmd {
	GRPDEDUP_CMD_UNSPEC,
	GRPDEDUP_CMD_GROUP_ADD,
	GRPDEDUP_CMD_GROUP_SET,
	GRPDEDUP_CMD_GROUP_DEL,
	GRPDEDUP_CMD_GROUP_GET,
	GRPDEDUP_CMD_MEMBER_ADD,
	GRPDEDUP_CMD_MEMBER_DEL,
	GRPDEDUP_CMD_MEMBER_GET,
	GRPDEDUP_CMD_SCAN,
	GRPDEDUP_CMD_RECLAIM,
	GRPDEDUP_CMD_REQUEST,
	GRPDEDUP_CMD_PAUSE,
	GRPDEDUP_CMD_RESUME,

	__GRPDEDUP_CMD_MAX,
	GRPDEDUP_CMD_MAX = __GRPDEDUP_CMD_MAX - 1
};

/**
 * enum grpdedup_attr - attributes of every message
 * @GRPDEDUP_A_PAD: padding of 64-bit values
 * @GRPDEDUP_A_GROUP_NAME: NUL-terminated string, 1..%GRPDEDUP_NAME_MAX bytes
 * @GRPDEDUP_A_GROUP_ID: u32, never reused while the module is loaded
 * @GRPDEDUP_A_RATE: u32, pages visited per second, 0..%GRPDEDUP_RATE_MAX
 * @GRPDEDUP_A_SPLIT_MIN: u32, 1..512: matching pages that a huge page must hold
 *	before it is split
 * @GRPDEDUP_A_FRAMES_MAX: u64, most frames the group may hold, 0 = no limit
 * @GRPDEDUP_A_TID: u32, thread id of the group's scanner
 * @GRPDEDUP_A_MEMBERS: u32, number of members
 * @GRPDEDUP_A_PID: u32, process id in the initial pid namespace
 * @GRPDEDUP_A_PIDFD: u32, an open pidfd of the caller
 * @GRPDEDUP_A_COMM: string, the process's name when it was assigned
 * @GRPDEDUP_A_START_TIME: u64, when the process started, ns since boot
 * @GRPDEDUP_A_UNSHARE: flag, see %GRPDEDUP_CMD_GROUP_DEL
 * @GRPDEDUP_A_KEEP: flag, see %GRPDEDUP_CMD_MEMBER_DEL
 * @GRPDEDUP_A_MOVE: flag, see %GRPDEDUP_CMD_MEMBER_ADD
 * @GRPDEDUP_A_PASS: u64, number of a pass
 * @GRPDEDUP_A_REASON: u32, &enum grpdedup_reason
 * @GRPDEDUP_A_PAGES: u64, a number of pages
 * @GRPDEDUP_A_COUNTERS: nest of u64, typed by &enum grpdedup_counter
 * @GRPDEDUP_A_REQUEST: u64, number of a request, not reused while the module is
 *	loaded
 * @GRPDEDUP_A_STATE: u32, &enum grpdedup_state
 * @GRPDEDUP_A_ERROR: u32, 0 or a positive errno
 * @GRPDEDUP_A_MESSAGE: string, why a request failed
 * @GRPDEDUP_A_FORCE: flag, see %GRPDEDUP_CMD_MEMBER_DEL
 * @GRPDEDUP_A_PAUSED: u32, &enum grpdedup_paused
 */
enum grpdedup_attr {
	GRPDEDUP_A_UNSPEC,
	GRPDEDUP_A_PAD,
	GRPDEDUP_A_GROUP_NAME,
	GRPDEDUP_A_GROUP_ID,
	GRPDEDUP_A_RATE,
	GRPDEDUP_A_SPLIT_MIN,
	GRPDEDUP_A_FRAMES_MAX,
	GRPDEDUP_A_TID,
	GRPDEDUP_A_MEMBERS,
	GRPDEDUP_A_PID,
	GRPDEDUP_A_PIDFD,
	GRPDEDUP_A_COMM,
	GRPDEDUP_A_START_TIME,
	GRPDEDUP_A_UNSHARE,
	GRPDEDUP_A_KEEP,
	GRPDEDUP_A_MOVE,
	GRPDEDUP_A_PASS,
	GRPDEDUP_A_REASON,
	GRPDEDUP_A_PAGES,
	GRPDEDUP_A_COUNTERS,
	GRPDEDUP_A_REQUEST,
	GRPDEDUP_A_STATE,
	GRPDEDUP_A_ERROR,
	GRPDEDUP_A_MESSAGE,
	GRPDEDUP_A_FORCE,
	GRPDEDUP_A_PAUSED,

	__GRPDEDUP_A_MAX,
	GRPDEDUP_A_MAX = __GRPDEDUP_A_MAX - 1
};

/**
 * enum grpdedup_reason - why a membership ended
 * @GRPDEDUP_REASON_UNASSIGN: on request
 * @GRPDEDUP_REASON_EXIT: the process is gone
 * @GRPDEDUP_REASON_EXEC: the process runs another program now; its old address
 *	space is gone
 * @GRPDEDUP_REASON_MOVE: it was moved to another group
 * @GRPDEDUP_REASON_GROUP_DEL: its group was deleted
 */
enum grpdedup_reason {
	GRPDEDUP_REASON_UNSPEC,
	GRPDEDUP_REASON_UNASSIGN,
	GRPDEDUP_REASON_EXIT,
	GRPDEDUP_REASON_EXEC,
	GRPDEDUP_REASON_MOVE,
	GRPDEDUP_REASON_GROUP_DEL,

	__GRPDEDUP_REASON_MAX,
	GRPDEDUP_REASON_MAX = __GRPDEDUP_REASON_MAX - 1
};

/**
 * enum grpdedup_state - of a process in a group
 * @GRPDEDUP_STATE_JOINING: its scanner makes it a member
 * @GRPDEDUP_STATE_MEMBER: its memory is merged
 * @GRPDEDUP_STATE_LEAVING: its scanner unshares its memory
 * @GRPDEDUP_STATE_FAILED: it could not join, and is no member; listed until it
 *	exits, is unassigned, or is assigned again
 */
enum grpdedup_state {
	GRPDEDUP_STATE_UNSPEC,
	GRPDEDUP_STATE_JOINING,
	GRPDEDUP_STATE_MEMBER,
	GRPDEDUP_STATE_LEAVING,
	GRPDEDUP_STATE_FAILED,

	__GRPDEDUP_STATE_MAX,
	GRPDEDUP_STATE_MAX = __GRPDEDUP_STATE_MAX - 1
};

/**
 * enum grpdedup_paused - why a group is paused, apart from a rate of 0
 * @GRPDEDUP_PAUSED_NOT: it is not
 * @GRPDEDUP_PAUSED_REQUEST: on request
 * @GRPDEDUP_PAUSED_FAULT: the module found a fault of its own: see the kernel
 *	log. Only reloading it helps.
 */
enum grpdedup_paused {
	GRPDEDUP_PAUSED_NOT,
	GRPDEDUP_PAUSED_REQUEST,
	GRPDEDUP_PAUSED_FAULT,

	__GRPDEDUP_PAUSED_MAX,
	GRPDEDUP_PAUSED_MAX = __GRPDEDUP_PAUSED_MAX - 1
};

/**
 * enum grpdedup_counter - counters of groups and members
 *
 * Gauges are exact as of the last visit of each page. Groups and members have
 * the same set, except for those marked "group only".
 *
 * @GRPDEDUP_CNT_PAD: padding of the nest
 * @GRPDEDUP_CNT_PAGES_SHARED: group: frames in use. Member: its mappings of
 *	frames.
 * @GRPDEDUP_CNT_PAGES_SHARING: group: further mappings of them, that is pages
 *	that the host has back. Member: its share of that, (k-1)/k for a frame
 *	of k mappings.
 * @GRPDEDUP_CNT_PAGES_UNSHARED: unchanged since the last visit, but unique
 * @GRPDEDUP_CNT_PAGES_VOLATILE: new, or changed since the last visit
 * @GRPDEDUP_CNT_PAGES_ZERO: mappings of zero-filled frames
 * @GRPDEDUP_CNT_PAGES_SCANNED: pages visited, total
 * @GRPDEDUP_CNT_FULL_SCANS: passes ended, total; group only
 * @GRPDEDUP_CNT_MERGES: mappings replaced by a frame, total
 * @GRPDEDUP_CNT_COW_BREAKS: shared mappings found written or dropped, total
 * @GRPDEDUP_CNT_THP_SPLITS: huge pages split, total
 * @GRPDEDUP_CNT_LARGE_MERGES: those merges that took a page out of a large
 *	folio already mapped by PTEs; its memory comes back when the kernel
 *	splits it
 * @GRPDEDUP_CNT_SKIP_BUSY: merges given up: pinned, locked or referenced
 *	elsewhere, total (so are all SKIP_ counters but SKIP_VMA_)
 * @GRPDEDUP_CNT_SKIP_THP: matches left in a huge page: below SPLIT_MIN, or the
 *	split failed
 * @GRPDEDUP_CNT_SKIP_LOCKED: pages of mlocked areas
 * @GRPDEDUP_CNT_SKIP_SWAPCACHE: pages in the swap cache
 * @GRPDEDUP_CNT_SKIP_RACED: merges given up: the content changed and was kept
 * @GRPDEDUP_CNT_SKIP_NOMEM: merges given up for lack of memory or by FRAMES_MAX
 * @GRPDEDUP_CNT_SKIP_CONTENDED: visits and merges given up: the process held
 *	its mmap lock
 * @GRPDEDUP_CNT_SKIP_VMA_SHARED: bytes of address space of shared mappings
 *	(memory-backend with share=on, memfd, tmpfs) in the last pass
 * @GRPDEDUP_CNT_SKIP_VMA_HUGETLB: the same of hugetlbfs mappings
 * @GRPDEDUP_CNT_SKIP_VMA_OTHER: the same of other areas that are never merged:
 *	I/O, areas without memory
 * @GRPDEDUP_CNT_ZAPS: zap calls, each one TLB flush and notifier pair, total
 * @GRPDEDUP_CNT_UNSHARES: shared mappings made private again by the module,
 *	total
 * @GRPDEDUP_CNT_CPU_NS: CPU time of the scanner, ns; group only
 * @GRPDEDUP_CNT_METADATA_BYTES: memory used for bookkeeping
 * @GRPDEDUP_CNT_SKIP_VMA_FILE: bytes of address space of private mappings of
 *	files in the last pass
 * @GRPDEDUP_CNT_SKIP_RESERVE: merges given up because the memory that frames
 *	come from is nearly used up, total
 * @GRPDEDUP_CNT_PARTIAL_SCANS: passes ended that left out a part of a member's
 *	memory, total
 * @GRPDEDUP_CNT_LONE_UNSHARES: those of UNSHARES that were frames with one
 *	mapping left, total
 */
enum grpdedup_counter {
	GRPDEDUP_CNT_UNSPEC,
	GRPDEDUP_CNT_PAD,
	GRPDEDUP_CNT_PAGES_SHARED,
	GRPDEDUP_CNT_PAGES_SHARING,
	GRPDEDUP_CNT_PAGES_UNSHARED,
	GRPDEDUP_CNT_PAGES_VOLATILE,
	GRPDEDUP_CNT_PAGES_ZERO,
	GRPDEDUP_CNT_PAGES_SCANNED,
	GRPDEDUP_CNT_FULL_SCANS,
	GRPDEDUP_CNT_MERGES,
	GRPDEDUP_CNT_COW_BREAKS,
	GRPDEDUP_CNT_THP_SPLITS,
	GRPDEDUP_CNT_LARGE_MERGES,
	GRPDEDUP_CNT_SKIP_BUSY,
	GRPDEDUP_CNT_SKIP_THP,
	GRPDEDUP_CNT_SKIP_LOCKED,
	GRPDEDUP_CNT_SKIP_SWAPCACHE,
	GRPDEDUP_CNT_SKIP_RACED,
	GRPDEDUP_CNT_SKIP_NOMEM,
	GRPDEDUP_CNT_SKIP_CONTENDED,
	GRPDEDUP_CNT_SKIP_VMA_SHARED,
	GRPDEDUP_CNT_SKIP_VMA_HUGETLB,
	GRPDEDUP_CNT_SKIP_VMA_OTHER,
	GRPDEDUP_CNT_ZAPS,
	GRPDEDUP_CNT_UNSHARES,
	GRPDEDUP_CNT_CPU_NS,
	GRPDEDUP_CNT_METADATA_BYTES,
	GRPDEDUP_CNT_SKIP_VMA_FILE,
	GRPDEDUP_CNT_SKIP_RESERVE,
	GRPDEDUP_CNT_PARTIAL_SCANS,
	GRPDEDUP_CNT_LONE_UNSHARES,

	__GRPDEDUP_CNT_MAX,
	GRPDEDUP_CNT_MAX = __GRPDEDUP_CNT_MAX - 1
};

#endif /* _UAPI_LINUX_GRPDEDUP_H */
