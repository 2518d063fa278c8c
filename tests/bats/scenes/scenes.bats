#!/usr/bin/env bats
# Fault scenarios: they need a module that pauses in the middle of a merge, or whose calls fail, or a kernel
# booted with other parameters. tests/mutants provides these; without them these tests are meaningless.

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

# What a CPU's batch holds has a reference too many to be merged.
@test "scenes: the LRU batch of an isolated CPU is left alone" {
	assert_eq "$(</sys/devices/system/cpu/isolated)" 1 "isolated CPUs: the test means nothing without"
	spawn a
	taskset -pc 1 "${PID[a]}"
	# one that ends empties it
	taskset -c 1 true
	ask a map r 8
	ask a fill r 0 8 seq 10
	hold b 8 seq 10
	hold c 8 seq 10
	group g a b c
	settle g
	assert_eq "$(merged_count a)" 0 "merged pages that the batch of an isolated CPU held"
	assert_shared b c
	taskset -c 1 true
	settle g
	assert_shared a b
	assert_right a b c
}

# An access finds what memory_failure() would have left. Reading real bad memory would take the host down.
@test "scenes: a frame that failed is not read when it is unshared" {
	hold a 8 seq 10
	hold b 8 seq 10
	group g a b
	settle g
	gd unassign "${PID[a]}"
	assert_eq "$(kind_count frame a)" 0 "frames of a"
	ask a verify && fail "a has read them" || true
	wait_for 10 gone "${PID[a]}" || fail "a got no SIGBUS"
	kill -9 "${PID[b]}"
}

# There only a fault can replace it, and memory for one may have run out.
@test "scenes: what ksmd has merged in a mapping of a file stays when faults fail, and the process is refused" {
	local name
	for name in a b; do
		KIND="file" hold $name 64 seq 10
		ask $name madvise r 0 64 MERGEABLE
	done
	ksmd_on 0 10000
	wait_for_ksmd a 64
	echo 0 >/sys/kernel/mm/ksm/run
	gd add-group g --rate 0
	refused 2 "no memory" gd assign g "${PID[a]}"
	! gone "${PID[a]}" || fail "a was killed"
	assert_eq "$(members)" "" members
	assert_right a b
}

@test "scenes: a fault of the module pauses every group, and only a new module goes on" {
	hold a 8 seq 10
	gd add-group other --rate 5
	group g a
	gd scan g --wait --timeout 5 || true
	wait_for 10 is_paused g || fail "show says:" "$(gd show)"
	wait_for 10 is_paused other || fail "show says:" "$(gd show)"
	refused 2 "fault of its own" gd resume g
	refused 2 paused gd scan g
	gd resume --all
	is_paused g || fail "resume --all has resumed it"
	test_log | grep "all groups are paused: the module found a fault" || fail "the kernel log does not say it"
	gd unassign "${PID[a]}"
	rmmod grpdedup
	load_module
	assert_right a
}
is_paused() { [[ $(gd show "$1") == *"found a fault"* ]]; }

# set_online CPU 0|1 CPUS: within 20 s these are online. To read the CPU's own file might take as long.
set_online() {
	echo "$2" >"/sys/devices/system/cpu/cpu$1/online" 3>&- &
	wait_for 20 grep -qx "$3" /sys/devices/system/cpu/online || fail "CPU $1 does not change: $(cat "/proc/$!/stack")"
}

@test "scenes: a CPU whose workers never run does not hold up CPU hotplug" {
	assert_eq "$(nproc)" 3 "CPUs: the test means nothing without"
	taskset -pc 0 $$
	hold a 64 seq 10
	hold b 64 seq 10
	take_cpu 1
	group g a b
	gd scan g
	sleep 1
	set_online 2 0 0-1
	gd scan g
	sleep 1
	set_online 2 1 0-2
	settle g
	give_back_cpu
	assert_shared a b
	assert_right a b
}

is_creating() { grep -q gd_member_create "/proc/$1/stack"; }

# The kernel is booted with poison in freed tasks: whoever follows a pointer in one crashes it.
@test "scenes: a thread is assigned while another one of its process execs" {
	local thread tool
	hold a 64 seq 10
	hold b 64 seq 10
	thread=$(ask a thread)
	group g b
	grpdedup assign g "$thread" 3>&- &
	tool=$!
	wait_for 20 is_creating "$tool" || fail "the tool waits nowhere: the test means nothing without"
	ask a thread-exec
	# its first answer: the new program runs, and the old leader is gone
	ask a map r 64
	is_creating "$tool" || fail "the tool waits no more: the test means nothing without"
	# the address space that it was to be is gone
	! wait "$tool" || settle g 1
	assert_eq "$(members)" "${PID[b]} " members
	gd assign g "${PID[a]}"
	ask a fill r 0 64 seq 10
	settle g
	assert_shared a b
	assert_right a b
}

# zones_of_kernel: pages that can be allocated in the zones that frames come from, and their size
zones_of_kernel() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk -F '[ ,()]+' '
		/^Node/ { kernel = $5 ~ /^(DMA|DMA32|Normal)$/; room = 0 }
		!kernel { next }
		/ pages free / { room = $4 }
		/ high / { room -= $3 }
		/ managed / { size += $3 }
		/ nr_zone_(in)?active_file / { room += $3 }
		/ protection:/ { room -= $5; if (room > 0) all += room }
		END { print all + 0, size }' /proc/zoneinfo
}
# Many processes come and go. Their kernel stacks and page tables are memory of the kernel.
fork_many() {
	local i pids=()
	for ((i = 0; i < 60; i++)); do
		sleep 2 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
}
ksmd_shares() { (($(</sys/kernel/mm/ksm/pages_sharing) >= $1)); }
assert_no_oom() { ! test_log | grep "invoked oom-killer" || fail "out of memory, $1"; }

@test "scenes: merging leaves the kernel a reserve where most memory is movable" {
	local name before room size ballast=$BATS_TEST_TMPDIR/ballast
	mkdir "$ballast"
	mount -t ramfs none "$ballast"
	dd if=/dev/zero of="$ballast/file" bs=1M count=40
	# ksmd takes nothing of the kernel's memory
	for name in a b; do
		hold $name 70000 seq 1000
		ask $name madvise r 0 70000 MERGEABLE
	done
	ksmd_on 10 20000
	wait_for 90 ksmd_shares 69000 || fail "ksmd merges $(</sys/kernel/mm/ksm/pages_sharing) pages"
	fork_many
	assert_no_oom "under ksmd"
	echo 0 >/sys/kernel/mm/ksm/run
	for name in a b; do ask $name exit; done
	for name in a b; do wait_for 10 gone "${PID[$name]}"; done

	for name in a b; do hold $name 70000 seq 1000; done
	group g a b
	settle g
	read -r room size < <(zones_of_kernel)
	fork_many
	assert_no_oom "with $(counter g pages_shared) frames"
	assert_range "$(counter g skip_reserve)" 1000 1000000000 "skip_reserve"
	assert_range "$room" $((size / 32 - 1024)) $((size / 8)) "pages left to the kernel, of $size"
	before=$(counter g pages_shared)
	rm "$ballast/file"
	settle g
	assert_range $(($(counter g pages_shared) - before)) 8000 12000 "frames more, once 10240 pages are free"
	assert_no_oom "in the end"
	umount "$ballast"
	assert_right a b
}

@test "scenes: where frames are not charged, a member in a memory cgroup needs a limit of them" {
	grep -q cgroup.memory=nokmem /proc/cmdline || fail "frames are charged: the test means nothing without"
	hold_in_cgroup 64 "seq 10" a
	hold b 64 seq 10
	# nothing limits what the root cgroup takes
	group g b
	refused 2 "nokmem.*limit" gd assign g "${PID[a]}"
	assert_eq "$(members)" "${PID[b]} " members
	gd set-group g --max-frames 1000
	gd assign g "${PID[a]}"
	settle g
	assert_shared a b
	refused 2 "nokmem.*limit" gd set-group g --max-frames 0
	gd add-group h --rate 0
	refused 2 "nokmem.*limit" gd move h "${PID[a]}"
	assert_eq "$(members_of g | wc -l)" 2 "members of g"
	assert_shared a b
	gd unassign "${PID[a]}"
	gd set-group g --max-frames 0
	assert_right a b
	close_cgroup a
}
