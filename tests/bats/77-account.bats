#!/usr/bin/env bats
# The CPU time of a scanner, accounted to a cgroup.
# shellcheck disable=SC2086 # TENANT has no blanks

load helpers

ROOT=/sys/fs/cgroup
TENANT=account-$BATS_TEST_NUMBER.slice # of each test, below the root

# work GROUP MEMBER...: a group with members of $PAGES pages, after three passes
work() {
	local name
	for name in "${@:2}"; do hold "$name" "${PAGES-3000}" mix 10 40 1000; done
	group "$@"
	settle "$1" 3
}
# Higher than any CPU can do
full_rate() { gd set-group "$1" --rate 1000M; }

tid() { counter "$1" tid; }
# where GROUP: the cgroup that its scanner is in
where_is() { sed -n 's/^0:://p' "/proc/$(tid "$1")/cgroup"; }
is_at() { [[ $(where_is "$1") == "$2" ]]; }
usage_us() { awk '$1 == "usage_usec" { print $2 }' "$ROOT/$1/cpu.stat"; }
frozen() { grep -qx 'frozen 1' "$ROOT/$1/cgroup.events"; }
# process_in CGROUP: $process
process_in() {
	sleep 1000 3>&- &
	process=$!
	echo "$process" >>"$PIDS"
	echo "$process" >"$ROOT/$1/cgroup.procs"
}

@test "account: the cgroup and the group count the same CPU time" {
	local usage cpu
	work g a b
	mkdir $ROOT/$TENANT
	gd account g $TENANT/scanner
	usage=$(usage_us $TENANT/scanner) cpu=$(counter g cpu_ns)
	full_rate g
	sleep $((4 * SLOW))
	gd set-group g --rate 0
	sleep 0.5
	usage=$(($(usage_us $TENANT/scanner) - usage)) cpu=$((($(counter g cpu_ns) - cpu) / 1000))
	echo "cgroup: $usage us, group: $cpu us"
	assert_range $cpu 400000 $((10000000 * SLOW)) "us of CPU time of a busy scanner"
	assert_range $usage $((cpu * 95 / 100)) $((cpu * 105 / 100)) "us that the cgroup has counted"
	# it is the tenant's
	assert_range "$(usage_us $TENANT)" $usage $((usage * 2)) "us that the cgroup above has counted"
	assert_right a b
}

@test "account: none takes the scanner back, and the cgroup can be removed then" {
	local usage
	work g a
	mkdir $ROOT/$TENANT
	gd account g /$TENANT/scanner
	is_at g /$TENANT/scanner
	refused 1 "" rmdir $ROOT/$TENANT/scanner
	gd account g none
	is_at g /
	usage=$(usage_us $TENANT)
	full_rate g
	sleep 1
	gd set-group g --rate 0
	assert_range $(($(usage_us $TENANT) - usage)) 0 1000 "us after it was taken back"
	rmdir $ROOT/$TENANT/scanner $ROOT/$TENANT
	# so it can once the group has been deleted
	mkdir $ROOT/$TENANT
	gd account g $ROOT/$TENANT/scanner
	gd del-group g
	wait_for 10 rmdir $ROOT/$TENANT/scanner
}

@test "account: refused is what is no cgroup for scanners only, and the scanner stays where it is" {
	local process before path
	local alone="a scanner needs a cgroup without other processes"
	spawn a
	group g a
	mkdir -p $ROOT/$TENANT/{home,vm,parent/child,frozen,threads/t,controllers/child}
	gd account g $TENANT/home
	before=$(where_is g)
	[[ $before == /$TENANT/home ]] || fail "it is at $before"

	process_in $TENANT/vm
	refused 2 "group g: process $process is in cgroup /$TENANT/vm: $alone$" gd account g $TENANT/vm
	echo "${PID[a]}" >$ROOT/$TENANT/vm/cgroup.procs
	kill "$process"
	wait_for 10 gone "$process"
	refused 2 "process ${PID[a]} is in cgroup" gd account g $TENANT/vm
	process_in $TENANT/parent/child
	refused 2 "there are processes below cgroup /$TENANT/parent: $alone$" gd account g $TENANT/parent
	echo 1 >$ROOT/$TENANT/frozen/cgroup.freeze
	refused 2 "cgroup /$TENANT/frozen is frozen, " gd account g $TENANT/frozen
	refused 2 "cgroup /$TENANT/frozen is frozen, " gd account g $TENANT/frozen/leaf
	echo threaded >$ROOT/$TENANT/threads/t/cgroup.type
	refused 2 "threads/t is threaded \(its type is 'threaded'\)" gd account g $TENANT/threads/t
	refused 2 "leaf is threaded \(its type is 'domain invalid'\)" gd account g $TENANT/threads/t/leaf
	echo +memory >$ROOT/cgroup.subtree_control
	echo +memory >$ROOT/$TENANT/cgroup.subtree_control
	echo +memory >$ROOT/$TENANT/controllers/cgroup.subtree_control
	refused 2 "cgroup /$TENANT/controllers has controllers enabled for its children" gd account g $TENANT/controllers
	echo 2 >$ROOT/$TENANT/controllers/cgroup.max.descendants
	echo 1 >$ROOT/$TENANT/controllers/cgroup.max.descendants
	refused 2 "cannot create cgroup /$TENANT/controllers/leaf: " gd account g $TENANT/controllers/leaf
	refused 4 "there is no cgroup /$TENANT/nothing$" gd account g $TENANT/nothing/leaf
	refused 4 "cgroup.procs is no cgroup" gd account g $TENANT/home/cgroup.procs
	refused 2 "may not contain '.' or '..'" gd account g $TENANT/home/../home
	refused 2 "this is the root cgroup" gd account g $ROOT
	refused 4 "there is no group" gd account nobody $TENANT/home

	is_at g "$before" || fail "it is at $(where_is g)"
	for path in $TENANT/{nothing,frozen/leaf,threads/t/leaf,controllers/leaf}; do
		[[ ! -e $ROOT/$path ]] || fail "$path was left"
	done
	# none of this keeps others from where the scanner is
	gd add-group h --rate 0
	gd account h $TENANT/home
	is_at h /$TENANT/home
}

@test "account: show, --json and dump name the cgroup" {
	gd add-group g --rate 0
	gd add-group h --rate 0
	mkdir $ROOT/$TENANT
	gd account g $TENANT/scanner
	[[ $(gd show | grep accounted) == "g: its scanner is accounted to /$TENANT/scanner" ]] || fail "$(gd show)"
	[[ $(gd show h) != *accounted* ]] || fail "$(gd show h)"
	assert_eq "$(gd show g --json | jq -r '.groups[0].account')" /$TENANT/scanner "account in JSON"
	assert_eq "$(counter g account) $(counter h account)" "/$TENANT/scanner /" "account in dump"
}

@test "account: a cgroup can be frozen once the scanner is out of it" {
	local process
	gd add-group g --rate 0
	mkdir -p $ROOT/$TENANT/vm
	process_in $TENANT/vm
	gd account g $TENANT/scanner
	echo 1 >$ROOT/$TENANT/cgroup.freeze
	wait_for 10 frozen $TENANT/vm
	sleep 0.5
	! frozen $TENANT || fail "it is frozen with a kernel thread in it: the man page is wrong"
	gd account g none
	sleep 0.5
	! frozen $TENANT || fail "the scanner has left, and the kernel has noticed: the man page is wrong"
	echo 0 >$ROOT/$TENANT/cgroup.freeze
	echo 1 >$ROOT/$TENANT/cgroup.freeze
	wait_for 10 frozen $TENANT || fail "$(cat $ROOT/$TENANT/cgroup.events)"
	echo 0 >$ROOT/$TENANT/cgroup.freeze
}

# unit_does KEY GROUP: what systemd would execute, as a process of the cgroup
unit_does() {
	local command
	command=$(sed -n "s/^$1=-\?//p" "$BATS_TEST_DIRNAME/../../userspace/systemd/grpdedup-cpu@.service")
	command=${command//@SBINDIR@\/}
	command=${command//%i/$2}
	# shellcheck disable=SC2016 # for the shell inside
	bash -c 'echo $$ >"$1/cgroup.procs"; eval "exec $2"' - $ROOT/$TENANT "${command//\$\$/\$}"
}

@test "account: the unit moves the scanner below its own cgroup, and takes it back" {
	gd add-group tenant-a --rate 0
	mkdir $ROOT/$TENANT
	unit_does ExecStart tenant-a
	is_at tenant-a /$TENANT/scanner || fail "it is at $(where_is tenant-a)"
	# again, as after the scanner of another group of that name
	unit_does ExecStart tenant-a
	is_at tenant-a /$TENANT/scanner
	unit_does ExecStop tenant-a
	is_at tenant-a /
	rmdir $ROOT/$TENANT/scanner $ROOT/$TENANT
}

@test "account: the daemon moves the scanner of each new group of that name" {
	local conf=$BATS_TEST_TMPDIR/conf log=$BATS_TEST_TMPDIR/log daemon first
	mkdir $ROOT/$TENANT
	printf '%s\n' '[group g]' 'rate = 1000' "account = $TENANT/scanner" >"$conf"
	daemon_start "$conf" "$BATS_TEST_TMPDIR/socket" "$log"
	echo "$daemon" >>"$PIDS"
	wait_for 10 groups_are g
	wait_for 10 is_at g /$TENANT/scanner || fail "$(cat "$log")"
	first=$(tid g)
	gd del-group g
	wait_for 10 groups_are g
	wait_for 10 is_at g /$TENANT/scanner || fail "$(cat "$log")"
	[[ $(tid g) != "$first" ]] || fail "it is the same scanner: this test means nothing"
	printf '%s\n' '[group g]' 'rate = 1000' >"$conf"
	kill -HUP "$daemon"
	wait_for 10 is_at g / || fail "$(cat "$log")"
}

# growth GROUP...: of their cpu_ns, ms, while all of them are busy
growth() {
	local before=() i name
	for name; do before+=("$(counter "$name" cpu_ns)"); done
	sleep $((5 * SLOW))
	for name; do echo $((($(counter "$name" cpu_ns) - before[i++]) / 1000000)); done
}

@test "account: cpu.weight of the cgroup counts" {
	local ms
	# a pass takes longer than the shortest time between two, so that they are always busy
	PAGES=30000 work g a
	PAGES=30000 work h b
	echo +cpu >$ROOT/cgroup.subtree_control
	mkdir $ROOT/$TENANT
	echo +cpu >$ROOT/$TENANT/cgroup.subtree_control
	mkdir $ROOT/$TENANT/{light,heavy}
	gd account g $TENANT/light/scanner
	gd account h $TENANT/heavy/scanner
	taskset -pc 0 "$(tid g)"
	taskset -pc 0 "$(tid h)"
	full_rate g
	full_rate h
	sleep 1
	mapfile -t ms < <(growth g h)
	echo "equal weights: ${ms[*]} ms"
	assert_range "${ms[1]}" $((ms[0] / 2)) $((ms[0] * 2)) "ms of h, g has had ${ms[0]}"
	echo 1000 >$ROOT/$TENANT/heavy/cpu.weight
	sleep 1
	mapfile -t ms < <(growth g h)
	echo "weights of 1 and 10: ${ms[*]} ms"
	assert_range "${ms[1]}" $((ms[0] * 4)) $((ms[0] * 25)) "ms of h, g has had ${ms[0]}"
}
