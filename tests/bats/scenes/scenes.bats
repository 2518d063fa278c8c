#!/usr/bin/env bats
# Scenes that need a stage: a module that waits in the middle of a merge, or whose calls fail. The patches
# in tests/mutants make such modules; with the one that everybody runs these tests mean nothing.

load ../helpers

# a and c share pages, and b's are about to be merged with them. The scanner waits in a batch of 61 pages.
frame_and_candidate() {
	hold a 61 seq 10
	hold c 61 seq 10
	group g a c
	settle g
	assert_shared a c
	hold b 61 seq 10
	modprobe hwpoison-inject
	page=$(($(pfns b 0 1)))
	frame=$(($(pfns a 0 1)))
	tid=$(counter g tid)
}
# fail_in_gap PFN: memory fails while the scanner waits between park and zap of b's pages
fail_in_gap() {
	local scan
	gd assign g "${PID[b]}"
	(settle g) 3>&- &
	scan=$!
	wait_for 30 grep -q gd_merge_run "/proc/$tid/stack" || fail "the scanner waits nowhere: the test means nothing without"
	echo "$1" 2>/dev/null >/sys/kernel/debug/hwpoison/corrupt-pfn || true
	wait $scan || fail "the scan failed"
}

@test "scenes: a page that fails behind the zap is not read, and its process is killed" {
	local page frame tid
	frame_and_candidate
	fail_in_gap "$page"
	wait_for 10 gone "${PID[b]}" || fail "b runs on"
	assert_shared a c
	assert_right a c
}

@test "scenes: a frame that fails between planning and merging is not mapped" {
	local page frame tid
	frame_and_candidate
	fail_in_gap "$frame"
	[[ $(($(pfns b 0 1))) != "$frame" ]] || fail "b maps the frame that has failed, $frame"
	assert_right a b c
}

@test "scenes: whoever has a hole in his memory that cannot be filled is killed" {
	local name killed=0
	hold a 64 seq 10
	hold b 64 seq 10
	group g a b
	settle g
	for name in a b; do
		if gone "${PID[$name]}"; then
			killed=$((killed + 1))
		else
			assert_right "$name"
		fi
	done
	((killed)) || fail "nobody was killed"
}

@test "scenes: a huge page that somebody else has locked is not lost when it cannot be split" {
	local cg=/sys/fs/cgroup/gd-scene
	make_cgroups $cg
	spawn a
	echo "${PID[a]}" >$cg/cgroup.procs
	ask a map r 512 huge
	ask a fill r 0 512 seq 900
	assert_eq "$(kind_count thp a)" 512 "pages of a in a huge page: the test means nothing without"
	hold b 512 seq 900
	group g a b
	settle g
	assert_eq "$(kind_count thp a)" 512 "pages of a in a huge page, which was locked"
	ask a exit
	wait_for 10 gone "${PID[a]}"
	gd del-group g
	sleep 1
	assert_range "$(<$cg/memory.current)" 0 1000000 "bytes charged for a process that is gone"
	rmdir $cg
}
