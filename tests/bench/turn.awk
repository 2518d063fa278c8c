# One turn of tests/bench/ksm, "KEY=VALUE ...", as a row of a table. With -v header=1: the table's head.
BEGIN {
	columns = "%-8s %5s %-8s %6s %8s %8s %12s %8s %10s %8s %9s %8s %11s %8s\n"
	if (header)
		printf columns, "workload", "round", "scanner", "passes", "time s", "CPU s", "steady: ms", "us/page", "saved MiB",
			"of MiB", "free MiB", "huge %", "zaps/merge", "spin ms"
}

{
	for (i = 1; i <= NF; i++) {
		split($i, kv, "=")
		v[kv[1]] = kv[2]
	}
	printf columns, v["workload"], v["round"], v["who"], v["passes"], sprintf("%.2f", v["wall_ns"] / 1e9),
		sprintf("%.2f", v["cpu_ns"] / 1e9), sprintf("%.1f", v["steady_cpu_ns"] / v["steady_passes"] / 1e6),
		sprintf("%.2f", v["steady_cpu_ns"] / v["steady_visited"] / 1e3), sprintf("%.1f", (v["after_saved"] - v["before_saved"]) / 256),
		sprintf("%.1f", v["after_pages"] / 256), sprintf("%+.1f", v["freed"] / 256),
		sprintf("%.0f to %.0f", 100 * v["before_huge"] / v["after_pages"], 100 * v["after_huge"] / v["after_pages"]),
		v["zaps"] ? sprintf("%.4f", v["zaps"] / v["merges"]) : "-",
		sprintf("%.0f", v["spin"] / 1e3)
}
