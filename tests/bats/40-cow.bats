#!/usr/bin/env bats
# What processes do to merged memory: the bytes stay right, and the memory comes back.

load helpers

# Two processes with 64 equal pages, merged in group g.
merged_pair() {
	hold a 64 seq 1000
	hold b 64 seq 1000
	group g a b
	settle g
	assert_shared a b
}

# After whatever was done: right now, right after more passes, right when all is written anew.
assert_right_ever_after() {
	local name
	assert_right "$@"
	settle g 3
	assert_right "$@"
	for name; do ask "$name" poke r 9 9 9; done
	settle g 1
	assert_right "$@"
}

# A block device that can do O_DIRECT: a loop device over a file in memory.
block_device() {
	modprobe loop
	truncate -s 64M /tmp/gd-disk
	losetup -f --show /tmp/gd-disk
}

@test "cow: a write separates, and both have the right bytes" {
	merged_pair
	ask a fill r 0 8 seq 9000
	assert_right a b
	assert_eq "$(kind_count anon a 0 8)" 8 "private pages of the writer"
	assert_eq "$(kind_count frame b 0 8)" 8 "frames of the other"
	assert_shared a b 8 56
	ask b poke r 63 4095 1
	assert_right a b
	assert_eq "$(kind_count anon b 63 1)" 1 "private page of the poker"
	assert_right_ever_after a b
	# equal again, shared again
	ask a fill r 0 64 seq 1000
	ask b fill r 0 64 seq 1000
	settle g
	assert_shared a b
}

@test "cow: fork shares as ever, child and parent write apart" {
	merged_pair
	fork_of a c
	assert_shared a c
	assert_right a b c
	ask c fill r 0 16 unique
	ask a fill r 16 16 unique
	assert_right a b c
	assert_eq "$(kind_count frame a 0 16) $(kind_count frame c 16 16)" "16 16" "frames where the other wrote"
	assert_right_ever_after a b c
	ask a exit
	assert_right b c
	settle g
	assert_right b c
}

@test "cow: fork does not inflate savings" {
	local before name
	merged_pair
	before=$(counter g pages_sharing)
	for name in c d e f; do fork_of a "$name"; done
	settle g
	assert_range "$(counter g pages_sharing)" $((before - 4)) $((before + 4)) "pages_sharing with four children that are no members"
	assert_right a b c d e f
}

@test "cow: a merge that frees nothing is no saving" {
	hold a 64 seq 1000
	fork_of a c
	hold b 64 seq 1000
	group g a b
	settle g
	assert_shared a b
	# a, b and c had 128 pages, and have 64 frames and the 64 old pages that c keeps
	assert_eq "$(kind_count anon c)" 64 "private pages of the child that is no member"
	assert_range "$(counter g pages_sharing)" 0 16 "pages_sharing when nothing was freed"
	assert_right a b c
}

@test "cow: a forked child that joins its parent's group inflates nothing" {
	local before
	merged_pair
	before=$(counter g pages_sharing)
	fork_of a c
	gd assign g "${PID[c]}"
	settle g
	assert_shared a c
	# but for pages of its own that the child has written since
	assert_range "$(counter g pages_sharing)" $((before - 4)) $((before + 16)) "pages_sharing with the child as a member"
	assert_right a b c
}

@test "cow: exec drops the old memory, the others keep theirs" {
	merged_pair
	ask a exec
	assert_right b
	settle g
	assert_right b
	assert_eq "$(members)" "${PID[b]} " "members after exec"
	ask a map r 64
	ask a fill r 0 64 seq 1000
	gd assign g "${PID[a]}"
	settle g
	assert_shared a b
	assert_right a b
}

@test "cow: exit, also of all, gives the memory back" {
	local pages=4096 anon free
	anon=$(mem_kb AnonPages)
	free=$(mem_kb MemFree)
	KIND=huge hold a $pages seq 1000
	KIND=huge hold b $pages mix 50 50 1000
	group g a b
	settle g
	# one of 8 * 256 + 1 zero pages is left over
	assert_range "$(merged_count b)" $((pages - 1)) $pages "merged pages of b"
	ask a exit
	assert_right b
	settle g
	assert_right b
	ask b exit
	wait_for 10 gone "${PID[b]}"
	settle g 2
	assert_eq "$(counter g pages_shared) $(counter g pages_sharing)" "0 0" "pages_shared and pages_sharing"
	assert_range $((($(mem_kb AnonPages) - anon) / 4)) -512 512 "AnonPages that did not come back"
	assert_range $(((free - $(mem_kb MemFree)) / 4)) -100000 1500 "free pages that did not come back"
}

@test "cow: munmap of a part" {
	merged_pair
	ask a munmap r 0 32
	assert_right a b
	assert_eq "$(kind_count frame b)" 64 "frames of the other"
	settle g
	ask a fill r 32 32 seq 5
	assert_right_ever_after b
	assert_right a
}

@test "cow: mremap moves, shrinks and grows" {
	merged_pair
	ask a mremap r 64 move
	assert_shared a b
	assert_right a b
	settle g
	assert_shared a b
	ask a mremap r 40
	assert_right a b
	ask a mremap r 700
	assert_right a b
	settle g
	ask a mremap r 800 move
	assert_right_ever_after a b
	ask a fill r 0 800 seq 4
	assert_right_ever_after a b
}

@test "cow: mprotect to nothing, read-only and back" {
	merged_pair
	ask a mprotect r 0 64 none
	ask b mprotect r 0 64 r
	assert_right a b
	settle g
	assert_right a b
	ask a mprotect r 0 64 r
	assert_right a b
	ask a mprotect r 0 64 rw
	ask b mprotect r 0 64 rw
	assert_right a b
	ask a fill r 0 64 seq 3
	assert_right_ever_after a b
}

@test "cow: every kind of madvise" {
	local kind
	merged_pair
	for kind in COLD PAGEOUT MERGEABLE UNMERGEABLE HUGEPAGE NOHUGEPAGE FREE DONTNEED; do
		ask a madvise r 8 48 "$kind"
		assert_right a b
		settle g 2
		assert_right a b
		ask a poke r 9 9 9
	done
	assert_right_ever_after a b
	assert_shared a b 60 4
}

@test "cow: MADV_COLLAPSE of an area with frames" {
	KIND=huge hold a 512 seq 1000
	KIND=huge hold b 512 seq 1000
	group g a b
	settle g
	assert_shared a b
	# it may refuse
	ask a madvise r 0 512 COLLAPSE || true
	assert_right_ever_after a b
}

@test "cow: MADV_FREE before the merge: the bytes or zeros, nothing else" {
	hold a 64 seq 1000
	hold b 64 seq 1000
	ask a madvise r 0 32 FREE
	# some of it is still on its way to the list of pages that may be dropped
	echo 1 >/proc/sys/vm/compact_memory
	group g a b
	settle g
	assert_eq "$(kind_count frame a 0 32)" 0 "frames among what may be dropped"
	assert_right a b
	ask a fill r 0 64 seq 1000
	assert_right_ever_after a b
}

@test "cow: pages that were swapped out, before and after the merge" {
	swap_on 64M
	hold a 64 seq 1000
	hold b 64 seq 1000
	ask a madvise r 0 64 PAGEOUT
	assert_range "$(kind_count swap a)" 1 64 "pages in swap: the test means nothing without"
	group g a b
	settle g
	assert_right a b
	settle g
	# a frame cannot be swapped
	ask b madvise r 0 64 PAGEOUT
	assert_right_ever_after a b
}

@test "cow: mlock of merged memory, writes to it, munlock" {
	merged_pair
	ask a mlock r
	assert_right a b
	settle g
	ask a fill r 0 10 seq 6
	assert_right a b
	ask a munlock r
	assert_right_ever_after a b
}

@test "cow: O_DIRECT reads into merged pages and writes out of them" {
	local disk
	disk=$(block_device)
	merged_pair
	ask a dio-out r 0 64 "$disk"
	assert_right a b
	ask a dio-in r 0 32 "$disk" 7000
	assert_right a b
	assert_eq "$(kind_count frame b)" 64 "frames of the other"
	ask b dio-in r 16 32 "$disk" 7016
	assert_right_ever_after a b
	settle g
	assert_right a b
	losetup -d "$disk"
}

@test "cow: O_DIRECT racing with merging at full rate" {
	local disk other status=0 pids
	disk=$(block_device)
	truncate -s 64M /tmp/gd-disk2
	other=$(losetup -f --show /tmp/gd-disk2)
	timeout $((60 * SLOW)) gd-dio --pages 512 --seconds $((50 * SLOW)) --seed 1 "$disk" >"$BATS_TEST_TMPDIR/one" 2>&1 3>&- &
	pids=$!
	timeout $((60 * SLOW)) gd-dio --pages 512 --seconds $((50 * SLOW)) --seed 2 "$other" >"$BATS_TEST_TMPDIR/two" 2>&1 3>&- &
	gd add-group g --rate 1000000
	wait_for 5 test "$(pgrep -c gd-dio)" = 2
	# shellcheck disable=SC2046 # several pids
	gd assign g $(pgrep -x gd-dio)
	sleep $((8 * SLOW))
	pkill -TERM -x gd-dio
	wait "$pids" || status=$?
	wait $! || status=$?
	cat "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
	losetup -d "$disk"
	losetup -d "$other"
	assert_eq "$status" 0 "status of gd-dio"
	assert_range "$(counter g merges)" 1000 100000000 "merges meanwhile: the test means nothing without"
}

@test "cow: write-protected by userfaultfd" {
	merged_pair
	ask a uffd-wp r 0 32
	assert_right a b
	settle g
	assert_right a b
	ask a uffd-off
	ask a fill r 0 64 seq 8
	assert_right_ever_after a b
}
