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

# find_installed NAME: set KREL if NAME is a release that is installed, or a series (6.1) of which one is
# installed with its headers; then to the newest of those. Flavours other than plain amd64 are left out.
find_installed() {
	local image release
	KREL=
	[[ ! -d /lib/modules/$1/kernel || ! -e /boot/vmlinuz-$1 ]] || KREL=$1
	[[ -z $KREL ]] || return 0
	while read -r image; do
		release=${image#/boot/vmlinuz-}
		[[ ! -e /lib/modules/$release/build/Makefile ]] || KREL=$release
	done < <(compgen -G "/boot/vmlinuz-$1[.-]*[0-9]-amd64" | sort -V)
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
