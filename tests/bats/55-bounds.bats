#!/usr/bin/env bats
# Whatever a process does, a request or a step of a scanner takes a bounded time, and costs its own group only.

load helpers

available_mib() { awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo; }
free_kb() { awk '/^MemFree/ { print $2 }' /proc/meminfo; }
ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
# unshared_pages NAME N: have N of its pages been unshared?
unshared_pages() { (($(member "$1" unshares) >= $2)); }
# large_pair: unsharing a takes some seconds
LARGE=$((131072 / SLOW))
large_pair() {
	hold a $LARGE same 1
	hold b 1024 same 1
	RATE=1000000 group g a b
	settle g
	gd set-group g --rate 0
}

@test "bounds: a long unassign stops no other netlink family" {
	local start busy unassign load
	large_pair
	gd unassign "${PID[a]}" &
	unassign=$!
	wait_for 10 unshared_pages a 1
	start=$(ms)
	# registering a family waits for all requests, and all later ones wait for it
	modprobe macsec &
	load=$!
	sleep 0.2
	gd list groups
	busy=$(($(ms) - start))
	kill -0 $unassign || fail "unassign has ended: the test means nothing"
	wait $load $unassign
	assert_range "$busy" 0 $((1500 * SLOW)) "ms for loading a family and a listing"
	assert_right a b
}

@test "bounds: who does not wait sees how it goes on, and how it ended" {
	local start
	monitor_start
	large_pair
	start=$(ms)
	gd unassign --no-wait "${PID[a]}"
	assert_range $(($(ms) - start)) 0 $((1000 * SLOW)) "ms until unassign --no-wait returns"
	[[ $(gd show g) == *"${PID[a]}"*leaving* ]] || fail "show does not say that a is leaving:" "$(gd show g)"
	# assigning a unshared 0 pages
	wait_event 60 "^request g .* pid ${PID[a]} ended, [1-9]"
	assert_range "$(sed -n "s/^request g .* pid ${PID[a]} ended, \([1-9][0-9]*\) .*/\1/p" "$BATS_TEST_TMPDIR/events")" $LARGE $((LARGE + 27)) "pages unshared"
	assert_eq "$(members)" "${PID[b]} " members
	assert_right a b
}

@test "bounds: many processes leave at once, each is answered" {
	local i all=()
	for ((i = 0; i < 20; i++)); do
		hold "p$i" 64 same 1
		all+=("${PID[p$i]}")
	done
	gd add-group g --rate 0
	gd assign g "${all[@]}"
	settle g
	assert_eq "$(gd unassign "${all[@]}" | grep -c "7[0-9] pages unshared")" 20 "processes that left"
	assert_eq "$(members)" "" members
	for ((i = 0; i < 20; i++)); do assert_eq "$(kind_count frame "p$i")" 0 "frames of p$i"; done
}

@test "bounds: deleting the group stops an unassign after one batch" {
	local before after start
	monitor_start
	large_pair
	gd unassign --no-wait "${PID[a]}"
	wait_for 10 unshared_pages a 1000
	start=$(ms)
	before=$(member a unshares)
	gd del-group g
	assert_range $(($(ms) - start)) 0 $((2000 * SLOW)) "ms for del-group"
	wait_event 5 "^request g .* pid ${PID[a]} failed"
	after=$(sum frame a)
	# what it did between our look and the request counts too
	assert_range $((LARGE - after - before)) 0 8000 "pages unshared after the request to stop"
	assert_right a b
}

@test "bounds: rmmod stops an unassign after one batch" {
	local start
	large_pair
	gd unassign --no-wait "${PID[a]}"
	wait_for 10 unshared_pages a 1000
	start=$(ms)
	rmmod grpdedup
	assert_range $(($(ms) - start)) 0 $((2000 * SLOW)) "ms for rmmod"
	assert_range "$(sum frame a)" $((60000 / SLOW)) $LARGE "frames that are left"
	assert_right a b
}

@test "bounds: the scanner freezes in the middle of an unassign" {
	local test=/sys/power/pm_test delay=/sys/module/suspend/parameters/pm_test_delay
	[[ -e $test && -e $delay ]] || fail "this kernel cannot test suspending"
	large_pair
	echo freezer >$test
	echo 1 >$delay
	gd unassign --no-wait "${PID[a]}"
	wait_for 10 unshared_pages a 1000
	echo freeze >/sys/power/state || fail "tasks refuse to freeze: $(test_log | tail -n 40)"
	echo none >$test
	assert_range "$(sum frame a)" 1000 $LARGE "frames that are left: it was not at work"
	wait_for 60 members_are "${PID[b]} " || fail "it does not go on: $(members)"
	assert_right a b
}

@test "bounds: nothing is unshared for a process that was killed" {
	local before low now unassign start
	hold a $LARGE zero
	hold b 1024 zero
	group g a b
	settle g
	before=$(free_kb)
	gd unassign "${PID[a]}" &
	unassign=$!
	wait_for 10 unshared_pages a 1000
	kill -9 "${PID[a]}"
	start=$(ms)
	low=$(free_kb)
	while kill -0 $unassign 2>/dev/null; do
		now=$(free_kb)
		((now >= low)) || low=$now
		sleep 0.05
	done
	assert_range $(($(ms) - start)) 0 $((1000 * SLOW)) "ms that it went on"
	assert_range "$low" $((before - 150000)) $((before * 2)) "kB free at the lowest, $before before"
	wait $unassign
	assert_right b
}

@test "bounds: unassign finds frames that are moved about meanwhile" {
	local i
	# a slow kernel moves 800 pages for so long that the lock is never free
	for ((i = 0; i < 4; i++)); do
		hold "a$i" 1024 seq 1
		hold "b$i" 1024 seq 1
		gd add-group "g$i" --rate 0
		gd assign "g$i" "${PID[a$i]}" "${PID[b$i]}"
		settle "g$i"
		assert_range "$(sum frame "a$i")" 1000 1100 "frames of a$i"
		shake "a$i" move r 100 $((800 / SLOW / SLOW))
		# on a slow kernel the lock may be busy for longer than it waits: "try again"
		wait_for $((5 * SLOW)) gd unassign "${PID[a$i]}" || fail "a$i cannot leave"
		ask "a$i" unshake
		assert_eq "$(sum frame "a$i")" 0 "frames of a$i after it left"
		assert_right "a$i" "b$i"
	done
}

@test "bounds: unassign finds all frames, however many areas have one offset" {
	local n=$((3000 / SLOW))
	spawn a
	ask a map r $n small
	# shellcheck disable=SC2046 # an address and a number
	ask a pile $(ask a addr r)
	ask a fill r 0 $n seq 1
	hold b $n seq 1
	group g a b
	settle g
	assert_range "$(sum frame a)" $((n - 50)) $((n + 100)) "frames of a"
	gd unassign "${PID[a]}"
	assert_eq "$(sum frame a)" 0 "frames of a after it left"
	assert_right a b
}

@test "bounds: who asks for ksmd over and over keeps nobody from being merged" {
	hold a 4096 seq 1000
	hold b 256 seq 1000
	hold c 256 seq 1000
	echo 0 >/sys/kernel/mm/ksm/run
	shake a mergeable r
	group g a b c
	settle g
	assert_shared b c
	gd set-group g --rate 20000
	sleep 2
	assert_range "$(counter g cpu_ns)" 1 $((4000000000 * SLOW)) "ns of CPU time at a rate of 20000"
	gd set-group g --rate 0
	ask a unshake
	settle g
	assert_shared a b 0 256
	assert_right a b c
}

@test "bounds: memory behind a busy lock is merged, and full passes say what they left out" {
	spawn a
	# a slow kernel protects more pages for so long that the lock is never free
	ask a map low $((65536 / SLOW / SLOW)) small
	ask a fill low 0 $((65536 / SLOW / SLOW)) unique
	ask a map r 256 small
	ask a fill r 0 256 seq 1000
	hold b 256 seq 1000
	group g a b
	shake a protect low
	# on a busy machine the scanner may miss the lock in all of six passes, which say so
	for _ in {1..4}; do
		settle g 6
		(($(kind_count frame a) < 256)) || break
	done
	ask a unshake
	assert_shared a b
	assert_range "$(counter g skip_contended)" 1 100000 "skip_contended: the test means nothing without"
	assert_right a b
}

@test "bounds: a frame that one page is left of becomes that page's memory again" {
	hold a 8192 seq 1
	hold b 8192 seq 1
	group g a b
	settle g
	ask b exit
	wait_for 10 gone "${PID[b]}"
	settle g 6
	assert_eq "$(kind_count frame a)" 0 "frames of a"
	assert_range "$(counter g lone_unshares)" 8192 8300 lone_unshares
	assert_range "$(counter g pages_shared)" 0 20 pages_shared
	assert_range "$(counter g pages_unshared)" 8192 8400 pages_unshared
	hold c 8192 seq 1
	gd assign g "${PID[c]}"
	settle g
	assert_shared a c
	assert_right a c
}

@test "bounds: a host without room refuses to unshare, with both numbers, and nobody is killed" {
	local rest
	hold a 65536 seq 1000
	hold b 65536 seq 1000
	group g a b
	settle g
	# taken by huge pages of the administrator's, and by a file where there are too few
	echo $((($(available_mib) - 180) / 2)) >/proc/sys/vm/nr_hugepages
	mkdir "$BATS_TEST_TMPDIR/memory"
	mount -t tmpfs -o size=4G none "$BATS_TEST_TMPDIR/memory"
	rest=$(($(available_mib) - 180))
	((rest <= 0)) || dd if=/dev/zero of="$BATS_TEST_TMPDIR/memory/file" bs=1M count=$rest status=none
	assert_range "$(available_mib)" 80 300 "MiB available"
	refused 2 "needs up to 25[0-9] MiB, the host has room for [0-9]+ MiB" gd unassign "${PID[a]}"
	[[ $(gd show g) == *"needs up to"* ]] || fail "show does not keep the sentence:" "$(gd show g)"
	refused 2 "needs up to 51[0-9] MiB, the host has room for [0-9]+ MiB" gd del-group g --unshare
	refused 2 "no memory for the copies" gd unassign --force "${PID[a]}"
	assert_eq "$(members)" "$(printf '%s\n' "${PID[a]}" "${PID[b]}" | sort -n | tr '\n' ' ')" members
	! test_log | grep -E 'invoked oom|Out of memory' || fail "somebody was killed"
	assert_right a b
	echo 0 >/proc/sys/vm/nr_hugepages
	umount "$BATS_TEST_TMPDIR/memory"
	gd del-group g --unshare
	assert_eq "$(sum frame a b)" 0 "frames"
	assert_right a b
}

@test "bounds: unsharing keeps what userfaultfd and soft-dirty tracking noted" {
	local where
	hold a 64 seq 1
	hold b 64 seq 1
	group g a b
	settle g
	ask a uffd-wp r 0 64
	assert_eq "$(pagemap_bit a 57)" 64 "pages protected before"
	gd unassign "${PID[a]}"
	assert_eq "$(pagemap_bit a 57)" 64 "pages protected after"
	assert_eq "$(kind_count frame a)" 0 "frames of a"
	ask a uffd-off
	where=$(pagemap_bit b 55)
	gd unassign "${PID[b]}"
	assert_range "$(pagemap_bit b 55)" "$where" 64 "pages marked as written"
	assert_right a b
}
# pagemap_bit NAME BIT: pages of region r that have it set in pagemap
pagemap_bit() {
	local addr n
	read -r addr n < <(ask "$1" addr r)
	perl -e 'my ($pid, $addr, $n, $bit) = @ARGV; open F, "<", "/proc/$pid/pagemap"; binmode F;
		sysseek F, hex($addr) / 4096 * 8, 0; sysread F, $b, 8 * $n;
		print scalar(grep { $_ >> $bit & 1 } unpack("Q*", $b)), "\n"' "${PID[$1]}" "$addr" "$n" "$2"
}

@test "bounds: all groups pause at once, and go on as they were" {
	local before
	hold a 4096 seq 1000
	hold b 4096 seq 1000
	RATE=50000 group g a b
	gd add-group h --rate 5
	gd pause --all
	gd add-group late --rate 5
	[[ $(gd show g) == *paused* && $(gd show late) == *paused* ]] || fail "show does not say so:" "$(gd show)"
	sleep 0.5
	before=$(counter g pages_scanned)
	sleep 1
	assert_eq "$(counter g pages_scanned)" "$before" "pages_scanned of a paused group"
	refused 2 paused gd scan g
	gd resume h
	refused 2 paused gd scan g
	[[ $(gd show h) != *"paused by"* ]] || fail "h is still paused:" "$(gd show h)"
	gd resume --all
	settle g
	assert_shared a b
	assert_right a b
}

@test "bounds: in another pid namespace requests are refused" {
	local verb
	hold a 8 seq 1
	gd add-group g --rate 0
	for verb in "list groups" "show" "assign g 1" "scan g" "monitor"; do
		# shellcheck disable=SC2086 # words
		refused 2 "pid namespace" unshare --pid --fork --mount-proc grpdedup $verb
	done
	assert_eq "$(members)" "" members
}

@test "bounds: events add up to what show says" {
	local merged
	monitor_start
	hold a 1024 seq 1000
	hold b 1024 seq 1000
	group g a b
	settle g
	settle g
	merged=$(awk '$1 == "reclaim" { n += $3 } END { print n + 0 }' "$BATS_TEST_TMPDIR/events")
	assert_eq "$merged" "$(counter g pages_sharing)" "pages of all reclaim events, and pages_sharing"
	gd del-group g --unshare
	wait_event 5 "^group-del g"
	assert_range "$(sed -n 's/^group-del g.*, \([0-9]*\) pages unshared/\1/p' "$BATS_TEST_TMPDIR/events")" 2048 2100 "pages unshared"
}

@test "bounds: what cannot be merged is a size, not a sum over passes" {
	local first
	KIND=shared hold a 1024 seq 1
	KIND="file" hold b 1024 seq 1
	group g a b
	settle g 2
	first="$(counter g skip_vma_shared) $(counter g skip_vma_file)"
	settle g 3
	assert_eq "$(counter g skip_vma_shared) $(counter g skip_vma_file)" "$first" "bytes of skipped areas after more passes"
	assert_range "$(member a skip_vma_shared)" $((1024 * 4096)) 400000000 "of a"
	ask a exit
	ask b exit
	wait_for 10 gone "${PID[a]}"
	wait_for 10 gone "${PID[b]}"
	settle g 1
	assert_eq "$(counter g skip_vma_shared) $(counter g skip_vma_file)" "0 0" "bytes without members"
}

@test "bounds: large folios that fork shares save nothing, others what the host has back" {
	local enabled=/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled
	if [[ ! -e $enabled ]]; then
		since 6.8 && fail "this kernel should have huge pages of 64 KiB"
		return 0
	fi
	echo always >$enabled
	KIND=plain hold a 4096 seq 1000
	fork_of a c
	KIND=plain hold d 1024 seq 100000
	KIND=plain hold e 1024 seq 100000
	echo never >$enabled
	group g a c
	settle g
	# Small pages of its heap and stack may save a few: less than one large folio.
	assert_range "$(counter g pages_sharing)" 0 15 "pages_sharing of a process and its child"
	group h d e
	settle h
	assert_range "$(counter h pages_sharing)" 1000 1100 "pages_sharing of two processes"
	assert_right a c d e
}
