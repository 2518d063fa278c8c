# SPDX-License-Identifier: GPL-2.0
# The holds of tests/bench/holds/run, sorted by time, to its tables and its verdict.
function wrong(text) {
	verdict = verdict "holds: NOT RIGHT: " text "\n"
}

# The time that a part of the holds does not exceed, us
function percentile(who, op, lock, part,	i, sum, all) {
	all = holds[who, op, lock]
	for (i = 1; i <= kinds[who, op, lock]; i++) {
		sum += count[who, op, lock, i]
		if (sum >= all * part)
			break
	}
	return us[who, op, lock, i]
}

# A part of the holds takes at most twice as long at the large size, and slack us.
function judge_time(op, lock, part, slack,	before, after) {
	before = percentile("small", op, lock, part)
	after = percentile("large", op, lock, part)
	if (after > 2 * before + slack)
		wrong(sprintf("%s, %s: %d %% take up to %d us at the small size, %d us at the large one", op, lock, part * 100, before, after))
}

function row(op, lock,	w, who, line) {
	if (!holds["small", op, lock])
		return
	for (w = 1; w <= 2; w++) {
		who = w == 1 ? "small" : "large"
		line = line sprintf(" %8d %7d %7d %7d %7d", holds[who, op, lock], percentile(who, op, lock, 0.5),
			percentile(who, op, lock, 0.9), percentile(who, op, lock, 0.99), percentile(who, op, lock, 1))
	}
	printf "%-8s %-5s%s\n", op, lock, line
	if (holds["small", op, lock] < 100)
		return
	judge_time(op, lock, 0.5, 0)
	judge_time(op, lock, 0.9, 0)
	judge_time(op, lock, 0.99, 8000)
}

# Holds by powers of two of their time, in percent
function histogram(who, op, lock,	i, b, part, line) {
	for (i = 1; i <= kinds[who, op, lock]; i++) {
		for (b = 0; 2 ^ (b + 1) <= us[who, op, lock, i]; b++)
			;
		part[b] += 100 * count[who, op, lock, i] / holds[who, op, lock]
	}
	for (b = 2; b <= 15; b++)
		line = line (b in part ? sprintf(" %5.1f", part[b]) : "     .")
	printf "%-8s %-5s %-5s%s\n", op, lock, who, line
}

function histograms(op, lock) {
	if (holds["small", op, lock] < 100)
		return
	histogram("small", op, lock)
	histogram("large", op, lock)
}

# What an operation has to go over, under holds of a bounded size
function judge_count(who, op, lock, need) {
	if (holds[who, op, lock] < need)
		wrong(sprintf("%s, %s, %s: %d holds, %d are needed", who, op, lock, holds[who, op, lock], need))
}

# The operation walks over the memory so many times, and merges or unshares it so many times.
function judge(op, walks, changes,	who) {
	printf " %s %d entries, %d pages;", op, most[op, "read"], most[op, "write"]
	judge_most(op, "read", 2048)
	judge_most(op, "write", 64)
	if (!most[op, "read"] || (changes && !most[op, "write"]))
		wrong(op ": nothing was counted")
	for (who in pages) {
		judge_count(who, op, "read", walks * pages[who] / 2048)
		# ksmd may be a little behind
		judge_count(who, op, "write", changes * pages[who] * 0.98 / 64)
	}
}

function judge_most(op, lock, max) {
	if (most[op, lock] > max)
		wrong(sprintf("%s, %s: a hold for %d, %d is the limit", op, lock, most[op, lock], max))
}

$1 == "size" {
	pages[$2] = $3
}

$1 == "hold" {
	kinds[$2, $3, $4]++
	us[$2, $3, $4, kinds[$2, $3, $4]] = $5
	count[$2, $3, $4, kinds[$2, $3, $4]] = $6
	holds[$2, $3, $4] += $6
}

$1 == "most" {
	most[$3, $4] = $5
}

END {
	n = split("assign leave take scan offer unshare", ops, " ")
	split("1 1 1 4 1 1", walks, " ")
	split("0 0 1 1 0 1", changes, " ")
	printf "%-14s %40s %40s\n", "", pages["small"] / 256 " MiB: holds, us", pages["large"] / 256 " MiB: holds, us"
	for (w = 1; w <= 2; w++)
		titles = titles sprintf(" %8s %7s %7s %7s %7s", "number", "median", "90 %", "99 %", "max")
	printf "%-14s%s\n", "", titles
	for (i = 1; i <= n; i++) {
		row(ops[i], "read")
		row(ops[i], "write")
	}
	printf "\nholds by their time, %%: from 4 us up to twice that, from 8 us, ... from 32 ms\n"
	for (i = 1; i <= n; i++) {
		histograms(ops[i], "read")
		histograms(ops[i], "write")
	}
	printf "\nthe most for one hold, %d MiB:", pages["counted"] / 256
	for (i = 1; i <= n; i++)
		judge(ops[i], walks[i], changes[i])
	printf "\n\n%s", verdict ? verdict : "holds: as they should be\n"
	exit verdict != ""
}
