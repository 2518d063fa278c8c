#!/usr/bin/env bats
# The tool where the module is not loaded: what it refuses by itself, its help, its exit statuses.
# Needs no root and no VM. GRPDEDUP_TOOL is the tool to test if not userspace/grpdedup.

VERBS='add-group set-group del-group assign move unassign scan show list dump monitor version help'

setup_file() {
	export TOOL=${GRPDEDUP_TOOL-$BATS_TEST_DIRNAME/../../userspace/grpdedup}
	[[ -x $TOOL ]] || fail "there is no $TOOL; build it: make -C userspace" || return 1
	[[ ! -e /sys/module/grpdedup ]] || fail "the module is loaded; this suite is for where it is not"
}

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

# runs STATUS COMMAND...: as the tool, leaves $out and $err
runs() {
	local status=0
	out=$(timeout 20 "$TOOL" "${@:2}" 2>"$BATS_TEST_TMPDIR/err" </dev/null) || status=$?
	err=$(<"$BATS_TEST_TMPDIR/err")
	[[ $status == "$1" ]] || fail "status $status instead of $1: grpdedup ${*:2}" "$out" "$err"
}

# A usage error says what is wrong and how it is right, on stderr only.
usage() {
	runs 1 "${@:2}"
	[[ -z $out ]] || fail "'${*:2}' prints '$out' on stdout"
	[[ $err == *"$1"* ]] || fail "'${*:2}' says '$err', expected '$1'"
	[[ $err == *"usage: grpdedup $2"* ]] || fail "'${*:2}' gives no usage: '$err'"
}

# The command line is right: the answer is that the module is missing, in one line.
absent() {
	runs 3 "$@"
	[[ -z $out ]] || fail "'$*' prints '$out' on stdout"
	[[ $err == 'grpdedup: the module is not loaded; load it with: modprobe grpdedup' ]] ||
		fail "'$*' says '$err'"
}

@test "cli: help names every verb" {
	local verb how
	for how in help --help -h; do
		runs 0 $how
		[[ -z $err ]] || fail "$how writes on stderr: $err"
		for verb in $VERBS; do
			grep -q "^  $verb  *[a-z]" <<<"$out" || fail "$how has no $verb: $out"
		done
	done
}

@test "cli: help for each verb, in three ways" {
	local verb first
	for verb in $VERBS; do
		runs 0 help "$verb"
		[[ $out == "usage: grpdedup $verb"* && -z $err ]] || fail "help $verb: $out $err"
		first=$out
		runs 0 "$verb" --help
		[[ $out == "$first" ]] || fail "$verb --help: $out"
		runs 0 "$verb" -h
		[[ $out == "$first" ]] || fail "$verb -h: $out"
	done
}

@test "cli: help has every option of the man page" {
	local man=$BATS_TEST_DIRNAME/../../userspace/man/grpdedup.8 option verb all=
	for verb in $VERBS; do
		runs 0 help "$verb"
		all+=$out
	done
	for option in rate split-min max-frames unshare keep wait timeout json watch header time; do
		[[ $all == *"--$option"* ]] || fail "help has no --$option"
		grep -q "\\\\-\\\\-$option" "$man" || fail "the man page has no --$option"
	done
}

@test "cli: unknown verbs and options" {
	runs 1 frobnicate
	[[ $err == *"'frobnicate'"* ]] || fail "$err"
	runs 1 --json
	runs 1 help frobnicate
	runs 1 help show list
	usage "--frobnicate" show --frobnicate
	usage "'x'" monitor -x
	usage "--header" dump --header=1
	usage "--watch" show --watch=x
}

@test "cli: missing and superfluous arguments" {
	usage "which group?" add-group
	usage "--rate is required" add-group g
	usage "which group?" add-group --rate 5
	usage "'h'" add-group g h --rate 5
	usage "--rate" add-group g --rate
	usage "nothing to change" set-group g
	usage "which group?" del-group
	usage "'h'" del-group g h
	usage "which group?" assign
	usage "which process?" assign g
	usage "which process?" move g
	usage "which process?" unassign
	usage "which process?" unassign --keep
	usage "which group?" scan
	usage "'h'" scan g h
	usage "--timeout needs --wait" scan g --timeout 5
	usage "'h'" show g h
	usage "'names'" list names
	usage "'pids'" list groups pids
	usage "'g'" dump g
	usage "'g'" monitor g
	usage "'x'" version x
}

@test "cli: an empty name is not sent to the kernel" {
	usage "cannot be empty" add-group "" --rate 5
	usage "cannot be empty" set-group "" --rate 5
	usage "cannot be empty" del-group ""
	usage "cannot be empty" assign "" 1
	usage "cannot be empty" move "" 1
	usage "cannot be empty" scan ""
	usage "cannot be empty" show ""
}

@test "cli: rates that are none" {
	local verb
	for verb in add-group set-group; do
		usage "is negative" $verb g --rate -1
		usage "is negative" $verb g --rate=-1k
		usage "is too large" $verb g --rate 4294967296
		usage "is too large" $verb g --rate 5000M
		usage "is too large" $verb g --rate 184467440737095516160
		usage "after the number" $verb g --rate 5x
		usage "after the number" $verb g --rate 5kk
		usage "after the number" $verb g --rate 5G
		usage "after the number" $verb g --rate 1.5k
		usage "after the number" $verb g --rate 0x10
		usage "not a number" $verb g --rate k
		usage "not a number" $verb g --rate ""
		usage "not a number" $verb g --rate ' 5'
		usage "not a number" $verb g --rate fast
	done
}

@test "cli: other numbers that are none" {
	usage "--split-min '-1' is negative" add-group g --rate 5 --split-min -1
	usage "--split-min '4294967296' is too large" set-group g --split-min 4294967296
	usage "--split-min '5k' has" set-group g --split-min 5k
	usage "--max-frames '-1' is negative" set-group g --max-frames -1
	usage "--max-frames '18446744073709551616' is too large" set-group g --max-frames 18446744073709551616
	usage "'0' is not a process" assign g 0
	usage "'-1' is negative" assign g -- -1
	usage "'1x' has" assign g 1 1x
	usage "'2147483648' is too large" assign g 2147483648
	usage "'init' is not a number" unassign init
	usage "must be more than 0" show --watch=0
	usage "is negative" scan g --wait --timeout -1
	usage "after the number" scan g --wait --timeout 5s
}

@test "cli: without the module every verb that needs it says so" {
	absent
	absent add-group g --rate 4000
	absent add-group --rate=4k g
	absent add-group g --rate 3M --split-min 512 --max-frames 18446744073709551615
	absent set-group --split-min 1 g
	absent set-group g --rate 0
	absent del-group g
	absent del-group --unshare g
	absent assign g 1 2 3
	absent move g 1
	absent unassign 1 2 --keep
	absent scan g
	absent scan --wait --timeout 0.5 g
	absent show
	absent show g --json
	absent show --watch=5
	absent show --watch
	absent list
	absent list groups
	absent list pids
	absent dump
	absent dump --header
	absent monitor
	absent monitor -t --json
}

@test "cli: the kernel, not the tool, judges names" {
	absent add-group a/b --rate 1
	absent add-group 1234567890123456789 --rate 1
	absent add-group --rate 1 -- --rate
}

@test "cli: versions" {
	local version
	version=$(sed -n 's/^#define GRPDEDUP_VERSION "\(.*\)"/\1/p' "$BATS_TEST_DIRNAME/../../include/version.h")
	runs 0 version
	[[ $out == "grpdedup $version"$'\n'"module not loaded" ]] || fail "$out"
	runs 0 --version
	[[ $out == "grpdedup $version"* ]] || fail "$out"
}

@test "cli: output that cannot be written is an error" {
	local status=0
	[[ -w /dev/full ]] || fail "there is no /dev/full"
	"$TOOL" help >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[[ $status == 2 ]] || fail "status $status"
	grep -q "cannot write" "$BATS_TEST_TMPDIR/err"
}

@test "cli: completion offers verbs, options and nothing that it would run" {
	# A stand-in for the tool, with a group of a name that is a command.
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/grpdedup" <<-'END'
		#!/bin/sh
		[ "$2" = groups ] && printf '%s\n' tenant-a '$(touch${IFS}x)'
		[ "$2" = pids ] && echo 4121
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/grpdedup"
	cd "$BATS_TEST_TMPDIR"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	# shellcheck source=userspace/completion/grpdedup.bash
	. "$BATS_TEST_DIRNAME/../../userspace/completion/grpdedup.bash"

	complete_line() {
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_grpdedup
	}
	complete_line grpdedup ""
	[[ "${COMPREPLY[*]}" == "$VERBS" ]] || fail "verbs: ${COMPREPLY[*]}"
	complete_line grpdedup un
	[[ "${COMPREPLY[*]}" == unassign ]] || fail "un: ${COMPREPLY[*]}"
	complete_line grpdedup del-group ten
	[[ "${COMPREPLY[*]}" == tenant-a ]] || fail "ten: ${COMPREPLY[*]}"
	complete_line grpdedup show ""
	[[ ${#COMPREPLY[*]} == 4 && ! -e x ]] || fail "show: ${COMPREPLY[*]}"
	complete_line grpdedup unassign 4
	[[ "${COMPREPLY[*]}" == 4121 ]] || fail "4: ${COMPREPLY[*]}"
	complete_line grpdedup set-group g --s
	[[ "${COMPREPLY[*]}" == --split-min ]] || fail "--s: ${COMPREPLY[*]}"
}
