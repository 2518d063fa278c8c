#!/usr/bin/env bats
# grpdedup estimate, on the host and without the module: what it counts, that it changes nothing, wrong inputs.
# Needs root: page frame numbers tell the kernel's zero page from memory.

bats_require_minimum_version 1.5.0

setup_file() {
	export TOOL=${GRPDEDUP_TOOL-$BATS_TEST_DIRNAME/../../userspace/grpdedup}
	[[ -x $TOOL ]] || fail "there is no $TOOL; build it: make -C userspace" || return 1
	export BIN=$BATS_TEST_DIRNAME/../../build/tests/bin
	make -s -C "$BATS_TEST_DIRNAME/../workloads"
}

setup() {
	PATH=$BIN:$PATH
	dir=$BATS_TEST_TMPDIR
	touch "$dir/pids"
}

teardown() {
	xargs -r kill -9 <"$BATS_TEST_TMPDIR/pids" 2>/dev/null || true
	[[ ! -e $BATS_TEST_TMPDIR/cgroups ]] || xargs -r rmdir <"$BATS_TEST_TMPDIR/cgroups" 2>/dev/null || true
}

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

# runs STATUS ARGUMENT...: leaves $out and $err
runs() {
	local status=0
	out=$(timeout 60 "$TOOL" estimate "${@:2}" 2>"$dir/err" </dev/null) || status=$?
	err=$(<"$dir/err")
	[[ $status == "$1" ]] || fail "status $status instead of $1: estimate ${*:2}" "$out" "$err"
}

# start NAME: sets ${PID[NAME]}. Sockets have names in all of the host, so there is more in them.
declare -gA PID
start() {
	PID[$1]=$(gd-hold "est-$$-$1")
	echo "${PID[$1]}" >>"$dir/pids"
}
ask() { gd-ask "est-$$-$1" "${@:2}" >/dev/null; }

# Two processes, a and b, with a region r of 2000 pages each, which was used and is empty
start_two() {
	local name
	for name in a b; do
		start $name
		ask $name map r 2000
		ask $name fill r 0 10 unique
		ask $name verify
		ask $name madvise r 0 2000 DONTNEED
	done
}

# pages JQ-PATH...: numbers of $out in pages, as one line
pages() {
	local path all=
	for path; do
		all+="${all:+,}$path"
	done
	jq -r "[$all] | map(. / 4096) | @tsv" <<<"$out" | tr '\t' ' '
}

# The numbers of a source (0, 1) and of all: of windows of 4 KiB
OF_SOURCE='.in_reach .windows[0].zero .windows[0].same_inside .windows[0].same_others .windows[0].unique .windows[0].saved_alone'
numbers() {
	local field list=()
	for field in $OF_SOURCE; do
		list+=(".sources[$1]$field")
	done
	pages "${list[@]}"
}
together() { pages .together.windows[0].saved .together.frames; }

# grown BEFORE AFTER: the differences
grown() {
	local -a before after
	local i
	read -ra before <<<"$1"
	read -ra after <<<"$2"
	for i in "${!after[@]}"; do
		after[i]=$((after[i] - before[i]))
	done
	echo "${after[*]}"
}

same() {
	[[ $1 == "$2" ]] || fail "$3: '$1' instead of '$2'"
}

@test "estimate: two processes, to the page" {
	local first second both
	start_two
	runs 0 "${PID[a]}" "${PID[b]}" --json
	same "$(pages .sources[].windows[0].zero)" "0 0" "zero pages before"
	first=$(numbers 0) second=$(numbers 1) both=$(together)

	# in both; zero; repeated in one, and one of these in the other as well; unique
	ask a fill r 0 100 seq 5
	ask a fill r 100 200 zero
	ask a fill r 300 50 same 1009
	ask a fill r 600 150 unique
	ask b fill r 700 100 seq 5
	ask b fill r 0 40 zero
	ask b fill r 50 30 same 1011
	ask b fill r 90 1 same 1009
	ask b fill r 100 60 unique
	runs 0 "${PID[a]}" "${PID[b]}" --json
	# in reach, zero, same inside, same with others, unique, saved alone
	same "$(grown "$first" "$(numbers 0)")" "500 200 49 101 150 248" "process a"
	same "$(grown "$second" "$(numbers 1)")" "231 40 29 101 61 68" "process b"
	# 100 in both, 51 of one content, 30 of another, 240 of zeros; a frame for each of these
	same "$(grown "$both" "$(together)")" "$((100 + 50 + 29 + 239)) 103" "together"
	same "$(jq '[.sources[].in_reach] | add' <<<"$out")" "$(jq .together.in_reach <<<"$out")" "in reach"
	same "$(jq '.sources[0] | .in_reach + ([.out_of_reach[]] | add)' <<<"$out")" "$(jq .sources[0].memory <<<"$out")" "memory"

	# A process that is named twice is one.
	runs 0 "${PID[a]}" "${PID[a]}" --json
	same "$(jq '.sources | length' <<<"$out")" 1 "sources"
}

@test "estimate: a frame has 256 mappings" {
	local before
	start_two
	runs 0 "${PID[a]}" --json
	before=$(together)
	ask a fill r 0 600 same 3
	ask a fill r 1000 257 zero
	runs 0 "${PID[a]}" --json
	same "$(grown "$before" "$(together)")" "$((600 - 3 + 257 - 2)) 5" "saved and frames"
}

# What the kernel counts for a process: nothing of it may change.
footprint() {
	echo "$(gd-image "$1" count) $(grep -E '^Vm(RSS|Swap|Size|HWM|PTE)' "/proc/$1/status" | tr -d '\n') faults" \
		"$(cut -d ' ' -f 10,12 "/proc/$1/stat")"
}

@test "estimate: it only looks" {
	local before i first
	start_two
	runs 0 "${PID[a]}" --json
	first=$(numbers 0)
	# Every third page; pages that were only read, as the zero page is no memory; the others were never touched.
	for ((i = 0; i < 300; i += 3)); do
		ask a fill r "$i" 1 seq $((i + 1))
	done
	ask a fill r 1000 700 seq 5000
	ask a verify r 1000 800
	before=$(footprint "${PID[a]}")
	runs 0 "${PID[a]}" "${PID[b]}" --json --window 64,4K,2M
	runs 0 "${PID[a]}" --json --passes 2 --interval 0.1
	runs 0 "${PID[a]}" --json
	same "$(footprint "${PID[a]}")" "$before" "the process"
	same "$(grown "$first" "$(numbers 0)")" "800 0 0 0 800 0" "pages in reach"
	ask a verify
}

@test "estimate: an image and a core say what the process says" {
	local live name
	start_two
	ask a fill r 0 900 mix 20 50 7
	ask b fill r 100 1800 mix 10 60 7
	ask b fill r 50 20 same 3
	runs 0 "${PID[a]}" "${PID[b]}" --json --window 64,4K,64K,2M
	live=$(jq -c '[.sources[].windows, .together]' <<<"$out")
	for name in a b; do
		gd-image "${PID[$name]}" core "$dir/$name.core"
		gd-image "${PID[$name]}" raw "$dir/$name.raw"
	done
	runs 0 "$dir/a.core" "second=$dir/b.core" --json --window 64,4K,64K,2M
	same "$(jq -c '[.sources[].windows, .together]' <<<"$out")" "$live" "cores"
	same "$(jq -r '.sources[].source' <<<"$out" | paste -sd ' ')" "a.core second" "names"
	runs 0 "$dir/a.raw" "$dir/b.raw" --json --window 64,4K
	# An image has no addresses, so only windows up to a page are the same.
	same "$(jq -c '[.sources[].windows, .together]' <<<"$out")" \
		"$(jq -c '(.[0], .[1], .[2].windows) |= .[0:2]' <<<"$live")" "images"
	runs 0 "${PID[a]}" "$dir/b.core" --json --window 64,4K,64K,2M
	same "$(jq -c '[.sources[].windows, .together]' <<<"$out")" "$live" "a process and a core"
}

@test "estimate: a sparse image is as large as its data" {
	truncate -s 100G "$dir/image"
	# three pages at the begin, one byte in the middle, one page of zeros at the end
	head -c 12288 /dev/urandom | dd of="$dir/image" conv=notrunc status=none
	printf x | dd of="$dir/image" bs=1 seek=50000001234 conv=notrunc status=none
	dd if=/dev/zero of="$dir/image" bs=4096 seek=$((100 * 262144 - 1)) count=1 conv=notrunc status=none
	runs 0 "$dir/image" --json
	same "$(numbers 0)" "5 1 0 0 4 0" "pages"
	: >"$dir/image"
	truncate -s 1G "$dir/image"
	runs 0 "$dir/image" --json
	same "$(numbers 0)" "0 0 0 0 0 0" "pages of a hole"
}

@test "estimate: what is out of reach, by reason" {
	local before kind fields=()
	for kind in shared file locked hugetlb watched; do
		fields+=(".sources[0].out_of_reach.$kind")
	done
	start a
	for kind in shared file small; do
		ask a map "$kind" 100 "$kind"
		# What gd-hold knows of a region is shared memory as well.
		ask a fill "$kind" 0 1 zero
	done
	runs 0 "${PID[a]}" --json
	before=$(pages "${fields[@]}")
	ask a fill shared 0 60 seq 1
	ask a fill file 0 40 seq 1
	ask a fill small 0 20 seq 1
	ask a mlock small 0 20
	runs 0 "${PID[a]}" --json
	same "$(grown "$before" "$(pages "${fields[@]}")")" "59 39 20 0 0" "shared, file, locked, hugetlb, watched"
	runs 0 "${PID[a]}"
	[[ $out == *"MiB of shared mappings"*"MiB of private mappings of files"*"MiB of mlocked areas"* ]] || fail "$out"
}

@test "estimate: what changes between two passes is not saved" {
	local changed
	start_two
	ask a fill r 0 500 same 4
	runs 0 "${PID[a]}" --json --passes 2 --interval 0.1
	same "$(pages .sources[0].windows[0].changed)" 0 "changed in a process that sleeps"
	(sleep 1 && ask a fill r 0 70 same 8 && ask a fill r 600 30 same 4) 3>&- &
	runs 0 "${PID[a]}" "${PID[b]}" --json --passes 2 --interval 4
	# 70 changed, 30 are new; the process also used its stack.
	changed=$(pages .sources[0].windows[0].changed)
	((changed >= 100 && changed <= 110)) || fail "$changed pages changed"
	same "$(pages .sources[0].windows[0].same_inside)" 429 "unchanged copies"
	same "$(pages .sources[1].windows[0].changed)" 0 "changed in the other"
}

@test "estimate: all processes of a cgroup and those below it" {
	local mount path
	mount=$(awk '/ - cgroup2 / && $4 == "/" { print $5; exit }' /proc/self/mountinfo)
	[[ -n $mount ]] || fail "no cgroup2 file system is mounted"
	path=$mount/grpdedup-$$
	mkdir -p "$path/below/empty"
	printf '%s\n' "$path/below/empty" "$path/below" "$path" >"$dir/cgroups"
	start_two
	echo "${PID[a]}" >"$path/cgroup.procs"
	echo "${PID[b]}" >"$path/below/cgroup.procs"
	runs 0 "cgroup:/grpdedup-$$" --json
	same "$(jq .sources[].pid <<<"$out" | sort -n | paste -sd ' ')" "$(printf '%s\n' "${PID[@]}" | sort -n | paste -sd ' ')" "processes"
	# with the mount point; named twice
	runs 0 "cgroup:$path/below" "${PID[b]}" "cgroup:$path/below" --json
	same "$(jq -c '[.sources[].pid]' <<<"$out")" "[${PID[b]}]" "processes below"
	runs 4 "cgroup:/grpdedup-$$/nowhere" "${PID[a]}"
	same "$err" "grpdedup: cgroup:/grpdedup-$$/nowhere: there is no such cgroup" "no cgroup"
	[[ $out == *"one group: saves"* ]] || fail "$out"
	runs 4 "cgroup:/grpdedup-$$/below/empty"
	same "$err" "grpdedup: cgroup:/grpdedup-$$/below/empty: it has no processes" "an empty cgroup"
	xargs kill -9 <"$dir/pids"
	sleep 0.5
}

# refuses STATUS SENTENCE SOURCE: it says so, and counts the image that is named beside it
refuses() {
	runs "$1" "$3" "$dir/image" --json
	local name=${3#*=}
	same "$err" "grpdedup: ${name:-${3%=}}: $2" "estimate $3"
	same "$(jq '[.sources[] | select(has("error") | not)] | length' <<<"$out")" 1 "what is counted beside $3"
	same "$(pages .together.in_reach)" 8 "pages beside $3"
	runs "$1" "$3"
	[[ -z $out ]] || fail "estimate $3 prints: $out"
}

@test "estimate: wrong sources" {
	local gone
	head -c 32768 /dev/zero >"$dir/image"
	start a
	gone=$(gd-hold "est-$$-gone")
	gd-ask "est-$$-gone" exit >/dev/null
	mkfifo "$dir/fifo"
	: >"$dir/empty"
	echo x >"$dir/short"
	gd-image "${PID[a]}" core "$dir/core"
	head -c 100 "$dir/core" >"$dir/no-table"
	printf '\177ELF\001\001\001' | cat - /dev/zero | head -c 5000 >"$dir/elf32"

	refuses 2 "it is a FIFO, not a file with memory" "$dir/fifo"
	refuses 2 "it is a directory, not a file with memory" "x=$dir"
	refuses 2 "it is a device or socket, not a file with memory" /dev/zero
	refuses 2 "it is empty" "$dir/empty"
	refuses 2 "it has less than a page" "label=$dir/short"
	refuses 2 "cannot open it: No such file or directory" "$dir/nothing"
	refuses 2 "cannot open it: No such file or directory" label=
	refuses 2 "its table of segments is cut off" "$dir/no-table"
	refuses 2 "it is not a 64-bit ELF file" "$dir/elf32"
	refuses 2 "it is an ELF file, but not a core" /bin/true
	wait_for_end "$gone"
	runs 4 "$gone" "$dir/image"
	same "$err" "grpdedup: $gone: there is no such process" "a process that has exited"
	refuses 4 "there is no such process" 0
	refuses 4 "there is no such process" 99999999999
	runs 4 2
	[[ $err == "grpdedup: 2 ("*"): it has no memory (it has exited, or is a kernel thread)" ]] || fail "$err"
}

wait_for_end() {
	local i
	for ((i = 0; i < 100; i++)); do
		[[ -e /proc/$1 ]] || return 0
		sleep 0.05
	done
	fail "process $1 does not end"
}

@test "estimate: a thread is not counted beside its process" {
	local tid
	start a
	tid=$(gd-ask "est-$$-a" thread)
	runs 4 "$tid"
	[[ $err == "grpdedup: $tid ("*"): it is a thread of process ${PID[a]}" ]] || fail "$err"
}

@test "estimate: a core that is cut off is counted as far as it goes" {
	start_two
	ask a fill r 0 1000 unique
	gd-image "${PID[a]}" core "$dir/core"
	truncate -s -1M "$dir/core"
	runs 2 "$dir/core" --json
	same "$err" "grpdedup: $dir/core: it is cut off: 1.0 MiB are missing" "the sentence"
	same "$(pages .sources[0].missing)" 256 "missing"
	(($(pages .together.in_reach) > 900)) || fail "$out"
}

@test "estimate: without the right to read a process" {
	start a
	head -c 32768 /dev/zero >"$dir/image"
	chmod 755 "$dir" && cp "$TOOL" "$dir/tool"
	run --separate-stderr -2 setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/tool" estimate "${PID[a]}"
	# shellcheck disable=SC2154 # run sets $stderr
	[[ -z $output && $stderr == "grpdedup: ${PID[a]} (gd-hold): there is no right to read its memory (it takes that of ptrace: CAP_SYS_PTRACE)" ]] ||
		fail "$output" "$stderr"
}

@test "estimate: a process that exits or execs meanwhile" {
	local how
	for how in exit exec; do
		start "$how"
		ask "$how" map r 4000
		ask "$how" fill r 0 4000 same 4
		head -c 32768 /dev/zero >"$dir/image"
		(sleep 1 && ask "$how" "$how") 3>&- &
		runs 4 "${PID[$how]}" "$dir/image" --rate 500 --json
		[[ $err == "grpdedup: ${PID[$how]} (gd-hold): it has exited meanwhile" ]] || fail "$err"
		# Nothing of it is left in the numbers.
		same "$(pages .together.in_reach .together.windows[0].saved .together.windows[0].zero)" "8 7 8" "the image"
	done
}

@test "estimate: --rate bounds the speed" {
	local start=$EPOCHREALTIME
	start_two
	ask a fill r 0 2000 seq 1
	runs 0 "${PID[a]}" --rate 2k
	(((${EPOCHREALTIME/./} - ${start/./}) >= 950000)) || fail "it took from $start to $EPOCHREALTIME"
	[[ $out == *"at 2000 pages/s: all of it is saved after about 2 s"* ]] || fail "$out"
}

@test "estimate: wrong options" {
	local list
	for list in 100 32 4M 64,64 "" "64," x; do
		runs 1 1 --window "$list"
		[[ -z $out && $err == "grpdedup estimate: --window '$list' "*"usage: grpdedup estimate SOURCE"* ]] || fail "$err"
	done
	runs 1
	[[ $err == "grpdedup estimate: missing SOURCE"* ]] || fail "$err"
	runs 1 ""
	[[ $err == "grpdedup estimate: a SOURCE cannot be empty"* ]] || fail "$err"
	runs 1 1 --interval 5
	[[ $err == "grpdedup estimate: --interval needs --passes 2"* ]] || fail "$err"
	for list in "--passes 0" "--passes 3" "--rate 0" "--rate x" "--mem 1K" "--mem 1X" "--interval 0"; do
		# shellcheck disable=SC2086 # two words
		runs 1 1 $list
		[[ -z $out && $err == "grpdedup estimate: ${list% *} '${list#* }' "* ]] || fail "$err"
	done
}

@test "estimate: the text fits into 80 columns and says what to do next" {
	start_two
	ask a fill r 0 1000 seq 1
	ask b fill r 0 1000 seq 1
	runs 0 "${PID[a]}" "${PID[b]}" --window 64,512,4K,64K,2M --passes 2 --interval 0.1
	[[ $(awk 'length > 80' <<<"$out") == "" ]] || fail "$out"
	same "$(grep -c 'not merged by the module' <<<"$out")" 4 "windows that the module does not merge"
	[[ $out == *"
try: grpdedup add-group NAME --rate 10000
     grpdedup assign NAME ${PID[a]} ${PID[b]}" ]] || fail "$out"
	# An index that is too small
	runs 2 "${PID[a]}" --mem 1M --window 64
	same "$err" "grpdedup: --mem: the index of contents does not fit; allow more, or leave out small windows" "--mem"
}
