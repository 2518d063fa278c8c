# shellcheck shell=bash
# The fixture of all suites but 01-cli: the module is loaded. Builds nothing.
#
# On a host without $GRPDEDUP_KO nothing is done here, so that 01-cli runs; every test that needs
# the module then fails in its setup().

KMEMLEAK=/sys/kernel/debug/kmemleak

# shellcheck disable=SC2086 # several arguments
load() { insmod "$GRPDEDUP_KO" ${GRPDEDUP_ARGS-}; }

# A debug check of its own does not expect pages to change kind between its two looks.
stop_khugepaged() {
	echo 4294967295 >/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
}

# What kmemleak has to say that it has not said before. It reports nothing that is younger than
# five seconds, or that has changed since the scan before.
look_for_leaks() {
	sleep 6
	echo scan >$KMEMLEAK
	echo scan >$KMEMLEAK
	cat $KMEMLEAK
	echo clear >$KMEMLEAK
}

setup_suite() {
	[[ -n ${GRPDEDUP_KO-} ]] || return 0
	local program
	for program in grpdedup gd-hold gd-ask gd-pfns gd-churn gd-dio gd-rawnl gd-nlfuzz jq; do
		command -v "$program" >/dev/null || {
			echo "suite: no program '$program' on PATH ($PATH)" >&2
			return 1
		}
	done
	[[ $EUID == 0 ]] || {
		echo "suite: needs root in a machine of its own: tests/vm/run -- tests/bats/run" >&2
		return 1
	}
	[[ ${GRPDEDUP_ARGS-} != *allow_debug_vm* ]] || stop_khugepaged
	echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
	# short per-CPU lists of free pages, or MemFree would not show what came back
	echo 100000 >/proc/sys/vm/percpu_pagelist_high_fraction
	[[ ! -e $KMEMLEAK ]] || look_for_leaks >/dev/null
	[[ -d /sys/module/grpdedup ]] || load || {
		echo "suite: $GRPDEDUP_KO does not load:" >&2
		dmesg | tail -n 20 >&2
		return 1
	}
}

teardown_suite() {
	local leaks
	[[ ! -d /sys/module/grpdedup ]] || rmmod grpdedup
	[[ -e $KMEMLEAK ]] || return 0
	leaks=$(look_for_leaks)
	[[ -z $leaks ]] || {
		echo "suite: kmemleak has found:" >&2
		echo "$leaks" >&2
		return 1
	}
}
