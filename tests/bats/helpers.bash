# shellcheck shell=bash disable=SC2004 # PID is an associative array
# Functions for all suites. Tests judge, in this order, by bytes and PFNs, the kernel log, the counters.
# A test's processes are gd-hold processes with one region r, driven by "ask NAME COMMAND...".
# Groups have rate 0 unless a test wants otherwise: then memory changes only during "settle".
# shellcheck source=tests/vm/inside.bash
. "${BASH_SOURCE[0]%/*}/../vm/inside.bash"
PIDS=$BATS_TEST_TMPDIR/pids
CG=/sys/fs/cgroup/gd-test # what "cgroup" makes
declare -gA PID=()

# bats traces every command to report where a test failed; under emulation that takes longer than the
# tests themselves. This reports the same, at a failure only.
set +T -o pipefail
where() {
	local i
	for ((i = 1; i < ${#FUNCNAME[@]}; i++)); do
		[[ ${FUNCNAME[i]} != bats_* ]] || break
		echo "at ${BASH_SOURCE[i]##*/} line ${BASH_LINENO[i - 1]}, ${FUNCNAME[i]}" >&2
	done
}

fail() { printf '%s\n' "$@" >&2; return 1; }

setup() {
	trap 'where; bats_error_trap' ERR
	[[ -n ${GRPDEDUP_KO-} ]] || fail "this needs a machine of its own: tests/vm/run -- tests/bats/run"
	: >"$PIDS"
	echo "gd-test: begin $BATS_TEST_NAME" >/dev/kmsg
	[[ -d /sys/module/grpdedup ]] || load_module
	assert_eq "$(gd list groups)" "" "groups that an earlier test left"
}

# Remove processes, groups and swap, stop ksmd, and check the kernel log of the test.
teardown() {
	local pid group
	xargs -r kill -9 <"$PIDS" 2>/dev/null || true
	for pid in $(<"$PIDS"); do
		wait_for 20 gone "$pid" || fail "pid $pid does not go away: $(cat "/proc/$pid/stack" 2>&1)"
	done
	ksmd_forget
	for group in $(gd list groups); do gd del-group "$group"; done
	gd resume --all
	! grep -q zram0 /proc/swaps || swap_off
	assert_no_complaint
}

# The kernel log since the start of this test
test_log() { dmesg | tac | sed '/gd-test: begin/q' | tac; }
assert_no_complaint() {
	local log
	log=$(test_log)
	! complaints <<<"$log" || fail "the kernel complained:" "$log"
}

gd() { grpdedup "$@"; }
ask() { gd-ask "$@"; }

# wait_for SECONDS COMMAND...
wait_for() {
	local end=$((SECONDS + $1 * PATIENCE + 1))
	until "${@:2}"; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}

# spawn NAME; fork_of PARENT CHILD
spawn() { PID[$1]=$(gd-hold "$1") && echo "${PID[$1]}" >>"$PIDS"; }
fork_of() { PID[$2]=$(ask "$1" fork "$2") && echo "${PID[$2]}" >>"$PIDS"; }

# hold NAME PAGES FILL...: a process with region r; KIND=small|huge|plain|shared|hugetlb
hold() {
	spawn "$1"
	ask "$1" map r "$2" "${KIND:-small}"
	ask "$1" fill r 0 "$2" "${@:3}"
}

# cgroup NAME...: move these processes to it; without swap
cgroup() {
	local name
	swapoff -a
	[[ ! -e $CG ]] || open_cgroup
	make_cgroups $CG
	for name; do echo "${PID[$name]}" >$CG/cgroup.procs; done
}

# hold_in_cgroup PAGES FILL NAME...
hold_in_cgroup() {
	local name
	for name in "${@:3}"; do spawn "$name"; done
	cgroup "${@:3}"
	for name in "${@:3}"; do
		ask "$name" map r "$1" small
		# shellcheck disable=SC2086 # words
		ask "$name" fill r 0 "$1" $2
	done
}

# In pages
charged() { echo $(($(<$CG/memory.current) / 4096)); }
open_cgroup() { echo max >$CG/memory.max; }
# remove_cgroup PATH
remove_cgroup() { wait_for 10 rmdir "$1" || fail "the cgroup cannot be removed: $(<"$1/memory.current") bytes"; }
# reclaim PATH SIZE: it may ask for more than there is
reclaim() { echo "$2" 2>/dev/null >"$1/memory.reclaim" || true; }
close_cgroup() {
	local name
	for name; do ask "$name" exit; done
	for name; do wait_for 10 gone "${PID[$name]}"; done
	remove_cgroup $CG
}

# pin NAME FIRST N: pages of region r
pin() {
	# shellcheck disable=SC2046 # address and number
	ask "$1" pin $(ask "$1" addr r "$2" "$3")
}

# monitor_start: its events go to $BATS_TEST_TMPDIR/events
monitor_start() {
	grpdedup monitor >"$BATS_TEST_TMPDIR/events" 2>"$BATS_TEST_TMPDIR/monitor" 3>&- &
	echo $! >>"$PIDS"
	wait_for 10 grep -q waiting "$BATS_TEST_TMPDIR/monitor"
}

# daemon_start CONF SOCKET LOG: grpdedupd; sets $daemon
# shellcheck disable=SC2034 # for the suites
daemon_start() {
	grpdedupd --config "$1" --socket "$2" --log-level debug 2>>"$3" 3>&- &
	daemon=$!
	wait_for 5 daemon_answers "$2" || fail "grpdedupd does not answer: $(tail -n 20 "$3")"
}
daemon_answers() { grpdedup balloon --socket "$1" >/dev/null 2>&1; }

# wait_event SECONDS PATTERN
wait_event() {
	wait_for "$1" grep -Eq "$2" "$BATS_TEST_TMPDIR/events" ||
		fail "no event '$2' within $1 s; there were:" "$(cat "$BATS_TEST_TMPDIR/events")"
}

# shake NAME protect|mergeable|move REGION [FIRST N]: until "ask NAME unshake", a thread does that
shake() {
	# shellcheck disable=SC2046 # address and number
	ask "$1" shake "$2" $(ask "$1" addr "${@:3}")
}

# group GROUP NAME...: a paused group with these processes
group() {
	local name
	gd add-group "$1" --rate "${RATE:-0}"
	for name in "${@:2}"; do gd assign "$1" "${PID[$name]}"; done
}

# Two visits make a page a candidate, a third finds its partner; one more as reserve.
settle() {
	local i
	for ((i = 0; i < ${2:-4}; i++)); do gd scan "$1" --wait --timeout $((80 * PATIENCE)); done
}

# counter GROUP NAME; member NAME(process) NAME(counter). Not from JSON: jq takes half a second here.
pick_from_dump() {
	awk -F '\t' -v kind="$1" -v column="$2" -v key="$3" -v name="$4" '
		$1 == "#" kind { for (i = 1; i <= NF; i++) if ($i == name) want = i }
		$1 == kind && $column == key && want { print $want; found = 1 }
		END { exit !found }'
}
counter() { gd dump --header | pick_from_dump group 2 "$1" "$2"; }
member() { gd dump --header | pick_from_dump member 4 "${PID[$1]}" "$2"; }
members() { gd list pids | sort -n | tr '\n' ' '; }
members_are() { [[ $(members) == "$1" ]]; }
groups_are() { [[ $(gd list groups) == "$1" ]]; }
# No process is joining or leaving: requests that nobody waited for have ended.
at_rest() { [[ ! $(gd dump --header | pick_from_dump member 1 member state) =~ joining|leaving ]]; }
scanners() { scanner_files comm | wc -l; }
# All settings; a refused request must not change them.
state() { gd dump | awk '{ print $1, $2, $3, $4, $1 == "group" ? $5 " " $6 " " $7 " " $8 : "" }'; }

# pages NAME [FIRST N]: INDEX PFN KIND MAPPINGS of region r
pages() {
	local where
	where=$(ask "$1" addr r "${@:2}")
	gd-pfns "${PID[$1]}" "${where% *}" "${where#* }"
}
pfns() { pages "$@" | awk '{ print $2 }'; }
# kind_count KIND NAME [FIRST N]
kind_count() { pages "${@:2}" | awk -v kind="$1" '$3 == kind { n++ } END { print n + 0 }'; }
# sum KEY NAME...: from gd-pfns --sum over whole processes
sum() {
	local name pids=()
	for name in "${@:2}"; do pids+=("${PID[$name]}"); done
	gd-pfns --sum "${pids[@]}" | awk -v key="$1" '$1 == key { print $2 }'
}

has_ksm() { (($(kind_count ksm "$1") >= $2)); }
# wait_for_ksmd NAME [N]: until it has merged N pages of region r
wait_for_ksmd() { wait_for 30 has_ksm "$1" "${2:-1}" || fail "ksmd merges nothing: the test means nothing without"; }

# take_cpu CPU: a real-time task leaves the workers of this CPU no time, until give_back_cpu. RCU and softirqs
# run on: the kernel could not do without.
take_cpu() {
	echo -1 >/proc/sys/kernel/sched_rt_runtime_us
	reserve_for_others 0
	for_kernel_threads "rcu_preempt|rcu_sched|ksoftirqd/$1" -f -p 60
	chrt -f 50 taskset -c "$1" sh -c 'while :; do :; done' 3>&- &
	spinner=$!
	echo "$spinner" >>"$PIDS"
	wait_for 10 grep -qx sh "/proc/$spinner/comm"
}
give_back_cpu() {
	kill -9 "$spinner"
	for_kernel_threads "rcu_preempt|rcu_sched|ksoftirqd/.*" -o -p 0
	reserve_for_others 50000000
	echo 950000 >/proc/sys/kernel/sched_rt_runtime_us
}
# for_kernel_threads NAMES CHRT-OPTION...
for_kernel_threads() {
	local comm
	# a process may be gone by now
	{ grep -lsxE "$1" /proc/[0-9]*/comm || true; } | while read -r comm; do
		chrt "${@:2}" "$(basename "${comm%/comm}")"
	done
}
# reserve_for_others NS: of each second, since 6.12
reserve_for_others() {
	local server
	for server in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do
		[[ ! -e $server ]] || echo "$1" >"$server"
	done
}

# rss_kb PID FIELD of its status; from 6.2 on the value may lag by some pages per CPU
rss_kb() { awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"; }

# assert_right NAME...: the bytes of these processes are as expected
assert_right() { local name && for name; do ask "$name" verify; done; }
assert_eq() { [[ $1 == "$2" ]] || fail "$3: got '$1', expected '$2'"; }
assert_range() { (($2 <= $1 && $1 <= $3)) || fail "$4: got $1, expected $2 to $3"; }

# assert_shared A B [FIRST N]: page for page one frame
assert_shared() {
	local a b
	a=$(pages "$1" "${@:3}" | awk '{ print $1, $2, $3 }')
	b=$(pages "$2" "${@:3}" | awk '{ print $1, $2, $3 }')
	[[ -n $a && $a == "$b" ]] || fail "$1 and $2 do not share:" "$(diff <(echo "$a") <(echo "$b") | head -n 20)"
	! grep -qv frame <<<"$a" || fail "not frames:" "$(grep -v frame <<<"$a" | head)"
}

# assert_apart NAME... -- NAME...: no PFN in common (FRAMES=1: no frame)
assert_apart() {
	local name args=() common
	for name; do args+=("${PID[$name]-$name}"); done
	common=$(gd-pfns --common ${FRAMES:+--frames} "${args[@]}")
	assert_eq "$common" 0 "PFNs common to ${*}"
}

# refused STATUS PATTERN COMMAND...: it fails with STATUS and a message that matches PATTERN
refused() {
	local status=0 out
	out=$("${@:3}" 2>&1 </dev/null) || status=$?
	# shellcheck disable=SC2053 # STATUS may be a pattern
	[[ $status == $1 ]] || fail "status $status instead of $1: ${*:3}" "$out"
	[[ $out =~ $2 ]] || fail "'${*:3}' says '$out', expected $2"
}

# Differences between kernels; suites do not test versions themselves.
# since VERSION: is this kernel at least VERSION?
since() { [[ $(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1) == "$1" ]]; }
# 6.1 does not keep long-term pins of read-only memory coherent, so such areas are left out there.
merges_read_only() { since 6.2; }
# merged_count NAME [FIRST N]: pages that take no memory of their own. Since 6.12 the split of a huge page
# maps the kernel's zero page where it finds zeros, so that there is nothing left to merge.
merged_count() {
	local zero=
	! since 6.12 || zero=zero
	pages "$@" | awk -v zero="$zero" '$3 == "frame" || $3 == zero { n++ } END { print n + 0 }'
}
# What the daemon can grant to a guest that is alone in its group, MiB: mostly zero pages; from 6.12 on
# the module does not count those of split huge pages.
mib_of_a_lone_guest() { if since 6.12; then echo 4; else echo 8; fi; }
