# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Results of long proofs, kept by commit in build/results/COMMIT: SUITE.PART, and its output in SUITE.PART.log.
# To be sourced, in the root directory of the repository.
RESULTS=build/results

# results_commit: the name of what is checked out: a commit, with a checksum of what was changed since
results_commit() {
	local commit
	commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || commit=no-git
	[[ $commit == no-git || -z $(git status --porcelain 2>/dev/null) ]] ||
		commit+=-$({ git diff HEAD && git ls-files -zo --exclude-standard | xargs -0r cat; } | cksum | cut -d ' ' -f 1)
	echo "$commit"
}

# results_commits: the present one, and others that differ from it in documents only. Their results count.
results_commits() {
	local dir commit present
	present=$(results_commit)
	echo "$present"
	[[ $present =~ ^[0-9a-f]{12}$ ]] || return 0
	for dir in "$RESULTS"/*/; do
		commit=$(basename -- "$dir")
		[[ $commit =~ ^[0-9a-f]{12}$ && $commit != "$present" ]] || continue
		! git diff --quiet "$commit" HEAD -- . ':!*.md' 2>/dev/null || echo "$commit"
	done
}

# results_find SUITE PART COMMIT...: print the file with the result that counts: a green one, else any
results_find() {
	local commit file any=
	for commit in "${@:3}"; do
		file=$RESULTS/$commit/$1.$2
		[[ -e $file ]] || continue
		any=${any:-$file}
		if grep -q '^state green' "$file"; then
			any=$file
			break
		fi
	done
	[[ -n $any ]] && echo "$any"
}

# results_write SUITE PART green|red PASSED FAILED SECONDS
results_write() {
	local dir
	dir=$RESULTS/$(results_commit)
	mkdir -p "$dir"
	printf 'state %s\npassed %s\nfailed %s\nseconds %s\nwhen %s\n' "${@:3}" "$(date -u '+%Y-%m-%d %H:%M')" >"$dir/$1.$2"
}

# results_counts LOG: "PASSED FAILED" of the last line that says "N passed, N failed"
results_counts() {
	sed -nE 's/^(.*: )?([0-9]+) passed, ([0-9]+) failed$/\2 \3/p' "$1" | tail -n 1 | grep . || echo "0 0"
}
