# shellcheck shell=bash
# The fixture of all suites but 0*: loads the module. Builds nothing.
#
# Without $GRPDEDUP_KO (on the host) it does nothing, so that 0* can run; every test that needs the module
# then fails in its setup().

# shellcheck source=tests/vm/inside.bash
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../vm/inside.bash"

setup_suite() {
	[[ -n ${GRPDEDUP_KO-} ]] || return 0
	local program
	for program in grpdedup gd-hold gd-ask gd-pfns gd-churn gd-dio gd-rawnl gd-nlfuzz gd-stale jq; do
		command -v "$program" >/dev/null || {
			echo "suite: no program '$program' on PATH ($PATH)" >&2
			return 1
		}
	done
	[[ $EUID == 0 ]] || {
		echo "suite: needs root in a machine of its own: tests/vm/run -- tests/bats/run" >&2
		return 1
	}
	spare_debug_checks
	echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
	# short per-CPU lists of free pages, so that MemFree shows freed pages
	echo 100000 >/proc/sys/vm/percpu_pagelist_high_fraction
	look_for_leaks >/dev/null
	[[ -d /sys/module/grpdedup ]] || load_module || {
		echo "suite: $GRPDEDUP_KO does not load:" >&2
		dmesg | tail -n 20 >&2
		return 1
	}
}

teardown_suite() {
	local leaks
	[[ ! -d /sys/module/grpdedup ]] || rmmod grpdedup
	leaks=$(look_for_leaks)
	[[ -z $leaks ]] || {
		echo "suite: kmemleak has found:" >&2
		echo "$leaks" >&2
		return 1
	}
}
