# SPDX-License-Identifier: GPL-2.0
# raw.tsv to ROUND CONFIGURATION POLICY GROUP BLOCKS-PER-SECOND RECLAIMED-MIB (mean over the run)
$5 == "guest" {
	key = $1 FS $2 FS $3
	guest = key FS $6
	if ($8 == "" || (guest in last && $8 < last[guest]))
		next
	if (!(guest in first)) {
		first[guest] = $8
		start[guest] = $4
	}
	last[guest] = $8
	end[guest] = $4
	keys[key] = 1
}
$5 == "group" {
	key = $1 FS $2 FS $3
	saved[key] += $7
	if (!((key FS $4) in seen)) {
		seen[key FS $4] = 1
		samples[key]++
	}
}
function rate(guest) {
	return end[guest] > start[guest] ? (last[guest] - first[guest]) / (end[guest] - start[guest]) : 0
}
END {
	for (key in keys) {
		printf "%s\tMR\t%.2f\t%.1f\n", key, rate(key FS "mr1") + rate(key FS "mr2"), saved[key] / samples[key]
		printf "%s\tFIO\t%.2f\t%.1f\n", key, rate(key FS "fio1") + rate(key FS "fio2"), saved[key] / samples[key]
	}
}
