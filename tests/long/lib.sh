# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Test results, stored by commit in build/results/COMMIT: SUITE.PART, and its output in SUITE.PART.log.
# To be sourced, in the root directory of the repository.
RESULTS=build/results

# results_content: a checksum of the working tree without documents. A result is valid for every commit with
# the same content. Fails without git: then no results are kept.
results_content() {
	local files=(. ':!*.md')
	git rev-parse -q --verify HEAD >/dev/null 2>&1 || return
	{
		git ls-files -s -- "${files[@]}" &&
			git diff --binary HEAD -- "${files[@]}" &&
			git ls-files -zo --exclude-standard -- "${files[@]}" | xargs -0r sha256sum
	} | sha256sum | cut -c 1-16
}

# results_begin: record the content under test. To be called before the first test.
results_begin() {
	results_commit=
	results_tested=$(results_content) || {
		echo "results: without a git repository no results are kept" >&2
		return 0
	}
	results_commit=$(git rev-parse --short=12 HEAD)
}

# results_log SUITE PART: the file for its output
results_log() {
	local dir=$RESULTS/${results_commit:-none}
	mkdir -p "$dir"
	echo "$dir/$1.$2.log"
}

# results_find SUITE PART: the newest result of this content; fails if there is none
results_find() {
	local file newest=
	for file in "$RESULTS"/*/"$1.$2"; do
		grep -qsx "content $results_tested" "$file" || continue
		[[ $newest && $newest -nt $file ]] || newest=$file
	done
	[[ -n $newest ]] && echo "$newest"
}

# results_get FILE NAME
results_get() { sed -n "s/^$2 //p" "$1"; }

# results_write SUITE PART green|red PASSED FAILED SECONDS [KERNEL]: unless the sources have changed meanwhile
results_write() {
	local file
	[[ -n $results_commit ]] || return 0
	[[ $(results_content) == "$results_tested" ]] || {
		echo "results: the sources have changed since this began; the result of $1 $2 is not kept" >&2
		return 0
	}
	file=$RESULTS/$results_commit/$1.$2
	mkdir -p "${file%/*}"
	printf '%s\n' "content $results_tested" "state $3" "passed $4" "failed $5" "seconds $6" "kernel ${7:--}" \
		"when $(date -u '+%Y-%m-%d %H:%M')" >"$file.new"
	mv "$file.new" "$file"
}

# results_counts LOG: "PASSED FAILED" of the last line that says "N passed, N failed"
results_counts() {
	sed -nE 's/^(.*: )?([0-9]+) passed, ([0-9]+) failed$/\2 \3/p' "$1" | tail -n 1 | grep . || echo "0 0"
}

# results_kernel LOG: the release that was booted last
results_kernel() { sed -nE 's/^vm: booting ([^ ]+) .*/\1/p' "$1" | tail -n 1 | grep . || echo "-"; }
