#!/usr/bin/env bats
# Frames that are no longer mapped.

load ../helpers

# The group g of a and b, 2048 equal pages each, shared and paused, in a memory cgroup.
tenants() {
	hold_in_cgroup 2048 "seq 1000" a b
	group g a b
	settle g
	assert_shared a b
}

nobody_is_member() { [[ -z $(members) ]]; }
charged_at_most() { (($(charged) <= $1)); }

# They were not freed until the group had members again, because only a pass checked them.
@test "regress: frames that only a stranger has are freed with him, in a group without members" {
	tenants
	fork_of a c
	ask a exit
	ask b exit
	wait_for 10 gone "${PID[a]}"
	wait_for 10 gone "${PID[b]}"
	wait_for 10 nobody_is_member || fail "members: $(members)"
	sleep 2
	assert_range "$(kind_count frame c)" 2048 2048 "frames of c"
	assert_range "$(charged)" 2048 4000 "pages charged while c has them"
	assert_right c
	ask c exit
	wait_for 10 gone "${PID[c]}"
	wait_for 5 charged_at_most 500 || fail "$(charged) pages are charged, and nobody is there"
	remove_cgroup "$CG"
}

# They stayed until each of the pages was visited: more memory than without us, and a full cgroup.
@test "regress: frames that all members have written to are freed, in a paused group" {
	tenants
	ask a fill r 0 2048 seq 5000
	ask b fill r 0 1024 seq 9000
	assert_eq "$(kind_count frame b)" 1024 "frames of b"
	wait_for 5 charged_at_most 4600 || fail "$(charged) pages are charged for 3072 and 1024 frames"
	assert_right a b
	ask b fill r 1024 1024 seq 10024
	wait_for 5 charged_at_most 4600 || fail "$(charged) pages are charged for 4096"
	assert_right a b
	# the books are right, and merging goes on
	ask a fill r 0 2048 seq 1000
	ask b fill r 0 2048 seq 1000
	settle g
	assert_shared a b
	assert_right a b
	assert_range "$(counter g pages_shared)" 2048 2080 pages_shared
	assert_range "$(counter g pages_sharing)" 2048 2080 pages_sharing
	ask a exit
	ask b exit
	wait_for 10 gone "${PID[b]}"
	wait_for 5 charged_at_most 500 || fail "$(charged) pages are charged, and nobody is there"
	remove_cgroup "$CG"
}
