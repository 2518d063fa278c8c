#!/usr/bin/env bats
# grpdedupd with the real module, and processes for guests. What needs real guests is in 85-balloon.

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
