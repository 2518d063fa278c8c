#!/usr/bin/env bats
# grpdedupd without the module: its configuration, its signals, its socket, and misbehaving monitors. Needs no
# VM. GRPDEDUP_DAEMON is the daemon to test if not userspace/grpdedupd.

bats_require_minimum_version 1.5.0

setup_file() {
	export DAEMON=${GRPDEDUP_DAEMON-$BATS_TEST_DIRNAME/../../userspace/grpdedupd} DAEMON_FILE
	DAEMON_FILE=$DAEMON
	export TOOL=${GRPDEDUP_TOOL-$BATS_TEST_DIRNAME/../../userspace/grpdedup}
	export FARM=$BATS_TEST_DIRNAME/../../build/tests/bin/gd-qmpfarm
	[[ -x $DAEMON && -x $TOOL ]] || fail "there is no $DAEMON; build it: make -C userspace" || return 1
	make -s -C "$BATS_TEST_DIRNAME/../workloads"
	[[ ! -e /sys/module/grpdedup ]] || fail "the module is loaded; this suite is for where it is not"
}

setup() {
	dir=$BATS_TEST_TMPDIR
	socket=$dir/control.sock
	conf=$dir/conf
	log=$dir/log
	pids=()
}

teardown() {
	local pid
	for pid in "${pids[@]}"; do kill -9 "$pid"; done 2>/dev/null || true
	rm -f /run/libvirt/qemu/fake-*.pid
	[[ -n ${BATS_TEST_COMPLETED-} || ! -e $log ]] || tail -n 30 "$log" >&2
}

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

wait_for() {
	local end=$((SECONDS + $1 + 1))
	until "${@:2}"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# In the background, for teardown to end
spawn() {
	"$@" <&0 3>&- 7>&- &
	pids+=($!)
}

start() {
	spawn "$DAEMON" --config "$conf" --socket "$socket" --log-level debug 2>>"$log"
	daemon=${pids[-1]}
	wait_for 10 status >/dev/null || fail "it does not answer"
}

json() { "$TOOL" balloon --socket "$socket" --json 2>/dev/null; }
status() { "$TOOL" balloon --socket "$socket" 2>/dev/null; }
# state GUEST; why GUEST
state() { status | awk -v guest="$1" '$2 == guest { print $4; exit } $2 == guest && $3 == "-" { print $4 }'; }
has_state() { [[ $(state "$1") == "$2" ]]; }
says() { status | grep -q -- "^$1"; }
logged() { grep -q -- "$1" "$log"; }
ended() { [[ ! -e /proc/$1 ]] || grep -qs '^State:.[ZX]' "/proc/$1/status"; }

# check STATUS PATTERN: of the configuration on stdin
check() {
	local status=0 out
	cat >"$conf"
	out=$("$DAEMON" --check "$conf" 2>&1) || status=$?
	[[ $status == "$1" ]] || fail "status $status instead of $1: $out"
	[[ $out =~ $2 ]] || fail "it says '$out', expected $2"
}

one_group() { printf '%s\n' '[group t]' 'rate = 4000' "$@"; }

@test "daemon: --check says what is wrong, and in which line" {
	one_group | check 0 'OK: 1 groups, 0 guests'
	one_group 'policy = fair' | check 2 "conf:3: policy 'fair' is not a policy"
	one_group '[guest g]' 'group = u' 'pidfile = /x' | check 2 'conf:3: guest g: there is no group u'
	run -2 "$DAEMON" --check "$dir/nothing"
	[[ $output == *"No such file"* ]]
	run -0 "$DAEMON" --check "$BATS_TEST_DIRNAME/../../userspace/grpdedupd.conf.example"
	[[ $output == *"OK: 5 groups, 4 guests" ]]
}

@test "daemon: conf.d is read after the file, and named" {
	mkdir "$dir/conf.d"
	printf '%s\n' '[guest g]' 'group = t' 'pidfile = /g' >"$dir/conf.d/b.conf"
	printf '%s\n' '[group u]' 'rate = 1' >"$dir/conf.d/a.conf"
	echo nonsense >"$dir/conf.d/a.conf.bak"
	check 0 'OK: 2 groups, 1 guests' < <(one_group)
	printf '%s\n' '[group t]' 'rate = 1' >"$dir/conf.d/c.conf"
	check 2 "conf.d/c.conf:1: group t is a duplicate of $dir/conf, line 1" < <(one_group)
	printf '%s\n' '[guest h]' 'group = x' 'pidfile = /h' >"$dir/conf.d/c.conf"
	check 2 "conf.d/c.conf:1: guest h: there is no group x" < <(one_group)
	printf '%s\n' '[guest h]' 'group = u' 'pidfile = h' >"$dir/conf.d/c.conf"
	check 2 "conf.d/c.conf:3: pidfile 'h' is not an absolute path" < <(one_group)
	rm "$dir/conf.d/c.conf"
	mkdir "$dir/conf.d/c.conf"
	check 2 "conf.d/c.conf: not a regular file" < <(one_group)
}

@test "daemon: its command line" {
	run -0 "$DAEMON" --version
	[[ $output == "grpdedupd "[0-9]* ]]
	run -0 "$DAEMON" --help
	[[ $output == usage:* ]]
	run -1 "$DAEMON" --log-level loud
	run -1 "$DAEMON" --config
	run -1 "$DAEMON" something
	one_group 'rate = 1' >"$conf"
	run -2 "$DAEMON" --config "$conf" --socket "$socket"
	[[ $output == "<3>$conf:3: "* ]]
}

@test "daemon: a bad file changes nothing, a good one is taken" {
	one_group '[guest g]' 'group = t' "pidfile = $dir/g.pid" >"$conf"
	start
	has_state g absent
	one_group '[guest h]' 'group = t' 'pidfile = relative' >"$conf"
	kill -HUP "$daemon"
	wait_for 5 logged 'the running configuration stays'
	logged "conf:5: pidfile 'relative' is not an absolute path"
	has_state g absent
	one_group '[guest h]' 'group = t' "pidfile = $dir/g.pid" >"$conf"
	kill -HUP "$daemon"
	wait_for 5 logged 'reloaded'
	wait_for 5 has_state h absent
	wait_for 5 has_state g ''
	kill "$daemon"
	wait_for 5 ended "$daemon"
	[[ ! -e $socket ]]
}

@test "daemon: one per socket; a socket that a killed one left is replaced" {
	one_group >"$conf"
	start
	run -3 "$DAEMON" --config "$conf" --socket "$socket"
	[[ $output == *"another daemon uses it"* ]]
	kill -9 "$daemon"
	wait_for 5 ended "$daemon"
	[[ -S $socket ]]
	start
	status | grep -q '^t '
	"$TOOL" balloon --socket "$socket" --json | jq -e '.groups[0].group_name == "t" and .groups[0].rate == 4000' >/dev/null
}

@test "daemon: a pid file that is stale, or not there, or nonsense is not believed" {
	one_group '[guest g]' 'group = t' "pidfile = $dir/g.pid" >"$conf"
	start
	has_state g absent
	status | grep -q "^g: not running (no file $dir/g.pid)"
	# a process that began after its "pid file" was written
	spawn sleep 100
	echo "${pids[-1]}" >"$dir/g.pid"
	touch -d '1 hour ago' "$dir/g.pid"
	wait_for 5 says "g: .*is stale"
	has_state g absent
	touch "$dir/g.pid"
	wait_for 5 has_state g none
	kill "${pids[-1]}"
	wait_for 5 has_state g absent
	echo 'not a pid' >"$dir/g.pid"
	wait_for 5 says "g: .*does not hold a pid"
}

@test "daemon: a pid file and a QMP socket that name two processes put neither into a group" {
	mkdir "$dir/qmp"
	spawn "$FARM" "$dir/qmp" 1 >"$dir/farm.out"
	local farm=${pids[-1]}
	wait_for 10 grep -q ready "$dir/farm.out"
	spawn sleep 100
	echo "${pids[-1]}" >"$dir/g.pid"
	one_group '[guest g]' 'group = t' "pidfile = $dir/g.pid" "qmp = $dir/qmp/0.qmp" 'base = 256M' >"$conf"
	start
	wait_for 5 says "g: its pid file names process ${pids[1]}, but process $farm listens at its QMP socket"
	echo "$farm" >"$dir/g.pid"
	wait_for 5 logged "guest g: is process $farm"
	sleep 2
	! status | grep -q '^g: ' || fail "it still complains: $(status)"
}

@test "daemon: systemd is told" {
	local told=$dir/told
	one_group >"$conf"
	# shellcheck disable=SC2016 # perl's
	spawn perl -MIO::Socket::UNIX -MSocket -e '
		my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die $!;
		$| = 1;
		while (1) { my $m; recv($s, $m, 4096, 0); print $m; }' "$dir/notify" >"$told"
	wait_for 5 test -S "$dir/notify"
	NOTIFY_SOCKET=$dir/notify start
	wait_for 5 grep -q '^READY=1' "$told"
	wait_for 5 grep -q '^WATCHDOG=1' "$told"
	grep -q '^STATUS=0 of 0 guests ok' "$told"
	kill -HUP "$daemon"
	wait_for 5 grep -q '^RELOADING=1' "$told"
	kill "$daemon"
	wait_for 5 grep -q '^STOPPING=1' "$told"
}

# kind_is_well KIND COUNT: as many guests of that kind are ok
kind_is_well() { [[ $(json | jq "[.groups[].guests[] | select((.guest | startswith(\"$1\")) and .state == \"ok\")] | length") == "$2" ]]; }

@test "daemon: 200 guests, most of them ill, and a control period of one second" {
	local i kind states late
	mkdir "$dir/qmp"
	spawn "$FARM" "$dir/qmp" 200 >"$dir/farm.out"
	wait_for 10 grep -q ready "$dir/farm.out"
	{
		printf '%s\n' '[host]' 'available_floor = 0' 'pressure_max = 0'
		one_group
		for ((i = 0; i < 200; i++)); do
			printf '%s\n' "[guest k$((i % 8))-$i]" 'group = t' "qmp = $dir/qmp/$i.qmp" 'base = 256M'
			# some of each kind as on a shared monitor
			((i / 8 % 5)) || echo 'monitor = shared'
		done
	} >"$conf"
	start
	# every kind has had its time limits several times
	sleep 18
	late=$("$TOOL" balloon --socket "$socket" --json | jq .host.late_ms)
	echo "longest period: $late ms"
	((late >= 990 && late < 1400)) || fail "a control period took $late ms"
	# working monitors and those that send slowly reach their target: 256 of 512 MiB
	states=$("$TOOL" balloon --socket "$socket" --json | jq -r '.groups[].guests[] | "\(.guest[0:2]) \(.state) \(.actual)"' | sort | uniq -c)
	echo "$states"
	for kind in k0 k4; do
		[[ $(awk -v k=$kind '$2 == k && $3 == "ok" && $4 == 268435456 { print $1 }' <<<"$states") == 25 ]] ||
			fail "not all of $kind follow"
	done
	# those on a shared monitor take three late answers for each question
	wait_for 12 kind_is_well k3 25 || fail "not all of k3 are well: $(status | grep ' k3')"
	[[ $(awk '$2 == "k3" && $4 == 268435456 { print $1 }' <<<"$states") -ge 20 ]] || fail "not all of k3 follow"
	# no other kind is reported as ok
	! grep -q ' k[12567] ok' <<<"$states" || fail "one that is ill is ok"
	[[ $(awk '$2 == "k1" && $3 == "silent" { n += $1 } END { print n }' <<<"$states") == 25 ]]
	[[ $(awk '$2 == "k7" && $3 == "busy" { n += $1 } END { print n }' <<<"$states") == 25 ]]
	[[ $(awk '$2 == "k2" && $3 ~ /silent|starting/ { n += $1 } END { print n }' <<<"$states") == 25 ]]
	[[ $(awk '$2 == "k6" && $3 == "silent" { n += $1 } END { print n }' <<<"$states") == 25 ]]
	# failed connections are closed: at most one per monitor is open, and a few descriptors of the daemon's own
	i=$(find "/proc/$daemon/fd" | wc -l)
	((i < 230)) || fail "$i descriptors are open"
	kill "$daemon"
	wait_for 5 ended "$daemon"
}

# guests COUNT [KEY = VALUE]...: k0 to k(COUNT-1) of group t, which has these keys, with a base of 256 MiB
guests() {
	local i
	printf '%s\n' '[host]' 'available_floor = 0' "pressure_max = ${PRESSURE-0}"
	one_group "${@:2}"
	for ((i = 0; i < $1; i++)); do
		printf '%s\n' "[guest k$i]" 'group = t' "qmp = $dir/qmp/$i.qmp" 'base = 256M'
	done
}

# farm COUNT: the same, which obey and have 512 MiB; "order" tells the farm
farm() {
	mkdir "$dir/qmp"
	mkfifo "$dir/orders"
	exec 7<>"$dir/orders"
	spawn "$FARM" "$dir/qmp" "$1" well <"$dir/orders" >"$dir/farm.out"
	wait_for 10 grep -q ready "$dir/farm.out"
	guests "$1" >"$conf"
}
order() { echo "$*" >&7; }
# told N: the last target that the daemon has sent to guest N, in MiB
told() { awk -v n="$1" '$1 == n { last = $2 } END { print last }' "$dir/farm.out"; }
is_told() { [[ $(told "$1") == "$2" ]]; }
says_no_more() { ! says "$1"; }
is_elsewhere() { ! has "$@"; }
# has GUEST MIB: its size
has() { [[ $(json | jq ".groups[].guests[] | select(.guest == \"$1\").actual") == $(($2 << 20)) ]]; }

@test "daemon: who else sets a balloon is overruled within seconds, and named" {
	local i start
	farm 2
	start
	wait_for 8 has k0 256
	wait_for 8 has k1 256
	for i in 1 2 3; do
		order set 0 $((i == 2 ? 128 : 512))
		wait_for 3 is_elsewhere k0 256 || fail "the farm does not move: $(status)"
		start=${EPOCHREALTIME/./}
		wait_for 5 has k0 256 || fail "k0 stays where somebody else has put it: $(status)"
		((${EPOCHREALTIME/./} - start < 3500000)) || fail "it took $((${EPOCHREALTIME/./} - start)) us"
	done
	wait_for 3 says 'k0: somebody else sets this balloon: 3 times in 60 s' || fail "$(status)"
	has_state k0 ok
	has_state k1 ok
	has k1 256
	! says k1: || fail "$(status)"
	logged 'guest k0: somebody else sets this balloon'
}

@test "daemon: a guest keeps its base, whatever is plugged in, and after a restart" {
	local plugged
	farm 1
	start
	wait_for 8 has k0 256
	for plugged in 128 640 0; do
		order plug 0 $plugged
		sleep 3
		has k0 256 || fail "$plugged MiB were plugged in: $(status)"
		kill "$daemon"
		wait_for 5 ended "$daemon"
		start
		wait_for 5 is_told 0 $((256 + plugged)) || fail "it is told $(told 0) MiB, with $plugged plugged in"
		wait_for 5 has k0 256
		order set 0 $((512 + plugged))
		wait_for 3 is_elsewhere k0 256 || fail "the farm does not move: $(status)"
		wait_for 5 has k0 256 || fail "$plugged MiB were plugged in: $(status)"
		is_told 0 $((256 + plugged))
	done
	# at no time was it told to have less
	[[ $(awk '$1 == "0" { print $2 }' "$dir/farm.out" | sort -n | head -n 1) == 256 ]]
}

@test "daemon: a guest without a balloon driver is said to have none after five seconds" {
	local start
	farm 2
	order driver 0 off
	start
	start=$SECONDS
	wait_for 8 has k1 256
	has_state k0 starting || fail "$(status)"
	wait_for 10 has_state k0 no-driver || fail "$(status)"
	((SECONDS - start <= 9)) || fail "after $((SECONDS - start)) s"
	! logged 'guest k0: the balloon reaches' || fail "$(cat "$log")"
	logged 'guest k0: the guest has no balloon driver'
	order driver 0 on
	wait_for 8 has k0 256
	wait_for 5 has_state k0 ok
}

@test "daemon: a guest that does not run says so; one that is migrated in is told nothing before" {
	farm 3
	order status 1 inmigrate
	order status 2 prelaunch
	start
	wait_for 8 has k0 256
	has_state k1 incoming || fail "$(status)"
	says 'k1: it waits for a migration that comes in'
	has_state k2 paused || fail "$(status)"
	says 'k2: it has not been started yet'
	order status 0 paused
	wait_for 3 has_state k0 paused || fail "$(status)"
	says 'k0: it does not run: QEMU says paused'
	# time in which it cannot move is not held against it
	sed -i '0,/base = 256M/s//base = 300M/' "$conf"
	kill -HUP "$daemon"
	wait_for 5 is_told 0 300
	[[ ! $(told 1) ]] || fail "k1 is told $(told 1) MiB"
	sleep 6
	has_state k0 paused || fail "$(status)"
	order status 0 running
	order status 1 running
	order status 2 running
	wait_for 5 has k0 300
	wait_for 5 has k1 256 || fail "$(status)"
	wait_for 5 has k2 256
	wait_for 3 has_state k0 ok
	wait_for 3 has_state k1 ok
}

@test "daemon: what is no monitor, or no base, has its own sentence" {
	farm 2
	touch "$dir/file"
	mkdir "$dir/directory"
	# what a guest agent does: it reads, and waits
	# shellcheck disable=SC2016 # perl's
	spawn perl -MIO::Socket::UNIX -MSocket -e '
		my $s = IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => $ARGV[0], Listen => 1) or die $!;
		while (my $c = $s->accept) { while (sysread($c, my $m, 100)) { } }' "$dir/agent"
	for name in file directory agent; do
		printf '%s\n' "[guest $name]" 'group = t' "qmp = $dir/$name" 'base = 256M' >>"$conf"
	done
	sed -i '0,/base = 256M/s//base = 1G/; 0,/base = 256M/s//base = 60 %/' "$conf"
	start
	wait_for 5 says "file: $dir/file is a file, not the socket of a monitor" || fail "$(status)"
	says "directory: $dir/directory is a directory, not the socket of a monitor"
	wait_for 8 says "agent: $dir/agent is not the socket of a QMP monitor" || fail "$(status)"
	wait_for 5 says 'k0: its base of 1024 MiB is more than the 512 MiB that it was started with' || fail "$(status)"
	has_state k0 ok
	is_told 0 512
	# 60 % of 512 MiB
	is_told 1 307
}

# shellcheck disable=SC2086 # LIMIT is two words
limited() { ulimit $LIMIT && exec "$DAEMON_FILE" "$@"; }
@test "daemon: the soft limit of open files is raised, and running out of them is no news of a guest" {
	local n
	farm 300
	DAEMON=limited LIMIT=-Sn\ 64 start
	wait_for 20 kind_is_well k 300 ||
		fail "$(status | awk '{ print $4 }' | sort | uniq -c)"
	kill "$daemon"
	wait_for 5 ended "$daemon"
	: >"$log"
	DAEMON=limited LIMIT='-n 200' start
	sleep 6
	n=$(json | jq '[.groups[].guests[] | select(.state == "ok")] | length')
	((n > 60 && n < 200)) || fail "$n of 300 guests are served"
	says 'k.*: cannot connect to .*: grpdedupd may not open more files (LimitNOFILE)' || fail "$(status)"
	# it finds a descriptor for everything else
	[[ $(json | jq '.host.available') -gt 0 && $(json | jq -r '.host.unknown // ""') == "" ]]
	[[ $(json | jq .host.late_ms) -lt 1400 ]]
	! logged 'has exited' || fail "$(cat "$log")"
}

@test "daemon: on a kernel newer than those that were tested its log says so" {
	printf '[group t]\nrate = 1k\n' >"$conf"
	LD_PRELOAD=$(realpath "${FARM%/*}")/uname.so UNAME_RELEASE=99.1.0-amd64 start
	wait_for 5 logged "this kernel (99.1.0-amd64) is newer than Linux" || fail "$(cat "$log")"
}

# The tests below have a stand-in for the module, see tests/workloads/standin.c.
with_module() { LD_PRELOAD=$(realpath "${FARM%/*}")/standin.so "$@"; }
is_member() { [[ $(json | jq ".groups[].guests[] | select(.guest == \"$1\").member") == 1 ]]; }
is_gone() { ! status | grep -q " $1 "; }
logs() { grep -c -- "$1" "$log"; }
# process NAME GROUP: prints the configuration of a guest, which a process stands for
process() {
	printf '%s\n' "[guest $1]" "group = $2" "pidfile = $dir/$1.pid"
}

@test "daemon: guests join and leave when the kernel says so; what fails is tried again, and named once" {
	local long=twenty-one-characterstwenty-one-characterstwenty-one-characters name
	for name in g h stuck; do
		spawn sleep 100
		echo "${pids[-1]}" >"$dir/$name.pid"
	done
	{
		printf '[group %s]\nrate = 4000\n' t full $long
		process h full
		process g t
		process stuck $long
	} >"$conf"
	STANDIN_MS=1500 with_module start
	wait_for 5 logged "guest g: is process"
	! is_member g || fail "g is a member at once"
	for name in g stuck; do wait_for 10 is_member $name || fail "$name is no member: $(status)"; done
	wait_for 10 says 'h: it cannot join group full: there is no memory for it' || fail "$(status)"
	# the groups, one of which the module has paused because of a fault
	says 'full: paused by request'
	says "$long: paused: the module found a fault, see the kernel log"
	logged "^<3>group $long: paused: the module found a fault"
	sed -i '/guest g/,$d' "$conf"
	kill -HUP "$daemon"
	wait_for 15 is_gone g || fail "$(status)"
	logged 'guest g: removed from the configuration'
	wait_for 10 says "stuck: it cannot leave group $long: there is no memory for it" || fail "$(status)"
	# both are tried again after five seconds
	sleep 6
	# unless it is being tried at this moment
	wait_for 3 is_member stuck
	! is_member h || fail "h is a member"
	for name in 'guest h: it cannot join' 'guest stuck: it cannot leave' 'guest g: process .* is in group t' "group $long: paused"; do
		[[ $(logs "$name") == 1 ]] || fail "not once '$name':" "$(cat "$log")"
	done
	# it is over when the process is
	kill "${pids[2]}"
	wait_for 10 is_gone stuck || fail "$(status)"
}

@test "daemon: a module with another version of the interface is not used" {
	printf '[group t]\nrate = 4000\n' >"$conf"
	STANDIN_VERSION=1 with_module start
	wait_for 5 says 't: the module speaks version 1 of the interface, this program needs version 2: ' || fail "$(status)"
	logged 'group t: the module speaks version 1'
}

@test "daemon: a group that the kernel does not delete is tried again, and said" {
	local long=twenty-one-characterstwenty-one-characterstwenty-one-characters
	printf '[group %s]\nrate = 4000\n' t $long >"$conf"
	with_module start
	wait_for 5 says "$long: paused"
	one_group >"$conf"
	kill -HUP "$daemon"
	wait_for 5 says "$long: removed from the configuration, but it cannot be deleted: there is no memory for it" ||
		fail "$(status)"
	sleep 11
	says "$long: removed from the configuration, but it cannot be deleted"
	[[ $(logs "cannot be deleted") == 1 ]] || fail "$(cat "$log")"
	# it is wanted again
	printf '[group %s]\nrate = 4000\n' t $long >"$conf"
	kill -HUP "$daemon"
	wait_for 5 says_no_more "$long: removed" || fail "$(status)"
}

@test "daemon: a scanner is accounted as the file says; what fails is tried again, and named once" {
	local cgroups=$dir/cgroups
	# files as of cgroups; the stand-in's scanner has tid 4300
	mkdir -p "$dir/proc/self" "$cgroups"/{a.slice,b.slice}
	echo "26 1 0:23 / $cgroups rw - cgroup2 cgroup2 rw" >"$dir/proc/self/mountinfo"
	echo domain | tee "$cgroups"/{a,b}.slice/cgroup.type
	touch "$cgroups"/{,a.slice/,b.slice/}cgroup.procs
	echo 4242 >"$cgroups/a.slice/cgroup.procs"
	is_in() { grep -qx 4300 "$cgroups/$1/cgroup.procs"; }

	one_group 'account = a.slice' >"$conf"
	STANDIN_TID=4300 STANDIN_PROC=$dir/proc with_module start
	wait_for 5 says 't: cannot account its scanner: process 4242 is in cgroup /a.slice: ' || fail "$(status)"
	sleep 2
	[[ $(logs 'cannot account') == 1 ]] || fail "$(cat "$log")"
	: >"$cgroups/a.slice/cgroup.procs"
	wait_for 5 is_in a.slice || fail "$(cat "$log")"
	wait_for 5 says_no_more t: || fail "$(status)"
	# once, until the file has another one
	: >"$cgroups/a.slice/cgroup.procs"
	sleep 2
	! is_in a.slice || fail "it is moved again and again: $(cat "$log")"
	one_group 'account = /b.slice' >"$conf"
	kill -HUP "$daemon"
	wait_for 5 is_in b.slice || fail "$(cat "$log")"
	logged '^<5>group t: account: a.slice -> /b.slice'
	one_group >"$conf"
	kill -HUP "$daemon"
	wait_for 5 is_in . || fail "$(cat "$log")"
	[[ $(logs 'its scanner is accounted') == 3 ]] || fail "$(cat "$log")"
}

@test "daemon: a reload says what it changes" {
	{
		printf '%s\n' '[host]' 'available_floor = 1G'
		one_group 'split_min = 64' 'max_frames = 100'
		process g t
	} >"$conf"
	start
	has_state g absent
	{
		one_group 'policy = demand'
		process g t
		printf '%s\n' '[guest h]' 'group = t' "pidfile = $dir/h.pid"
	} >"$conf"
	kill -HUP "$daemon"
	wait_for 5 logged 'reloaded'
	logged '^<5>host: available_floor: 1024M -> 256M'
	logged '^<5>group t: policy: equal -> demand'
	logged '^<5>group t: split_min: 64 -> 16'
	logged '^<5>group t: max_frames: 100 -> 0'
	[[ $(logs ' -> ') == 4 ]] || fail "$(cat "$log")"
}

# with_domains N COMMAND...: libvirt has these, each with a process
with_domains() {
	local i
	mkdir -p "$dir/virt" /run/libvirt/qemu
	for ((i = 1; i <= $1; i++)); do
		spawn sleep 600
		disown
		echo "${pids[-1]}" >"/run/libvirt/qemu/fake-$i.pid"
	done
	LD_PRELOAD=$(dirname "$FARM")/fakevirt.so FAKEVIRT=$dir/virt FAKEVIRT_COUNT=$1 "${@:2}"
}
# domains N: sections
domains() {
	local i
	for ((i = 1; i <= $1; i++)); do
		printf '%s\n' "[guest fake-$i]" 'group = t' "domain = fake-$i" 'base = 128M'
	done
}
are_in_state() { [[ $(json | jq "[.groups[].guests[] | select(.state == \"$2\")] | length") == "$1" ]]; }
longest() { json | jq .host.late_ms; }

# GRPDEDUP_STALL: seconds without an answer
@test "daemon: 200 domains whose libvirt stops answering: the control period stays, and so does what was known" {
	local seconds=${GRPDEDUP_STALL:-5} looks
	{ one_group && domains 200; } >"$conf"
	with_domains 200 start
	wait_for 20 are_in_state 200 ok || fail "$(json | jq -c '.groups[].guests[]' | head -n 3)"
	# one connection, one question a second for all of them
	looks=$(wc -l <"$dir/virt/looks")
	sleep 5
	looks=$(($(wc -l <"$dir/virt/looks") - looks))
	((looks >= 4 && looks <= 6)) || fail "$looks questions in 5 s"
	touch "$dir/virt/stall"
	wait_for 15 are_in_state 200 silent || fail "$(status | head)"
	says 'fake-7: libvirt does not answer'
	sleep "$seconds"
	[[ $(json | jq '[.groups[].guests[].actual] | unique | length') == 1 ]] || fail "$(status | head)"
	rm "$dir/virt/stall"
	wait_for 10 are_in_state 200 ok || fail "$(json | jq -c '.groups[].guests[]' | head -n 3)"
	(($(longest) < 1500)) || fail "a control period took $(longest) ms"
	! logged 'has exited' || fail "$(cat "$log")"
}

@test "daemon: domains whose QEMU does not answer libvirt leave the others alone" {
	{ one_group && domains 50; } >"$conf"
	mkdir -p "$dir/virt"
	touch "$dir"/virt/stall-fake-{3,9,20,21,22}
	with_domains 50 start
	wait_for 30 are_in_state 45 ok || fail "$(json | jq -c '.groups[].guests[]' | head -n 10)"
	wait_for 10 says 'fake-3: libvirt: a request to its QEMU is under way' || fail "$(status)"
	# others are told while these are not
	sed -i 's/128M/160M/' "$conf"
	kill -HUP "$daemon"
	wait_for 10 told_all 45 163840 || fail "$(sort "$dir/virt/told" | uniq -c | tail)"
	rm "$dir"/virt/stall-*
	wait_for 15 are_in_state 50 ok || fail "$(status)"
	told_all 50 163840 || fail "$(tail "$dir/virt/told")"
}
told_all() { (($(grep " $2\$" "$dir/virt/told" | sort -u | wc -l) == $1)); }

@test "daemon: a domain that libvirt runs, but not here, is said, not enrolled" {
	{ one_group && domains 2; } >"$conf"
	with_domains 2 true
	rm /run/libvirt/qemu/fake-2.pid
	with_domains 0 true
	LD_PRELOAD=$(dirname "$FARM")/fakevirt.so FAKEVIRT=$dir/virt FAKEVIRT_COUNT=2 start
	wait_for 10 has_state fake-1 ok || fail "$(status)"
	wait_for 5 says 'fake-2: libvirt runs it, but it has no process here' || fail "$(status)"
	has_state fake-2 absent
	! grep fake-2 "$dir/virt/told" || fail "it was told a target"
}

@test "daemon: four lines put the domains of a pattern into a group, as they come and go" {
	mkdir -p "$dir/virt"
	printf '%s\n' '[group t]' 'rate = 4000' 'domains = fake-*' 'base = 60 %' >"$conf"
	echo 3 >"$dir/virt/count"
	with_domains 5 start
	wait_for 15 are_in_state 3 ok || fail "$(status; cat "$log")"
	[[ $(json | jq -c '[.groups[].guests[] | .base / 1048576]') == '[307,307,307]' ]] || fail "$(json)"
	! { grep '^<[0-4]>' "$log" | grep -v 'not loaded'; } || fail "$(cat "$log")"
	echo 5 >"$dir/virt/count"
	wait_for 10 are_in_state 5 ok || fail "$(status)"
	echo 2 >"$dir/virt/count"
	wait_for 10 logged 'guest fake-5: gone (domain fake-5)' || fail "$(status; cat "$log")"
	wait_for 5 are_in_state 2 ok
	# while libvirt does not answer, nobody comes and nobody goes
	touch "$dir/virt/stall"
	echo 0 >"$dir/virt/count"
	sleep 4
	are_in_state 2 ok || fail "$(status)"
	# a section of its own goes before the pattern, two patterns are a mistake
	rm "$dir/virt/stall"
	echo 2 >"$dir/virt/count"
	printf '%s\n' '[guest one]' 'group = t' 'domain = fake-1' 'base = 100M' \
		'[group u]' 'rate = 1' 'domains = *-2' 'base = 1G' >>"$conf"
	kill -HUP "$daemon"
	wait_for 10 has_state one ok || fail "$(status; cat "$log")"
	wait_for 5 says "fake-2: two patterns match it, $conf:1 and $conf:9: it joins neither group" || fail "$(status)"
	[[ $(json | jq '[.groups[].guests[]] | length') == 2 ]] || fail "$(status)"
	kill -TERM "$daemon"
	wait "$daemon" || fail "its exit status is $?"
}

# The wall clock is off by what the file has, +2h; the other clocks and the times of files are not.
with_clock() {
	# shellcheck disable=SC2016 # $LIB is the dynamic linker's
	LD_PRELOAD=$LD_PRELOAD:'/usr/$LIB/faketime/libfaketimeMT.so.1' FAKETIME_TIMESTAMP_FILE=$dir/clock \
		FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 "$@"
}
set_clock() { echo "$1" >"$dir/clock.new" && mv "$dir/clock.new" "$dir/clock"; }

# GRPDEDUP_CHAOS: seconds and seed
@test "daemon: 1,100 guests, half of them ill, while others set balloons and the clock, plug memory in and pause guests" {
	local seconds seed i growth end steps=(+2h -1h +0 +1d -1d +3)
	read -r seconds seed <<<"${GRPDEDUP_CHAOS:-60 1}"
	RANDOM=$seed
	mkdir "$dir/qmp"
	PRESSURE=100 guests 1100 'average = 0' 'growth = 1T' 'policy = equal' >"$conf"
	sed -i 's/^qmp = \(.*\).qmp$/&\npidfile = \1.pid/' "$conf"
	set_clock +0
	spawn "$FARM" "$dir/qmp" 1100 chaos "$seed" "$dir/saved" >"$dir/farm.out"
	wait_for 10 grep -q ready "$dir/farm.out"
	# shellcheck disable=SC2016 # a shell of its own: bats traces each command of this one
	bash -c 'for i in {0..1099}; do echo "$1" >"$2/$i.pid"; done' - "${pids[-1]}" "$dir/qmp"
	STANDIN_SAVED=$dir/saved with_module with_clock start
	end=$((SECONDS + seconds))
	for ((i = 1; SECONDS < end; i++)); do
		sleep 5
		# descriptors are short every other time, and the file is read again
		prlimit --pid "$daemon" --nofile=$((i % 2 ? 700 : 8192)):
		growth=$((i % 2 + 1))T
		sed -i "s/^growth.*/growth = $growth/" "$conf"
		kill -HUP "$daemon"
		set_clock "${steps[RANDOM % ${#steps[@]}]}"
		status | grep -q '^t ' || fail "it does not answer"
		! says '.* is stale' || fail "seed $seed, clock $(<"$dir/clock"): $(status | grep -m 3 'is stale')"
	done
	tail -n 1 "$dir/farm.out"
	! grep -m 20 ^violation: "$dir/farm.out" || fail "seed $seed; longest period $(json | jq .host.late_ms) ms"
	# it means something: targets, moves and looks
	awk '/^chaos:/ { t = $2; m = $4; l = $6 } END { exit !(t > 5000 && m > 500 && l > 10000) }' "$dir/farm.out" ||
		fail "$(tail -n 1 "$dir/farm.out")"
	i=$(json | jq .host.late_ms)
	echo "longest period: $i ms"
	((i >= 990 && i < 1500)) || fail "a control period took $i ms"
	# a guest without a driver is named, and so is whoever moves the others
	[[ $(json | jq -r '.groups[].guests[] | select((.guest[1:] | tonumber) % 16 == 1) | .state' | sort -u) == no-driver ]] ||
		fail "$(json | jq -c '.groups[].guests[] | select((.guest[1:] | tonumber) % 16 == 1)' | head -n 3)"
	says 'k[0-9]*[02468]: somebody else sets this balloon' || fail "nobody is named"
	! logged 'has exited' || fail "$(cat "$log")"
	# the clock counts: a file that is written two hours before its process starts, by this clock
	prlimit --pid "$daemon" --nofile=8192:
	set_clock +2h
	touch "$dir/qmp/0.pid"
	wait_for 5 says 'k0: .* is stale' || fail "the clock is not what it was set to"
	kill "$daemon"
	wait_for 5 ended "$daemon"
}

# one_in FILE: a process, and a file with its pid
one_in() { spawn sleep 300 && echo "${pids[-1]}" >"$1"; }
guests_are() { [[ $(json | jq -r '[.groups[].guests[] | "\(.group_name)/\(.guest)"] | sort | join(" ")') == "$1" ]]; }

@test "daemon: pidfiles: each file that matches is a guest, and leaves with it" {
	mkdir "$dir/run"
	one_group "pidfiles = $dir/run/*.pid" 'vmids = 100-199,300' >"$conf"
	one_in "$dir/run/101.pid"
	one_in "$dir/run/200.pid"
	one_in "$dir/run/web.pid"
	with_module start
	wait_for 5 is_member 101 || fail "$(status)"
	guests_are t/101 || fail "$(status)"
	run -0 "$DAEMON" --check "$conf"
	[[ $output == *"OK: 1 groups, 0 guests" ]]
	# later, and gone
	one_in "$dir/run/300.pid"
	wait_for 3 is_member 300 || fail "$(status)"
	rm "$dir/run/101.pid"
	wait_for 8 guests_are t/300 || fail "$(status)"
	logged "guest 101: gone ($dir/run/101.pid)" || fail "$(cat "$log")"
	! logged 'removed from the configuration' || fail "$(cat "$log")"
	# a rate that was set by hand, and the group, are left alone
	[[ $(logs 'group t: changed') -le 1 ]] || fail "$(cat "$log")"
	# the pattern is taken out of the file
	one_group >"$conf"
	kill -HUP "$daemon"
	wait_for 8 guests_are '' || fail "$(status)"
	logged 'guest 300: removed from the configuration' || fail "$(cat "$log")"
	logged "^<5>group t: pidfiles: $dir/run/\*.pid -> none"
}

@test "daemon: pidfiles with qmp: the guests have a balloon, a [guest] of the same file goes before" {
	local farm i
	farm 4
	farm=${pids[-1]}
	mkdir "$dir/run"
	for i in 0 1 2; do echo "$farm" >"$dir/run/$i.pid"; done
	{
		printf '%s\n' '[host]' 'available_floor = 0' 'pressure_max = 0'
		one_group "pidfiles = $dir/run/*.pid" "qmp = $dir/qmp/%s.qmp" 'base = 50 %' 'max = 400M'
		printf '%s\n' '[guest mine]' 'group = t' "qmp = $dir/qmp/2.qmp" "pidfile = $dir/run/2.pid" 'base = 300M'
	} >"$conf"
	start
	wait_for 8 has 0 255 || fail "$(status)"
	wait_for 8 has 1 255 || fail "$(status)"
	wait_for 8 has mine 300 || fail "$(status)"
	guests_are 't/0 t/1 t/mine' || fail "$(status)"
	echo "$farm" >"$dir/run/3.pid"
	wait_for 8 has 3 255 || fail "$(status)"
}

@test "daemon: a pid file that two patterns match puts its process into neither group" {
	local lines
	mkdir "$dir/run"
	printf '%s\n' '[group t]' 'rate = 1' "pidfiles = $dir/run/*.pid" '[group full]' 'rate = 1' \
		"pidfiles = $dir/run/a*.pid" 'vmids = 9' >"$conf"
	one_in "$dir/run/a7.pid"
	one_in "$dir/run/b.pid"
	with_module start
	wait_for 5 is_member b || fail "$(status)"
	lines="$conf:1 and $conf:4"
	is_member a7 || fail "the ranges do not keep it apart: $(status)"
	# it is a member already, and stays one
	sed -i '/vmids/d' "$conf"
	kill -HUP "$daemon"
	wait_for 5 says "a7: two patterns match it, $lines: it joins neither group" || fail "$(status)"
	logged "guest a7: two patterns match it, $lines" || fail "$(cat "$log")"
	sleep 2
	is_member a7 || fail "it was moved: $(status)"
	# a new one joins neither
	one_in "$dir/run/a8.pid"
	wait_for 5 says "a8: two patterns match it, $lines" || fail "$(status)"
	sleep 2
	! is_member a8 || fail "$(status)"
	[[ $(logs 'guest a8: two patterns match it') == 1 ]] || fail "$(cat "$log")"
	# the mistake is undone
	sed -i '/a\*/d' "$conf"
	kill -HUP "$daemon"
	wait_for 5 is_member a8 || fail "$(status)"
}

# Files as of cgroups
fake_cgroups() {
	local name
	mkdir -p "$dir/proc/self" "$dir/cg"
	echo "26 1 0:23 / $dir/cg rw - cgroup2 cgroup2 rw" >"$dir/proc/self/mountinfo"
	for name; do
		mkdir -p "$dir/cg/$name"
		echo 'populated 1' >"$dir/cg/$name/cgroup.events"
		: >"$dir/cg/$name/cgroup.procs"
	done
}
# in_cgroup NAME: a new process
in_cgroup() {
	spawn sleep 300
	mkdir -p "$dir/proc/${pids[-1]}"
	echo "0::/$1" >"$dir/proc/${pids[-1]}/cgroup"
	echo "${pids[-1]}" >>"$dir/cg/$1/cgroup.procs"
}
# resident GROUP PROCESSES REFUSED
resident() { [[ $(json | jq -r ".groups[] | select(.group_name == \"$1\") | \"\(.processes) \(.refused)\"") == "$2 $3" ]]; }

@test "daemon: two sections with one cgroup are refused with both lines" {
	printf '%s\n' '[group a]' 'rate = 1' 'cgroup = x.slice/y' '[group b]' 'rate = 1' 'cgroup = /x.slice//y/' |
		check 2 "conf:4: group b: cgroup /x.slice/y is that of group a, too \($conf:1\)"
	printf '%s\n' '[group u-1]' 'rate = 1' '[groups u-*]' 'rate = 1' 'cgroup = x.slice/*' |
		check 2 "conf:3: groups u-\*: matches the name of group u-1 \($conf:1\)"
	printf '%s\n' '[groups u-*]' 'rate = 1' 'cgroup = x.slice/u-*.slice' '[group v]' 'rate = 1' 'cgroup = x.slice/u-7.slice' |
		check 2 "conf:1: groups u-\*: matches the cgroup of group v \($conf:4\)"
	printf '%s\n' '[groups u-*]' 'rate = 1' 'cgroup = x.slice/u-*.slice' | check 0 'OK: 0 groups, 0 guests'
}

@test "daemon: a process that a pid file and a cgroup claim for two groups joins neither" {
	local process both="group full ($dir/conf:4) and by group t ($dir/conf:1): it joins neither"
	fake_cgroups a.slice
	printf '%s\n' '[group t]' 'rate = 1' 'cgroup = a.slice' '[group full]' 'rate = 1' "pidfiles = $dir/*.pid" >"$conf"
	in_cgroup a.slice
	process=${pids[-1]}
	echo "$process" >"$dir/g.pid"
	in_cgroup a.slice
	STANDIN_PROC=$dir/proc with_module start
	wait_for 5 says "g: process $process is claimed by $both" || fail "$(status)"
	wait_for 5 resident t 2 1 || fail "$(json)"
	says "t: 1 process is not where the group wants them: process $process is claimed by $both" || fail "$(status)"
	[[ $(logs "process $process is claimed by") == 1 ]] || fail "$(cat "$log")"
	sleep 2
	! is_member g || fail "$(status)"
	rm "$dir/g.pid"
	wait_for 8 resident t 2 0 || fail "$(status)"
}

@test "daemon: processes in a cgroup that the kernel refuses are counted, and named once" {
	local i
	fake_cgroups a.slice/deep
	printf '%s\n' '[group full]' 'rate = 1' 'cgroup = a.slice' >"$conf"
	STANDIN_PROC=$dir/proc with_module start
	for i in {1..30}; do in_cgroup a.slice/deep; done
	wait_for 5 resident full 30 30 || fail "$(status)"
	says 'full: 30 processes in cgroup /a.slice, 30 refused' || fail "$(status)"
	says 'full: 30 processes are not where the group wants them: process [0-9]* cannot join: there is no memory for it'
	sleep 6
	[[ $(logs 'cannot join') == 1 ]] || fail "$(cat "$log")"
	# they are over when the processes are
	kill "${pids[@]:1}"
	: >"$dir/cg/a.slice/deep/cgroup.procs"
	wait_for 5 resident full 0 0 || fail "$(status)"
}

@test "daemon: a guest that two patterns find, and then none, leaves" {
	printf '%s\n' '[group t]' 'rate = 1' "pidfiles = $dir/*.pid" '[group full]' 'rate = 1' "pidfiles = $dir/a*.pid" >"$conf"
	spawn sleep 300
	echo "${pids[-1]}" >"$dir/a7.pid"
	with_module start
	wait_for 5 says 'a7: two patterns match it' || fail "$(status)"
	printf '%s\n' '[group t]' 'rate = 1' >"$conf"
	kill -HUP "$daemon"
	wait_for 10 logged 'guest a7: removed from the configuration' || fail "$(cat "$log")"
	kill -TERM "$daemon"
	wait "$daemon" || fail "its exit status is $?"
}

@test "daemon: 10,000 processes in a cgroup, most of which are gone, and a control period of one second" {
	local i late
	fake_cgroups a.slice/one a.slice/two
	printf '%s\n' '[group t]' 'rate = 1' 'cgroup = a.slice' >"$conf"
	# pids that no process has
	seq 5000000 5005000 >"$dir/cg/a.slice/one/cgroup.procs"
	seq 5005000 5010000 >"$dir/cg/a.slice/two/cgroup.procs"
	for i in {1..20}; do in_cgroup a.slice/one; done
	STANDIN_PROC=$dir/proc with_module start
	sleep 5
	late=$(json | jq .host.late_ms)
	((late >= 990 && late < 1400)) || fail "a control period took $late ms"
	resident t 10021 0 || fail "$(status)"
	[[ $(logs 'process') == 0 ]] || fail "$(cat "$log")"
}

@test "daemon: two guests whose pid files name one process put it into neither group" {
	local process name
	spawn sleep 300
	process=${pids[-1]}
	printf '%s\n' '[group t]' 'rate = 1' '[group full]' 'rate = 1' >"$conf"
	for name in a b; do process $name t >>"$conf"; done
	process c full >>"$conf"
	for name in a b c; do echo "$process" >"$dir/$name.pid"; done
	with_module start
	for name in a b c; do
		wait_for 5 says "$name: process $process is claimed by group t ($conf:5) and by group full ($conf:11): it joins neither" ||
			fail "$(status)"
	done
	sleep 2
	! is_member a || fail "$(status)"
	# the mistake ends
	echo 0 >"$dir/c.pid"
	wait_for 5 is_member a || fail "$(status)"
	wait_for 3 says_no_more a: || fail "$(status)"
}

@test "daemon: a guest whose process is in the cgroup of its group leaves a member" {
	# nobody can leave this group
	local long=twenty-one-characterstwenty-one-characterstwenty-one-characters
	fake_cgroups a.slice
	{
		printf '%s\n' "[group $long]" 'rate = 1' 'cgroup = a.slice'
		process g $long
	} >"$conf"
	in_cgroup a.slice
	echo "${pids[-1]}" >"$dir/g.pid"
	STANDIN_PROC=$dir/proc with_module start
	wait_for 5 is_member g || fail "$(status)"
	sed -i '/guest g/,$d' "$conf"
	kill -HUP "$daemon"
	wait_for 8 logged 'guest g: removed from the configuration' || fail "$(status)" "$(cat "$log")"
	resident $long 1 0 || fail "$(status)"
	! logged 'cannot leave' || fail "$(cat "$log")"
}
