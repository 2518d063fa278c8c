# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Functions for the checks. A finding is "file:line: sentence" with paths from
# the root of the tree; a check ends with `verdict`.
set -u
cd "$(dirname -- "${BASH_SOURCE[0]}")/../.." || exit 2

# A check that cannot run here ends with this status.
# shellcheck disable=SC2034
SKIP=77
findings=0

finding() {
	printf '%s: %s\n' "$1" "$2"
	findings=$((findings + 1))
}

# Turn the output of `grep -n` on stdin into findings.
grep_findings() {
	local file line
	while IFS=: read -r file line _; do
		finding "$file:$line" "$1"
	done
}

# The files of the tree, new ones too, that match any of the patterns.
files() {
	local file
	git ls-files -z --cached --others --exclude-standard -- "$@" | sort -zu |
		while IFS= read -r -d '' file; do
			[[ -f $file ]] && printf '%s\n' "$file"
		done
}

verdict() {
	((findings == 0))
	exit
}
