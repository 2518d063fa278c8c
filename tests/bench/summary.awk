# All turns of tests/bench/ksm, one a line, "KEY=VALUE ...": ratios of each round, their median and spread.
function get(who, key) {
	return value[workload, round, who, key]
}

function ratio(a, b) {
	return b ? a / b : 0
}

function saved_part(who) {
	return ratio(get(who, "after_saved") - get(who, "before_saved"), get(who, "after_pages"))
}

# Of the rounds' figures in list[1..n]: "MEDIAN (MIN..MAX)"; the median alone stays in median.
function spread(list, n, format,	i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j] < list[j - 1]; j--) {
			t = list[j]
			list[j] = list[j - 1]
			list[j - 1] = t
		}
	median = n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
	return sprintf(format " (" format ".." format ")", median, list[1], list[n])
}

function row(text, key, format,	n, list) {
	n = 0
	for (round = 1; round <= rounds; round++)
		list[++n] = figure[workload, round, key]
	printf "  %-44s %s\n", text, spread(list, n, format)
	machine[workload] = machine[workload] sprintf(" %s " format, key, median)
}

{
	delete v
	for (i = 1; i <= NF; i++) {
		split($i, kv, "=")
		v[kv[1]] = kv[2]
	}
	for (key in v)
		value[v["workload"], v["round"], v["who"], key] = v[key]
	if (!(v["workload"] in seen)) {
		seen[v["workload"]] = 1
		workloads[++nr_workloads] = v["workload"]
	}
	if (!fastest || v["spin"] < fastest)
		fastest = v["spin"]
	if (v["spin"] > slowest)
		slowest = v["spin"]
	if (v["round"] > rounds)
		rounds = v["round"]
}

END {
	for (w = 1; w <= nr_workloads; w++) {
		workload = workloads[w]
		for (round = 1; round <= rounds; round++) {
			figure[workload, round, "convergence"] = ratio(get("ksmd", "cpu_ns"), get("grpdedup", "cpu_ns"))
			figure[workload, round, "wall"] = ratio(get("ksmd", "wall_ns"), get("grpdedup", "wall_ns"))
			figure[workload, round, "steady"] = ratio(ratio(get("ksmd", "steady_cpu_ns"), get("ksmd", "steady_passes")),
				ratio(get("grpdedup", "steady_cpu_ns"), get("grpdedup", "steady_passes")))
			figure[workload, round, "per-page"] = ratio(ratio(get("ksmd", "steady_cpu_ns"), get("ksmd", "steady_visited")),
				ratio(get("grpdedup", "steady_cpu_ns"), get("grpdedup", "steady_visited")))
			figure[workload, round, "saved"] = ratio(saved_part("grpdedup"), saved_part("ksmd"))
			figure[workload, round, "zaps-per-merge"] = ratio(get("grpdedup", "zaps"), get("grpdedup", "merges"))
		}
		printf "\n%s: median of %d rounds (smallest..largest)\n", workload, rounds
		row("CPU to convergence, ksmd / grpdedup", "convergence", "%.2f")
		row("CPU of a steady pass, ksmd / grpdedup", "steady", "%.2f")
		row("CPU per visited page of it, ksmd / grpdedup", "per-page", "%.2f")
		row("time to convergence, ksmd / grpdedup", "wall", "%.2f")
		row("saved part of memory, grpdedup / ksmd", "saved", "%.3f")
		row("zaps per merged page, grpdedup", "zaps-per-merge", "%.4f")
		round = rounds
		for (i = 1; i <= 2; i++) {
			who = i == 1 ? "ksmd" : "grpdedup"
			if (get(who, "traced_merges") > 0)
				printf "  %-44s %.3f flushes, %.3f notifier calls\n", "per merged page, " who,
					get(who, "flushes") / get(who, "traced_merges"), get(who, "notifies") / get(who, "traced_merges")
		}
	}
	print "\nEmulated CPU (TCG) unless the VM ran on KVM: ratios of one run count, absolute times do not."
	if (slowest > 1.3 * fastest)
		printf "The machine was busy: the same loop took up to %.1f times as long. Take these figures with care.\n", slowest / fastest
	for (w = 1; w <= nr_workloads; w++)
		print "bench: " workloads[w] machine[workloads[w]]
}
