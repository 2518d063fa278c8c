#!/usr/bin/env bats
# The scanner visits as many pages per second as its rate says.

load helpers

# sample: set $pages and $ms, when that was; taken again when the machine was too busy to say
sample() {
	local before after dump try
	for ((try = 0; try < 50; try++)); do
		before=$((${EPOCHREALTIME/./} / 1000))
		dump=$(gd dump --header)
		after=$((${EPOCHREALTIME/./} / 1000))
		((after - before > 120 * SLOW)) || break
	done
	((try < 50)) || fail "no quick answer from the tool in 50 tries"
	pages=$(pick_from_dump group 2 g pages_scanned <<<"$dump")
	ms=$(((before + after) / 2))
}

# measure RATE SECONDS: set it, let it run in, measure
measure() {
	local pages ms pages0 ms0 rate
	gd set-group g --rate "$1"
	sleep 1
	sample
	pages0=$pages ms0=$ms
	sleep $(($2 * SLOW))
	sample
	rate=$(((pages - pages0) * 1000 / (ms - ms0)))
	echo "rate $1: $rate pages/s"
	assert_range "$rate" $(($1 * 9 / 10)) $(($1 * 11 / 10)) "pages/s at rate $1 over $(($2 * SLOW)) s"
}

# Enough resident memory that a pass takes a while.
work() {
	KIND=huge hold a 4096 unique
	KIND=huge hold b 4096 mix 10 40 1000
	group g a b
	settle g 3
}

@test "rate: 1000, 20000 and 50000 pages per second within a tenth" {
	work
	measure 1000 6
	# less where the machine is slow or busy
	measure $((20000 / PATIENCE)) 4
	measure $((50000 / PATIENCE)) 4
	measure $((20000 / PATIENCE)) 4
	assert_right a b
}

@test "rate: 0 stops within 100 ms, and no pass goes on" {
	local before
	work
	gd set-group g --rate 50000
	sleep 1
	before=$(counter g pages_scanned)
	sleep 0.3
	assert_range "$(counter g pages_scanned)" $((before + 1)) $((before + 1000000)) "pages_scanned while it runs"
	gd set-group g --rate 0
	sleep "0.$SLOW"
	before=$(counter g pages_scanned)
	sleep 1.5
	assert_eq "$(counter g pages_scanned)" "$before" "pages_scanned of a paused group"
}

@test "rate: a paused group still does the pass it is asked for, whole" {
	local before
	hold a 2000 unique
	group g a
	settle g 1
	before=$(counter g pages_scanned)
	settle g 1
	assert_range $(($(counter g pages_scanned) - before)) 2000 2600 "pages visited by one pass over 2000 and some"
	before=$(counter g pages_scanned)
	sleep 0.5
	assert_eq "$(counter g pages_scanned)" "$before" "pages_scanned after the pass"
}

@test "rate: a pass that is asked for does not wait for a slow rate" {
	local start
	hold a 4096 unique
	RATE=100 group g a
	start=$SECONDS
	settle g 1
	assert_range $((SECONDS - start)) 0 $((11 + 4 * SLOW)) "seconds for a pass that takes 40 at the group's rate"
}

@test "rate: groups do not disturb each other" {
	hold a 2048 unique
	hold b 2048 unique
	group g a
	RATE=$((20000 / PATIENCE)) group other b # as above
	measure 2000 4
}
