# Shared by the scripts in tests/vm; sourced, never run.
#
# Finds the repository, the kernel that a name means, and its modules.
# shellcheck shell=bash disable=SC2034 # used by those who source this file

VM_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
REPO=$(cd -- "$VM_DIR/../.." && pwd -P)
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
# KIMAGE (bzImage), KCONFIG, KMODULES, KEY, a name for caches, KMEM, MiB that a VM should have, and KGUEST,
# the kernel of KVM guests, "" for the same. NAME is a release, a series, a directory with lib/modules,
# or one that tests/vm/build-kernel makes. On "debug" and "kcsan" everything takes longer; on "debug" the
# module needs a parameter to load, and is built with additional checks.
find_kernel() {
	local tree
	KROOT=
	KMEM=4096
	KGUEST=
	if [[ $1 == vanilla || $1 == debug || $1 == kcsan ]]; then
		tree=$("$VM_DIR/build-kernel" "$1") || exit 125
		find_tree "$tree"
		# the tests assume the memory overhead of a packaged kernel in guests
		KGUEST=6.1
		case $1 in
		debug) export GRPDEDUP_SLOW=4 GRPDEDUP_DEBUG=y GRPDEDUP_ARGS=allow_debug_vm=1 ;;
		kcsan) export GRPDEDUP_SLOW=4 ;;
		esac
		[[ $1 == vanilla ]] || KMEM=6144
	elif [[ $1 == */* ]]; then
		find_tree "$1"
	elif find_installed "$1"; then
		:
	elif [[ $1 =~ ^([7-9]|[1-9][0-9])\.[0-9]+$ ]]; then
		tree=$("$VM_DIR/build-tree" "$1") || exit 125
		find_tree "$tree"
	else
		"$REPO/tools/deps" "kernel=$1" || die "kernel $1 is not installed"
		find_installed "$1" || die "kernel $1 is not installed, and no package provides it"
	fi
	KMODULES=$KROOT/lib/modules/$KREL
	KIMAGE=$(image_of "$KROOT" "$KREL")
	KCONFIG=$KROOT/boot/config-$KREL
	[[ -e $KCONFIG ]] || KCONFIG=$KMODULES/config
	KEY=$KREL
	[[ -z $KROOT ]] || KEY=$KREL-$(cksum <<<"$KROOT" | cut -d ' ' -f 1)
	[[ -r $KIMAGE ]] || die "cannot read $KIMAGE"
}

# image_of ROOT RELEASE: since Debian 14 the image is among the modules, and unsigned ones say so.
image_of() {
	local file
	for file in "$1/boot/vmlinuz-$2" "$1/lib/modules/$2"/{vmlinuz,vmlinuz.unsigned}; do
		if [[ -e $file ]]; then
			echo "$file"
			return
		fi
	done
}

# find_tree DIR: the newest kernel below another root (an mmdebstrap tree, an INSTALL_MOD_PATH).
find_tree() {
	local release
	KREL=
	[[ -d $1/lib/modules ]] || die "no kernel tree at $1: it has no lib/modules"
	KROOT=$(cd -- "$1" && pwd -P)
	while read -r release; do
		[[ -z $(image_of "$KROOT" "$release") ]] || KREL=$release
	done < <(cd "$KROOT/lib/modules" && compgen -G '*' | sort -V)
	[[ -n $KREL ]] || die "no kernel image in $KROOT (boot/vmlinuz-RELEASE or lib/modules/RELEASE/vmlinuz)"
}
