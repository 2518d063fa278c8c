#!/usr/bin/env bats
# Loading and unloading the module, repeatedly; without it the tool reports that.

load helpers

absent() {
	local status=0 out
	out=$(gd "$@" 2>&1) || status=$?
	assert_eq "$status" 3 "exit status of 'grpdedup $*' without the module ($out)"
	[[ $out == *modprobe* && $out != *$'\n'* ]] || fail "'grpdedup $*' says: $out"
}

@test "load: the module unloads and loads again, ten times" {
	local i
	for ((i = 0; i < 10; i++)); do
		rmmod grpdedup
		[[ ! -e /sys/module/grpdedup ]]
		load_module
		gd add-group "g$i" --rate 1000
	done
}

@test "load: a second copy is refused and harms nothing" {
	hold a 16 seq 1
	group g a
	refused 1 exist load_module
	settle g 1
	assert_right a
}

@test "load: the module says its licence, its version and how to find it" {
	assert_eq "$(modinfo -F license "$GRPDEDUP_KO")" GPL licence
	[[ $(modinfo -F alias "$GRPDEDUP_KO") == *grpdedup* ]] || fail "no alias for the netlink family"
	[[ -n $(modinfo -F description "$GRPDEDUP_KO") ]] || fail "no description"
	local version
	version=$(modinfo -F version "$GRPDEDUP_KO")
	assert_eq "$(cat /sys/module/grpdedup/version)" "$version" "version of the loaded module"
	[[ $(gd version) == *"module $version"* ]] || fail "grpdedup version: $(gd version)"
}

@test "load: the module imports nothing that kernel.org does not export" {
	"${BATS_TEST_DIRNAME%/*}/lint/imports" "$GRPDEDUP_KO"
}

@test "load: the module has no parameter, but for the one that a debug kernel needs" {
	local found
	found=$(modinfo -F parm "$GRPDEDUP_KO")
	if [[ -n ${GRPDEDUP_ARGS-} ]]; then
		assert_eq "${found%%:*} $(wc -l <<<"$found")" "allow_debug_vm 1" parameters
		rmmod grpdedup
		refused 1 "not supported" insmod "$GRPDEDUP_KO"
		dmesg | tail -n 1 | grep -q "load with allow_debug_vm=1 to accept that"
		load_module
	else
		assert_eq "$found" "" parameters
	fi
}

@test "load: it taints the kernel as an out-of-tree module and in no other way" {
	# O (out of tree) 4096 and E (unsigned) 8192 are what any module built here gets
	assert_eq "$(($(</proc/sys/kernel/tainted) & ~(4096 | 8192)))" 0 "other taint bits"
}

@test "load: without the module every verb ends with 3 and one line" {
	rmmod grpdedup
	absent show
	absent show g --json
	absent dump
	absent list groups
	absent list pids
	absent add-group g --rate 1
	absent set-group g --rate 1
	absent del-group g
	absent assign g 1
	absent move g 1
	absent unassign 1
	absent scan g
	absent scan g --wait
	absent monitor
	load_module
}

@test "load: no thread is left when the module is gone" {
	local i
	for ((i = 0; i < 20; i++)); do gd add-group "g$i" --rate 100000; done
	assert_eq "$(scanners)" 20 "scanner threads"
	rmmod grpdedup
	assert_eq "$(scanners)" 0 "scanner threads without the module"
	load_module
	assert_eq "$(gd list groups)" "" "groups of a fresh module"
}
