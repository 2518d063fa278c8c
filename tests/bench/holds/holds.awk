# SPDX-License-Identifier: GPL-2.0
# The trace of one operation to "data" lines of tests/bench/holds/inside, which begin with prefix. One thread was
# traced, which takes one lock at a time.
function value(name) {
	return match($0, name "=[^ ]*") ? substr($0, RSTART + length(name) + 1, RLENGTH - length(name) - 1) : ""
}

function now() {
	match($0, /[0-9]+\.[0-9]+: /)
	return substr($0, RSTART, RLENGTH - 2) * 1000000
}

function lock() {
	return value("write") == "true" ? "write" : "read"
}

/ mmap_lock_acquire_returned: / {
	if (value("success") == "true") {
		held = lock()
		start = now()
		ptes = changed = 0
	}
}

# Up to the end of the page table
/ look: / {
	ptes += 512 - int(value("addr") / 4096) % 512
	counted = 1
}

/ unshare: / {
	changed++
}

/ merge: / {
	changed += value("pages")
}

/ mmap_lock_released: / {
	if (held == lock()) {
		holds[held, sprintf("%d", now() - start + 0.5)]++
		did = held == "read" ? ptes : changed
		if (did > most[held])
			most[held] = did
		any = 1
	}
	held = ""
}

END {
	for (key in holds) {
		split(key, k, SUBSEP)
		printf "data\thold\t%s\t%s\t%d\t%d\n", prefix, k[1], k[2], holds[key]
	}
	if (counted)
		for (key in most)
			printf "data\tmost\t%s\t%s\t%d\n", prefix, key, most[key]
	exit !any
}
