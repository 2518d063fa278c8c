# shellcheck shell=bash
# Functions shared by suites, storms, fuzzers and benchmarks in the VM of tests/vm/run. To be sourced.
VM_DIR=${BASH_SOURCE[0]%/*}
KMEMLEAK=/sys/kernel/debug/kmemleak
SLOW=${GRPDEDUP_SLOW:-1} # factor for every limit in seconds
# Factor for timeouts of waits only (other VMs share the CPUs), not for promised times
# shellcheck disable=SC2034 # of those who source this
PATIENCE=$((SLOW * ${GRPDEDUP_PATIENCE:-1}))

# shellcheck disable=SC2086 # several arguments
load_module() { insmod "$GRPDEDUP_KO" ${GRPDEDUP_ARGS-}; }

# scanner_files NAME: that file in /proc of every scanner
scanner_files() { grep -ls '^grpdedup/' /proc/[0-9]*/comm | sed "s/comm$/$1/"; }

gone() { [[ ! -e /proc/$1 ]] || grep -qs '^State:.[ZX]' "/proc/$1/status"; }

# complaints: lines of the log on standard input that no kernel log may contain. Status 0 if there are any.
complaints() { grep -E -f <(grep -v '^#' "$VM_DIR/splats"); }

# A check in khugepaged on DEBUG_VM kernels does not expect a page to become a frame meanwhile.
has_debug_checks() { [[ ${GRPDEDUP_ARGS-} == *allow_debug_vm* ]]; }
spare_debug_checks() {
	! has_debug_checks ||
		echo 4294967295 >/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
}

# New reports of kmemleak. It reports no object that is younger than five seconds, or that has changed
# since the previous scan.
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
# Pages written to it, including those read back since
swapped_out() { awk '{ print int($7 / 8) }' /sys/block/zram0/stat; }
swap_off() {
	swapoff /dev/zram0
	rmmod zram
}

# ksmd_on PAUSE PAGES: sleep PAUSE milliseconds after each PAGES pages. Without smart scan (6.7 and later),
# which skips old pages in most rounds: equal pages of different age might never be compared.
ksmd_on() {
	[[ ! -e /sys/kernel/mm/ksm/smart_scan ]] || echo 0 >/sys/kernel/mm/ksm/smart_scan
	echo "$1" >/sys/kernel/mm/ksm/sleep_millisecs
	echo "$2" >/sys/kernel/mm/ksm/pages_to_scan
	echo 1 >/sys/kernel/mm/ksm/run
}
# It unshares all that it has merged, and stops.
ksmd_forget() {
	echo 2 >/sys/kernel/mm/ksm/run
	echo 0 >/sys/kernel/mm/ksm/run
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

# Release unused memory that the kernel keeps: caches, empty slabs, and freed objects in KASAN's quarantine,
# up to 1/32 of the memory.
let_go() {
	local cache
	echo 3 >/proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*/shrink; do echo 1 >"$cache"; done
}

# mem_kb FIELD: of /proc/meminfo, with per-CPU counts folded in; for MemFree after let_go
mem_kb() {
	[[ $1 != MemFree ]] || let_go
	echo 1 >/proc/sys/vm/stat_refresh
	awk -v field="$1:" '$1 == field { print $2 }' /proc/meminfo
}
