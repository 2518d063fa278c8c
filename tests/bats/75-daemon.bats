#!/usr/bin/env bats
# grpdedupd with the real module, and processes for guests. What needs real guests is in 85-balloon.
# shellcheck disable=SC2086 # SLICE has no blanks

load helpers

CONF=$BATS_TEST_TMPDIR/conf
SOCKET=$BATS_TEST_TMPDIR/control.sock
LOG=$BATS_TEST_TMPDIR/log

# config [KEY = VALUE]...: group g with guest a; the keys are the group's
config() {
	echo "${PID[a]}" >"$BATS_TEST_TMPDIR/a.pid"
	printf '%s\n' '[host]' 'available_floor = 0' "pressure_max = ${PRESSURE-0}" '[group g]' 'rate = 1000' "$@" \
		'[guest a]' 'group = g' "pidfile = $BATS_TEST_TMPDIR/a.pid" >"$CONF"
}

start_daemon() {
	daemon_start "$CONF" "$SOCKET" "$LOG"
	# shellcheck disable=SC2154 # daemon_start sets it
	echo "$daemon" >>"$PIDS"
}

reload() {
	: >"$LOG"
	kill -HUP "$daemon"
	wait_for 5 logged reloaded || fail "$(cat "$LOG")"
}

status() { grpdedup balloon --socket "$SOCKET" 2>/dev/null; }
says() { status | grep -q -- "^$1"; }
logged() { grep -q -- "$1" "$LOG"; }
# has NAME VALUE: of group g, in the kernel
has() { [[ $(gd dump --header | awk -v name="$1" '$1 == "#group" { for (i = 2; i <= NF; i++) if ($i == name) col = i }
	$1 == "group" { print $col }') == "$2" ]]; }
assert_has() { wait_for 5 has "$@" || fail "$1 is not $2:" "$(gd dump --header)" "$(cat "$LOG")"; }
says_no_more() { ! says "$1"; }
in_group() { [[ $(members) == "$1" ]]; }

@test "daemon: a reload makes the group what a fresh start with that file would make it" {
	spawn a
	config 'split_min = 64' 'max_frames = 100'
	start_daemon
	assert_has split_min 64
	assert_has frames_max 100
	wait_for 5 in_group "${PID[a]} "
	# options are taken out of the file
	config
	reload
	logged 'group g: split_min: 64 -> 16'
	logged 'group g: max_frames: 100 -> 0'
	assert_has split_min 16
	assert_has frames_max 0
	# what was set by hand goes as well; to have no limit can be said
	gd set-group g --max-frames 7 --split-min 3
	config 'max_frames = 0'
	reload
	assert_has split_min 16
	assert_has frames_max 0
	kill "$daemon"
	wait_for 5 gone "$daemon"
	gd set-group g --max-frames 7 --rate 5
	start_daemon
	assert_has frames_max 0
	assert_has rate 1000
	in_group "${PID[a]} "
}

@test "daemon: setting the host's clock changes nothing" {
	local at now
	spawn a
	config
	start_daemon
	wait_for 5 in_group "${PID[a]} "
	at=$(date +%s)
	date -s "@$((at + 7200))"
	sleep 3
	now=$(date +%s)
	in_group "${PID[a]} " || fail "$(status)" "$(cat "$LOG")"
	! status | grep -q ^a: || fail "$(status)"
	date -s "@$((now - 10800))"
	sleep 3
	in_group "${PID[a]} " || fail "$(status)" "$(cat "$LOG")"
	! logged 'has exited' || fail "$(cat "$LOG")"
	date -s "@$((now - 7200))"
}

@test "daemon: without PSI it says that memory pressure is not watched" {
	spawn a
	mkdir "$BATS_TEST_TMPDIR/empty"
	PRESSURE=5 config
	# as with psi=0: /proc/pressure is not there
	mount --bind "$BATS_TEST_TMPDIR/empty" /proc/pressure
	start_daemon
	wait_for 5 says 'host: memory pressure is not watched: the kernel has no PSI' || fail "$(status)"
	[[ $(grep -c 'memory pressure is not watched' "$LOG") == 1 ]]
	umount /proc/pressure
	wait_for 5 says_no_more host: || fail "$(status)"
}

@test "daemon: a process that /proc does not show is not gone" {
	spawn a
	mkdir "$BATS_TEST_TMPDIR/empty"
	config
	start_daemon
	wait_for 5 in_group "${PID[a]} "
	# what hidepid does to a daemon without CAP_SYS_PTRACE
	mount --bind "$BATS_TEST_TMPDIR/empty" "/proc/${PID[a]}"
	wait_for 5 says "a: /proc does not show process ${PID[a]}" || fail "$(status)"
	sleep 2
	in_group "${PID[a]} "
	! logged 'has exited' || fail "$(cat "$LOG")"
	umount "/proc/${PID[a]}"
	wait_for 5 says_no_more a: || fail "$(status)"
	kill -9 "${PID[a]}"
	wait_for 5 logged 'has exited' || fail "$(cat "$LOG")"
}

ROOT=/sys/fs/cgroup
SLICE=disc-$BATS_TEST_NUMBER.slice # of each test, below the root

# are_in GROUP NAME...: these processes, and no others, are its members
are_in() {
	local name want
	want=$(for name in "${@:2}"; do echo "${PID[$name]}"; done | sort -n)
	[[ $(members_of "$1") == "$want" ]]
}
members_of() { gd dump | awk -F '\t' -v group="$1" '$1 == "member" && $2 == group { print $4 }' | sort -n; }
assert_are_in() {
	wait_for 3 are_in "$@" ||
		fail "members of $1: $(members_of "$1"), expected ${*:2}: ${PID[*]}" "$(status)" "$(cat "$LOG")"
}
move() { echo "${PID[$1]}" >"$ROOT/$2/cgroup.procs"; }
native_start() {
	printf '%s\n' '[host]' 'available_floor = 0' 'pressure_max = 0' "$@" >"$CONF"
	start_daemon
}

@test "daemon: processes of a cgroup are members within a second, forks too, and are unshared when they leave" {
	local start
	mkdir -p $ROOT/$SLICE/deep/er
	hold a 600 seq 1000
	hold b 600 seq 1000
	spawn hand
	native_start '[group g]' 'rate = 0' "cgroup = $SLICE"
	assert_are_in g
	gd assign g "${PID[hand]}"
	# the cgroup was empty: the kernel says when it is no longer
	start=${EPOCHREALTIME/./}
	move a $SLICE/deep/er
	assert_are_in g a hand
	assert_range $(((${EPOCHREALTIME/./} - start) / 1000)) 0 $((1500 * SLOW)) "ms until a has joined"
	move b $SLICE
	assert_are_in g a b hand
	settle g
	assert_shared a b
	# a forked child is in its parent's cgroup
	fork_of a child
	assert_are_in g a b child hand
	wait_for 5 says "g: 3 processes in cgroup /$SLICE, 0 refused" || fail "$(status)"
	# below the same cgroup, nothing happens
	move a $SLICE/deep
	sleep 2
	are_in g a b child hand || fail "$(gd list pids)" "$(cat "$LOG")"
	assert_shared a b
	# whoever leaves is unshared; who was added by hand and has never been there stays
	echo "${PID[a]}" >$ROOT/cgroup.procs
	echo "${PID[child]}" >$ROOT/cgroup.procs
	assert_are_in g b hand
	assert_eq "$(sum frame a)" 0 "frames of a"
	assert_apart a -- b
	assert_right a b
	# not in the log: processes that are gone before they are looked at
	bash -c "echo \$\$ >$ROOT/$SLICE/cgroup.procs; for i in {1..200}; do /bin/true; done"
	sleep 2
	! logged '^<4>' || fail "$(cat "$LOG")"
}

@test "daemon: a cgroup below that of another group is that group's, and who moves between them is unshared" {
	mkdir -p $ROOT/$SLICE/x/y $ROOT/$SLICE/z
	hold a 600 seq 1000
	hold b 600 seq 1000
	hold c 600 seq 1000
	move a $SLICE/z
	move b $SLICE/x/y
	move c $SLICE/x
	native_start '[group outer]' 'rate = 0' "cgroup = $SLICE" "account = $SLICE/scanner" \
		'[group inner]' 'rate = 0' "cgroup = $ROOT/$SLICE/x"
	assert_are_in outer a
	assert_are_in inner b c
	settle inner
	settle outer
	assert_shared b c
	assert_apart a -- b c
	FRAMES=1 assert_apart a -- b c
	move c $SLICE/z
	assert_are_in outer a c
	assert_are_in inner b
	assert_apart c -- b
	settle outer
	assert_shared a c
	# the scanner in the cgroup is a kernel thread, and no member
	wait_for 5 says "outer: 2 processes in cgroup /$SLICE, 0 refused" || fail "$(status)"
	# a restarted daemon finds its members where they are
	kill "$daemon"
	wait_for 5 gone "$daemon"
	: >"$LOG"
	start_daemon
	sleep 2
	echo "${PID[c]}" >$ROOT/cgroup.procs
	assert_are_in outer a
	assert_apart c -- a
	! logged '^<4>' || fail "$(cat "$LOG")"
	# the key is taken out of the file: they leave
	sed -i '/^cgroup = .*x$/d' "$CONF"
	reload
	assert_are_in outer a b
	assert_are_in inner
	assert_right a b c
}

@test "daemon: a template makes a group for each cgroup that somebody is in, and deletes it" {
	mkdir -p $ROOT/$SLICE/user-{1,2,3}.slice
	hold a 600 seq 1000
	hold b 600 seq 1000
	hold c 600 seq 1000
	move a $SLICE/user-1.slice
	native_start '[groups user-*]' 'rate = 0' 'split_min = 3' "cgroup = $SLICE/user-*.slice" \
		"account = $SLICE/user-*.slice/scanner"
	assert_are_in user-1 a
	[[ $(gd list groups) == user-1 ]] || fail "$(gd list groups)"
	assert_has split_min 3
	wait_for 5 grep -qx "0::/$SLICE/user-1.slice/scanner" "/proc/$(counter user-1 tid)/cgroup"
	mkdir $ROOT/$SLICE/user-1.slice/session
	move b $SLICE/user-1.slice/session
	move c $SLICE/user-2.slice
	assert_are_in user-1 a b
	assert_are_in user-2 c
	settle user-1
	assert_shared a b
	# one whose name no group may have
	mkdir "$ROOT/$SLICE/user- 4.slice"
	sleep 300 3>&- &
	echo $! >>"$PIDS"
	echo $! >"$ROOT/$SLICE/user- 4.slice/cgroup.procs"
	wait_for 5 says "found: no group is made for ' 4' by $CONF:4: a name is printable" || fail "$(status)"
	# the last one leaves: only the scanner is left
	echo "${PID[b]}" >$ROOT/cgroup.procs
	assert_are_in user-1 a
	assert_eq "$(sum frame b)" 0 "frames of b"
	echo "${PID[a]}" >$ROOT/cgroup.procs
	wait_for 5 groups_are user-2 || fail "$(gd list groups)" "$(cat "$LOG")"
	wait_for 5 logged "group user-1: gone (cgroup /$SLICE/user-1.slice is empty)" || fail "$(cat "$LOG")"
	wait_for 5 rmdir $ROOT/$SLICE/user-1.slice/scanner
	ask c exit
	wait_for 5 groups_are '' || fail "$(gd list groups)" "$(cat "$LOG")"
	assert_right a b
	# and again
	move a $SLICE/user-2.slice
	assert_are_in user-2 a
}

@test "daemon: a process that two groups claim joins neither, and stays where it is if it is a member" {
	mkdir -p $ROOT/$SLICE/one-1 $ROOT/$SLICE/two-1
	spawn a
	spawn b
	move a $SLICE/one-1
	move b $SLICE/one-1
	config "cgroup = $SLICE/two-1" '[group h]' 'rate = 0' "cgroup = $SLICE/one-1"
	start_daemon
	assert_are_in h b
	assert_are_in g
	says "a: process ${PID[a]} is claimed by group g ($CONF:10) and by group h ($CONF:7): it joins neither" || fail "$(status)"
	says "h: 1 process is not where the group wants them: process ${PID[a]} is claimed by" || fail "$(status)"
	logged "guest a: process ${PID[a]} is claimed by" || fail "$(cat "$LOG")"
	# the mistake ends
	move a $SLICE/two-1
	assert_are_in g a
	# it comes back
	move a $SLICE/one-1
	wait_for 5 says "a: process ${PID[a]} is claimed by" || fail "$(status)"
	sleep 2
	are_in g a || fail "it was moved: $(status)"
	are_in h b || fail "$(status)"
	# two templates
	move a $SLICE/two-1
	kill "$daemon"
	wait_for 5 gone "$daemon"
	: >"$LOG"
	native_start '[groups t*]' 'rate = 0' "cgroup = $SLICE/two-*" '[groups s*]' 'rate = 0' "cgroup = $SLICE/t*-1"
	wait_for 5 says "found: cgroup /$SLICE/two-1 is that of group t1 ($CONF:4) and of group swo ($CONF:7)" || fail "$(status)"
}
