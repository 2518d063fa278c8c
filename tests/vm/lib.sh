# Shared by the scripts in tests/vm; sourced, never run.
#
# One job: find things. Where the repository is, which kernel a name means, where its modules are.
# shellcheck shell=bash

VM_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
REPO=$(cd -- "$VM_DIR/../.." && pwd -P)
# shellcheck disable=SC2034 # used by those who source this file
BUILD_VM=$REPO/build/vm

say() { printf 'vm: %s\n' "$*" >&2; }
die() {
	say "$*"
	exit 125
}

# newest RELEASE_GLOB: the highest installed Debian release (flavour amd64) that matches, or nothing.
newest() {
	local image release found=
	while read -r image; do
		release=${image#/boot/vmlinuz-}
		[[ -d /lib/modules/$release/kernel ]] && found=$release
	done < <(compgen -G "/boot/vmlinuz-$1" | sort -V)
	printf '%s' "$found"
}

# find_installed NAME: set KREL if NAME (a release or a series such as 6.1) is installed.
find_installed() {
	KREL=$(newest "$1")
	[[ -n $KREL ]] || KREL=$(newest "$1.*[0-9]-amd64")
	[[ -n $KREL ]] || KREL=$(newest "$1.*deb1[0-9]-amd64")
	[[ -n $KREL ]]
}

# find_kernel NAME: set KREL (release), KROOT (root of the tree that holds it, "" for this machine),
# KIMAGE (bzImage), KMODULES, and KEY, a name for caches. NAME is a release, a series, or a directory with boot/ and lib/modules/.
find_kernel() {
	KROOT=
	if [[ $1 == */* ]]; then
		find_tree "$1"
	elif ! find_installed "$1"; then
		"$REPO/tools/deps" "kernel=$1" || die "kernel $1 is not installed"
		find_installed "$1" || die "kernel $1 is not installed, and no package provides it"
	fi
	KIMAGE=$KROOT/boot/vmlinuz-$KREL
	# shellcheck disable=SC2034
	KMODULES=$KROOT/lib/modules/$KREL
	[[ -r $KIMAGE ]] || die "cannot read $KIMAGE"
	KEY=$KREL
	# shellcheck disable=SC2034
	[[ -z $KROOT ]] || KEY=$KREL-$(cksum <<<"$KROOT" | cut -d ' ' -f 1)
}

# find_tree DIR: the newest kernel below another root (an mmdebstrap tree, an INSTALL_MOD_PATH).
find_tree() {
	[[ -d $1/boot ]] || die "no kernel tree at $1: it has no boot directory"
	KROOT=$(cd -- "$1" && pwd -P)
	KREL=$(cd "$KROOT/boot" && compgen -G 'vmlinuz-*' | sed 's/^vmlinuz-//' | sort -V | tail -n 1)
	[[ -n $KREL ]] || die "no boot/vmlinuz-* in $KROOT"
	[[ -d $KROOT/lib/modules/$KREL ]] || die "no lib/modules/$KREL in $KROOT"
}
