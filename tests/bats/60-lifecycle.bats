#!/usr/bin/env bats
# Memberships, groups and the module end in every order, while the processes continue.

load helpers

pair() {
	hold a "${1:-256}" mix 25 50 1000
	hold b "${1:-256}" mix 25 50 1000
	group g a b
}

# Bytes, then writes, then bytes: the pages must be ordinary ones for the kernel.
assert_lives_on() {
	local name
	assert_right "$@"
	for name; do
		ask "$name" poke r 0 1 2
		ask "$name" fill r 10 20 unique
		ask "$name" madvise r 100 10 DONTNEED
	done
	assert_right "$@"
}

@test "lifecycle: del-group leaves frames shared" {
	pair
	settle g
	local before
	before=$(pfns a)
	gd del-group g
	assert_eq "$(pfns a)" "$before" "PFNs of a after del-group"
	assert_shared a b 1 1
	assert_lives_on a b
}

@test "lifecycle: del-group --unshare leaves none" {
	pair
	settle g
	gd del-group g --unshare
	assert_eq "$(sum frame a b)" 0 "frames after del-group --unshare"
	assert_apart a -- b
	assert_lives_on a b
}

@test "lifecycle: a group is deleted mid-scan, again and again" {
	local i
	hold a 2048 mix 25 50 1000
	hold b 2048 mix 25 50 1000
	for ((i = 0; i < 6; i++)); do
		RATE=1000000 group g a b
		sleep "0.$i"
		((i % 2)) && gd del-group g --unshare || gd del-group g
		assert_right a b
		((i % 2 == 0)) || assert_eq "$(sum frame a b)" 0 "frames after del-group --unshare"
	done
	assert_lives_on a b
}

@test "lifecycle: members come and go while they are scanned" {
	local i
	hold a 1024 mix 25 50 1000
	hold b 1024 mix 25 50 1000
	RATE=1000000 group g a b
	gd add-group h --rate 1000000
	for ((i = 0; i < 5; i++)); do
		gd unassign "${PID[a]}"
		assert_eq "$(sum frame a)" 0 "frames of a, which is in no group"
		gd assign g "${PID[a]}"
		gd move h "${PID[b]}"
		FRAMES=1 assert_apart a -- b
		gd move g "${PID[b]}"
		assert_right a b
	done
	settle g
	assert_shared a b 1 1
	assert_lives_on a b
}

@test "lifecycle: rmmod with groups, members and frames in place" {
	pair
	settle g
	local before
	before=$(pfns a)
	rmmod grpdedup
	assert_eq "$(pfns a)" "$before" "PFNs of a after rmmod"
	fork_of a c
	assert_lives_on a b c
	ask b exit
	ask a mremap r 300 move
	assert_lives_on a c
}

@test "lifecycle: rmmod mid-scan, again and again" {
	local i
	hold a 2048 mix 25 50 1000
	hold b 2048 mix 25 50 1000
	for ((i = 0; i < 6; i++)); do
		RATE=1000000 group g a b
		ask a fill r 0 512 seq 1000
		ask b fill r 0 512 seq 1000
		sleep "0.$((i / 2))"
		rmmod grpdedup
		assert_right a b
		load_module
	done
	assert_range "$(sum frame a b)" 1 100000 "frames of modules that are gone: the test means nothing without"
	assert_lives_on a b
}

@test "lifecycle: a new module does not take over frames of the old one" {
	pair
	settle g
	rmmod grpdedup
	load_module
	assert_range "$(sum frame a)" 1 100000 "frames of the old module"
	group one a
	group two b
	settle one
	settle two
	FRAMES=1 assert_apart a -- b
	assert_right a b
	gd del-group two
	gd assign one "${PID[b]}"
	settle one
	assert_eq "$(counter one pages_shared)" "$(sum frames a b)" "pages_shared, and the frames found"
	assert_shared a b 1 1
	assert_lives_on a b
}

@test "lifecycle: exit is noticed within a second and told" {
	hold a 64 seq 1
	hold b 64 seq 1
	RATE=10000 group g a b
	settle g
	monitor_start
	kill -9 "${PID[a]}"
	wait_event 1 "^member-del g pid ${PID[a]} \(gd-hold\) exit"
	assert_eq "$(members)" "${PID[b]} " members
	ask b exit
	wait_event 1 "^member-del g pid ${PID[b]} \(gd-hold\) exit"
	assert_eq "$(counter g member_count)" 0 member_count
}

@test "lifecycle: exit from a paused group is noticed by the next pass" {
	pair 64
	settle g
	monitor_start
	kill -9 "${PID[a]}"
	wait_for 10 gone "${PID[a]}"
	settle g 1
	wait_event 2 "^member-del g pid ${PID[a]} .*exit"
	assert_eq "$(members)" "${PID[b]} " members
	assert_right b
}

@test "lifecycle: exec ends the membership and is told" {
	pair 64
	gd set-group g --rate 10000
	settle g
	monitor_start
	ask a exec
	wait_event 2 "^member-del g pid ${PID[a]} \(gd-hold\) exec"
	assert_eq "$(members)" "${PID[b]} " members
	ask a map r 64
	ask a fill r 0 64 mix 25 50 1000
	settle g
	assert_eq "$(sum frame a)" 0 "frames of a program that is no member"
	assert_right a b
}

@test "lifecycle: every event is told once" {
	monitor_start
	gd add-group g --rate 5
	gd set-group g --rate 0
	gd add-group h --rate 0
	hold a 64 same 1
	gd assign g "${PID[a]}"
	settle g
	gd move h "${PID[a]}"
	gd unassign "${PID[a]}"
	gd assign g "${PID[a]}"
	gd del-group g
	gd del-group h
	wait_event 5 "^group-del h"
	wait_event 5 "^request h [0-9]+ ended"
	local pid="pid ${PID[a]} (gd-hold)"
	assert_eq "$(grep -Ev '^(reclaim|request) ' "$BATS_TEST_TMPDIR/events" | sed 's/, [0-9]* pages unshared//')" \
		"group-add g rate 5
group-set g rate 0
group-add h rate 0
member-add g $pid
member-del g $pid moved
member-add h $pid
member-del h $pid unassigned
member-add g $pid
member-del g $pid group-deleted
group-del g
group-del h" events
	assert_range "$(grep -c '^reclaim g ' "$BATS_TEST_TMPDIR/events")" 1 4 "reclaim events"
	# each has its number, is told once, and names its process if it is about one
	assert_eq "$(grep '^request ' "$BATS_TEST_TMPDIR/events" | sed -E 's/ [0-9]+ (pid|ended)/ N \1/; s/, [0-9]* pages unshared//')" \
		"request g N pid ${PID[a]} ended
request h N pid ${PID[a]} ended
request h N pid ${PID[a]} ended
request g N pid ${PID[a]} ended
request g N ended
request h N ended" "ends of requests"
	assert_eq "$(awk '$1 == "request" { print $3 }' "$BATS_TEST_TMPDIR/events" | sort -nu | wc -l)" 6 "numbers of requests"
}

@test "lifecycle: killed while it is scanned, again and again" {
	local i
	RATE=1000000 group g
	for ((i = 0; i < 6; i++)); do
		hold "a$i" 1024 mix 30 40 1000
		hold "b$i" 1024 mix 30 40 1000
		gd assign g "${PID[a$i]}" "${PID[b$i]}"
		((i == 0)) || kill -9 "${PID[b$((i - 1))]}"
		sleep "0.$i"
		kill -9 "${PID[a$i]}"
	done
	assert_right b5
	kill -9 "${PID[b5]}"
	wait_for 20 members_are "" || fail "members: $(members)"
	settle g 2
	assert_eq "$(counter g pages_shared) $(counter g pages_sharing)" "0 0" "pages_shared and pages_sharing"
}
