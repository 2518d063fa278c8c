# SPDX-License-Identifier: GPL-2.0
# raw.tsv to who pays for merging: CPU seconds of a run, medians of the rounds. Fails if a bill is wrong.
$5 == "cpu" {
	key = $1 FS $2 FS $3
	# a scanner is in the root cgroup until the daemon moves it
	bill = $7 == "-" ? "nobody" : $6
	who = key FS bill FS $6
	if (!(who in counted)) {
		charged_first[who] = $7
		counted_first[who] = $8
	}
	charged[who] = $7 - charged_first[who]
	counted[who] = $8 - counted_first[who]
	runs[key] = 1
	if ($1 > rounds)
		rounds = $1
}
function median(v, n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j - 1] > v[j]; j--) {
			t = v[j]
			v[j] = v[j - 1]
			v[j - 1] = t
		}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
# The bill of a tenant; nothing if its group was not alone in it
function cells(configuration, policy, group,    r, n, v, w, who) {
	n = 0
	for (r = 1; r <= rounds; r++) {
		who = r FS configuration FS policy FS group FS group
		if (!(who in counted))
			continue
		n++
		v[n] = charged[who] / 1000
		w[n] = counted[who] / 1000
		if (v[n] < w[n] * 0.95 || v[n] > w[n] * 1.05 || !w[n]) {
			printf "round %d, %s, %s, %s: charged %.2f s, counted %.2f s\n", r, configuration, policy, group, v[n], w[n]
			bad = 1
		}
	}
	return n ? sprintf("%8.2f %8.2f", median(v, n), median(w, n)) : sprintf("%8s %8s", "-", "-")
}
function nobody(configuration, policy,    r, n, v, key) {
	n = 0
	for (r = 1; r <= rounds; r++) {
		key = r FS configuration FS policy
		if (key in runs)
			v[++n] = (counted[key FS "nobody" FS "all"] + counted[key FS "nobody" FS "ksmd"]) / 1000
	}
	return n ? sprintf("%8.2f", median(v, n)) : sprintf("%8s", "-")
}
END {
	split("FIOlow MRlow", configurations, " ")
	split("NOGRP-equal NOGRP-SE GRP-1:9 GRP-5:5 GRP-9:1", policies, " ")
	printf "CPU seconds of merging in a run: charged to the cgroup of the tenant, and counted by its group;\n"
	printf "on the bill of nobody: those of the group of all, and of ksmd\n\n"
	printf "%-7s %-12s %8s %8s  %8s %8s  %8s\n", "", "MR:FIO", "MR", "counted", "FIO", "counted", "nobody"
	for (c = 1; c <= 2; c++)
		for (p = 1; p <= 5; p++)
			printf "%-7s %-12s %s  %s  %s\n", configurations[c], policies[p],
			       cells(configurations[c], policies[p], "mr"), cells(configurations[c], policies[p], "fio"),
			       nobody(configurations[c], policies[p])
	exit bad
}
