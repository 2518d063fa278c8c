#!/usr/bin/env bats
# Nothing is ever shared across groups. "Apart" is judged by PFNs of whole processes, never by counters.

load helpers

# Four processes, equal content, two groups.
two_groups() {
	local name
	for name in a b c d; do KIND=${1:-small} hold "$name" "${2:-128}" mix 25 50 1000; done
	group one a b
	group two c d
}

@test "isolation: equal pages in two groups never have one PFN" {
	two_groups
	settle one
	settle two
	assert_apart a b -- c d
	assert_range "$(kind_count frame a)" 90 96 "frames of a: 75 % of 128"
	assert_range "$(kind_count frame c)" 90 96 "frames of c"
	assert_right a b c d
	# zero pages too
	assert_range "$(counter one pages_zero)" 60 300 "pages_zero of one"
	assert_range "$(counter two pages_zero)" 60 300 "pages_zero of two"
}

@test "isolation: at full rate, huge pages, at every moment" {
	local i
	two_groups huge 1024
	gd set-group one --rate 1000000
	gd set-group two --rate 1000000
	for ((i = 0; i < 12; i++)); do
		assert_apart a b -- c d
		ask a fill r $((i * 40)) 40 seq 1000
		ask c fill r $((i * 40)) 40 seq 1000
	done
	settle one
	settle two
	assert_apart a b -- c d
	assert_range "$(merged_count a)" 700 1024 "merged pages of a"
	assert_range "$(merged_count c)" 700 1024 "merged pages of c"
	assert_right a b c d
}

@test "isolation: a process that moves takes no frame along" {
	two_groups
	settle one
	settle two
	gd move two "${PID[a]}"
	assert_eq "$(sum frame a)" 0 "frames of a when move has returned"
	assert_apart a -- b
	assert_apart a -- c d
	settle one
	settle two
	assert_apart a c d -- b
	assert_range "$(kind_count frame a)" 90 96 "frames of a in its new group"
	assert_right a b c d
}

@test "isolation: unassign leaves no frame behind; --keep leaves them" {
	local before out
	two_groups
	settle one
	out=$(gd unassign "${PID[a]}")
	assert_eq "$(sum frame a)" 0 "frames of a when unassign has returned"
	assert_apart a -- b
	[[ $out =~ ([0-9]+)\ pages\ unshared ]] && assert_range "${BASH_REMATCH[1]}" 90 140 "pages that unassign reports"
	assert_right a b
	gd assign one "${PID[a]}"
	settle one
	before=$(pfns a)
	assert_shared a b 1 1
	gd unassign "${PID[a]}" --keep
	assert_eq "$(pfns a)" "$before" "PFNs of a after unassign --keep"
	assert_right a b
	ask a fill r 0 128 seq 5
	assert_right a b
}

@test "isolation: memory that refuses writes is unshared too" {
	hold a 64 seq 10
	hold b 64 seq 10
	group one a b
	settle one
	assert_shared a b
	ask a mprotect r 0 16 r
	ask a mprotect r 16 16 none
	ask a uffd-wp r 32 16
	ask a mlock r 48 16
	gd unassign "${PID[a]}"
	assert_eq "$(sum frame a)" 0 "frames of a when unassign has returned"
	assert_apart a -- b
	assert_right a b
	ask a uffd-off
	ask a mprotect r 0 64 rw
	assert_right a b
	ask a fill r 0 64 seq 99
	assert_right a b
}

@test "isolation: a forked child in another group keeps no frame of its parent's" {
	hold a 64 seq 10
	hold b 64 seq 10
	group one a b
	settle one
	fork_of a child
	assert_eq "$(kind_count frame child)" 64 "frames of the child: inherited"
	group two child
	assert_eq "$(sum frame child)" 0 "frames of the child when assign has returned"
	FRAMES=1 assert_apart a b -- child
	settle one
	settle two
	FRAMES=1 assert_apart a b -- child
	assert_right a b child
	ask child fill r 0 64 seq 10
	settle two
	# what fork itself shares is the kernel's business
	FRAMES=1 assert_apart a b -- child
	assert_eq "$(kind_count frame child)" 0 "frames of the child, whose pages have no equals in its group"
	assert_right a b child
}

@test "isolation: frames of a deleted group are not taken over by others" {
	two_groups
	settle one
	gd del-group one
	assert_shared a b 1 1
	group three a
	group four b
	settle three
	settle four
	FRAMES=1 assert_apart a -- b
	assert_apart a b -- c d
	assert_right a b c d
}

@test "isolation: ksmd at work never merges across groups" {
	local name
	for name in a b c d e f; do
		hold "$name" 64 mix 25 50 1000
		ask "$name" madvise r 0 64 MERGEABLE
	done
	ksmd_on 0 10000
	# ksmd has merged a to f when a to d become members
	wait_for_ksmd f
	RATE=100000 group one a b
	RATE=100000 group two c d
	for name in a b c d; do
		is_kept_from_ksmd "$name" || fail "region of member $name is still mergeable for ksmd: $(vm_flags "$name")"
	done
	! is_kept_from_ksmd e || fail "region of e, no member, is not mergeable any more"
	assert_apart a b -- c d
	# members that offer new equal pages to ksmd are taken back by the next pass
	for name in a c e; do
		ask "$name" madvise r 0 64 MERGEABLE
		ask "$name" fill r 48 16 seq 7000
	done
	settle one
	settle two
	for name in a c; do
		is_kept_from_ksmd "$name" || fail "region of member $name is mergeable for ksmd again: $(vm_flags "$name")"
	done
	assert_apart a b -- c d
	assert_apart a b c d -- e f
	sleep 2
	assert_apart a b -- c d
	assert_apart a b c d -- e f
	assert_range "$(kind_count frame a)" 30 48 "frames of a"
	assert_range "$(kind_count ksm e)" 30 48 "ksm pages of e, which is no member"
	assert_right a b c d e f
}

@test "isolation: members of a group without passes are taken from ksmd all the same" {
	local name
	for name in a b c; do hold "$name" 64 seq 1000; done
	RATE=0 group g a b
	ksmd_on 0 10000
	for name in a b c; do ask "$name" madvise r 0 64 MERGEABLE; done
	wait_for $((10 * SLOW)) is_kept_from_ksmd a
	wait_for $((10 * SLOW)) is_kept_from_ksmd b
	! is_kept_from_ksmd c || fail "region of c, no member, is not mergeable any more"
	assert_apart a -- b
	assert_apart a b -- c
	# a paused group does nothing
	gd pause g
	ask a madvise r 0 64 MERGEABLE
	sleep 3
	! is_kept_from_ksmd a || fail "the scanner of a paused group has worked"
	gd resume g
	wait_for $((10 * SLOW)) is_kept_from_ksmd a
	assert_apart a b -- c
	assert_right a b c
}

@test "isolation: a page of ksmd's that comes back from swap does not stay" {
	local cg=/sys/fs/cgroup/gd-swap name
	swap_on 64M
	make_cgroups $cg
	for name in a b; do
		spawn "$name"
		echo "${PID[$name]}" >$cg/cgroup.procs
		ask "$name" map r 64 small
		ask "$name" fill r 0 64 seq 1000
		ask "$name" madvise r 0 64 MERGEABLE
	done
	ksmd_on 0 10000
	wait_for_ksmd a 64
	wait_for_ksmd b 64
	echo 0 >/sys/kernel/mm/ksm/run
	# the swap cache keeps a page that somebody holds, and ksmd's stays ksmd's there
	pin a 0 64
	wait_for 10 all_swapped_out $cg a b
	RATE=0 group g a
	# on a slow kernel the scanner would find them before the test does
	gd pause g
	assert_right a b
	assert_range "$(gd-pfns --common "${PID[a]}" -- "${PID[b]}")" 1 64 "common pages: the test means nothing without"
	gd resume g
	wait_for $((10 * SLOW)) assert_apart a -- b
	ask a unpin
	assert_right a b
	ask a exit
	ask b exit
	remove_cgroup $cg
}
# all_swapped_out CGROUP NAME...: region r
all_swapped_out() {
	local name
	reclaim "$1" 1M
	for name in "${@:2}"; do (($(kind_count swap "$name") == 64)) || return 1; done
}

@test "isolation: a process whose memory is all mergeable is not, as long as it is a member" {
	local before
	since 6.4 || return 0
	spawn a
	ask a merge-any
	ask a map r 64 plain
	ask a fill r 0 64 seq 1000
	! is_kept_from_ksmd a || fail "PR_SET_MEMORY_MERGE does nothing: the test means nothing without"
	RATE=100000 group g a
	is_kept_from_ksmd a || fail "it is mergeable for ksmd: $(vm_flags a)"
	before=$(wc -l <"/proc/${PID[a]}/maps")
	# the areas of a heap that grows between two passes must not differ
	for _ in {1..20}; do
		ask a grow 16 >/dev/null
		settle g 1 >/dev/null
	done
	assert_range "$(wc -l <"/proc/${PID[a]}/maps")" "$before" $((before + 3)) "areas (before: $before)"
	gd unassign "${PID[a]}"
	! is_kept_from_ksmd a || fail "its memory was not given back: $(vm_flags a)"
	ask a map s 64 plain
	! is_kept_from_ksmd a s || fail "new memory is not mergeable: $(vm_flags a s)"
	assert_right a
}

# vm_flags NAME [REGION]
vm_flags() {
	local where
	read -r where _ < <(ask "$1" addr "${2:-r}")
	sed -n "/^${where#0x}-/,/^VmFlags/ s/^VmFlags: //p" "/proc/${PID[$1]}/smaps"
}
# is_kept_from_ksmd NAME [REGION]
is_kept_from_ksmd() { [[ " $(vm_flags "$@") " != *" mg "* ]]; }

@test "isolation: the tenant's memory cgroup pays for its frames" {
	local before after
	hold_in_cgroup 2048 "seq 1000" a b
	before=$(charged)
	assert_range "$before" 4096 6000 "pages charged before"
	group one a b
	settle one
	assert_shared a b
	after=$(charged)
	# half is saved, half is still paid for: a charge that vanishes would let a tenant leave its limit
	assert_range "$after" 2048 $((before - 1700)) "pages charged after the merge (before: $before)"
	ask a exit
	ask b exit
	wait_for 10 gone "${PID[b]}"
	settle one 2
	assert_range "$(charged)" 0 500 "pages charged after exit"
	remove_cgroup "$CG"
}
