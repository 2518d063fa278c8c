#!/usr/bin/env bats
# Pages that must not be merged. RULES.md says which test guards which rule.

load helpers

@test "rules: a page to which somebody holds a reference is not merged" {
	hold a 64 seq 10
	hold b 64 seq 10
	group g a b
	pin a 8 8
	settle g
	assert_eq "$(kind_count anon a 8 8)" 8 "private pages among those that are pinned"
	assert_shared a b 0 8
	assert_shared a b 16 48
	assert_range "$(member a skip_busy)" 8 1000 skip_busy
	assert_right a b
	ask a unpin
	# after several failures a page is tried in every other pass
	settle g 6
	assert_shared a b
	assert_right a b
}

@test "rules: one reference holds all of a large page that is mapped in small ones" {
	KIND=huge hold a 512 seq 10
	hold b 512 seq 10
	# the change of a part maps it in small pages, and leaves it one large page
	ask a mprotect r 0 1 r
	ask a mprotect r 0 1 rw
	pin a 300 1
	group g a b
	settle g
	assert_eq "$(kind_count frame a)" 0 "frames in a large page with a reference"
	assert_right a b
	ask a unpin
	settle g 6
	assert_shared a b
	assert_right a b
}

@test "rules: areas whose owner manages their pages are not merged" {
	hold a 64 seq 10
	hold b 64 seq 10
	ask a uffd-wp r 0 16
	ask a madvise r 16 16 WIPEONFORK
	group g a b
	settle g
	assert_eq "$(kind_count frame a 0 32)" 0 "frames in areas with userfaultfd or wipe-on-fork"
	assert_shared a b 32 32
	assert_right a b
}

@test "rules: pages written since clear_refs are left alone: an incremental dump would miss them" {
	local name
	hold a 64 seq 10
	hold b 64 seq 10
	for name in a b; do
		echo 4 >"/proc/${PID[$name]}/clear_refs"
		ask "$name" fill r 0 16 seq 500
	done
	group g a b
	settle g
	assert_eq "$(kind_count frame a 0 16) $(kind_count frame b 0 16)" "0 0" "frames among pages that are tracked as written"
	assert_shared a b 16 48
	assert_right a b
	for name in a b; do echo 4 >"/proc/${PID[$name]}/clear_refs"; done
	settle g 6
	assert_shared a b
	assert_right a b
}

@test "rules: nothing more is merged into a frame whose memory has failed" {
	local pfn
	hold a 1 seq 10
	hold b 1 seq 10
	hold c 1 seq 10
	hold d 1 seq 10
	group g a b
	settle g
	assert_shared a b
	pfn=$(pfns a)
	modprobe hwpoison-inject
	# it says that it cannot recover such a page
	echo $((pfn)) 2>/dev/null >/sys/kernel/debug/hwpoison/corrupt-pfn || true
	gd assign g "${PID[c]}" "${PID[d]}"
	settle g
	assert_shared c d
	[[ $(pfns c) != "$pfn" ]] || fail "c maps the frame that has failed, $pfn"
	assert_right a b c d
}

@test "rules: no write is lost when reclaim comes upon pages that are being merged" {
	local stale tid state never next cg=/sys/fs/cgroup/gd-stale
	hold b 64 seq 1000
	swap_on 64M
	make_cgroups $cg
	# give it a CPU of its own: another process there would flush its TLB entries
	taskset -pc 0 $$
	echo $$ >$cg/cgroup.procs
	gd-stale 1 64 1000 $((12 * SLOW)) >"$BATS_TEST_TMPDIR/stale" 2>&1 3>&- &
	stale=$!
	echo "$stale" >>"$PIDS"
	wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/stale"
	echo $$ >/sys/fs/cgroup/cgroup.procs
	gd add-group g --rate 1000000
	tid=$(counter g tid)
	taskset -pc 0 "$tid"
	gd assign g "${PID[b]}" "$stale"
	exec {never}<> <(:)
	next=$SECONDS
	until gone "$stale"; do
		# the mutant r01 waits between park and zap: at this moment
		read -r _ _ state _ <"/proc/$tid/stat"
		if [[ $state == D ]] || ((SECONDS > next)); then
			reclaim $cg 128K
			next=$SECONDS
		fi
		read -rt 0.02 -u "$never" || true
	done
	wait "$stale" || fail "$(<"$BATS_TEST_TMPDIR/stale")"
	assert_range "$(counter g merges)" 500 100000000 "merges: the test means nothing without"
	assert_range "$(swapped_out)" 100 100000000 "pages swapped out: the test means nothing without"
	remove_cgroup $cg
	assert_right b
}

# What docs/limits.md says of RSS and Mapped.
@test "rules: merged memory goes from RssAnon to RssFile, and back" {
	local anon file mapped
	hold a 4096 seq 10
	hold b 4096 seq 10
	anon=$(rss_kb "${PID[a]}" RssAnon)
	file=$(rss_kb "${PID[a]}" RssFile)
	mapped=$(mem_kb Mapped)
	group g a b
	settle g
	assert_shared a b
	assert_range $((anon - $(rss_kb "${PID[a]}" RssAnon))) 15600 17200 "KiB that RssAnon has lost"
	assert_range $(($(rss_kb "${PID[a]}" RssFile) - file)) 15600 17200 "KiB that RssFile has won"
	assert_range $(($(mem_kb Mapped) - mapped)) 15600 17200 "KiB that Mapped has won: a frame counts once"
	gd unassign "${PID[a]}" "${PID[b]}"
	assert_range $((anon - $(rss_kb "${PID[a]}" RssAnon))) -800 800 "KiB of RssAnon that are missing after it"
	assert_range $(($(rss_kb "${PID[a]}" RssFile) - file)) -800 800 "KiB of RssFile that are left after it"
	assert_range $(($(mem_kb Mapped) - mapped)) -800 800 "KiB of Mapped that are left after it"
	assert_right a b
}
