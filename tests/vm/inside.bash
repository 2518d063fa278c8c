# shellcheck shell=bash
# What suites, storms, fuzzers and benches have in common in the VM of tests/vm/run. To be sourced.
VM_DIR=${BASH_SOURCE[0]%/*}
KMEMLEAK=/sys/kernel/debug/kmemleak
SLOW=${GRPDEDUP_SLOW:-1} # every limit in seconds is that much longer
# Those of waiting: other VMs share the CPUs; what is promised is measured
# shellcheck disable=SC2034 # of those who source this
PATIENCE=$((SLOW * ${GRPDEDUP_PATIENCE:-1}))

# shellcheck disable=SC2086 # several arguments
load_module() { insmod "$GRPDEDUP_KO" ${GRPDEDUP_ARGS-}; }

# scanner_files NAME: that file in /proc of every scanner
scanner_files() { grep -ls '^grpdedup/' /proc/[0-9]*/comm | sed "s/comm$/$1/"; }

gone() { [[ ! -e /proc/$1 ]] || grep -qs '^State:.[ZX]' "/proc/$1/status"; }

# complaints: what no kernel log may have, of the log on standard input. Status 0 if there is any.
complaints() { grep -E -f <(grep -v '^#' "$VM_DIR/splats"); }

# A check of DEBUG_VM kernels does not expect pages to change kind between its two looks.
has_debug_checks() { [[ ${GRPDEDUP_ARGS-} == *allow_debug_vm* ]]; }
spare_debug_checks() {
	! has_debug_checks ||
		echo 4294967295 >/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
}

# What kmemleak has to say that it has not said before. It reports nothing that is younger than
# five seconds, or that has changed since the scan before.
look_for_leaks() {
	[[ -e $KMEMLEAK ]] || return 0
	sleep 6
	echo scan >$KMEMLEAK
	echo scan >$KMEMLEAK
	cat $KMEMLEAK
	echo clear >$KMEMLEAK
}

# make_cgroups PATH...: with a memory controller
make_cgroups() {
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir -p "$@"
}

# swap_on SIZE: compressed, in memory
swap_on() {
	modprobe zram num_devices=1
	echo "$1" >/sys/block/zram0/disksize
	mkswap /dev/zram0 >/dev/null
	swapon /dev/zram0
}
# Pages written to it, those read again since too
swapped_out() { awk '{ print int($7 / 8) }' /sys/block/zram0/stat; }
swap_off() {
	swapoff /dev/zram0
	rmmod zram
}

# members_of GROUP: their pids
members_of() { grpdedup dump | awk -F '\t' -v group="$1" '$1 == "member" && $2 == group { print $4 }'; }

# total COUNTER: over all groups
total() {
	grpdedup dump --header | awk -F '\t' -v name="$1" '
		$1 == "#group" { for (i = 1; i <= NF; i++) if ($i == name) want = i }
		$1 == "group" { n += $want }
		END { print n + 0 }'
}

# What the kernel keeps though nobody needs it: caches, empty slabs, and of freed objects all that
# KASAN has in quarantine, up to 1/32 of the memory.
let_go() {
	local cache
	echo 3 >/proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*/shrink; do echo 1 >"$cache"; done
}

# mem_kb FIELD of /proc/meminfo, with the per-CPU parts added, without what the kernel may let go
mem_kb() {
	[[ $1 != MemFree ]] || let_go
	echo 1 >/proc/sys/vm/stat_refresh
	awk -v field="$1:" '$1 == field { print $2 }' /proc/meminfo
}
