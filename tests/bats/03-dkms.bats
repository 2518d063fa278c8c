#!/usr/bin/env bats
# dkms builds the module for each supported kernel, and does not block the installation of others. With a tree
# of its own, on the host; needs root, for a mount namespace in which dkms has no key of the machine's.

bats_require_minimum_version 1.5.0

root=$BATS_TEST_DIRNAME/../..

setup() {
	dir=$BATS_TEST_TMPDIR
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$root/dkms.conf")
	headers=$(compgen -G '/usr/src/linux-headers-6.1.*-amd64' | grep -v cloud | sort -V | tail -n 1)
	[[ -e $headers/Module.symvers ]] || fail "the headers of Linux 6.1 are not installed"
	mkdir -p "$dir"/{tree,inst} "$dir/src/grpdedup-$version"
	cp -r "$root"/{Kbuild,Makefile,dkms.conf,include,module} "$dir/src/grpdedup-$version/"
	dkms_does add -m grpdedup -v "$version"
}

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

# dkms_does COMMAND...: leaves $out, and the status
dkms_does() {
	local status=0
	# shellcheck disable=SC2016 # the inner shell expands it
	out=$(unshare --mount sh -c 'mount -t tmpfs none /var/lib/dkms && exec dkms "$@"' sh "$@" \
		--dkmstree "$dir/tree" --sourcetree "$dir/src" --installtree "$dir/inst" 2>&1 3>&-) || status=$?
	return $status
}

# for_kernel RELEASE: what the installation of that kernel's package calls; its headers are 6.1's
for_kernel() {
	mkdir -p "$dir/inst/$1"
	dkms_does autoinstall -k "$1" --kernelsourcedir "$headers"
}
next_kernel() {
	local tested
	tested=$(sed -n 's/^#define GRPDEDUP_LINUX_TESTED "\(.*\)"/\1/p' "$root/include/version.h")
	echo "${tested%.*}.$((${tested#*.} + 1)).1-amd64"
}

@test "dkms: it builds and installs the module for a kernel that is supported" {
	local release=${headers##*/linux-headers-} found
	for_kernel "$release" || fail "$out"
	found=$(find "$dir/inst/$release" -name 'grpdedup.ko*')
	[[ -n $found ]] || fail "nothing was installed" "$out"
	[[ $(modinfo -F vermagic "$found") == "$release "* ]] || fail "for another kernel: $(modinfo -F vermagic "$found")"
	# and the next one after that
	for_kernel "$(next_kernel)" || fail "$out"
}

@test "dkms: a kernel that is newer than what was tested can be installed" {
	for_kernel "$(next_kernel)" || fail "the kernel's installation would have failed:" "$out"
	[[ -z $(find "$dir/inst" -name 'grpdedup.ko*') ]] || fail "and it was built" "$out"
}

@test "dkms: a kernel that is too old can be installed" {
	for_kernel 5.10.0-30-amd64 || fail "the kernel's installation would have failed:" "$out"
	[[ -z $(find "$dir/inst" -name 'grpdedup.ko*') ]] || fail "and it was built" "$out"
}
