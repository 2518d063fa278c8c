#!/usr/bin/env bats
# The wire, by many messages: right ones, and broken ones that must change nothing. A short run of what
# "make fuzz-netlink" does for as long as one likes; the same messages each time.

load helpers

@test "netlink: messages of all kinds are answered as they must be, and change no more than they should" {
	local out
	# the patience is for one request
	out=$(gd-nlfuzz --messages 10000 --seed 1 --patience $((10 * SLOW)) 2>&1) || fail "gd-nlfuzz:" "$out"
	echo "$out"
	[[ ${out##*$'\n'} =~ ^fuzz:\ seed\ 1,\ 1[0-9]+\ messages,\ [0-9]{4}\ accepted,\ [0-9]{4}\ refused: ]] ||
		fail "too little was accepted or refused:" "$out"
	assert_eq "$(gd list groups)" "" "groups that are left"
	# nothing holds the module: no socket, no process, no scanner
	rmmod grpdedup
	assert_eq "$(scanners)" 0 "scanner threads"
	load_module
}

@test "netlink: the newest requests can be asked for, the oldest are forgotten" {
	local number
	gd add-group first --rate 0
	number=$(gd del-group first --no-wait | sed -nE 's/.*: request ([0-9]+) accepted: .*/\1/p')
	wait_for 20 groups_are "" || fail "groups: $(gd list groups)"
	gd-rawnl request "request=u64:$number"
	# GRPDEDUP_REQUESTS_KEPT is 1024
	gd-rawnl --repeat 1100 group-add name=s:x%d rate=u32:0
	gd-rawnl --repeat 1100 group-del name=s:x%d
	wait_for 60 groups_are "" || fail "groups: $(gd list groups | wc -l)"
	refused 2 'refused ENOENT [a-zA-Z]' gd-rawnl request "request=u64:$number"
	gd-rawnl request "request=u64:$((number + 1100))"
	refused 2 'refused ENOENT [a-zA-Z]' gd-rawnl request "request=u64:$((number + 1101))"
}
