#!/usr/bin/env bats
# shellcheck disable=SC2004 # PID is an associative array
# Real KVM guests: a and b in one group, c in another. They check their own files all the time.
#
# The guests are started once for the file and live through all tests; the last one ends them.

load helpers

kvm_guest() { timeout $((200 * PATIENCE)) "$BATS_TEST_DIRNAME/../vm/kvm-guest" "$1" "$2" "$BATS_FILE_TMPDIR" "${@:3}" 3>&-; }

setup_file() {
	[[ -n ${GRPDEDUP_KO-} ]] || fail "this needs a machine of its own: tests/vm/run -- tests/bats/run"
	local name
	for name in a b c; do GUEST_FILES_MIB=16 kvm_guest start "$name" 128; done
	for name in a b c; do kvm_guest wait "$name" 1 $((150 * PATIENCE)); done
}

teardown_file() {
	local name
	for name in a b c restored; do kvm_guest stop "$name"; done
}

# The processes of the test are the QEMUs, but they outlive it.
guests_in_groups() {
	local name
	for name in a b c; do PID[$name]=$(<"$BATS_FILE_TMPDIR/$name.pid"); done
	RATE=${1:-200000} group one a b
	RATE=${1:-200000} group two c
}

# Every guest makes N more checks, and none has ever failed.
assert_guests_good() {
	local name
	for name in a b c; do
		kvm_guest wait "$name" "$1" $((100 * PATIENCE))
		kvm_guest status "$name"
	done
}

@test "kvm: guests run on while merged, memory comes back, no PFN is common" {
	local anon saved
	guests_in_groups 0
	anon=$(mem_kb AnonPages)
	settle one
	settle two
	assert_apart a b -- c
	saved=$(($(counter one pages_sharing) + $(counter two pages_sharing)))
	echo "AnonPages: $anon KiB before, $(mem_kb AnonPages) KiB after; saved $((saved / 256)) MiB"
	assert_range "$saved" $((25 * 256)) $((400 * 256)) "pages saved: at least 25 MiB"
	# frames are not AnonPages: what fell is more than what is saved
	assert_range $((anon - $(mem_kb AnonPages))) $((25 * 1024)) $((500 * 1024)) "fall of AnonPages, KiB"
	gd set-group one --rate 200000
	gd set-group two --rate 200000
	assert_guests_good 1
	assert_apart a b -- c
}

@test "kvm: a guest that is reset while merged boots again" {
	guests_in_groups
	settle one
	kvm_guest reset a
	assert_guests_good 1
	[[ $(kvm_guest status a) == *' boots '[2-9]* ]] || fail "a did not boot again: $(kvm_guest status a)"
	settle one
	settle two
	assert_apart a b -- c
	assert_guests_good 1
}

@test "kvm: move, unassign and rmmod under running guests" {
	guests_in_groups
	settle one
	settle two
	gd move two "${PID[a]}"
	assert_apart a -- b
	gd unassign "${PID[b]}"
	assert_eq "$(sum frame b)" 0 "frames of b when unassign has returned"
	settle two
	assert_range "$(sum frame a)" 1000 1000000 "frames of a in its new group"
	assert_apart a c -- b
	rmmod grpdedup
	assert_guests_good 1
}

@test "kvm: a guest that ends gives its memory back, the others go on" {
	local before
	guests_in_groups
	settle one
	settle two
	before=$(mem_kb AnonPages)
	kvm_guest stop b
	wait_for 3 members_are "$(printf '%s\n' "${PID[a]}" "${PID[c]}" | sort -n | tr '\n' ' ')" ||
		fail "members: $(members)"
	assert_range $((before - $(mem_kb AnonPages))) $((10 * 1024)) $((200 * 1024)) "fall of AnonPages, KiB"
	gd set-group one --rate 0
	settle one 2
	# the guest runs on between the pass and the look
	assert_range "$(counter one pages_shared)" $(($(sum frames a) * 9 / 10)) $(($(sum frames a) * 11 / 10)) \
		"frames of group one, and those found"
	GUEST_FILES_MIB=16 kvm_guest start b 128
	assert_guests_good 1
}

# qmp NAME COMMAND [ARGUMENTS]
qmp() { kvm_guest qmp "$1" "{\"execute\": \"$2\"${3:+, \"arguments\": $3}}"; }
has_kib() { (($(stat -c %s "$1" 2>/dev/null || echo 0) >= $2 * 1024)); }

# snapshot_begin NAME FILE: in the background; the first MiB of it, the rest slowly from FILE.go on, and at once
# from FILE.fast on. QEMU itself knows no limit for the rate of such a migration.
snapshot_begin() {
	qmp "$1" migrate-set-capabilities '{"capabilities": [{"capability": "background-snapshot", "state": true}]}'
	cat >"$2.take" <<-END
		dd bs=1M count=1 iflag=fullblock of=$2 status=none
		until [ -e $2.go ]; do sleep 0.1; done
		while [ ! -e $2.fast ]; do dd bs=512k count=1 iflag=fullblock status=none >>$2; sleep 0.05; done
		cat >>$2
		touch $2.done
	END
	qmp "$1" migrate "{\"uri\": \"exec:sh $2.take\"}"
	wait_for 60 has_kib "$2" 1024 || fail "no snapshot begins"
}

@test "kvm: a background snapshot of a guest that leaves its group is as old as its start" {
	local file=$BATS_TEST_TMPDIR/snapshot status
	guests_in_groups 0
	settle one
	# their emulated CPU would be the one that a and the scanner need
	qmp b stop
	qmp c stop
	snapshot_begin a "$file"
	assert_range "$(sum frame a)" 1000 1000000 "frames of a while QEMU protects its memory"
	gd unassign "${PID[a]}"
	assert_eq "$(sum frame a)" 0 "frames of a after it left"
	touch "$file.go"
	# It writes to all of its files, most of which the snapshot has not come to.
	kvm_guest tell a scramble
	wait_for 60 grep -q scrambled "$BATS_FILE_TMPDIR/a.log" || fail "a does not write"
	[[ ! -e $file.done ]] || fail "the snapshot has ended before: the test means nothing"
	touch "$file.fast"
	wait_for 60 test -e "$file.done" || fail "the snapshot does not end"
	kvm_guest start restored 128 -incoming "exec:cat $file"
	kvm_guest wait restored 2 $((100 * PATIENCE))
	status=$(kvm_guest status restored)
	[[ $status == *" boots 0 "* ]] || fail "it was not restored, it has booted: $status"
	kvm_guest stop restored
	qmp b cont
	qmp c cont
	assert_guests_good 1
}
