# SPDX-License-Identifier: GPL-2.0
# "WHO ROUND right|wrong VALUE", sorted by who, round and value, to a line for each round:
#	auc SIGNAL WHO ROUND AUC MEDIAN-OF-RIGHT MEDIAN-OF-WRONG
function median(class,	n) {
	n = count[class]
	return (value[class, int((n + 1) / 2)] + value[class, int(n / 2) + 1]) / 2
}

# Each page guessed right is larger than all wrong ones below its value, and than half of its equals.
function end_of_ties() {
	larger += ties["right"] * (below + ties["wrong"] / 2)
	below += ties["wrong"]
	ties["right"] = ties["wrong"] = 0
}

function end_of_round() {
	end_of_ties()
	printf "auc\t%s\t%s\t%d\t%.6f\t%.1f\t%.1f\n", signal, who, round,
		larger / (count["right"] * count["wrong"]), median("right"), median("wrong")
	larger = below = count["right"] = count["wrong"] = 0
}

NR > 1 && ($1 != who || $2 != round) {
	end_of_round()
}
$4 != last {
	end_of_ties()
}
{
	who = $1
	round = $2
	last = $4
	ties[$3]++
	value[$3, ++count[$3]] = $4
}
END {
	if (NR)
		end_of_round()
}
