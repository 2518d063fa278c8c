# SPDX-License-Identifier: GPL-2.0
# Compare two runs of a test program that speaks TAP.
#
# usage: awk -f compare.awk -v test=NAME -v mode=WORD EXPECTED PLAIN OTHER
#
# A test is named by the "[RUN]" line before its result; the second of that name gets "#2". Prints the
# totals of OTHER, the differences that EXPECTED explains, by reason, and each that it does not. Exit status 1
# if there is any of those.
FNR == 1 {
	file++
	run = "before the first test"
	split("", seen)
}

# EXPECTED: TEST : MODE : FROM > TO : PATTERN : REASON
file == 1 {
	if (/^#/ || NF == 0)
		next
	if (split($0, part, " : ") != 5) {
		print "compare: what is \"" $0 "\"?"
		exit bad = 1
	}
	if (part[1] != test || (part[2] != mode && part[2] != "any"))
		next
	n_rules++
	change[n_rules] = part[3]
	pattern[n_rules] = part[4]
	reason[n_rules] = part[5]
	next
}

# A result without a line end has the next test's name behind it.
{
	gsub(/# \[RUN\] /, "\n# [RUN] ")
	gsub(/(not )?ok [0-9]+ /, "\n&")
	n = split($0, line, "\n")
	for (i = 1; i <= n; i++)
		take(line[i])
}

function take(s,    result, key) {
	if (s ~ /^1\.\.[0-9]+/)
		plan[file] = substr(s, 4) + 0
	if (s ~ /^# \[RUN\] /)
		run = substr(s, 9)
	if (s !~ /^(not )?ok [0-9]+ /)
		return
	result = s ~ /^not / ? "fail" : s ~ /# SKIP/ ? "skip" : s ~ /# XFAIL/ ? "xfail" : "pass"
	key = run (++seen[run] > 1 ? " #" seen[run] : "")
	if (!((2, key) in got))
		order[++n_keys] = key
	got[file, key] = result
	said[file, key] = s
	total[file, result]++
	results[file]++
}

function rule_for(key, from, to,    r) {
	for (r = 1; r <= n_rules; r++)
		if (change[r] == from " > " to && key ~ pattern[r])
			return r
	return 0
}

function totals(which) {
	return (total[which, "pass"] + 0) " pass, " (total[which, "fail"] + 0) " fail, " \
		(total[which, "skip"] + 0) " skip, " (total[which, "xfail"] + 0) " xfail"
}

END {
	if (bad)
		exit 1
	print test " plain: " totals(2)
	print test " " mode ": " totals(3)
	# More than planned: a child of ksm_functional_tests whose execv() fails goes on with the tests.
	if (!plan[2] || results[2] < plan[2]) {
		print "  " (results[2] + 0) " results of " (plan[2] + 0) " in the plain run"
		bad = 1
	}
	for (k = 1; k <= n_keys; k++) {
		key = order[k]
		from = (2, key) in got ? got[2, key] : "missing"
		to = (3, key) in got ? got[3, key] : "missing"
		if (from == to)
			continue
		r = rule_for(key, from, to)
		if (r) {
			count[r]++
			continue
		}
		print "  " key ": " from " > " to "\n    " said[2, key] "\n    " said[3, key]
		bad = 1
	}
	for (r = 1; r <= n_rules; r++)
		if (count[r])
			print "  " count[r] " x " change[r] ": " reason[r]
	exit bad
}
