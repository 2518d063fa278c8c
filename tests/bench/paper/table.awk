# SPDX-License-Identifier: GPL-2.0
# throughput.tsv to the table: medians of the rounds, with the smallest and the largest.
{
	value[$1, $2, $3, $4] = $5
	saved[$1, $2, $3] = $6
	if ($1 > rounds)
		rounds = $1
}
# sorts v[1..n] and sets low, middle, high
function spread(v, n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j - 1] > v[j]; j--) {
			t = v[j]
			v[j] = v[j - 1]
			v[j - 1] = t
		}
	low = v[1]
	high = v[n]
	middle = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
function cells(configuration, policy, group,    r, n, v, w) {
	n = 0
	for (r = 1; r <= rounds; r++)
		if ((r, configuration, policy, group) in value && value[r, configuration, "NOGRP-equal", group]) {
			n++
			v[n] = value[r, configuration, policy, group]
			w[n] = v[n] / value[r, configuration, "NOGRP-equal", group]
		}
	if (!n)
		return sprintf("%10s  %-18s", "-", "-")
	spread(v, n)
	absolute = middle
	spread(w, n)
	data = data sprintf("%s\t%s\t%s\t%.3f\t%.3f\t%.3f\n", configuration, policy, group, middle, low, high)
	return sprintf("%10.1f  %.2f (%.2f-%.2f)", absolute, middle, low, high)
}
END {
	split("FIOlow MRlow", configurations, " ")
	split("NOGRP-equal NOGRP-SE GRP-1:9 GRP-5:5 GRP-9:1", policies, " ")
	printf "%d rounds; throughput in blocks of 64 KiB a second of both guests, and normalised by\n", rounds
	printf "NOGRP-equal of the same round: median (smallest-largest)\n\n"
	printf "%-7s %-12s %10s  %-18s %10s  %-18s %s\n", "", "MR:FIO", "MR", "normalised", "FIO", "normalised", "reclaimed, MiB"
	for (c = 1; c <= 2; c++) {
		for (p = 1; p <= 5; p++) {
			line = sprintf("%-7s %-12s %s %s", configurations[c], policies[p],
				       cells(configurations[c], policies[p], "MR"), cells(configurations[c], policies[p], "FIO"))
			n = 0
			for (r = 1; r <= rounds; r++)
				if ((r, configurations[c], policies[p]) in saved)
					v[++n] = saved[r, configurations[c], policies[p]]
			if (n)
				spread(v, n)
			printf "%s %10.0f\n", line, n ? middle : 0
		}
		print ""
	}
	printf "%s", data >"figure2.dat"
}
