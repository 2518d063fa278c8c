#!/usr/bin/env bats
# Groups and members: what is accepted, what is refused, and that a refusal changes nothing.

load helpers

# In each of these tests everything before "before=" is accepted, everything after it refused.
assert_unchanged() { assert_eq "$(state)" "$before" "state after all the refusals"; }

raw() { gd-rawnl "$@"; }
LONGEST=$(printf '%063d' 0)

# Programs that a user without rights can reach, wherever the clone is.
public_bin() {
	mkdir -p /tmp/gd-bin
	chmod 755 /tmp/gd-bin
	cp "$(command -v grpdedup)" "$(command -v gd-rawnl)" /tmp/gd-bin/
}

@test "group: what was given is what is shown" {
	gd add-group alpha --rate 4000 --split-min 7 --max-frames 99
	assert_eq "$(counter alpha rate)" 4000 rate
	assert_eq "$(counter alpha split_min)" 7 split_min
	assert_eq "$(counter alpha frames_max)" 99 frames_max
	assert_eq "$(counter alpha member_count)" 0 members
	gd set-group alpha --rate 5000
	assert_eq "$(counter alpha rate)" 5000 "rate after set-group"
	assert_eq "$(counter alpha split_min)" 7 "split_min after set-group of the rate"
	assert_eq "$(counter alpha frames_max)" 99 "frames_max after set-group of the rate"
	gd set-group alpha --split-min 512 --max-frames 0
	assert_eq "$(counter alpha rate)" 5000 "rate after set-group of the others"
	assert_eq "$(counter alpha split_min)" 512 split_min
	gd del-group alpha
	assert_eq "$(gd list groups)" "" "groups after del-group"
}

@test "group: JSON and dump say the same" {
	hold a 64 same 1
	group g a
	gd add-group h --rate 12
	settle g
	assert_eq "$(gd show --json | jq -r '.groups[] | [.group_name, .rate, .pages_sharing, .metadata_bytes] | @tsv')" \
		"$(printf '%s\t%s\t%s\t%s\n' g 0 "$(counter g pages_sharing)" "$(counter g metadata_bytes)" \
			h 12 0 "$(counter h metadata_bytes)")" "groups in JSON, and in dump"
	assert_eq "$(gd show g --json | jq -c '.groups[].members[] | [.pid, .comm, .pages_shared]')" \
		"[${PID[a]},\"gd-hold\",$(member a pages_shared)]" "members in JSON, and in dump"
	assert_range "$(member a pages_shared)" 64 80 "pages_shared of a"
}

@test "group: names with any printable character but '/' and blanks" {
	local name
	for name in x "$LONGEST" '!"#$%&()*+,-.' ':;<=>?@[]^_`{|' '..' '%s%n}~'; do
		gd add-group "$name" --rate 0
		assert_eq "$(gd list groups)" "$name" "the group's name"
		gd del-group "$name"
	done
}

@test "group: bad names are refused" {
	local name before
	gd add-group taken --rate 5
	before=$(state)
	for name in "${LONGEST}1" a/b / 'a b' ' a' $'a\tb' $'a\nb' $'a\x7f' $'a\x01' é; do
		refused 2 . gd add-group "$name" --rate 1
	done
	refused 1 . gd add-group "" --rate 1
	refused 2 'refused E[A-Z]+ [a-zA-Z]' raw group-add name=s: rate=u32:1
	refused 2 . gd add-group taken --rate 6
	assert_unchanged
}

@test "group: numbers out of range are refused" {
	local before
	gd add-group g --rate 5
	before=$(state)
	refused 2 . gd add-group h --rate 1000000001
	refused 2 . gd set-group g --rate 1000000001
	refused 2 . gd set-group g --rate 4294967295
	refused 1 . gd set-group g --rate -1
	refused 1 . gd set-group g --rate 4294967296
	refused 2 . gd set-group g --rate 5 --split-min 0
	refused 2 . gd set-group g --rate 5 --split-min 513
	refused 2 . gd add-group h --rate 5 --split-min 0
	assert_unchanged
	gd set-group g --rate 1000000000
	gd set-group g --rate 0
}

@test "group: an unknown group is said to be unknown" {
	hold a 16 seq 1
	local before=
	refused 4 . gd set-group nobody --rate 1
	refused 4 . gd del-group nobody
	refused 4 . gd del-group nobody --unshare
	refused 4 . gd assign nobody "${PID[a]}"
	refused 4 . gd move nobody "${PID[a]}"
	refused 4 . gd scan nobody
	refused 4 . gd scan nobody --wait
	refused 4 . gd show nobody
	assert_unchanged
}

@test "group: processes that do not exist, or have no memory, are refused" {
	local tid zombie before
	gd add-group g --rate 0
	before=$(state)
	refused 4 . gd assign g 4194303
	refused 4 . gd unassign 4194303
	refused 2 . gd assign g 2
	tid=$(counter g tid)
	refused 2 . gd assign g "$tid"
	refused 1 . gd assign g 0
	refused 1 . gd assign g -1
	spawn a
	zombie=$(ask a zombie)
	refused '[24]' . gd assign g "$zombie"
	refused 4 . gd unassign "${PID[a]}"
	assert_unchanged
}

@test "group: a process is in one group, once" {
	local thread sharer before
	hold a 16 seq 1
	group g a
	gd add-group h --rate 0
	before=$(state)
	refused 2 . gd assign g "${PID[a]}"
	refused 2 . gd assign h "${PID[a]}"
	# a thread, or a process with the same memory, is no other member
	thread=$(ask a thread)
	sharer=$(ask a sharer)
	refused 2 . gd assign h "$thread"
	refused 2 . gd assign h "$sharer"
	refused 2 . gd assign g "$sharer"
	assert_unchanged
	gd move h "${PID[a]}"
	assert_eq "$(counter h member_count) $(counter g member_count)" "1 0" "members of h and g"
	gd unassign "${PID[a]}"
	assert_eq "$(members)" "" "members after unassign"
	assert_right a
}

@test "group: of many processes the good ones are assigned, the bad ones named" {
	local status=0 out
	hold a 16 seq 1
	hold b 16 seq 1
	gd add-group g --rate 0
	out=$(gd assign g "${PID[a]}" 4194303 "${PID[b]}" 2>&1) || status=$?
	assert_eq "$status" 4 "exit status ($out)"
	[[ $out == *4194303* ]] || fail "it does not name the bad one: $out"
	assert_eq "$(counter g member_count)" 2 members
}

@test "group: a process named by a pidfd" {
	hold a 16 seq 1
	gd add-group g --rate 0
	raw member-add name=s:g "pidfd=pidfd:${PID[a]}"
	assert_eq "$(members)" "${PID[a]} " members
	wait_for 20 at_rest || fail "it does not join: $(gd show)"
	refused 2 'refused E[A-Z]+ [a-zA-Z]' raw member-add name=s:g "pidfd=pidfd:${PID[a]}"
	refused 2 'refused E[A-Z]+ [a-zA-Z]' raw member-del pidfd=u32:1
	refused 2 'refused E[A-Z]+ [a-zA-Z]' raw member-del pidfd=u32:987654
	refused 2 'refused E[A-Z]+ [a-zA-Z]' raw member-del "pidfd=pidfd:${PID[a]}" "pid=u32:${PID[a]}"
	raw member-del "pidfd=pidfd:${PID[a]}"
	wait_for 20 members_are "" || fail "members: $(members)"
}

@test "group: malformed requests are refused with a sentence" {
	hold a 16 seq 1
	gd add-group g --rate 7
	local r='refused E[A-Z]+ [a-zA-Z]' pid=pid=u32:${PID[a]} before
	before=$(state)
	refused 2 "$r" raw group-add
	refused 2 "$r" raw group-add name=s:x
	refused 2 "$r" raw group-add rate=u32:1
	refused 2 "$r" raw group-add name=n:x rate=u32:1
	refused 2 "$r" raw group-add name=s:x rate=u16:1
	refused 2 "$r" raw group-add name=s:x rate=u64:1
	refused 2 "$r" raw group-add name=s:x rate=flag
	refused 2 "$r" raw group-add name=s:x rate=u32:1 99=u32:1
	refused 2 "$r" raw group-add name=s:x rate=u32:1 0=u32:1
	refused 2 "$r" raw group-add name=s:x rate=u32:1 frames-max=u32:1
	refused 2 "$r" raw group-add name=s:x rate=u32:1 "$pid"
	refused 2 "$r" raw --overlong group-add name=s:x rate=u32:1
	refused 2 "$r" raw group-set name=s:g
	refused 2 "$r" raw group-set rate=u32:1
	refused 2 "$r" raw group-del
	refused 2 "$r" raw group-del name=s:g unshare=u32:1
	refused 2 "$r" raw member-add name=s:g
	refused 2 "$r" raw member-add "$pid"
	refused 2 "$r" raw member-add name=s:g pid=u32:4294967295
	refused 2 "$r" raw member-add name=s:g "$pid" "pidfd=pidfd:${PID[a]}"
	refused 2 "$r" raw member-add name=s:g "$pid" keep=flag
	refused 2 "$r" raw member-del
	refused 2 "$r" raw member-del name=s:g
	refused 2 "$r" raw member-del "$pid" unshare=flag
	refused 2 "$r" raw scan
	refused 2 "$r" raw request
	refused 2 "$r" raw request request=u32:1
	refused 2 "$r" raw request request=u64:1 name=s:g
	refused 2 'refused ENOENT [a-zA-Z]' raw request request=u64:0
	refused 2 'refused ENOENT [a-zA-Z]' raw request request=u64:18446744073709551615
	refused 2 "$r" raw pause rate=u32:1
	refused 2 "$r" raw pause name=s:nobody
	refused 2 "$r" raw resume name=s:nobody
	refused 2 "$r" raw group-get
	refused 2 refused raw member-get name=s:g
	refused 2 refused raw reclaim name=s:g
	refused 2 refused raw 0
	refused 2 refused raw 77
	assert_unchanged
	# the same, well-formed: the refusals above had their reason
	raw group-add name=s:x rate=u32:1 frames-max=u64:1
	raw member-add name=s:x "$pid"
	raw group-del name=s:x unshare=flag force=flag
	wait_for 20 groups_are g || fail "group x is still there: $(gd show)"
	raw pause name=s:g
	raw resume name=s:g
	raw pause
	raw resume
}

@test "group: callers without the capability are refused" {
	hold a 16 seq 1
	group g a
	public_bin
	local nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
	local limited="setpriv --bounding-set -sys_admin --inh-caps -sys_admin"
	local as verb before
	before=$(state)
	for as in "$nobody" "$limited" "unshare -U --map-root-user"; do
		for verb in "add-group x --rate 1" "set-group g --rate 1" "del-group g" "scan g" \
			"unassign ${PID[a]}" "move g ${PID[a]}" "pause g" "resume --all" "show" "show g" "dump" "list pids" "monitor"; do
			# shellcheck disable=SC2086 # both are several words
			refused 2 . $as /tmp/gd-bin/grpdedup $verb
		done
	done
	# in another pid namespace, process ids mean other processes; its first one is the tool itself
	for verb in "add-group x --rate 1" "set-group g --rate 1" "del-group g" "scan g" "unassign 1" "move g 1" \
		"pause g" "resume --all" "show" "show g" "dump" "list pids" "monitor"; do
		# shellcheck disable=SC2086 # several words
		refused 2 'pid namespace' unshare -p -f /tmp/gd-bin/grpdedup $verb
	done
	# another network namespace does not even know the family
	refused 3 . unshare -n /tmp/gd-bin/grpdedup del-group g
	refused 3 . unshare -n /tmp/gd-bin/gd-rawnl group-del name=s:g
	refused 3 . unshare -U --map-root-user -n /tmp/gd-bin/gd-rawnl group-del name=s:g
	assert_unchanged
	# the same callers with the right are served: it was the capability
	setpriv --bounding-set -sys_ptrace /tmp/gd-bin/grpdedup set-group g --rate 3
	assert_eq "$(counter g rate)" 3 rate
}

# number_of TEXT: of the accepted request that the tool prints
number_of() { sed -nE 's/.*: request ([0-9]+) accepted: .*/\1/p' <<<"$1"; }
has_ended() { raw request "request=u64:$1" >/dev/null && at_rest; }

@test "group: a request that nobody waits for is accepted, and ends" {
	local out number
	hold a 256 seq 1
	gd add-group g --rate 0
	gd add-group h --rate 0
	out=$(gd assign g "${PID[a]}" --no-wait)
	[[ $out == "pid ${PID[a]}: request "[1-9]*" accepted: join g" ]] || fail "assign says: $out"
	number=$(number_of "$out")
	wait_for 20 has_ended "$number" || fail "request $number: $(gd show)"
	assert_eq "$(member a state) $(counter g member_count)" "member 1" "state of a, and members"
	out=$(gd move h "${PID[a]}" --no-wait --force)
	(($(number_of "$out") > number)) || fail "after request $number, move says: $out"
	wait_for 20 at_rest
	out=$(gd unassign "${PID[a]}" --no-wait)
	[[ $out == "pid ${PID[a]}: request "*" accepted: leave h" ]] || fail "unassign says: $out"
	wait_for 20 members_are "" || fail "members: $(members)"
	out=$(gd del-group h --no-wait)
	[[ $out == "group h: request "*" accepted: delete" ]] || fail "del-group says: $out"
	wait_for 20 groups_are g || fail "groups: $(gd list groups)"
	assert_right a
}

@test "group: requests of one command are reported in the order of its arguments" {
	local out status=0
	hold a 256 seq 1
	hold b 2048 seq 1
	hold c 16 seq 1
	gd add-group g --rate 0
	out=$(gd assign g "${PID[b]}" 4194303 "${PID[a]}" "${PID[c]}" 2>&1) || status=$?
	assert_eq "$status" 4 "exit status"
	assert_eq "$(cut -d : -f 1 <<<"$out")" "pid ${PID[b]} (gd-hold)
grpdedup
pid ${PID[a]} (gd-hold)
pid ${PID[c]} (gd-hold)" "what it reports: $out"
	assert_eq "$(counter g member_count)" 3 members
	settle g
	out=$(gd unassign "${PID[c]}" "${PID[b]}" "${PID[a]}")
	assert_eq "$(sed -E 's/[0-9]+ pages unshared \(.*\)/N pages unshared/' <<<"$out")" \
		"pid ${PID[c]}: N pages unshared, left g
pid ${PID[b]}: N pages unshared, left g
pid ${PID[a]}: N pages unshared, left g" "what it reports"
	[[ $out =~ "pid ${PID[b]}: "[1-9] ]] || fail "nothing was unshared: $out"
	assert_right a b c
}

passes_stay() {
	local passes
	passes=$(counter "$1" full_scans)
	sleep $((2 * SLOW))
	[[ $(counter "$1" full_scans) == "$passes" ]]
}

@test "group: pause stops scanning at any rate, resume continues" {
	local name passes
	hold a 256 seq 1
	hold b 256 seq 1
	hold c 256 seq 1
	RATE=1000000 group g a b
	RATE=1000000 group h c
	gd pause g
	sleep 1
	passes_stay g || fail "the paused group is scanned"
	wait_for 20 passes_beyond h "$(counter h full_scans)" || fail "the other group is not scanned"
	assert_eq "$(counter g rate) $(counter g paused) $(counter h paused)" "1000000 request no" "rate and paused"
	gd show g | grep -qx 'g: paused by request' || fail "show does not say it: $(gd show g)"
	gd set-group g --rate 500000
	passes_stay g || fail "a change of the rate has resumed it"
	gd unassign "${PID[b]}"
	gd assign g "${PID[b]}"
	passes=$(counter g full_scans)
	gd resume g
	wait_for 20 passes_beyond g "$passes" || fail "it is not scanned any more"
	assert_eq "$(counter g rate) $(counter g paused)" "500000 no" "rate and paused"
	gd pause --all
	gd add-group later --rate 1000000
	for name in g h later; do assert_eq "$(counter "$name" paused)" request "paused of $name"; done
	gd resume --all
	for name in g h later; do assert_eq "$(counter "$name" paused)" no "paused of $name"; done
	refused 4 . gd pause nobody
	refused 4 . gd resume nobody
	assert_right a b c
}

@test "group: a module of another release is named on stderr, and used" {
	local err=$BATS_TEST_TMPDIR/err out
	gd add-group g --rate 0
	gd list groups 2>"$err"
	assert_eq "$(cat "$err")" "" "what it says of a module of its own release"
	echo 0.0.9 >"$BATS_TEST_TMPDIR/version"
	mount --bind "$BATS_TEST_TMPDIR/version" /sys/module/grpdedup/version
	out=$(gd list groups 2>"$err") || true
	umount /sys/module/grpdedup/version
	assert_eq "$out" g "groups"
	[[ $(<"$err") == "grpdedup: the module is of release 0.0.9, this program of "* ]] || fail "it says: $(cat "$err")"
}

@test "group: the scanner's thread has the group's name and goes with the group" {
	local name tid comm
	for name in a tenant-a 123456789012345; do
		gd add-group "$name" --rate 0
		tid=$(counter "$name" tid)
		comm=$(<"/proc/$tid/comm")
		# a kernel thread's name has no end at 15 everywhere
		[[ grpdedup/$name == "$comm" || ($comm == "${comm:0:15}" && grpdedup/$name == "$comm"*) ]] ||
			fail "thread $tid of group $name is called '$comm'"
		gd del-group "$name"
		wait_for 5 gone "$tid" || fail "thread $tid of group $name lives on"
	done
}

@test "group: ids are not used twice" {
	local first second
	gd add-group g --rate 0
	first=$(counter g group_id)
	gd del-group g
	gd add-group g --rate 0
	second=$(counter g group_id)
	((second > first)) || fail "id $first, then $second"
}

@test "group: a thousand groups come and go while others are scanned" {
	local start
	hold a 256 mix 25 25 100
	hold b 256 mix 25 25 100
	RATE=1000000 group load a b
	raw --repeat 1000 group-add name=s:many-%d rate=u32:1000
	assert_eq "$(gd list groups | wc -l)" 1001 groups
	assert_eq "$(gd list groups | sort -u | grep -c '^many-')" 1000 "different names"
	assert_eq "$(gd show --json | jq '[.groups[].tid] | unique | length')" 1001 "different threads"
	assert_eq "$(scanners)" 1001 "scanner threads"
	start=$(counter load full_scans)
	wait_for 20 passes_beyond load "$start" || fail "group load is scanned no more"
	assert_right a b
	raw --repeat 1000 group-del name=s:many-%d
	wait_for 60 groups_are load || fail "groups: $(gd list groups | wc -l)"
	assert_eq "$(scanners)" 1 "scanner threads"
	settle load
	assert_shared a b 1 1
	assert_right a b
}

passes_beyond() { (($(counter "$1" full_scans) > $2)); }
