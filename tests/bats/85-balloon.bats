#!/usr/bin/env bats
# grpdedupd with real guests, real balloons and the real module. The guests (g1, g2: 320 MiB, of which
# 192 are theirs) run through the whole file, and so does the daemon where a test does not end it.
# The tests judge by the sizes that QEMU and the guests report, then by the daemon's output.
bats_require_minimum_version 1.5.0
load helpers

BASE=192
MAX=320
DIR=$BATS_FILE_TMPDIR
SOCKET=$DIR/control.sock

guest() { "$BATS_TEST_DIRNAME/../vm/kvm-guest" "$1" "$2" "$DIR" "${@:3}" 3>&-; }
# start_guest NAME [QEMU-ARGUMENT...]
start_guest() { GUEST_FILES_MIB=64 guest start "$1" $MAX -device virtio-balloon-pci,id=balloon0 "${@:2}"; }

setup_file() {
	[[ -n ${GRPDEDUP_KO-} ]] || return 0
	local name
	[[ -d /sys/module/grpdedup ]] || load_module
	for name in g1 g2; do start_guest $name; done
	for name in g1 g2; do guest wait $name 1 $((120 * PATIENCE)); done
}

teardown_file() {
	local pid name
	for pid in $(<"$DIR/daemon.pid"); do kill -9 "$pid"; done 2>/dev/null || true
	for name in g1 g2 g3; do guest stop $name; done
	for name in $(gd list groups); do gd del-group "$name"; done
}

# No other test's: guests, groups and the daemon stay.
setup() {
	trap 'where; bats_error_trap' ERR
	[[ -n ${GRPDEDUP_KO-} ]] || fail "this needs a machine of its own: tests/vm/run -- tests/bats/run"
	echo "gd-test: begin $BATS_TEST_NAME" >/dev/kmsg
}

teardown() {
	local name
	[[ -z ${holder-} ]] || kill "$holder" 2>/dev/null || true
	[[ -n $BATS_TEST_COMPLETED ]] || { tail -n 40 "$DIR/daemon.log" >&2 && guest stop g3; }
	assert_no_complaint
	for name in g1 g2; do guest status $name || fail "guest $name is not well"; done
}

# config [LINE...]: both guests in group t; the lines go before the guests
config() {
	local name
	printf '%s\n' "${@:-[host]
available_floor = 32M
[group t]
rate = ${RATE:-60k}
average = 2}"
	for name in ${GUESTS-g1 g2}; do
		printf '%s\n' "[guest $name]" "group = t" "qmp = $DIR/$name.qmp" "pidfile = $DIR/$name.pid" \
			"base = ${BASE}M" ${MONITOR:+"monitor = $MONITOR"}
	done
}

start_daemon() {
	daemon_start "$DIR/conf" "$SOCKET" "$DIR/daemon.log"
	echo "$daemon" >"$DIR/daemon.pid"
}

# ensure_daemon [LINE...]: it runs with this configuration
ensure_daemon() {
	config "$@" >"$DIR/conf"
	daemon=$(cat "$DIR/daemon.pid" 2>/dev/null || true)
	if [[ -n $daemon && -e /proc/$daemon ]]; then
		kill -HUP "$daemon"
		sleep 1.5
	else
		start_daemon
	fi
}

status() { grpdedup balloon --socket "$SOCKET" 2>/dev/null; }
says() { status | grep -q -- "^$1"; }
# what GUEST COLUMN, of the daemon's table; MiB without decimals
what() {
	status | awk -v guest="$1" -v want="$2" '
		$1 == "group" && $2 == "guest" { for (i = 1; i <= NF; i++) if ($i == want) col = i }
		$2 == guest && col { sub(/\..*/, "", $col); print $col }'
}
# The same as a number; 0: not known
number() {
	local n
	n=$(what "$@")
	[[ $n =~ ^[0-9]+$ ]] || n=0
	echo "$n"
}
has_state() { [[ $(what "$1" driver) == "$2" ]]; }
told() { number "$1" target; }
actual() { number "$1" actual; }
# Of the guest's own, from its last check
total() { grep -a ' check .* ok' "$DIR/$1.log" | tail -n 1 | sed -E 's/.* total ([0-9]+) .*/\1/'; }

is_near() { (($(actual "$1") >= $2 - 2 && $(actual "$1") <= $2 + 2)); }
has_more() { (($(told "$1") >= BASE + $2)) && is_near "$1" "$(told "$1")"; }
is_at_base() { [[ $(told "$1") == "$BASE" ]] && is_near "$1" $BASE; }
both() { "$1" g1 "${@:2}" && "$1" g2 "${@:2}"; }
told_less() { (($(told "$1") < $2)); }
has_less() { (($(actual "$1") < $2)); }
rss_file() { rss_kb "$(<"$DIR/$1.pid")" RssFile; }
rss_fell() { (($(rss_file "$1") < $2)); }
has_scrambled() { grep -qa scrambled "$DIR/$1.log"; }
is_no_member() { ! is_member "$1"; }
no_groups() { [[ -z $(gd list groups) ]]; }
is_member() { [[ " $(gd list pids | tr '\n' ' ') " == *" $(<"$DIR/$1.pid") "* ]]; }

@test "balloon: guests are enrolled, sent to their bases, and given what they save" {
	local name saved granted
	config >"$DIR/conf"
	start_daemon
	wait_for 20 both is_member || fail "not enrolled: $(status)"
	wait_for 30 both has_state ok
	wait_for 60 both has_more 20 || fail "nothing was given: $(status)"
	gd show t
	status
	for name in g1 g2; do (($(actual $name) < MAX - 10)) || fail "$name was never sent to its base"; done
	granted=$(($(actual g1) + $(actual g2) - 2 * BASE))
	saved=$(($(counter t pages_sharing) / 256))
	((granted <= saved)) || fail "granted $granted MiB, but $saved MiB are saved"
	# The guests know: their total is what QEMU says they have, less what their kernels reserve.
	guest wait g1 2 $((30 * PATIENCE))
	assert_range "$(total g1)" $(($(actual g1) - 70)) $(($(actual g1) - 40)) "total of g1"
}

@test "balloon: memory is taken back within 3 s of a guest writing its shared pages, and the scanner paused" {
	local start took name before shared
	ensure_daemon
	wait_for 60 both has_more 20
	# From here on the kernel's counters do not change: no page is visited.
	gd set-group t --rate 0
	sleep 2
	before=$(told g1)
	shared=$(rss_file g1)
	for name in g1 g2; do guest tell $name scramble; done
	# The first writes come with the next check; the daemon's time begins when 10 MiB are gone.
	wait_for 20 rss_fell g1 $((shared - 10240)) || fail "g1 has not written its shared pages"
	start=$(date +%s%N)
	wait_for 10 told_less g1 $((before - 4)) || fail "nothing was taken back: $(status)"
	took=$((($(date +%s%N) - start) / 1000000))
	echo "taken back after $took ms"
	((took <= 3000 * SLOW)) || fail "took $took ms"
	wait_for 10 has_less g1 $((before - 4)) || fail "g1 has not given back: $(status)"
	for name in g1 g2; do wait_for 30 has_scrambled $name; done
	for name in g1 g2; do guest wait $name 2 $((60 * PATIENCE)); done
}

@test "balloon: a daemon that is killed and starts again takes nothing from anybody" {
	local i low before now
	ensure_daemon
	gd set-group t --rate 60k
	wait_for 60 both has_more 15
	sleep 4
	before=$(actual g1)
	kill -9 "$daemon"
	wait_for 5 gone "$daemon"
	config >"$DIR/conf"
	start_daemon
	low=$before
	for ((i = 0; i < 24; i++)); do
		sleep 0.25
		now=$(actual g1)
		((now == 0 || now >= low)) || low=$now
	done
	wait_for 10 both has_state ok
	((low >= before - 8)) || fail "g1 fell from $before to $low MiB"
	(($(told g1) >= before - 8)) || fail "g1 is told $(told g1) instead of about $before MiB"
}

@test "balloon: when the host is short, all go to their bases, and back" {
	ensure_daemon
	wait_for 60 both has_more 15
	ensure_daemon '[host]' 'available_floor = 1T' '[group t]' 'rate = 60k' 'average = 2'
	wait_for 40 both is_at_base || fail "not at base: $(status)"
	status | grep -q '^host: short of memory' || fail "it does not say why: $(status)"
	ensure_daemon
	wait_for 60 both has_more 10
}

@test "balloon: who else sets a balloon is overruled" {
	ensure_daemon '[host]' 'available_floor = 1T' '[group t]' 'rate = 60k' 'average = 2'
	wait_for 40 both is_at_base || fail "not at base: $(status)"
	guest qmp g1 "{\"execute\":\"balloon\",\"arguments\":{\"value\":$((MAX << 20))}}"
	# it is often overruled before anybody sees the guest move
	sleep 3
	wait_for 20 is_near g1 $BASE || fail "g1 stays where somebody else has put it: $(status)"
	ensure_daemon
	wait_for 60 both has_more 10
}

@test "balloon: a guest that is paused says so, is not stuck, and keeps its grant" {
	local grant
	ensure_daemon
	wait_for 60 both has_more 10
	# from here on the savings hardly change
	gd set-group t --rate 0
	sleep 4
	guest qmp g1 '{"execute":"stop"}'
	wait_for 5 has_state g1 paused || fail "$(status)"
	says 'g1: it does not run: QEMU says paused' || fail "$(status)"
	grant=$(($(told g1) - BASE))
	# another target, to which it cannot move
	BASE=$((BASE - 16)) RATE=0 ensure_daemon
	wait_for 5 told_less g1 $((BASE + grant - 8)) || fail "$(status)"
	sleep $((7 * PATIENCE))
	has_state g1 paused || fail "$(status)"
	(($(actual g1) > $(told g1) + 8)) || fail "it has moved: this test means nothing: $(status)"
	assert_range "$(told g1)" $((BASE - 16 + grant - 4)) $((BASE - 16 + grant + 4)) "target of g1, with a grant of $grant MiB"
	guest qmp g1 '{"execute":"cont"}'
	wait_for 20 has_state g1 ok || fail "$(status)"
	wait_for 20 is_near g1 "$(told g1)" || fail "$(status)"
	assert_range "$(told g1)" $((BASE - 16 + grant - 4)) $((BASE - 16 + grant + 4)) "target of g1, with a grant of $grant MiB"
	! grep 'guest g1: .*makes no progress' "$DIR/daemon.log" || fail "a guest that is paused is called stuck"
	guest wait g1 2 $((60 * PATIENCE))
	ensure_daemon
	wait_for 60 both has_more 10
}

# note_least: $least, the least that g1 has been told
note_least() {
	local n
	n=$(told g1)
	((n == 0 || n >= least)) || least=$n
}
has_migrated() {
	note_least
	guest qmp "$1" '{"execute":"query-migrate"}' | grep -q '"status": "completed"'
}

@test "balloon: a guest that is migrated is told nothing before, and has its grant after; its source cuts nobody" {
	local i had least
	GUESTS='g1 g2 g3' ensure_daemon
	wait_for 60 both has_more 10
	had=$(told g1)
	least=$had
	start_guest g3 -incoming "unix:$DIR/migration"
	wait_for 10 has_state g3 incoming || fail "$(status)"
	says 'g3: it waits for a migration that comes in' || fail "$(status)"
	for ((i = 0; i < 6; i++)); do
		sleep 1
		note_least
		has_state g3 incoming || fail "$(status)"
		assert_eq "$(what g3 target)" - "target of a guest that waits for its migration"
	done
	guest qmp g3 '{"execute":"query-balloon"}' | grep -q "\"actual\": $((MAX << 20))\b" ||
		fail "somebody has told it: $(guest qmp g3 '{"execute":"query-balloon"}')"

	guest qmp g2 '{"execute":"migrate-set-parameters","arguments":{"downtime-limit":5000}}'
	guest qmp g2 "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"unix:$DIR/migration\"}}"
	wait_for 90 has_migrated g2 || fail "$(guest qmp g2 '{"execute":"query-migrate"}')"
	wait_for 5 has_state g2 paused || fail "$(status)"
	says 'g2: it does not run: QEMU says postmigrate' || fail "$(status)"
	wait_for 20 has_state g3 ok || fail "$(status)"
	is_member g3
	wait_for 60 has_more g3 10 || fail "$(status)"
	guest wait g3 1 $((60 * PATIENCE))
	note_least
	guest stop g2
	wait_for 10 has_state g2 absent || fail "$(status)"
	for ((i = 0; i < 6; i++)); do
		sleep 1
		note_least
	done
	# until the destination is merged, three share what two save
	((least >= BASE + (had - BASE) / 2)) || fail "g1 was cut from $had to $least MiB"
	wait_for 60 has_more g1 $(((had - BASE) * 3 / 4)) || fail "g1 had $had MiB:" "$(status)"
	wait_for 60 has_more g3 10 || fail "$(status)"
	# its memory is what it was
	guest wait g3 1 $((60 * PATIENCE))
	guest status g3
	guest stop g3
	start_guest g2
	guest wait g2 1 $((120 * PATIENCE))
	ensure_daemon
	wait_for 60 both has_more 10
}

@test "balloon: memory that is plugged into a guest is its own, and its base stays its base" {
	# enough for a guest that does not use the DIMM
	local BASE=256 dimm=$((128 << 20)) i
	GUEST_FILES_MIB=48 guest start g3 $MAX,slots=2,maxmem=1G -device virtio-balloon-pci,id=balloon0
	guest wait g3 1 $((120 * PATIENCE))
	GUESTS='g1 g2 g3' ensure_daemon '[host]' 'available_floor = 1T' '[group t]' 'rate = 60k' 'average = 2'
	wait_for 40 is_at_base g3 || fail "$(status)"
	guest qmp g3 "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"memory-backend-ram\",\"id\":\"m1\",\"size\":$dimm}}"
	guest qmp g3 '{"execute":"device_add","arguments":{"driver":"pc-dimm","id":"d1","memdev":"m1"}}'
	for ((i = 0; i < 8; i++)); do
		sleep 1
		is_near g3 $BASE || fail "with a DIMM of 128 MiB it has: $(status)"
	done
	guest qmp g3 '{"execute":"query-balloon"}' | grep -q "\"actual\": $(((BASE + 128) << 20))\b" ||
		fail "QEMU says: $(guest qmp g3 '{"execute":"query-balloon"}')"
	kill "$daemon"
	wait_for 5 gone "$daemon"
	start_daemon
	for ((i = 0; i < 8; i++)); do
		sleep 1
		[[ $(actual g3) == 0 ]] || is_near g3 $BASE || fail "after a restart it has: $(status)"
	done
	guest wait g3 1 $((60 * PATIENCE))
	has_state g3 ok || fail "$(status)"
	guest stop g3
}

is_paused() { status | grep -qx 't: paused by request'; }
is_not_paused() { ! is_paused; }

@test "balloon: a group that is paused is named" {
	ensure_daemon
	wait_for 60 both has_more 10
	gd pause t
	wait_for 10 is_paused || fail "it does not say so: $(status)"
	grep -q 'group t: paused by request' "$DIR/daemon.log"
	sleep 3
	both is_member
	gd resume t
	wait_for 10 is_not_paused || fail "it still says so: $(status)"
	grep -q 'group t: resumed' "$DIR/daemon.log"
}

@test "balloon: the module is removed under it and comes back" {
	ensure_daemon
	wait_for 60 both has_more 10
	rmmod grpdedup
	wait_for 40 both is_at_base || fail "not at base: $(status)"
	status | grep -q 'not loaded' || fail "it does not say why: $(status)"
	sleep 2
	[[ ! -d /sys/module/grpdedup ]] || fail "something has loaded it again"
	load_module
	wait_for 30 both is_member || fail "not enrolled again: $(status)"
	wait_for 60 both has_more 10 || fail "nothing was given: $(status)"
}

@test "balloon: a bad file changes nothing; a guest and a group that leave it are let go" {
	ensure_daemon
	wait_for 60 both has_more 10
	echo "[guest g9]" >>"$DIR/conf"
	kill -HUP "$daemon"
	sleep 2
	grep -q 'conf:[0-9]*: the last section is empty' "$DIR/daemon.log"
	both is_member
	GUESTS=g1 ensure_daemon
	wait_for 40 is_no_member g2 || fail "g2 is still a member: $(gd show)"
	is_member g1
	GUESTS='' ensure_daemon $'[host]\navailable_floor = 0'
	wait_for 40 no_groups || fail "group t is still there: $(gd show)"
	assert_eq "$(gd-pfns --sum "$(<"$DIR/g1.pid")" | awk '$1 == "frames" { print $2 }')" 0 "frames left in g1"
}

@test "balloon: a monitor that somebody else holds is named, and the guest is still merged" {
	ensure_daemon
	kill "$daemon"
	wait_for 5 gone "$daemon"
	perl -MIO::Socket::UNIX -e '$| = 1; my $s = IO::Socket::UNIX->new(Peer => shift) or die; print scalar <$s>; sleep 300' \
		"$DIR/g2.qmp" >"$BATS_TEST_TMPDIR/greeting" 3>&- &
	holder=$!
	wait_for 20 grep -q QMP "$BATS_TEST_TMPDIR/greeting"
	ensure_daemon
	wait_for 20 has_state g2 busy || fail "$(status)"
	wait_for 20 both is_member
	status | grep -q 'g2: .*another client' || fail "it does not say why: $(status)"
	wait_for 20 has_state g1 ok
	kill "$holder"
	wait_for 20 has_state g2 ok || fail "$(status)"
	wait_for 60 both has_more 10
}

@test "balloon: a shared monitor is left to others" {
	local i
	MONITOR=shared ensure_daemon
	wait_for 30 both has_state ok
	# Other clients are served eventually: ten connections, each greeted within 4 s.
	for ((i = 0; i < 5; i++)); do
		perl -MIO::Socket::UNIX -e 'alarm 4; my $s = IO::Socket::UNIX->new(Peer => shift) or die; <$s> =~ /QMP/ or die' \
			"$DIR/g1.qmp"
		sleep 0.5
	done
	wait_for 60 both has_more 10
	both has_state ok
}

@test "balloon: a guest without a driver drops out and is named; the others go on" {
	ensure_daemon
	GUEST_NO_DRIVER=1 start_guest g3
	GUESTS='g1 g2 g3' ensure_daemon
	wait_for 30 is_member g3
	wait_for 40 has_state g3 no-driver || fail "$(status)"
	status | grep -q '^g3: the guest has no balloon driver' || fail "it does not say why: $(status)"
	wait_for 30 both has_state ok || fail "$(status)"
	# g3 holds all its memory; the others are given no less for it.
	wait_for 60 both has_more 10 || fail "$(status)"
	assert_eq "$(actual g3)" $MAX "actual of g3"
	guest stop g3
	wait_for 10 has_state g3 absent
	wait_for 60 both has_more 10
}

@test "balloon: a guest that is killed in the middle of a change, and comes back" {
	local old
	ensure_daemon
	wait_for 60 both has_more 10
	old=$(<"$DIR/g2.pid")
	BASE=128 ensure_daemon $'[host]\navailable_floor = 1T\n[group t]\nrate = 60k'
	kill -9 "$old"
	wait_for 10 has_state g2 absent || fail "$(status)"
	wait_for 5 is_no_member g2 || fail "the dead process is still a member"
	ensure_daemon
	wait_for 20 has_state g1 ok
	start_guest g2
	guest wait g2 1 $((120 * PATIENCE))
	wait_for 20 is_member g2
	wait_for 90 both has_more 5 || fail "$(status)"
}
