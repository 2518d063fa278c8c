#!/usr/bin/env bats
# What is merged, what is not, and that the counters say what pagemap shows.

load helpers

# frames NAME [FIRST N]: number of different frames
frames() { pages "$@" | awk '$3 == "frame" { print $2 }' | sort -u | wc -l; }

# The counters of group $1 against the page tables of its only members, the rest.
assert_counters_true() {
	local shared mapped name sharing=0
	# exact as of the last visit: a process that was asked something has written to its stack
	settle "$1" 1
	shared=$(sum frames "${@:2}")
	mapped=$(sum frame "${@:2}")
	assert_eq "$(counter "$1" pages_shared)" "$shared" "pages_shared, and the frames found"
	assert_eq "$(counter "$1" pages_sharing)" $((mapped - shared)) "pages_sharing, and the further mappings found"
	for name in "${@:2}"; do
		assert_eq "$(member "$name" pages_shared)" "$(sum frame "$name")" "pages_shared of $name, and its mappings found"
		sharing=$((sharing + $(member "$name" pages_sharing)))
	done
	# each member's part is rounded
	assert_range "$sharing" $((mapped - shared - 2 * $#)) $((mapped - shared)) "sum of the members' pages_sharing"
}

@test "merge: two equal pages in one group get one PFN" {
	hold a 64 seq 1000
	hold b 64 seq 1000
	assert_apart a -- b
	group g a b
	settle g
	assert_shared a b
	assert_eq "$(frames a)" 64 "different frames of 64 different pages"
	assert_eq "$(pages a | awk '{ print $4 }' | sort -u)" 2 "mappings of each frame"
	assert_right a b
	assert_counters_true g a b
}

@test "merge: nothing happens before a page was seen twice" {
	hold a 64 seq 1000
	hold b 64 seq 1000
	group g a b
	settle g 1
	assert_eq "$(kind_count frame a)" 0 "frames after one pass"
	assert_eq "$(counter g pages_volatile)" "$(($(sum anon a b)))" "pages_volatile after one pass"
}

# frames_of NAME...: how many frames their regions r have; the processes have others besides
frames_of() {
	local name
	for name; do pages "$name"; done | awk '$3 == "frame" && !seen[$2]++ { n++ } END { print n + 0 }'
}

@test "merge: zero pages share frames, at most 256 mappings each" {
	hold a 300 zero
	hold b 300 zero
	group g a b
	settle g
	assert_eq "$(kind_count frame a)" 300 "frames of a"
	assert_eq "$(kind_count frame b)" 300 "frames of b"
	assert_range "$(pages a | awk '{ print $4 }' | sort -n | tail -n 1)" 2 256 "mappings of a frame"
	assert_range "$(frames_of a b)" 3 8 "frames for 600 zero pages"
	assert_range "$(counter g pages_zero)" 600 "$(sum frame a b)" pages_zero
	assert_counters_true g a b
	assert_right a b
}

# Planned merges once counted against the limit for ever, even if they failed.
@test "merge: a frame takes others when not all that was planned could be merged" {
	hold a 300 zero
	hold b 300 zero
	pin a 1 200
	group g a b
	settle g
	assert_eq "$(kind_count frame a) $(kind_count frame b)" "100 300" "frames of a and b"
	assert_eq "$(frames_of a b)" 2 "frames for 400 zero pages"
	assert_counters_true g a b
	ask a unpin
	assert_right a b
}

@test "merge: one byte of difference is enough" {
	local i
	hold a 64 same 7
	hold b 64 same 7
	# first, last and some byte: pages 0 to 15 of b differ, each in its own way
	for ((i = 0; i < 16; i++)); do ask b poke r "$i" $((i * 273)) $((i + 1)); done
	group g a b
	settle g
	assert_eq "$(kind_count frame b 0 16)" 0 "frames among pages that differ"
	assert_eq "$(kind_count frame b 16 48)" 48 "frames among the others"
	assert_eq "$(kind_count frame a)" 64 "frames of a"
	assert_eq "$(frames a)" 1 "frames for 64 equal pages"
	assert_right a b
}

@test "merge: partly equal processes share the equal part" {
	hold a 100 mix 25 25 5000
	hold b 100 mix 25 25 5000
	group g a b
	settle g
	assert_eq "$(kind_count frame a)" 50 "frames of a: 25 zero and 25 common of 100"
	assert_eq "$(kind_count frame b)" 50 "frames of b"
	assert_eq "$(kind_count anon a)" 50 "unique pages of a"
	assert_counters_true g a b
	assert_right a b
}

@test "merge: three processes, one frame" {
	hold a 32 seq 50
	hold b 32 seq 50
	hold c 32 seq 50
	group g a b c
	settle g
	assert_shared a b
	assert_shared b c
	assert_eq "$(pages a | awk '{ print $4 }' | sort -u)" 3 "mappings of each frame"
	assert_counters_true g a b c
	assert_right a b c
}

@test "merge: a process that comes later joins the frames that are there" {
	hold a 32 seq 50
	hold b 32 seq 50
	group g a b
	settle g
	local before
	before=$(pfns a)
	hold c 32 seq 50
	gd assign g "${PID[c]}"
	settle g
	assert_eq "$(pfns c)" "$before" "PFNs of the third process"
	assert_right a b c
}

@test "merge: equal pages within one process" {
	hold a 64 same 3
	group g a
	settle g
	assert_eq "$(kind_count frame a)" 64 "frames of a"
	assert_eq "$(frames a)" 1 "different frames"
	assert_counters_true g a
	assert_right a
}

@test "merge: huge pages of equal content are split and merged, memory is freed" {
	local pages=4096 anon free
	KIND=huge hold a $pages seq 100000
	KIND=huge hold b $pages seq 100000
	assert_eq "$(kind_count thp a)" $pages "pages in huge pages before"
	group g a b
	anon=$(mem_kb AnonPages)
	free=$(mem_kb MemFree)
	settle g
	assert_shared a b
	assert_right a b
	assert_range $(((anon - $(mem_kb AnonPages)) / 4)) $((2 * pages - 512)) $((2 * pages + 512)) "fall of AnonPages"
	# metadata takes some
	assert_range $((($(mem_kb MemFree) - free) / 4)) $((pages * 8 / 10)) $((pages * 10)) "rise of MemFree"
	assert_range "$(counter g thp_splits)" $((2 * pages / 512)) $((2 * pages / 512)) thp_splits
}

@test "merge: a huge page with few matches stays whole until split-min allows it" {
	KIND=huge hold a 512 unique
	KIND=huge hold b 512 unique
	ask a fill r 100 8 seq 1
	ask b fill r 300 8 seq 1
	group g a b
	settle g
	assert_eq "$(kind_count thp a) $(kind_count thp b)" "512 512" "pages in huge pages"
	assert_range "$(counter g skip_thp)" 1 100000 skip_thp
	gd set-group g --split-min 4
	settle g
	assert_eq "$(kind_count frame a 100 8) $(kind_count frame b 300 8)" "8 8" "frames after split-min 4"
	assert_eq "$(pfns a 100 8)" "$(pfns b 300 8)" "PFNs of the common pages"
	assert_right a b
}

@test "merge: one side huge, the other small" {
	KIND=huge hold a 512 seq 900
	hold b 512 seq 900
	group g a b
	settle g
	assert_shared a b
	assert_right a b
}

@test "merge: read-only areas" {
	hold a 64 seq 10
	hold b 64 seq 10
	ask a mprotect r 0 64 r
	ask b mprotect r 0 64 r
	group g a b
	settle g
	if merges_read_only; then
		assert_shared a b
	else
		assert_eq "$(kind_count frame a)" 0 "frames in a read-only area"
	fi
	assert_right a b
	ask a mprotect r 0 64 rw
	ask a fill r 0 64 seq 77
	assert_right a b
}

@test "merge: a page that changes between the passes is left alone" {
	local i
	hold a 64 seq 10
	hold b 64 seq 10
	group g a b
	for ((i = 1; i < 7; i++)); do
		# the same change in both: equal at any moment, never at rest
		ask a poke r 5 8 "$i"
		ask b poke r 5 8 "$i"
		settle g 1
	done
	assert_eq "$(kind_count frame a 5 1)" 0 "is the changing page a frame?"
	assert_shared a b 6 58
	settle g
	assert_shared a b
	assert_right a b
}

@test "merge: locked, shared and hugetlb memory is left alone and counted" {
	hold a 64 seq 10
	hold b 64 seq 10
	ask a mlock r
	echo 2 >/proc/sys/vm/nr_hugepages
	spawn c
	ask c map s 64 shared
	ask c fill s 0 64 seq 10
	ask c map h 512 hugetlb
	ask c fill h 0 512 zero
	group g a b c
	settle g
	assert_eq "$(kind_count frame a)" 0 "frames in locked memory"
	assert_range "$(counter g skip_locked)" 64 100000 skip_locked
	# bytes, as of the last pass
	assert_range "$(counter g skip_vma_shared)" $((64 * 4096)) 100000000 skip_vma_shared
	assert_eq "$(counter g skip_vma_hugetlb)" $((512 * 4096)) skip_vma_hugetlb
	assert_right a b c
	ask a munlock r
	settle g
	assert_shared a b
	assert_right a b c
	ask c exit
	echo 0 >/proc/sys/vm/nr_hugepages
}

@test "merge: max-frames is kept" {
	hold a 64 seq 10
	hold b 64 seq 10
	gd add-group g --rate 0 --max-frames 20
	gd assign g "${PID[a]}" "${PID[b]}"
	settle g
	assert_range "$(sum frames a b)" 10 20 "frames at max-frames 20"
	assert_range "$(counter g skip_nomem)" 1 100000 skip_nomem
	gd set-group g --max-frames 0
	settle g
	assert_shared a b
	assert_right a b
}

@test "merge: when nothing changes, further passes merge and zap nothing" {
	local merges zaps scans
	hold a 256 mix 25 25 10
	hold b 256 mix 25 25 10
	group g a b
	settle g 6
	merges=$(counter g merges)
	zaps=$(counter g zaps)
	scans=$(counter g full_scans)
	settle g 3
	assert_range "$(counter g full_scans)" $((scans + 3)) $((scans + 100)) full_scans
	assert_eq "$(counter g merges)" "$merges" "merges in steady passes"
	assert_eq "$(counter g zaps)" "$zaps" "zaps in steady passes"
	assert_counters_true g a b
}

@test "merge: counters follow what the processes do" {
	hold a 128 seq 10
	hold b 128 seq 10
	hold c 128 seq 10
	group g a b c
	settle g
	assert_counters_true g a b c
	ask a fill r 0 32 unique
	ask b munmap r 0 16
	ask c madvise r 40 8 DONTNEED
	settle g
	assert_counters_true g a b c
	assert_range "$(counter g cow_breaks)" 56 1000 cow_breaks
	ask c exit
	settle g
	assert_counters_true g a b
	ask b fill r 16 112 unique
	settle g
	# frames with one mapping left may stay or go, but must be told apart from savings
	assert_counters_true g a b
	assert_right a b
}

@test "merge: a scan of a group without members ends" {
	gd add-group g --rate 0
	settle g 2
	assert_range "$(counter g full_scans)" 2 1000 full_scans
	assert_eq "$(counter g pages_shared) $(counter g pages_scanned)" "0 0" "pages_shared and pages_scanned"
}
