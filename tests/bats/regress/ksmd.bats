#!/usr/bin/env bats
# What ksmd could keep or get of a member's memory.

load ../helpers

# is_mergeable NAME: may ksmd merge region r?
is_mergeable() {
	local where
	read -r where _ < <(ask "$1" addr r)
	sed -n "/^${where#0x}-/,/^VmFlags/ s/^VmFlags: //p" "/proc/${PID[$1]}/smaps" | grep -qw mg
}
# a and e, 64 pages each, share ksmd's pages; a's are write-protected by userfaultfd.
share_and_protect() {
	local name
	for name in a e; do
		hold "$name" 64 seq 1000
		ask "$name" madvise r 0 64 MERGEABLE
	done
	ksmd_on 0 10000
	wait_for_ksmd a 64
	echo 0 >/sys/kernel/mm/ksm/run
	ask a uffd-wp r 0 64
}

# Areas that are not merged by us were not looked at again after the assignment.
@test "regress: a private mapping of a file is taken from ksmd in every pass" {
	local name
	for name in a c; do KIND="file" hold "$name" 64 seq 1000; done
	group one a
	group two c
	# or the scanners would take the areas before a slow ksmd is there
	gd pause --all
	ksmd_on 0 10000
	for name in a c; do ask "$name" madvise r 0 64 MERGEABLE; done
	wait_for_ksmd a 64
	assert_eq "$(pfns a)" "$(pfns c)" "PFNs of a and c, which ksmd has merged"
	gd resume --all
	settle one 1
	settle two 1
	for name in a c; do
		! is_mergeable "$name" || fail "region of member $name is still mergeable for ksmd"
		assert_eq "$(kind_count ksm "$name")" 0 "ksm pages of $name"
	done
	sleep 2
	assert_eq "$(kind_count anon a) $(kind_count anon c)" "64 64" "private pages of a and c"
	assert_right a c
}

# 6.1's MADV_UNMERGEABLE leaves such pages in place, and says that all went well.
@test "regress: ksmd's pages do not stay behind userfaultfd's write protection" {
	share_and_protect
	group one a
	assert_eq "$(kind_count ksm a)" 0 "ksm pages of a when assign has returned"
	assert_apart a -- e
	assert_eq "$(kind_count anon a)" 64 "private pages of a"
	assert_right a e
	ask a uffd-off
	ask a fill r 0 64 seq 5
	assert_right a e
}

# In 6.1's way of hiding them: while it is no member, the area stops being mergeable.
@test "regress: nor do they stay in an area that is not mergeable any more" {
	share_and_protect
	ask a madvise r 0 64 UNMERGEABLE
	ask a uffd-off
	group one a
	assert_eq "$(kind_count ksm a)" 0 "ksm pages of a when assign has returned"
	assert_apart a -- e
	assert_right a e
}
