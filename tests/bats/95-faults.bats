#!/usr/bin/env bats
# Full memory cgroups; members, the tool and event listeners that die or fall behind.
# For allocations that fail at every place see debug/faults.bats.

load helpers

cg_event() { awk -v name="$1" '$1 == name { print $2 }' "$CG/memory.events"; }

# fill_cgroup NAME...: leave no page free. A process needs some pages to answer a command. A limit below
# the charge drains the per-CPU stocks; meanwhile no process is killed for it.
fill_cgroup() {
	local name
	for name; do echo -1000 >"/proc/${PID[$name]}/oom_score_adj"; done
	echo $((($(charged) - 1) * 4096)) >"$CG/memory.max" || true
	echo $(($(charged) * 4096)) >"$CG/memory.max"
	for name; do echo 0 >"/proc/${PID[$name]}/oom_score_adj"; done
	kills=$(cg_event oom_kill)
}
assert_nobody_killed() {
	local name
	assert_eq "$(cg_event oom_kill)" "$kills" "processes killed for want of memory"
	for name; do ! gone "${PID[$name]}" || fail "$name is gone"; done
}

@test "faults: a full cgroup: nothing is merged, nobody is killed, and it goes on when there is room" {
	hold_in_cgroup 512 "seq 1000" a b
	fill_cgroup a b
	group g a b
	settle g
	assert_nobody_killed a b
	assert_range "$(counter g skip_nomem)" 1 1000000 skip_nomem
	assert_range "$(charged)" 0 $(($(<"$CG/memory.max") / 4096)) "pages charged, and the limit"
	open_cgroup
	assert_right a b
	settle g
	assert_shared a b
	assert_right a b
	close_cgroup a b
}

@test "faults: unsharing goes on in a full cgroup, beyond the limit, and kills nobody" {
	local limit
	hold_in_cgroup 512 "seq 1000" a b
	group g a b
	settle g
	assert_shared a b
	fill_cgroup a b
	limit=$(($(<"$CG/memory.max") / 4096))
	gd unassign "${PID[a]}"
	assert_nobody_killed a b
	assert_eq "$(sum frame a)" 0 "frames of a, which is in no group"
	assert_range "$(charged)" $((limit + 400)) 100000 "pages charged, with a limit of $limit"
	gd del-group g --unshare
	assert_nobody_killed a b
	assert_eq "$(sum frame a b)" 0 "frames after del-group --unshare"
	assert_apart a -- b
	open_cgroup
	assert_right a b
	ask a fill r 0 64 seq 5
	ask b fill r 0 64 seq 6
	assert_right a b
	close_cgroup a b
}

@test "faults: taking a process from ksmd goes on in a full cgroup, and kills nobody" {
	local name
	hold_in_cgroup 512 "seq 1000" a b
	for name in a b; do ask "$name" madvise r 0 512 MERGEABLE; done
	ksmd_on 0 1000
	wait_for_ksmd a 512
	fill_cgroup a b
	group g a
	assert_nobody_killed a b
	open_cgroup
	assert_eq "$(kind_count ksm a)" 0 "pages of ksmd's in a member"
	assert_apart a -- b
	assert_right a b
	close_cgroup a b
}

@test "faults: a scanner in a cgroup without memory works, members pay" {
	hold a 512 seq 1000
	hold b 512 seq 1000
	group g a b
	cgroup
	echo 0 >"$CG/memory.max"
	counter g tid >"$CG/cgroup.procs"
	settle g
	assert_shared a b
	assert_range "$(charged)" 0 64 "pages charged to the scanner's cgroup"
	gd unassign "${PID[a]}"
	assert_eq "$(sum frame a)" 0 "frames of a"
	assert_right a b
	gd del-group g
	remove_cgroup "$CG"
}

# pass_ms GROUP: how long two passes take
pass_ms() {
	local start=${EPOCHREALTIME/./}
	settle "$1" 2 >&2
	echo $(((${EPOCHREALTIME/./} - start) / 1000))
}
# watch_stack TID FILE: where a thread of the kernel is, again and again
watch_stack() {
	local stack
	while sleep 0.02; do
		read -r -d '' stack <"/proc/$1/stack" || true
		echo "$stack"
	done >"$2"
}

@test "faults: a member above memory.high does not put the scanner to sleep" {
	local normal high watcher
	hold_in_cgroup 4096 "seq 1000" a b c d
	ask d map ballast 16384 shared
	ask d fill ballast 0 16384 unique
	group g a b
	settle g 1
	normal=$(pass_ms g)
	assert_shared a b
	group h c d
	settle h 1
	high=$(($(charged) - 16384))
	echo $((high * 4096)) >"$CG/memory.high"
	watch_stack "$(counter h tid)" "$BATS_TEST_TMPDIR/stacks" 3>&- &
	watcher=$!
	echo "$watcher" >>"$PIDS"
	high=$(pass_ms h)
	kill "$watcher"
	echo max >"$CG/memory.high"
	assert_range "$(wc -l <"$BATS_TEST_TMPDIR/stacks")" 1 1000000 "lines of stacks: the test means nothing without"
	! grep mem_cgroup_handle_over_high "$BATS_TEST_TMPDIR/stacks" || fail "the scanner waits for the member's cgroup"
	assert_range "$high" 0 $((3 * normal + 1000 * PATIENCE)) "ms for two passes, which took $normal ms below memory.high"
	assert_range "$(($(kind_count frame c) + $(counter h skip_nomem)))" 4096 1000000 "pages that were merged, or counted"
	settle h
	assert_shared c d
	assert_right a b c d
	close_cgroup a b c d
}

is_unloaded() { [[ ! -e /sys/module/grpdedup ]]; }

@test "faults: a CPU whose workers never run holds up no scanner, no group, and no rmmod" {
	taskset -pc 0 $$
	hold a 64 seq 10
	hold b 64 seq 10
	take_cpu 1
	group g a b
	gd add-group h --rate 0
	gd scan g --wait --timeout $((20 * PATIENCE))
	gd scan h --wait --timeout $((20 * PATIENCE))
	settle g
	assert_shared a b
	timeout 20 grpdedup del-group g
	rmmod grpdedup 3>&- &
	wait_for 20 is_unloaded || fail "rmmod waits: $(cat /proc/$!/stack)"
	give_back_cpu
	assert_right a b
}

@test "faults: the first unsharing leaves nothing to do that would hold up rmmod" {
	local tid
	rmmod grpdedup
	load_module
	taskset -pc 0 $$
	hold a 8 seq 10
	gd add-group g --rate 0
	# what this scanner leaves to workers is left to those of CPU 1
	tid=$(counter g tid)
	taskset -pc 1 "$tid"
	chrt -f -p 60 "$tid"
	take_cpu 1
	gd assign g "${PID[a]}"
	rmmod grpdedup || fail "it is $(cat /sys/module/grpdedup/initstate), used $(cat /sys/module/grpdedup/refcnt) times"
	give_back_cpu
	assert_right a
}

# hog: takes memory of the cgroup until a is dead
hog_until_gone() {
	local i
	for ((i = 0; i < 4096; i += 128)); do
		ask hog fill r $i 128 unique
		! gone "${PID[$1]}" || return 0
	done
	fail "$1 is not killed"
}

@test "faults: members are killed for want of memory while they are merged" {
	local i
	hold b 1024 mix 30 40 1000
	RATE=1000000 group g b
	spawn hog
	cgroup hog
	ask hog map r 4096 small
	echo -1000 >"/proc/${PID[hog]}/oom_score_adj"
	for ((i = 0; i < 3; i++)); do
		open_cgroup
		ask hog madvise r 0 4096 DONTNEED
		hold_in_cgroup 1024 "mix 30 40 1000" "a$i"
		gd assign g "${PID[a$i]}"
		sleep "0.$i"
		echo $((($(charged) + 256) * 4096)) >"$CG/memory.max"
		hog_until_gone "a$i"
		wait_for 5 members_are "${PID[b]} " || fail "members: $(members)"
	done
	open_cgroup
	assert_right b hog
	assert_eq "$(cg_event oom_kill)" 3 "processes killed for want of memory"
	settle g 2
	assert_eq "$(counter g pages_shared)" "$(sum frames b)" "pages_shared, and the frames found"
	close_cgroup hog
}

# tool ARGUMENT...: in the background. A shell's background jobs ignore SIGINT, so it is reset.
tool() {
	env --default-signal=INT grpdedup "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	tool=$!
}
# strike SIGNAL: on the tool; sets status
strike() {
	kill "-$1" "$tool" 2>/dev/null || true
	status=0
	wait "$tool" || status=$?
}
# see PATTERN FILE: look for it as often as possible, for some seconds
see() {
	local text i
	for ((i = 0; i < 50000; i++)); do
		read -r -d '' text 2>/dev/null <"$2" || [[ $text ]] || break
		[[ ! $text =~ $1 ]] || return 0
	done
	return 1
}
# It catches SIGTERM, 15; so does the shell that is about to become the tool.
see_it_wait() {
	see "^Name:[[:blank:]]*grpdedup[[:space:]].*SigCgt:[[:blank:]]*[0-9a-f]*[4-7c-f][0-9a-f]{3}[[:space:]]" "/proc/$tool/status"
}
passes_are() { (($(counter g full_scans) >= $1)); }

@test "faults: a signal ends the wait for a pass, says so, and changes nothing" {
	local before passes signal tool status
	hold a 32768 unique
	group g a
	settle g 1
	before=$(state)
	for signal in INT TERM; do
		passes=$(counter g full_scans)
		tool scan g --wait
		see_it_wait || fail "the tool does not wait: $(cat "$BATS_TEST_TMPDIR/out")"
		strike $signal
		assert_eq "$status" $((128 + $(kill -l "$signal"))) "exit status after SIG$signal"
		assert_eq "$(cat "$BATS_TEST_TMPDIR/out")" \
			"grpdedup: group g: stopped waiting; pass $((passes + 1)) continues" "what it says"
		assert_eq "$(state)" "$before" "state after SIG$signal"
		wait_for 60 passes_are $((passes + 1)) || fail "pass $((passes + 1)) does not go on"
	done
	assert_right a
}

@test "faults: the tool is killed in the middle of a request, which goes on or never was" {
	local i signal tool status unfinished=0
	hold a 4096 seq 1000
	hold b 4096 seq 1000
	gd add-group h --rate 0
	for ((i = 0; i < 6; i++)); do
		((i % 2)) && signal=KILL || signal=TERM
		group g a b
		settle g 3
		case $((i % 3)) in
		0) tool unassign "${PID[a]}" ;;
		1) tool move h "${PID[a]}" ;;
		2) tool del-group g --unshare ;;
		esac
		# the tool waits for the end, if that is ever seen
		see_it_wait || true
		strike "$signal"
		if ((status != 0)); then
			unfinished=$((unfinished + 1))
			[[ $signal == KILL || ! -s $BATS_TEST_TMPDIR/out ]] ||
				grep -qx 'grpdedup: stopped waiting; 1 request continues' "$BATS_TEST_TMPDIR/out" ||
				fail "it says: $(cat "$BATS_TEST_TMPDIR/out")"
		fi
		# the scanner goes on
		wait_for 60 at_rest || fail "requests do not end: $(gd show)"
		assert_right a b
		gd list pids | xargs -r grpdedup unassign || wait_for 60 groups_are h
		# or it is being deleted
		[[ $(gd list groups) != *g* ]] || gd del-group g || wait_for 60 groups_are h
		assert_eq "$(sum frame a b)" 0 "frames of processes in no group"
	done
	assert_range "$unfinished" 4 6 "requests whose tool was killed"
	assert_eq "$(counter h member_count)" 0 "members of the other group"
	assert_right a b
}

is_told() {
	gd set-group g --rate 6
	gd set-group g --rate 7
	sleep 0.2
	grep -q "group-set g rate 7" "$BATS_TEST_TMPDIR/events"
}

@test "faults: who does not read his events is told that some are lost, and holds up nobody" {
	local i monitor
	gd add-group g --rate 0
	monitor_start
	monitor=$!
	kill -STOP $monitor
	gd-rawnl --repeat 6000 group-set name=s:g rate=u32:5
	gd set-group g --rate 0
	kill -CONT $monitor
	wait_for 10 grep -q "some events were lost" "$BATS_TEST_TMPDIR/monitor" || fail "monitor says: $(cat "$BATS_TEST_TMPDIR/monitor")"
	# it receives nothing more until it has read the queued events
	wait_for 20 is_told || fail "no event after the lost ones"
	assert_range "$(grep -c 'rate 5$' "$BATS_TEST_TMPDIR/events")" 10 5999 "events that were kept"
}

@test "faults: requests whose answers nobody reads are done all the same" {
	local groups
	hold a 64 seq 1
	gd-rawnl --unread --repeat 1000 group-get name=s:g
	gd-rawnl --unread --repeat 600 group-add name=s:x%d rate=u32:0
	groups=$(gd list groups | wc -l)
	assert_eq "$groups" 600 groups
	gd-rawnl --unread --repeat 600 scan name=s:x%d
	gd assign x0 "${PID[a]}"
	gd-rawnl --unread --repeat 600 member-add name=s:x0 "pid=u32:${PID[a]}"
	assert_eq "$(members)" "${PID[a]} " members
	gd-rawnl --unread --repeat 600 group-del name=s:x%d
	wait_for 60 groups_are "" || fail "groups after their deletion: $(gd list groups)"
	assert_right a
}
