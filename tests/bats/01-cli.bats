#!/usr/bin/env bats
# The tool without the module: the errors that it detects itself, its help, its exit statuses.
# Needs no root and no VM. GRPDEDUP_TOOL is the tool to test if not userspace/grpdedup.

VERBS='add-group set-group del-group pause resume account assign move unassign scan show list dump monitor balloon estimate version help'

setup_file() {
	export TOOL=${GRPDEDUP_TOOL-$BATS_TEST_DIRNAME/../../userspace/grpdedup}
	[[ -x $TOOL ]] || fail "there is no $TOOL; build it: make -C userspace" || return 1
	[[ ! -e /sys/module/grpdedup ]] || fail "the module is loaded; this suite is for where it is not"
	export BIN=$BATS_TEST_DIRNAME/../../build/tests/bin
	make -s -C "$BATS_TEST_DIRNAME/../workloads"
}

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

teardown() {
	[[ ! -e $BATS_TEST_TMPDIR/servers ]] || xargs -r kill <"$BATS_TEST_TMPDIR/servers" 2>/dev/null || true
}

# runs STATUS COMMAND...: as the tool, leaves $out and $err
runs() {
	local status=0
	out=$(timeout 20 "$TOOL" "${@:2}" 2>"$BATS_TEST_TMPDIR/err" </dev/null) || status=$?
	err=$(<"$BATS_TEST_TMPDIR/err")
	[[ $status == "$1" ]] || fail "status $status instead of $1: grpdedup ${*:2}" "$out" "$err"
}

# A usage error says what is wrong and how it is right, on stderr only.
usage() {
	runs 1 "${@:2}"
	[[ -z $out ]] || fail "'${*:2}' prints '$out' on stdout"
	[[ $err == *"$1"* ]] || fail "'${*:2}' says '$err', expected '$1'"
	[[ $err == *"usage: grpdedup $2"* ]] || fail "'${*:2}' gives no usage: '$err'"
}

# The command line is right: the answer is that the module is missing, in one line.
absent() {
	runs 3 "$@"
	[[ -z $out ]] || fail "'$*' prints '$out' on stdout"
	[[ $err == 'grpdedup: the module is not loaded; load it with: modprobe grpdedup' ]] ||
		fail "'$*' says '$err'"
}

# serve NAME [TIMES]: in place of the daemon, send stdin to each client of the socket NAME, TIMES times. A line
# "wait SECONDS" is executed, not sent. Sets $socket to the path.
serve() {
	local tries
	socket=$BATS_TEST_TMPDIR/$1
	cat >"$socket.text"
	perl -MIO::Socket::UNIX -e '
		my ($path, $times) = @ARGV;
		alarm 60;
		$SIG{PIPE} = "IGNORE";
		open my $text, "<", "$path.text" or die $!;
		my @lines = <$text>;
		my $server = IO::Socket::UNIX->new(Local => "$path.new", Listen => 9) or die $!;
		# Nobody shall see it before it listens.
		rename "$path.new", $path or die $!;
		while ($times-- && (my $client = $server->accept)) {
			$client->autoflush(1);
			for (@lines) { /^wait ([\d.]+)$/ ? select undef, undef, undef, $1 : print $client $_ }
		}
		unlink $path;' "$socket" "${2--1}" 3>&- 2>/dev/null &
	echo $! >>"$BATS_TEST_TMPDIR/servers"
	for ((tries = 0; tries < 100; tries++)); do
		[[ ! -S $socket ]] || return 0
		sleep 0.05
	done
	fail "nobody listens at $socket"
}

# What the daemon says of two tenants, one without the module, and of three guests.
snapshot() {
	printf 'grpdedupd\t1\n'
	printf '#host\tavailable\tpressure\tshort\twhy\nhost\t8123456789\t1.20\t0\t\n'
	printf '#group\tgroup_name\tpolicy\trate_control\trate\trate_changed_ms\trate_reason\tsaved\taverage\treserve\tavailable\tgranted\terror\tpaused\n'
	printf 'group\ttenant-a\tdemand\tauto\t8000\t5000\traised: 2.3 %% of the visited pages were reclaimed\t104857600\t104857600\t0\t104857600\t94371840\t\tpaused by request\n'
	printf 'group\ttenant-b\tequal\tfixed\t0\t\t\t0\t0\t0\t0\t0\tthe module grpdedup is not loaded\t\n'
	printf '#guest\tgroup_name\tguest\tpid\tstate\twhy\tbase\tactual\ttarget\tmax\tage_ms\tmemory_available\n'
	printf 'guest\ttenant-a\tweb1\t4121\tok\t\t2147483648\t2241855488\t2241855488\t4294967296\t250\t1073741824\n'
	printf 'guest\ttenant-a\t1234\t\tabsent\tnot running\t2147483648\t\t\t\t\t\n'
	printf 'guest\ttenant-b\tdb2\t4177\tnone\t\t\t\t\t\t\t\n'
	printf 'end\n'
}

# The reply is rejected with this message, and nothing of it is printed.
foreign() {
	serve "$1" < <(printf '%b' "$2")
	runs 2 balloon --json --socket "$socket"
	[[ -z $out && $err == "grpdedup: invalid reply from $socket: $3" ]] || fail "$1: '$out' '$err'"
}

@test "cli: help names every verb" {
	local verb how
	for how in help --help -h; do
		runs 0 $how
		[[ -z $err ]] || fail "$how writes on stderr: $err"
		for verb in $VERBS; do
			grep -q "^  $verb  *[a-z]" <<<"$out" || fail "$how has no $verb: $out"
		done
	done
}

@test "cli: help for each verb, in three ways" {
	local verb first
	for verb in $VERBS; do
		runs 0 help "$verb"
		[[ $out == "usage: grpdedup $verb"* && -z $err ]] || fail "help $verb: $out $err"
		first=$out
		runs 0 "$verb" --help
		[[ $out == "$first" ]] || fail "$verb --help: $out"
		runs 0 "$verb" -h
		[[ $out == "$first" ]] || fail "$verb -h: $out"
	done
}

@test "cli: help has every option of the man page" {
	local man=$BATS_TEST_DIRNAME/../../userspace/man/grpdedup.8 option verb all=
	for verb in $VERBS; do
		runs 0 help "$verb"
		all+=$out
	done
	for option in --{rate,split-min,max-frames,unshare,keep,force,no-wait,all,wait,timeout,json,watch,header,time,socket,window,passes,interval,mem}; do
		[[ $all == *"$option"* ]] || fail "help has no $option"
		grep -qF -- "${option//-/\\-}" "$man" || fail "the man page has no $option"
	done
}

@test "cli: unknown verbs and options" {
	runs 1 frobnicate
	[[ $err == *"'frobnicate'"* ]] || fail "$err"
	runs 1 --json
	runs 1 help frobnicate
	runs 1 help show list
	usage "--frobnicate" show --frobnicate
	usage "'x'" monitor -x
	usage "--header" dump --header=1
	usage "--watch" show --watch=x
}

@test "cli: missing and superfluous arguments" {
	usage "missing GROUP" add-group
	usage "--rate is required" add-group g
	usage "missing GROUP" add-group --rate 5
	usage "'h'" add-group g h --rate 5
	usage "--rate" add-group g --rate
	usage "nothing to change" set-group g
	usage "missing GROUP" del-group
	usage "'h'" del-group g h
	usage "missing GROUP" assign
	usage "missing PID" assign g
	usage "missing PID" move g
	usage "missing PID" unassign
	usage "missing PID" unassign --keep
	usage "missing PID" unassign --no-wait
	usage "missing GROUP, or --all" pause
	usage "missing GROUP, or --all" resume
	usage "--all excludes 'g'" pause --all g
	usage "--all excludes 'g'" resume g --all
	usage "missing GROUP" account
	usage "missing PATH, or none" account g
	usage "'b'" account g a b
	usage "missing GROUP" scan
	usage "'h'" scan g h
	usage "--timeout needs --wait" scan g --timeout 5
	usage "'h'" show g h
	usage "'names'" list names
	usage "'pids'" list groups pids
	usage "'g'" dump g
	usage "'g'" monitor g
	usage "'h'" balloon g h
	usage "--socket" balloon --socket
	usage "'x'" version x
}

@test "cli: --force goes with unsharing only" {
	usage "--force needs --unshare" del-group g --force
	usage "--force has no use with --keep" unassign 1 --keep --force
	usage "--force" assign g 1 --force
	usage "--keep" move g 1 --keep
	usage "--no-wait" set-group g --rate 1 --no-wait
}

@test "cli: an empty name is not sent to the kernel" {
	usage "cannot be empty" add-group "" --rate 5
	usage "cannot be empty" set-group "" --rate 5
	usage "cannot be empty" del-group ""
	usage "cannot be empty" pause g ""
	usage "cannot be empty" resume ""
	usage "cannot be empty" account "" none
	usage "the path of a cgroup cannot be empty" account g ""
	usage "cannot be empty" assign "" 1
	usage "cannot be empty" move "" 1
	usage "cannot be empty" scan ""
	usage "cannot be empty" show ""
	usage "cannot be empty" balloon ""
}

@test "cli: rates that are none" {
	local verb
	for verb in add-group set-group; do
		usage "is negative" $verb g --rate -1
		usage "is negative" $verb g --rate=-1k
		usage "is too large" $verb g --rate 4294967296
		usage "is too large" $verb g --rate 5000M
		usage "is too large" $verb g --rate 184467440737095516160
		usage "after the number" $verb g --rate 5x
		usage "after the number" $verb g --rate 5kk
		usage "after the number" $verb g --rate 5G
		usage "after the number" $verb g --rate 1.5k
		usage "after the number" $verb g --rate 0x10
		usage "not a number" $verb g --rate k
		usage "not a number" $verb g --rate ""
		usage "not a number" $verb g --rate ' 5'
		usage "not a number" $verb g --rate fast
	done
}

@test "cli: other numbers that are none" {
	usage "--split-min '-1' is negative" add-group g --rate 5 --split-min -1
	usage "--split-min '4294967296' is too large" set-group g --split-min 4294967296
	usage "--split-min '5k' has" set-group g --split-min 5k
	usage "--max-frames '-1' is negative" set-group g --max-frames -1
	usage "--max-frames '18446744073709551616' is too large" set-group g --max-frames 18446744073709551616
	usage "'0' is not a process" assign g 0
	usage "'-1' is negative" assign g -- -1
	usage "'1x' has" assign g 1 1x
	usage "'2147483648' is too large" assign g 2147483648
	usage "'init' is not a number" unassign init
	usage "must be more than 0" show --watch=0
	usage "must be more than 0" balloon --watch=0
	usage "is negative" scan g --wait --timeout -1
	usage "after the number" scan g --wait --timeout 5s
}

@test "cli: without the module every verb that needs it says so" {
	absent
	absent add-group g --rate 4000
	absent add-group --rate=4k g
	absent add-group g --rate 3M --split-min 512 --max-frames 18446744073709551615
	absent set-group --split-min 1 g
	absent set-group g --rate 0
	absent del-group g
	absent del-group --unshare g
	absent del-group --unshare --force --no-wait g
	absent del-group --no-wait g
	absent pause g
	absent pause --all
	absent resume g h
	absent resume --all
	absent account g none
	absent account g /a.slice/b
	absent assign g 1 2 3
	absent assign g 1 2 --no-wait
	absent move g 1
	absent move --force --no-wait g 1
	absent unassign 1 2 --keep
	absent unassign --force 1 2
	absent scan g
	absent scan --wait --timeout 0.5 g
	absent show
	absent show g --json
	absent show --watch=5
	absent show --watch
	absent list
	absent list groups
	absent list pids
	absent dump
	absent dump --header
	absent monitor
	absent monitor -t --json
}

@test "cli: the kernel, not the tool, judges names" {
	absent add-group a/b --rate 1
	absent add-group "$(printf '%0100d' 0)" --rate 1
	absent add-group --rate 1 -- --rate
}

@test "cli: balloon says that the daemon does not run" {
	local path=$BATS_TEST_TMPDIR/nobody
	absent_daemon() {
		runs 3 balloon "$@" --socket "$path"
		[[ -z $out && $err == "grpdedup: grpdedupd is not running (no answer at $path)" ]] || fail "'$out' '$err'"
	}
	absent_daemon
	absent_daemon tenant-a --json
	absent_daemon --watch
	# One that was killed leaves its socket.
	perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die' "$path"
	[[ -S $path ]] || fail "no socket was left"
	absent_daemon

	path=$BATS_TEST_TMPDIR/$(printf '%0200d' 0)
	runs 2 balloon --socket "$path"
	[[ $err == "grpdedup: cannot ask grpdedupd at /"*": File name too long" ]] || fail "$err"
}

@test "cli: balloon shows groups, guests and what is not well" {
	serve control < <(snapshot)
	runs 0 balloon --socket "$socket"
	[[ -z $err ]] || fail "$err"
	diff -u - <(echo "$out") <<-'END' || fail "it shows something else"
		group     policy     rate  control  saved  available  granted
		                  pages/s             MiB        MiB      MiB
		tenant-a  demand     8000  auto     100.0      100.0     90.0
		tenant-b  equal    paused  fixed      0.0        0.0      0.0
		tenant-a: raised: 2.3 % of the visited pages were reclaimed
		tenant-b: the module grpdedup is not loaded
		tenant-a: paused by request

		group     guest   pid  driver    base  actual  target     max   age
		                                  MiB     MiB     MiB     MiB     s
		tenant-a  web1   4121  ok      2048.0  2138.0  2138.0  4096.0  0.25
		tenant-a  1234      -  absent  2048.0       -       -       -     -
		tenant-b  db2    4177  none         -       -       -       -     -
		1234: not running
	END
}

@test "cli: balloon shows when the host is short" {
	serve control < <(snapshot | sed 's/1\.20\t0\t$/1.20\t1\tshort of memory: 9 MiB available/')
	runs 0 balloon --socket "$socket"
	grep -qx 'host: short of memory: 9 MiB available' <<<"$out" || fail "$out"
}

@test "cli: balloon of one group, and of none" {
	serve control < <(snapshot)
	runs 0 balloon --socket "$socket" tenant-b
	[[ $out == *db2* && $out != *tenant-a* && $out != *web1* ]] || fail "$out"
	runs 0 balloon tenant-b --json --socket "$socket"
	jq -e '[.groups[].group_name] == ["tenant-b"] and [.groups[].guests[].guest] == ["db2"]' <<<"$out" >&2 || fail "$out"
	runs 4 balloon tenant-c --socket "$socket"
	[[ -z $out && $err == "grpdedup: grpdedupd's group tenant-c: no such group" ]] || fail "'$out' '$err'"
	runs 4 balloon --json --socket "$socket" -- tenant
	[[ -z $out ]] || fail "$out"
}

@test "cli: balloon --json has all that the daemon says" {
	serve control < <(snapshot)
	runs 0 balloon --json --socket "$socket"
	jq -e '.host == {available: 8123456789, pressure: 1.2, short: 0}' <<<"$out" >&2 || fail "host: $out"
	jq -e '.groups[0] | del(.guests) == {group_name: "tenant-a", policy: "demand", rate_control: "auto",
		rate: 8000, rate_changed_ms: 5000, rate_reason: "raised: 2.3 % of the visited pages were reclaimed",
		saved: 104857600, average: 104857600, reserve: 0, available: 104857600, granted: 94371840, paused: "paused by request"}' \
		<<<"$out" >&2 || fail "group: $out"
	jq -e '.groups[1].error == "the module grpdedup is not loaded"' <<<"$out" >&2 || fail "group: $out"
	jq -e '.groups[0].guests[0] == {group_name: "tenant-a", guest: "web1", pid: 4121, state: "ok",
		base: 2147483648, actual: 2241855488, target: 2241855488, max: 4294967296, age_ms: 250,
		memory_available: 1073741824}' <<<"$out" >&2 || fail "guest: $out"
	# A name of digits is a name, and what is not known is not there.
	jq -e '.groups[0].guests[1] == {group_name: "tenant-a", guest: "1234", state: "absent",
		why: "not running", base: 2147483648}' <<<"$out" >&2 || fail "guest: $out"
	jq -e '[.groups[1].guests[].guest] == ["db2"]' <<<"$out" >&2 || fail "$out"
}

@test "cli: balloon --watch asks again until nobody answers" {
	serve control 2 < <(snapshot)
	runs 3 balloon --watch=0.2 --socket "$socket"
	[[ $(grep -c '^tenant-a  web1' <<<"$out") == 2 ]] || fail "$out"
	serve again 2 < <(snapshot)
	runs 3 balloon --watch=0.2 --json --socket "$socket"
	[[ $(jq -r '.groups[0].guests[0].guest' <<<"$out") == web1$'\n'web1 ]] || fail "$out"
}

@test "cli: balloon lets nothing through to the terminal, and what JSON cannot say" {
	local nasty=$'s/web1/\e]0;web\a/; s/not running/\xc3\x28 \x9b31m "runs" \\\\ \x7f/; s/1\\.20/nan/'
	serve control < <(snapshot | LC_ALL=C sed "$nasty")
	runs 0 balloon --socket "$socket"
	! LC_ALL=C grep -q '[^ -~]' <<<"$out" || fail "raw bytes: $(cat -v <<<"$out")"
	[[ $out == *'\x1b]0;web\x07'* && $out == *'\x9b31m "runs"'* ]] || fail "$out"
	runs 0 balloon --json --socket "$socket"
	jq -e '.groups[0].guests[0].guest == "\u001b]0;web\u0007"' <<<"$out" >&2 || fail "$(cat -v <<<"$out")"
	jq -e '.host.pressure == "nan"' <<<"$out" >&2 || fail "$out"
}

@test "cli: balloon refuses what is not the daemon's" {
	local magic='grpdedupd\t1\n' host='#host\tavailable\nhost\t5\n'
	foreign empty '' 'incomplete'
	foreign qmp '{"QMP": {"version": {}}}\r\n' "not a grpdedupd status"
	foreign newer 'grpdedupd\t2\n' 'unknown version'
	foreign cut "$magic${host}#guest\tgue" 'incomplete'
	foreign half "$magic$host" 'incomplete'
	foreign more "$magic${host}end\n$host" 'data after the end'
	foreign short "$magic#host\tavailable\tshort\nhost\t5\n" 'wrong number of fields'
	foreign nameless "$magic${host}guest\tweb1\n" 'a line without field names'
	foreign gap "$magic$host\ngarbage\n" 'a line without field names'
	foreign twice "$magic$host$host" 'duplicate list of field names'
	foreign nul "$magic$host\0garbage" 'not text'

	serve huge < <(snapshot | sed '$d' && yes "$(printf 'guest%01000d' 0)" | head -n 5000)
	runs 2 balloon --socket "$socket"
	[[ -z $out && $err == "grpdedup: cannot ask grpdedupd at $socket: File too large" ]] || fail "'$out' '$err'"
}

@test "cli: balloon waits for nobody who does not come to an end" {
	local began=$SECONDS
	serve silent < <(snapshot && echo wait 30)
	runs 2 balloon --socket "$socket"
	[[ -z $out && $err == "grpdedup: cannot ask grpdedupd at $socket: Connection timed out" ]] || fail "'$out' '$err'"
	serve slow < <(printf 'grpdedupd\t1\n' && yes $'wait 0.3\n#' | head -n 200)
	runs 2 balloon --socket "$socket"
	[[ -z $out && $err == *"Connection timed out" ]] || fail "'$out' '$err'"
	((SECONDS - began <= 18)) || fail "it took $((SECONDS - began)) s"
}

@test "cli: grpdedupd takes its example, and its man pages have every option and key" {
	local daemon=${TOOL%/*}/grpdedupd user=$BATS_TEST_DIRNAME/../../userspace status=0 said word words
	[[ -x $daemon ]] || fail "there is no $daemon; build it: make -C userspace"
	said=$("$daemon" --check "$user/grpdedupd.conf.example" 2>&1) || fail "$said"
	[[ $said == *": OK: 5 groups, 4 guests" ]] || fail "$said"
	sed '/^\[group tenant-b\]/,/^rate/s/^rate/rat/' "$user/grpdedupd.conf.example" >"$BATS_TEST_TMPDIR/conf"
	said=$("$daemon" --check "$BATS_TEST_TMPDIR/conf" 2>&1) || status=$?
	[[ $status == 2 && $said =~ ^"$BATS_TEST_TMPDIR/conf":[0-9]+:.*" rat " ]] || fail "status $status: $said"

	mapfile -t words < <("$daemon" --help | grep -o -- '--[a-z][a-z-]*' | sort -u)
	((${#words[@]} >= 5)) || fail "options: ${words[*]}"
	for word in "${words[@]}"; do
		grep -qF -- "${word//-/\\-}" "$user/man/grpdedupd.8" || fail "grpdedupd.8 has no $word"
	done
	mapfile -t words < <(sed -nE 's/^\t\{ "([a-z_]+)", parse_.*/\1/p' "$user/daemon/config_key.c")
	((${#words[@]} >= 20)) || fail "keys: ${words[*]}"
	for word in "${words[@]}"; do
		grep -qE "^\.BR? (.*\", \" )?$word\b" "$user/man/grpdedupd.conf.5" || fail "grpdedupd.conf.5 has no $word"
	done
	mapfile -t words < <(sed -nE 's/^\t\t\[BALLOON_[A-Z_]+\] = "([a-z-]+)",$/\1/p' "$user/daemon/balloon.c")
	((${#words[@]} >= 9)) || fail "states: ${words[*]}"
	for word in "${words[@]}"; do
		grep -qxF ".B ${word//-/\\-}" "$user/man/grpdedupd.8" || fail "grpdedupd.8 has no state $word"
	done
}

@test "cli: versions" {
	local version
	version=$(sed -n 's/^#define GRPDEDUP_VERSION "\(.*\)"/\1/p' "$BATS_TEST_DIRNAME/../../include/version.h")
	runs 0 version
	[[ $out == "grpdedup $version"$'\n'"module not loaded" ]] || fail "$out"
	runs 0 --version
	[[ $out == "grpdedup $version"* ]] || fail "$out"
}

# on RELEASE COMMAND...: as if that kernel ran here
on() { LD_PRELOAD=$BIN/uname.so UNAME_RELEASE=$1 "${@:2}"; }

@test "cli: on a kernel newer than those that were tested it says why there may be no module" {
	local tested next
	tested=$(sed -n 's/^#define GRPDEDUP_LINUX_TESTED "\(.*\)"/\1/p' "$BATS_TEST_DIRNAME/../../include/version.h")
	next=${tested%.*}.$((${tested#*.} + 1)).2-amd64
	on "$next" runs 0 version
	[[ $out == *"this kernel ($next) is newer than Linux $tested, the newest that the module was tested on"* ]] || fail "$out"
	on "$next" runs 3 show
	[[ $err == "grpdedup: the module is not loaded; this kernel ($next) is newer than"*"UNTESTED=1" ]] || fail "$err"
	on "$tested.99-amd64" runs 0 version
	[[ $out != *newer* ]] || fail "$out"
	on 6.1.0-56-amd64 runs 3 show
	[[ $err == *"load it with: modprobe grpdedup" ]] || fail "$err"
}

# The tests below have a stand-in for the module, see tests/workloads/standin.c.
with_module() { LD_PRELOAD=$BIN/standin.so "$@"; }
# Two processes that can be named: $a and $b
two_processes() {
	sleep 60 3>&- &
	a=$!
	sleep 60 3>&- &
	b=$!
	printf '%s\n' $a $b >>"$BATS_TEST_TMPDIR/servers"
}

# says STATUS STDOUT STDERR ARGUMENT...: with the stand-in
says() {
	with_module runs "$1" "${@:4}"
	[[ $out == "$2" ]] || fail "'${*:4}' prints '$out', expected '$2'"
	[[ $err == "$3" ]] || fail "'${*:4}' says '$err', expected '$3'"
}

@test "cli: assign, move, unassign and del-group wait for the end" {
	local a b
	two_processes
	says 0 "pid $a (qemu): in t"$'\n'"pid $b (qemu): in t" "" assign t $a $b
	says 0 "pid $a (qemu): in t" "" move t $a --force
	says 0 "pid $b: 7 pages unshared (28.0 KiB), left t" "" unassign $b
	says 0 "pid $b: left t, its shared pages stay shared" "" unassign --keep $b
	says 0 "group t: deleted, its shared pages stay shared" "" del-group t
	says 0 "group t: deleted, its pages are unshared" "" del-group t --unshare
	says 2 "" "grpdedup: pid $a, group full: there is no memory for it"$'\n'"grpdedup: pid $b, group full: there is no memory for it" \
		assign full $a $b
	says 4 "" "grpdedup: pid $a, group nobody: there is no group of that name" assign nobody $a
	says 2 "" "grpdedup: group full: there is no memory for it" del-group full
	says 4 "pid $a (qemu): in t" "grpdedup: pid 2147483647, group t: no such process" assign t 2147483647 $a
}

@test "cli: --no-wait prints the numbers of the requests" {
	local a b
	two_processes
	# one that waits would be killed
	STANDIN_MS=600000 says 0 "pid $a: request 1 accepted: join t"$'\n'"pid $b: request 2 accepted: join t" "" assign t $a $b --no-wait
	STANDIN_MS=600000 says 0 "pid $a: request 1 accepted: leave t" "" unassign $a --no-wait
	STANDIN_MS=600000 says 0 "group t: request 1 accepted: delete" "" del-group --unshare t --no-wait
	says 4 "" "grpdedup: group nobody: there is no group of that name" del-group nobody --no-wait
}

@test "cli: many requests are waited for together, with and without events" {
	local a b began deaf
	two_processes
	for deaf in "" 1; do
		began=$SECONDS
		# shellcheck disable=SC2046 # 200 words
		STANDIN_MS=1000 STANDIN_DEAF=$deaf with_module runs 0 unassign $(yes $a | head -n 200)
		((SECONDS - began <= 5)) || fail "it took $((SECONDS - began)) s"
		[[ $(sort <<<"$out" | uniq -c | sed 's/^ *//') == "200 pid $a: 7 pages unshared (28.0 KiB), left t" ]] || fail "$out"
	done
}

@test "cli: a signal ends the wait, and says how many requests continue" {
	local a b signal status tool tries
	two_processes
	for signal in INT TERM; do
		STANDIN_MS=600000 LD_PRELOAD=$BIN/standin.so env --default-signal=INT "$TOOL" assign t $a $b >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
		tool=$!
		for ((tries = 0; tries < 100; tries++)); do
			# it catches SIGTERM, 15, unlike the shell and env before it
			! grep -Eq '^SigCgt:.*[4-7c-f][0-9a-f]{3}$' /proc/$tool/status || ! grep -q '^Name:.*grpdedup' /proc/$tool/status || break
			sleep 0.05
		done
		kill -$signal $tool
		status=0
		wait $tool || status=$?
		[[ $status == $((128 + $(kill -l $signal))) ]] || fail "status $status after SIG$signal"
		[[ $(<"$BATS_TEST_TMPDIR/out") == "grpdedup: stopped waiting; 2 requests continue" ]] || fail "it says: $(cat "$BATS_TEST_TMPDIR/out")"
	done
}

@test "cli: a module with another version of the interface is refused" {
	local verb sentence="grpdedup: cannot use the module: the module speaks version 1 of the interface, this program needs version 2: install both of the same release"
	local -x STANDIN_VERSION=1
	for verb in show "list pids" "dump --header" monitor "assign t $$" "unassign $$" "del-group t" "pause --all" "scan t"; do
		# shellcheck disable=SC2086 # several words
		says 2 "" "$sentence" $verb
	done
}

@test "cli: who is refused may not listen either" {
	local -x STANDIN_REFUSE="only the first pid namespace is served"
	says 2 "" "grpdedup: cannot subscribe to events: only the first pid namespace is served" monitor
	says 2 "" "grpdedup: cannot read the groups: only the first pid namespace is served" show
	says 2 "" "grpdedup: all groups: only the first pid namespace is served" pause --all
}

@test "cli: monitor prints ends of requests, and pauses" {
	local -x STANDIN_TALK=1
	says 0 "pause t paused by request
pause t paused: the module found a fault, see the kernel log
resume t
request t 17 pid 41 ended, 7 pages unshared
request full 18 pid 42 failed: there is no memory for it
request t 19 ended, 7 pages unshared
reclaim t 0 pages (0.0 KiB)
group-del t, 0 pages unshared" "grpdedup: waiting for events" monitor
	with_module runs 0 monitor --json
	jq -se '[.[] | select(.event == "request") | [.request, .pid, .error, .message, .pages]] ==
		[[17, 41, 0, null, 7], [18, 42, 12, "there is no memory for it", 7], [19, null, 0, null, 7]]' <<<"$out" >&2 || fail "$out"
	jq -se '[.[] | .paused // empty] == ["request", "fault", "no"]' <<<"$out" >&2 || fail "$out"
}

@test "cli: show, list and dump tell states, and why groups are paused" {
	local long=twenty-one-characterstwenty-one-characterstwenty-one-characters
	with_module runs 0 show
	grep -Eq "^$long  +paused " <<<"$out" || fail "$out"
	grep -Eq '^t  +4000 ' <<<"$out" || fail "$out"
	grep -qx "$long: paused: the module found a fault, see the kernel log" <<<"$out" || fail "$out"
	grep -qx 'full: paused by request' <<<"$out" || fail "$out"
	grep -qx 'skipped: t: 2.0 MiB of hugetlbfs mappings, 5 merges while the memory that frames come from was nearly used up' <<<"$out" ||
		fail "$out"
	[[ $(awk '$1 == "t" && NF > 5 { print $2, $4 }' <<<"$out" | tail -n 4 | tr '\n' ' ') == "11 member 12 joining 13 leaving 14 failed " ]] ||
		fail "$out"
	grep -qx 'pid 11 (qemu), t: the last request failed: there is no room for the copies' <<<"$out" || fail "$out"
	grep -qx 'pid 14 (qemu), t: failed: there is no memory for it' <<<"$out" || fail "$out"
	says 0 $'11\n12\n13' "" list pids
	with_module runs 0 show --json
	jq -e '[.groups[].paused] == ["no", "fault", "request"] and .groups[0].skip_vma_hugetlb == 2097152' <<<"$out" >&2 || fail "$out"
	jq -e '[.groups[0].members[] | [.state, .message]] == [["member", "there is no room for the copies"], ["joining", null],
		["leaving", null], ["failed", "there is no memory for it"]]' <<<"$out" >&2 || fail "$out"
	with_module runs 0 dump --header
	[[ $(awk -F '\t' '$1 ~ /member/ { print $(NF - 1) }' <<<"$out" | tr '\n' ' ') == "state member joining leaving failed " ]] || fail "$out"
	[[ $(awk -F '\t' '$1 ~ /group/ { print $(NF - 1) }' <<<"$out" | tr '\n' ' ') == "paused no fault request " ]] || fail "$out"
}

@test "cli: scan --wait waits for no group that is paused, and not longer than it is told" {
	says 0 "group full: requested pass 4" "" scan full
	says 2 "" "grpdedup: group full: pass 4 does not end: paused by request" scan full --wait
	says 2 "" "grpdedup: group t: pass 4 timed out" scan t --wait --timeout 0.2
	says 4 "" "grpdedup: group nobody: there is no group of that name" scan nobody --wait
}

@test "cli: pause and resume" {
	says 0 $'group t: paused\ngroup full: paused' "" pause t full
	says 4 "group t: resumed" "grpdedup: group nobody: there is no group of that name" resume nobody t
	says 0 "all groups: paused" "" pause --all
	says 0 "all groups: resumed" "" resume --all
}

# make_cgroup NAME [PID...]: files as of a cgroup, below $cgroups
make_cgroup() {
	mkdir -p "$cgroups/$1"
	echo domain >"$cgroups/$1/cgroup.type"
	echo 0 >"$cgroups/$1/cgroup.freeze"
	printf 'populated %s\nfrozen 0\n' $(($# > 1)) >"$cgroups/$1/cgroup.events"
	printf '%s\n' "${@:2}" | grep . >"$cgroups/$1/cgroup.procs" || true
}

# Cgroups that are files, in a place with a blank, and a /proc that names it: the scanner of t has tid 4300.
make_hierarchy() {
	cgroups="$BATS_TEST_TMPDIR/cg roup"
	make_cgroup "" 1
	make_cgroup a.slice
	export STANDIN_TID=4300 STANDIN_PROC=$BATS_TEST_TMPDIR/proc
	mkdir -p "$STANDIN_PROC/self"
	cat >"$STANDIN_PROC/self/mountinfo" <<-END
		22 1 0:20 / /proc rw,nosuid - proc proc rw
		23 1 0:21 / / rw - cgroup2-like none rw
		24 1 0:22 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
		25 1 0:23 /part /elsewhere rw - cgroup2 cgroup2 rw
		26 1 0:23 / ${cgroups// /\\040} rw,nosuid shared:9 - cgroup2 cgroup2 rw
	END
}

# stays SENTENCE NAME PATH [STATUS]: refused, and the scanner is in no cgroup's file
stays() {
	says "${4-2}" "" "grpdedup: group t: $1" account "$2" "$3"
	! grep -rqx 4300 "$cgroups" || fail "the scanner was moved: $(grep -rx 4300 "$cgroups")"
}

@test "cli: account takes a path with and without the mount point" {
	local cgroups path
	make_hierarchy
	for path in a.slice/leaf /a.slice/leaf //a.slice///leaf/ "$cgroups/a.slice/leaf" "$cgroups//a.slice/leaf/"; do
		make_cgroup a.slice/leaf
		says 0 "group t: its scanner is accounted to $path" "" account t "$path"
		[[ $(<"$cgroups/a.slice/leaf/cgroup.procs") == 4300 ]] || fail "$path: $(<"$cgroups/a.slice/leaf/cgroup.procs")"
	done
	# one for all scanners of a tenant, and the root's file
	make_cgroup a.slice/leaf 4301 4302
	says 0 "group t: its scanner is accounted to a.slice/leaf" "" account t a.slice/leaf
	[[ $(head -n 1 "$cgroups/a.slice/leaf/cgroup.procs") == 4300 ]]
	says 0 "group full: its scanner is accounted to the root cgroup" "" account full none
	[[ $(<"$cgroups/cgroup.procs") == 4301 ]] || fail "$(<"$cgroups/cgroup.procs")"
}

@test "cli: account refuses what is no cgroup for scanners only, and leaves nothing behind" {
	local cgroups before
	make_hierarchy
	make_cgroup b 4301 4242 4302
	make_cgroup c
	make_cgroup c/vcpu0 4242
	make_cgroup d
	echo threaded >"$cgroups/d/cgroup.type"
	make_cgroup e
	echo 1 >"$cgroups/e/cgroup.freeze"
	make_cgroup e/leaf
	before=$(cd "$cgroups" && find . | sort)
	stays "process 4242 is in cgroup /b: a scanner needs a cgroup without other processes" t b
	stays "there are processes below cgroup /c: a scanner needs a cgroup without other processes" t c
	stays "cgroup /d is threaded (its type is 'threaded'), so it takes no scanner" t d
	stays "cgroup /e is frozen, and would not stay so with a scanner in it" t e
	stays "cgroup /e is frozen, and would not stay so with a scanner in it" t e/leaf
	stays "there is no cgroup /x" t x/leaf 4
	stays "there is no cgroup /part/x" t "$cgroups/part/x/leaf" 4
	# the kernel fills a new cgroup, this file system does not
	stays "/a.slice/new is no cgroup" t a.slice/new 4
	stays "/a.slice/cgroup.procs is no cgroup" t a.slice/cgroup.procs 4
	stays "the path of a cgroup may not contain '.' or '..'" t a.slice/../b
	stays "the path of a cgroup may not contain '.' or '..'" t ./a.slice
	stays "the path of the cgroup is too long" t "a.slice/$(printf '%05000d' 0)"
	stays "this is the root cgroup; use 'none' for it" t /
	stays "this is the root cgroup; use 'none' for it" t "$cgroups"
	says 4 "" "grpdedup: group nobody: there is no group of that name" account nobody a.slice
	STANDIN_TID='' stays "cannot move the scanner to cgroup /a.slice: No such process" t a.slice 4
	sed -i '$d' "$STANDIN_PROC/self/mountinfo"
	stays "no cgroup2 file system is mounted" t a.slice
	stays "no cgroup2 file system is mounted" t none
	[[ $(cd "$cgroups" && find . | sort) == "$before" ]] || fail "something was left: $(find "$cgroups")"
}

@test "cli: show and dump name the cgroup that a scanner is accounted to" {
	local cgroups
	make_hierarchy
	mkdir "$STANDIN_PROC"/430{0,1}
	printf '4:cpu,cpuacct:/old\n0::/a.slice/"leaf\n' >"$STANDIN_PROC/4300/cgroup"
	echo 0::/ >"$STANDIN_PROC/4301/cgroup"
	with_module runs 0 show
	[[ $(grep accounted <<<"$out") == 't: its scanner is accounted to /a.slice/"leaf' ]] || fail "$out"
	with_module runs 0 show --json
	jq -e '[.groups[].account] == ["/a.slice/\"leaf", null, "/"]' <<<"$out" >&2 || fail "$out"
	with_module runs 0 dump --header
	[[ $(awk -F '\t' '$1 ~ /group/ { print $NF }' <<<"$out" | tr '\n' ' ') == 'account /a.slice/"leaf - / ' ]] || fail "$out"
}

@test "cli: output that cannot be written is an error" {
	local status=0
	[[ -w /dev/full ]] || fail "there is no /dev/full"
	"$TOOL" help >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[[ $status == 2 ]] || fail "status $status"
	grep -q "cannot write" "$BATS_TEST_TMPDIR/err"
}

@test "cli: completion offers verbs, options and nothing that it would run" {
	# A stand-in for the tool, with a group of a name that is a command.
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/grpdedup" <<-'END'
		#!/bin/sh
		[ "$2" = groups ] && printf '%s\n' tenant-a '$(touch${IFS}x)'
		[ "$2" = pids ] && echo 4121
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/grpdedup"
	cd "$BATS_TEST_TMPDIR"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	# shellcheck source=userspace/completion/grpdedup.bash
	. "$BATS_TEST_DIRNAME/../../userspace/completion/grpdedup.bash"

	complete_line() {
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_grpdedup
	}
	complete_line grpdedup ""
	[[ "${COMPREPLY[*]}" == "$VERBS" ]] || fail "verbs: ${COMPREPLY[*]}"
	complete_line grpdedup un
	[[ "${COMPREPLY[*]}" == unassign ]] || fail "un: ${COMPREPLY[*]}"
	complete_line grpdedup del-group ten
	[[ "${COMPREPLY[*]}" == tenant-a ]] || fail "ten: ${COMPREPLY[*]}"
	complete_line grpdedup show ""
	[[ ${#COMPREPLY[*]} == 4 && ! -e x ]] || fail "show: ${COMPREPLY[*]}"
	complete_line grpdedup unassign 4
	[[ "${COMPREPLY[*]}" == 4121 ]] || fail "4: ${COMPREPLY[*]}"
	complete_line grpdedup pause ""
	[[ ${#COMPREPLY[*]} == 3 && "${COMPREPLY[*]}" == "--all tenant-a "* ]] || fail "pause: ${COMPREPLY[*]}"
	complete_line grpdedup account ""
	[[ ${#COMPREPLY[*]} == 2 && "${COMPREPLY[*]}" == "tenant-a "* ]] || fail "account: ${COMPREPLY[*]}"
	complete_line grpdedup account tenant-a n
	[[ "${COMPREPLY[*]}" == none ]] || fail "account tenant-a n: ${COMPREPLY[*]}"
	complete_line grpdedup move --f
	[[ "${COMPREPLY[*]}" == --force ]] || fail "move --f: ${COMPREPLY[*]}"
	complete_line grpdedup assign --
	[[ "${COMPREPLY[*]}" == --no-wait ]] || fail "assign --: ${COMPREPLY[*]}"
	complete_line grpdedup unassign --
	[[ "${COMPREPLY[*]}" == "--keep --force --no-wait" ]] || fail "unassign --: ${COMPREPLY[*]}"
	complete_line grpdedup balloon ten
	[[ "${COMPREPLY[*]}" == tenant-a ]] || fail "balloon ten: ${COMPREPLY[*]}"
	complete_line grpdedup balloon --s
	[[ "${COMPREPLY[*]}" == --socket ]] || fail "balloon --s: ${COMPREPLY[*]}"
	complete_line grpdedup estimate --p
	[[ "${COMPREPLY[*]}" == --passes ]] || fail "estimate --p: ${COMPREPLY[*]}"
	: >memory.img
	complete_line grpdedup estimate mem
	[[ "${COMPREPLY[*]}" == memory.img ]] || fail "estimate mem: ${COMPREPLY[*]}"
	complete_line grpdedup set-group g --s
	[[ "${COMPREPLY[*]}" == --split-min ]] || fail "--s: ${COMPREPLY[*]}"
}
