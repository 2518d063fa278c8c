# SPDX-License-Identifier: GPL-2.0
# The rounds' AUCs and common frames to the table and the verdict of tests/bench/isolation/run.
function wrong(text) {
	verdict = verdict "isolation: NOT RIGHT: " text "\n"
}

# Sets mean, low and high of the rounds' AUCs of a signal.
function interval(signal, who,	r, sum, squares, half) {
	for (r = 1; r <= rounds; r++) {
		if (!((signal, who, r) in auc)) {
			wrong(who ": round " r " is missing")
			return
		}
		sum += auc[signal, who, r]
	}
	mean = sum / rounds
	for (r = 1; r <= rounds; r++)
		squares += (auc[signal, who, r] - mean) ^ 2
	half = t[rounds - 1] * sqrt(squares / (rounds - 1) / rounds)
	low = mean > half ? mean - half : 0
	high = mean + half < 1 ? mean + half : 1
}

# The rounds' medians of a class have a median, too.
function middle(class, who,	r, i, n, v, swap) {
	for (r = 1; r <= rounds; r++) {
		v[++n] = med[class, who, r]
		for (i = n; i > 1 && v[i] < v[i - 1]; i--) {
			swap = v[i]
			v[i] = v[i - 1]
			v[i - 1] = swap
		}
	}
	return (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
}

function cell(signal, who) {
	interval(signal, who)
	if (who in apart && (low < 0.45 || high > 0.55))
		wrong(sprintf("%s, %s: the AUC is %.3f (%.3f to %.3f), not within 0.45 to 0.55", who, signal, mean, low, high))
	if (!(who in apart) && signal == "write" && mean < 0.9)
		wrong(sprintf("%s, write: the AUC is %.3f; a measurement that does not see the channel means nothing", who, mean))
	return sprintf("%.3f (%.3f-%.3f)", mean, low, high)
}

$1 == "system" {
	release = $2
	rounds = $3
	guesses = $4
	zeros = $5
}
$1 == "common" {
	if (!($2 in least) || $4 < least[$2])
		least[$2] = $4
	if ($4 > most[$2])
		most[$2] = $4
}
$1 == "auc" {
	auc[$2, $3, $4] = $5
	if ($2 == "write") {
		med["right", $3, $4] = $6
		med["wrong", $3, $4] = $7
	}
}

END {
	split("12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262 2.228 2.201 2.179 2.160 2.145 2.131 2.120 2.110 2.101 2.093", t, " ")
	apart["nobody"] = apart["two-groups"] = apart["beside-ksmd"] = 1
	printf "%s: %d rounds of %d pages guessed right and %d guessed wrong, %d zero pages\n", release, rounds, guesses, guesses, zeros
	printf "write: median time of a first write, TSC ticks; AUC: mean of the rounds (95 %% confidence interval),\n"
	printf "0.5 tells nothing, 1 or 0 everything; frames: PFNs that attacker and victim have in common, of all rounds\n\n"
	layout = "%-12s %8s %8s  %-20s %-20s %-20s %s\n"
	printf layout, "", "write:", "write:", "", "", "", ""
	printf layout, "who", "right", "wrong", "AUC of writes", "AUC of reads", "AUC of pagemap", "frames"
	n = split("nobody ksmd one-group two-groups beside-ksmd", all, " ")
	for (i = 1; i <= n; i++) {
		who = all[i]
		printf layout, who, sprintf("%.0f", middle("right", who)), sprintf("%.0f", middle("wrong", who)),
			cell("write", who), cell("read", who), cell("pagemap", who),
			least[who] == most[who] ? least[who] : least[who] "-" most[who]
		if (who in apart && most[who] + 0)
			wrong(who ": " most[who] " frames are common to attacker and victim")
		else if (!(who in apart) && least[who] < 0.95 * guesses)
			wrong(who ": only " least[who] + 0 " frames are common to attacker and victim")
	}
	if (verdict == "")
		verdict = "isolation: the channel is there with ksmd and in one group, and not across groups\n"
	printf "\n%s", verdict
	exit verdict ~ /NOT RIGHT/
}
