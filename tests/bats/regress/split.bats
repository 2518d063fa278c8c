#!/usr/bin/env bats
# Huge pages that cannot be split.

load ../helpers

# The state of its pages was dropped, so each pass started from scratch.
@test "regress: a huge page that is pinned stays known, and is merged when it can be" {
	KIND=huge hold a 512 seq 900
	hold b 512 seq 900
	group g a b
	pin a 3 1
	settle g 2
	assert_eq "$(kind_count thp a)" 512 "pages of a in a huge page"
	assert_range "$(member a pages_unshared)" 512 100000 "pages_unshared of a: known, and not merged"
	assert_range "$(member a skip_thp)" 512 100000 "skip_thp of a"
	assert_right a b
	ask a unpin
	settle g
	assert_shared a b
	assert_right a b
}
