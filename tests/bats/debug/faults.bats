#!/usr/bin/env bats
# No memory, at each place where the module asks for some. The table "sites" says which places there
# are and which operation comes by; "#" lines of the output are the report.
#
# An operation with a fault succeeds, or says why not and has changed nothing; what members hold is
# right; without the fault it then succeeds. Kernel log and kmemleak have the last word.

# shellcheck disable=SC2030,SC2031 # each test is a process of its own

load ../helpers
load faults

setup_file() {
	all_calls >"$CALLS"
	: >"$HITS"
}

# The processes a and b, equal but for a few pages, and somebody who listens to events.
stage() {
	faults_init
	size=${1:-96}
	hold a "$size" mix 10 80 1000
	hold b "$size" mix 10 80 1000
	monitor_start
}

# As at the beginning: no groups, and nothing shared.
strike() {
	local group name
	for group in $(grpdedup list groups); do grpdedup del-group "$group"; done
	assert_right a b
	for name in a b; do
		if [[ ${KIND-} == huge ]]; then
			# where a page table is, no huge page comes
			ask "$name" exit
			wait_for 10 gone "${PID[$name]}"
			hold "$name" "$size" mix 10 80 1000
		else
			ask "$name" madvise r 0 "$size" DONTNEED
			ask "$name" fill r 0 "$size" mix 10 80 1000
		fi
	done
}

# Of the operations each has "before" (make ready), "act" (what faults meet) and "done" (is it?).
gd() { nth "${turn:-0}" grpdedup "$@"; }
merged() {
	group g a b
	settle g
	assert_range "$(kind_count frame a)" $((size * 8 / 10)) "$size" "frames of a"
}
in_group() { [[ $(members_of "$1") == "$2" ]]; }

before_add() { :; }
act_add() { gd add-group new --rate 0; }
done_add() { [[ $(gd list groups) == new ]]; }

before_set() { gd add-group g --rate 0; }
act_set() { gd set-group g --rate 7; }
done_set() { [[ $(counter g rate) == 7 ]]; }

before_scan() { gd add-group g --rate 0; }
act_scan() { gd scan g; }
done_scan() { settle g 1; }

before_assign() { gd add-group g --rate 0; }
act_assign() { gd assign g "${PID[a]}"; }
done_assign() { in_group g "${PID[a]}"; }

before_pidfd() { gd add-group g --rate 0; }
act_pidfd() { nth "${turn:-0}" gd-rawnl member-add name=s:g "pidfd=pidfd:${PID[a]}"; }
done_pidfd() { in_group g "${PID[a]}"; }

before_move() {
	group g a
	gd add-group h --rate 0
}
act_move() { gd move h "${PID[a]}"; }
done_move() { in_group h "${PID[a]}"; }

before_unassign() { merged; }
act_unassign() { gd unassign "${PID[a]}"; }
done_unassign() {
	in_group g "${PID[b]}"
	assert_eq "$(sum frame a)" 0 "frames of a, which is in no group"
	assert_apart a -- b
}

before_del() { merged; }
act_del() { gd del-group g; }
done_del() { [[ -z $(gd list groups) ]]; }

before_unshare() { merged; }
act_unshare() { gd del-group g --unshare; }
done_unshare() {
	done_del
	assert_eq "$(sum frame a b)" 0 "frames after del-group --unshare"
}

# del_first GROUP: the number of that request
del_first() {
	gd del-group "$1" --no-wait | sed -nE 's/.*: request ([0-9]+) accepted: .*/\1/p'
	wait_for 20 lacks_group "$1"
}
lacks_group() { ! gd list groups | grep -qx "$1"; }

before_ask() {
	gd add-group g --rate 0
	number=$(del_first g)
}
act_ask() { nth "${turn:-0}" gd-rawnl request "request=u64:$number"; }
done_ask() { act_ask; }

# The table of requests grows with every 64th: the next one is.
before_number() {
	local rest
	gd add-group g --rate 0
	gd add-group h --rate 0
	rest=$((63 - $(del_first h) % 64))
	gd-rawnl --repeat "$rest" group-add name=s:x%d rate=u32:0
	gd-rawnl --repeat "$rest" group-del name=s:x%d
	wait_for 60 groups_are g
}
act_number() { act_del; }
done_number() { done_del; }

# frames of a group that is gone
before_foreign() {
	merged
	gd del-group g
	gd add-group h --rate 0
}
act_foreign() { gd assign h "${PID[a]}"; }
done_foreign() {
	in_group h "${PID[a]}"
	assert_eq "$(sum frame a)" 0 "frames of a group that is gone"
}

before_ksm() {
	local name
	for name in a b; do ask "$name" madvise r 0 "$size" MERGEABLE; done
	ksmd_on 10 1000
	wait_for_ksmd a
	echo 0 >/sys/kernel/mm/ksm/run
	gd add-group g --rate 0
}
act_ksm() { gd assign g "${PID[a]}"; }
done_ksm() {
	in_group g "${PID[a]}"
	assert_eq "$(kind_count ksm a)" 0 "pages of ksmd's in a member"
}

before_file() { before_ksm; }
act_file() { act_ksm; }
done_file() { done_ksm; }

# Once ksmd has found nothing mergeable in it, it forgets a process.
before_back() {
	local scans
	before_ksm
	act_ksm
	scans=$(</sys/kernel/mm/ksm/full_scans)
	echo 1 >/sys/kernel/mm/ksm/run
	wait_for 30 has_scanned $((scans + 3))
	echo 0 >/sys/kernel/mm/ksm/run
}
has_scanned() { (($(</sys/kernel/mm/ksm/full_scans) >= $1)); }
act_back() { act_unassign; }
done_back() { [[ -z $(gd list pids) ]]; }

before_merge() { group g a b; }
act_merge() { settle g 3; }
done_merge() {
	# twice as many: a page that failed is left alone for a while
	settle g 8
	assert_eq "$(counter g pages_shared)" "$(sum frames a b)" "pages_shared, and the frames found"
	assert_shared a b 1 1
	assert_range "$(kind_count frame a)" $((size * 8 / 10)) "$size" "frames of a"
}
before_grow() { before_merge; }
act_grow() { act_merge; }
done_grow() { done_merge; }

# few frames: then few allocations
before_few() {
	gd add-group g --rate 0 --max-frames 4
	gd assign g "${PID[a]}" "${PID[b]}"
}
act_few() { act_merge; }
done_few() {
	settle g 6
	assert_eq "$(counter g pages_shared)" "$(sum frames a b)" "pages_shared, and the frames found"
	assert_range "$(counter g pages_shared)" 1 4 "pages_shared, at most 4"
}

before_split() {
	assert_eq "$(kind_count thp a)" "$size" "pages of a in a huge page: the test means nothing without"
	before_merge
}
act_split() { act_merge; }
done_split() {
	done_merge
	assert_eq "$(kind_count thp a)" 0 "pages of a in a huge page"
}

before_rmmod() { merged; }
act_rmmod() { nth "$turn" rmmod grpdedup; }
done_rmmod() {
	[[ ! -e /sys/module/grpdedup ]]
	load_module
}

# The state, but for who could not join: he stays listed, with the reason.
steady() {
	gd dump --header | awk -F '\t' '
		$1 == "#member" { for (i = 1; i <= NF; i++) if ($i == "state") column = i }
		$1 == "group" { print $1, $2, $3, $4, $5, $6, $7, $8 }
		$1 == "member" && $column != "failed" { print $1, $2, $3, $4 }'
}

# attempt OPERATION ARM...: once with faults, then without. Sets fired, status and out.
attempt() {
	local before turn=0
	before=$(steady)
	"${@:2}"
	status=0
	out=$("act_$1" 2>&1) || status=$?
	turn=0
	disarm
	if ((status)); then
		[[ $out =~ memory|unshared|open ]] || fail "$1 fails with: '$out'"
		# the first half of a move cannot be taken back; then it has to say so
		[[ $out == *"left its old group"* ]] || assert_eq "$(steady)" "$before" "state after $1 failed: $out"
		assert_right a b
		"act_$1"
	fi
	"done_$1"
	assert_right a b
}

# report WHO WHAT: what a fault led to
report() {
	local outcome="it is done"
	((!status)) || outcome="refused: ${out##*: }"
	echo "# $1: $2, $fired faults, $outcome" >&3
}

# site OPERATION CALLEE FUNCTION[+] TIMES: every call of the callee in this function
at_sites() {
	local function callee section offset range address n=0
	while read -r function callee section offset; do
		[[ $callee == "$2" && $function == "$3" ]] || continue
		address=$(address "$section" "$offset")
		range=("$address" $((address + 1)))
		"before_$1"
		attempt "$1" arm_site "${range[@]}" "$4"
		report "$1" "$3 -> $2 ($4)"
		((fired)) || fail "$1 did not come by $3 -> $2 at $section+0x$offset"
		echo "$2 $3" >>"$HITS"
		strike
		n=$((n + 1))
	done < <(sites)
	((n)) || fail "no call of $2 in $3"
}

# in_function OPERATION CALLEE FUNCTION: nothing in it succeeds
in_function() {
	"before_$1"
	# shellcheck disable=SC2046 # start and end
	attempt "$1" arm_site $(range_of_function "$3") "$MANY"
	report "$1" "all of $3"
	((fired)) || fail "$1 did not come by $3"
	((status)) || fail "$1 succeeds when nothing in $3 does"
	echo "$2 $3" >>"$HITS"
	strike
}

# at_each_site OPERATION: of the table; the first allocation, then all
at_each_site() {
	local callee function operations
	while read -r callee function operations; do
		if [[ " $operations " == *" $1 "* ]]; then
			at_sites "$1" "$callee" "$function" 1
			at_sites "$1" "$callee" "$function" "$MANY"
		elif [[ " $operations " == *" $1+ "* ]]; then
			in_function "$1" "$callee" "$function"
		fi
	done < <(rows)
}

arm_tool() {
	arm_nth "$MODULES_START" "$MODULES_END"
	turn=$1
}

arm_scanner() {
	arm_nth "$MODULES_START" "$MODULES_END"
	echo "$1" >"/proc/$scanner/fail-nth"
}

# who makes all threads of the kernel
arm_kthreadd() {
	arm_nth 0 0xffffffffffffffff
	echo "$1" >"/proc/$scanner/fail-nth"
}

# one_by_one OPERATION tool|scanner|kthreadd GROUP: the first allocation fails, then the second, and so
# on until there is none; after half a dozen in growing steps
one_by_one() {
	local n=1 turns=0 refused=0
	while :; do
		"before_$1"
		[[ $2 != scanner ]] || scanner=$(counter "$3" tid)
		[[ $2 != kthreadd ]] || scanner=2
		attempt "$1" "arm_$2" "$n"
		strike
		((fired)) || break
		((fired == 1)) || fail "$fired faults instead of one"
		((!status)) || refused=$((refused + 1))
		turns=$((turns + 1))
		n=$((n + 1 + n * n / 36))
	done
	echo "# $1: $turns of up to $((n - 1)) allocations of the $2: $refused refused, $((turns - refused)) done" >&3
	((turns)) || fail "no allocation of the $2 was met by $1"
}

@test "faults: the table has every function that may allocate and is called" {
	local symbol pattern patterns found
	faults_init
	read -r -d '' -a patterns < <(grep -v '^#' "$QUIET") || true
	while read -r symbol; do
		symbol=${symbol%_noprof}
		! rows | grep -q "^${symbol}[[:space:]]" || continue
		found=
		for pattern in "${patterns[@]}"; do
			# shellcheck disable=SC2053 # a pattern
			[[ $symbol != $pattern ]] || found=yes
		done
		[[ $found ]] || fail "does $symbol allocate? see $TABLE and $QUIET"
	done < <(nm -u "$GRPDEDUP_KO" | awk '{ print $2 }')
	diff <(sites | awk '{ print $2, $1 }' | sort -u) <(rows | awk '{ print $1, $2 }' | sort -u)
}

@test "faults: add-group" {
	stage
	at_each_site add
	one_by_one add tool
	one_by_one add kthreadd
}

@test "faults: set-group" {
	stage
	at_each_site set
	one_by_one set tool
}

@test "faults: scan" {
	stage
	at_each_site scan
	one_by_one scan tool
}

@test "faults: asking how a request ended" {
	stage
	at_each_site ask
	one_by_one ask tool
}

@test "faults: assign" {
	stage
	at_each_site assign
	at_each_site pidfd
	one_by_one assign tool
	one_by_one assign scanner g
	one_by_one pidfd tool
}

@test "faults: move" {
	stage
	at_each_site move
	one_by_one move tool
}

@test "faults: unassign" {
	stage
	at_each_site unassign
	one_by_one unassign tool
	one_by_one unassign scanner g
}

@test "faults: del-group" {
	stage
	at_each_site del
	at_each_site number
	one_by_one del tool
}

@test "faults: del-group --unshare" {
	stage
	at_each_site unshare
	one_by_one unshare tool
}

@test "faults: assign to the group after the one whose frames are still mapped" {
	stage
	at_each_site foreign
}

@test "faults: assign of what ksmd has merged" {
	stage
	at_each_site ksm
	at_each_site back
	one_by_one ksm scanner g
}

@test "faults: assign of what ksmd has merged in a private mapping of a file" {
	local KIND="file"
	stage
	at_each_site file
}

@test "faults: merging" {
	stage
	at_each_site merge
}

@test "faults: merging, allocation by allocation" {
	stage 12
	one_by_one few scanner g
}

@test "faults: splitting of huge pages" {
	local KIND=huge
	stage 512
	one_by_one split scanner g
}

@test "faults: rmmod" {
	stage
	at_each_site rmmod
	one_by_one rmmod tool
}

# Where the module will be is not known before: the kernel log says who met the fault.
@test "faults: insmod" {
	local n=1
	faults_init
	attr verbose 2
	rmmod grpdedup
	for ((n = 1, fired = 1; fired; n++)); do
		arm_nth "$MODULES_START" "$MODULES_END"
		status=0
		# shellcheck disable=SC2086 # several arguments
		out=$(nth "$n" insmod "$GRPDEDUP_KO" ${GRPDEDUP_ARGS-} 2>&1) || status=$?
		disarm
		if ((status)); then
			[[ $out == *memory* ]] || fail "insmod fails with '$out'"
			[[ ! -e /sys/module/grpdedup ]]
			load_module
		fi
		report insmod "allocation $n"
		rmmod grpdedup
	done
	((n > 3)) || fail "only $n allocations in insmod"
	traces | tee -a "$HITS"
	load_module
}

# traces: CALLEE FUNCTION of the faults in the kernel log: the first function of the module's in each
# trace, and whom it has called
traces() {
	test_log | sed 's/^\[[^]]*\] *//; s/^\[[^]]*\] *//' | awk '
		/^FAULT_INJECTION/ { look = 1 }
		look && /^[a-zA-Z_].*\+0x.*\/0x/ {
			split($1, part, "+")
			sub(/[.].*/, "", part[1]) # of a part that the compiler has split off
			if (/\[grpdedup\]/) {
				# what it jumped to has its caller there
				print callee, callee == "genl_register_family" ? "gd_netlink_init" : part[1]
				look = 0
			}
			callee = part[1]
		}' | sort -u
}

@test "faults: who listens is told when an event is lost" {
	local where
	stage
	gd add-group g --rate 0
	where=$(sites | awk '$1 == "begin_event" && $2 == "__alloc_skb" { print $3, $4 }')
	# shellcheck disable=SC2086 # section and offset
	where=$(address $where)
	arm_site "$where" $((where + 1)) "$MANY"
	gd set-group g --rate 77
	disarm
	((fired)) || fail "no fault"
	gd set-group g --rate 78
	wait_event 10 "rate 78"
	! grep -q 'rate 77' "$BATS_TEST_TMPDIR/events" || fail "the event was not lost: the test means nothing"
	grep -q "events were lost" "$BATS_TEST_TMPDIR/monitor"
}

@test "faults: the group's table of frames does not grow" {
	stage 160
	before_grow
	# shellcheck disable=SC2046 # start and end
	attempt grow arm_site $(range_of_kernel bucket_table_alloc) "$MANY"
	report grow "gd_frame_create -> rhashtable_insert_slow"
	((fired)) || fail "no table was to grow"
	assert_range "$(counter g skip_nomem)" 1 1000000 "skip_nomem"
	echo "rhashtable_insert_slow gd_frame_create" >>"$HITS"
}

@test "faults: every site has met a fault, or the table says why it cannot" {
	diff <(sort -u "$HITS") <(rows | awk '$3 != "-" { print $1, $2 }' | sort -u)
	echo "# sites: $(sort -u "$HITS" | wc -l) met a fault, $(rows | awk '$3 == "-"' | wc -l) cannot" >&3
}
