#!/usr/bin/env bats
# Everything at once: random memory operations, O_DIRECT, two groups at full rate, ksmd, members that move,
# and unloading the module. No byte may be wrong. A test runs for some seconds, on a slow machine until
# enough merges and operations have happened.

load helpers

start_churn() {
	timeout $((200 * SLOW)) gd-churn --procs 2 --pages 512 --seconds $((150 * SLOW)) --seed "$1" \
		>"$BATS_TEST_TMPDIR/churn$1" 2>&1 3>&- &
	jobs+=($!)
	wait_for 10 grep -q '^pids .*[0-9]$' "$BATS_TEST_TMPDIR/churn$1"
}

churn_pids() { sed -n 's/^pids //p' "$BATS_TEST_TMPDIR/churn$1"; }

# A process that keeps its memory map busy may have to be taken in or out more than once: "try again".
take() { wait_for 5 gd "$@" || fail "$* does not work"; }

setup_groups() {
	local pid
	gd add-group one --rate 1000000 --split-min 1
	gd add-group two --rate 1000000
	for pid in $(churn_pids 1) "$dio"; do take assign one "$pid"; done
	for pid in $(churn_pids 2); do take assign two "$pid"; done
}

# start_all SECONDS: set end, not before which the test may go on to its end
start_all() {
	modprobe loop
	truncate -s 32M /tmp/gd-stress
	disk=$(losetup -f --show /tmp/gd-stress)
	jobs=()
	end=$((SECONDS + $1 * SLOW))
	start_churn 1
	start_churn 2
	gd-dio --pages 256 --seconds $((150 * SLOW)) "$disk" >"$BATS_TEST_TMPDIR/dio" 2>&1 3>&- &
	dio=$!
	jobs+=("$dio")
	setup_groups
}

# Each workload must exit by itself and report no error.
finish_all() {
	local job status=0
	# shellcheck disable=SC2046 # several pids
	kill -TERM $(churn_pids 1) $(churn_pids 2) "$dio"
	for job in "${jobs[@]}"; do wait "$job" || status=$?; done
	tail -n 5 "$BATS_TEST_TMPDIR"/churn? "$BATS_TEST_TMPDIR/dio"
	losetup -d "$disk"
	assert_eq "$status" 0 "status of the workloads"
	assert_eq "$(cat "$BATS_TEST_TMPDIR"/churn? | grep -c 'all right')" 2 "churns that end well"
	grep -q 'right$' "$BATS_TEST_TMPDIR/dio"
}

@test "stress: churn and O_DIRECT in two groups at full rate" {
	local jobs disk dio end merges=0 looks=0
	start_all 9
	while ((SECONDS < end || looks < 2 || merges < 1000)); do
		sleep 1
		# shellcheck disable=SC2046 # several pids
		FRAMES=1 assert_apart $(churn_pids 1) -- $(churn_pids 2)
		merges=$(counter one merges)
		looks=$((looks + 1))
	done
	finish_all
}

@test "stress: the same with ksmd, moves, and the module going away in between" {
	local jobs disk dio end first rounds=0
	# not 0: ksmd would take one of the two CPUs for itself
	ksmd_on 10 1000
	start_all 12
	while ((SECONDS < end || rounds < 2)); do
		sleep 1
		first=$(churn_pids 1 | cut -d' ' -f1)
		take move two "$first"
		sleep 1
		take move one "$first"
		take unassign "$dio"
		sleep 0.5
		rmmod grpdedup
		sleep 0.5
		load_module
		setup_groups
		rounds=$((rounds + 1))
	done
	finish_all
}

@test "stress: the same under memory pressure, with swap" {
	local jobs disk dio end cg=/sys/fs/cgroup/gd-stress rounds=0 merges=0
	swap_on 256M
	make_cgroups $cg
	# the workloads are born in the cgroup that is reclaimed from
	echo $$ >$cg/cgroup.procs
	start_all 10
	echo $$ >/sys/fs/cgroup/cgroup.procs
	while ((SECONDS < end || rounds < 5 || merges < 500)); do
		reclaim $cg 2M
		kill -0 "$dio"
		rounds=$((rounds + 1))
		merges=$(counter one merges)
	done
	finish_all
	assert_range "$(swapped_out)" 500 100000000 "pages swapped out: the test means nothing without"
	remove_cgroup $cg
}
