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
