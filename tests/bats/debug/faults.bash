# shellcheck shell=bash disable=SC2034 # much of this is for the tests
# Make allocations of the module fail at chosen sites. For a kernel with failslab, fail_page_alloc and their
# stack filter: an allocation fails only with a given return address on its stack. A site is a call from the
# module to the kernel; its address is the return address.
TABLE=$BATS_TEST_DIRNAME/sites
QUIET=$BATS_TEST_DIRNAME/quiet
DEBUGFS=/sys/kernel/debug
HITS=$BATS_FILE_TMPDIR/hits # CALLEE FUNCTION of what has failed
CALLS=$BATS_FILE_TMPDIR/calls # of all_calls
MANY=1000000
# where modules are
MODULES_START=0xffffffffa0000000
MODULES_END=0xffffffffff000000

attr() {
	echo "$2" >"$DEBUGFS/failslab/$1"
	echo "$2" >"$DEBUGFS/fail_page_alloc/$1"
}

faults_init() {
	[[ -d $DEBUGFS/failslab && -d $DEBUGFS/fail_page_alloc && -e $DEBUGFS/failslab/require-start ]] ||
		fail "this kernel cannot inject faults: see tests/vm/debug.config"
	command -v objdump >/dev/null || fail "no objdump"
	attr ignore-gfp-wait N
	attr task-filter N
	attr interval 1
	attr space 0
	attr verbose 0
	attr stacktrace-depth 32
	without 0 0
	echo N >$DEBUGFS/fail_page_alloc/ignore-gfp-highmem
	echo 0 >$DEBUGFS/fail_page_alloc/min-order
	disarm
}

# within START END: what must be on the stack. To bash such addresses are negative.
within() {
	attr require-start "$(printf '%#x' "$1")"
	attr require-end "$(printf '%#x' "$2")"
}

# without START END: what must not be on the stack
without() {
	attr reject-start "$1"
	attr reject-end "$2"
}

# arm_site START END TIMES: for all tasks
arm_site() {
	within "$1" "$2"
	limit=$3
	attr times "$limit"
	attr probability 100
}

# arm_nth START END: only for the task whose fail-nth is set
arm_nth() {
	within "$1" "$2"
	limit=$MANY
	attr times "$limit"
}

disarm() {
	attr probability 0
	[[ -z ${scanner-} || ! -e /proc/$scanner ]] || echo 0 >"/proc/$scanner/fail-nth"
	scanner=
	fired=$((2 * ${limit:-0} - $(<$DEBUGFS/failslab/times) - $(<$DEBUGFS/fail_page_alloc/times)))
	limit=0
	attr times 0
}

# nth N COMMAND...: its Nth allocation below the module fails
nth() {
	(
		echo "$1" >/proc/self/fail-nth
		exec "${@:2}"
	)
}

# all_calls: SECTION FUNCTION INSTRUCTION CALLEE OFFSET of each call and each jump that leaves a
# function; OFFSET is where the instruction is. A line with a relocation says nothing itself.
all_calls() {
	objdump -dr --no-show-raw-insn "$GRPDEDUP_KO" | awk '
		function flush() { if (insn && target) print section, name, insn, target, offset; insn = "" }
		/^Disassembly/ { flush(); section = substr($4, 1, length($4) - 1) }
		/^[0-9a-f]+ <.*>:$/ { flush(); name = substr($2, 2, length($2) - 3) }
		/^ +[0-9a-f]+:/ {
			flush()
			if ($2 == "call" || $2 == "jmp") {
				insn = $2
				offset = substr($1, 1, length($1) - 1)
				target = $4 ~ /^<[^+]*>$/ ? substr($4, 2, length($4) - 2) : ""
			}
		}
		/R_X86_64_(PLT32|PC32)/ && insn { split($3, part, /[-+]/); target = part[1] }
		END { flush() }' | sed 's/_noprof / /'
}

# sites: FUNCTION CALLEE SECTION OFFSET of each call to what the table has. A jump leaves no address
# on the stack: the calls to the function that jumps stand for it, or to one that jumps there.
sites() {
	awk 'function print_calls(to, name, part, n, i) {
			n = split(calls[to], part, " ")
			for (i = 1; i < n; i += 2) print name, jump[name], part[i], part[i + 1]
			n = split(jumps[to], part, " ")
			for (i = 1; i <= n; i++) print_calls(part[i], name)
		}
		NR == FNR { if (/^[^#]/) want[$1]; next }
		$3 == "call" { calls[$4] = calls[$4] " " $1 " " $5 }
		$3 == "jmp" && $4 != $2 { jumps[$4] = jumps[$4] " " $2 }
		!($4 in want) { next }
		$3 == "call" { print $2, $4, $1, $5; next }
		{ jump[$2] = $4 }
		END { for (name in jump) print_calls(name, name) }' "$TABLE" "$CALLS"
}

# rows: of the table, CALLEE FUNCTION OPERATION...
rows() { grep -v '^#' "$TABLE"; }

# address SECTION OFFSET: where a call (of five bytes) returns to
address() { printf '%#x\n' $(($(<"/sys/module/grpdedup/sections/$1") + 0x$2 + 5)); }

# range_of_function NAME: of the module's
range_of_function() {
	local start size base
	base=$(</sys/module/grpdedup/sections/.text)
	read -r start size < <(nm -S "$GRPDEDUP_KO" | awk -v name="$1" '$4 == name { print $1, $2 }')
	printf '%#x %#x\n' $((base + 0x$start)) $((base + 0x$start + 0x$size))
}

# range_of_kernel PREFIX: of the kernel's function whose name begins like that
range_of_kernel() {
	awk '$4 == "" && $2 ~ /[tT]/ { print $1, $3 }' /proc/kallsyms | sort |
		awk -v prefix="$1" 'start { print start, "0x" $1; exit } index($2, prefix) == 1 { start = "0x" $1 }'
}
