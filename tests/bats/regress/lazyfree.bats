#!/usr/bin/env bats
# Memory that was shared must not be easier to lose than before.

load ../helpers

# From 6.2 on the kernel's fault made clean copies: a child's MADV_FREE dropped the parent's memory.
@test "regress: memory that was made private survives what a child gives back" {
	hold a 64 seq 10
	hold b 64 seq 10
	group g a b
	settle g
	assert_shared a b
	gd del-group g --unshare
	assert_eq "$(kind_count frame a)" 0 "frames of a"
	fork_of a c
	ask c madvise r 0 64 FREE
	# what is on its way to the list of pages that may be dropped must be on it
	echo 1 >/proc/sys/vm/compact_memory
	kill -9 "${PID[c]}"
	wait_for 20 gone "${PID[c]}"
	ask a madvise r 0 64 PAGEOUT
	assert_right a b
}
