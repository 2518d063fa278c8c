#!/usr/bin/env bats
# grpdedupd and a domain of a real libvirtd, which keeps the QMP monitor to itself: sizes go through virsh.
bats_require_minimum_version 1.5.0
load helpers

BASE=128
MAX=256
DIR=$BATS_FILE_TMPDIR

setup_file() {
	[[ -n ${GRPDEDUP_KO-} ]] || fail "this needs a machine of its own: tests/vm/run -- tests/bats/run"
	[[ -d /sys/module/grpdedup ]] || load_module
	[[ -e /dev/kvm ]] || modprobe kvm_amd
	# No users, cgroups, namespaces and log daemon in this machine.
	printf '%s\n' 'user = "root"' 'group = "root"' 'dynamic_ownership = 0' 'remember_owner = 0' 'security_driver = "none"' \
		'namespaces = []' 'cgroup_controllers = []' 'stdio_handler = "file"' >/etc/libvirt/qemu.conf
	printf '%s\n' 'auth_unix_rw = "none"' >/etc/libvirt/libvirtd.conf
	libvirtd --daemon 3>&- || fail "libvirtd does not start"
	cat >"$DIR/lv1.xml" <<-END
		<domain type='kvm'>
		  <name>lv1</name>
		  <memory unit='MiB'>$MAX</memory>
		  <vcpu>1</vcpu>
		  <os>
		    <type arch='x86_64' machine='pc'>hvm</type>
		    <kernel>$VM_GUEST_KERNEL</kernel>
		    <initrd>$VM_GUEST_INITRAMFS</initrd>
		    <cmdline>console=ttyS0 panic=-1 mitigations=off pci=noearly tsc=reliable no_timer_check guest=lv1 mib=32 balloon</cmdline>
		  </os>
		  <features><apic/></features>
		  <on_reboot>destroy</on_reboot>
		  <devices>
		    <emulator>/usr/bin/qemu-system-x86_64</emulator>
		    <controller type='usb' model='none'/>
		    <memballoon model='virtio'/>
		    <serial type='file'><source path='$DIR/lv1.log'/><target port='0'/></serial>
		  </devices>
		</domain>
	END
	wait_for 20 virsh -q list >/dev/null || fail "libvirtd does not answer"
	virsh -q create "$DIR/lv1.xml" || fail "$(tail -n 20 /var/log/libvirt/qemu/lv1.log)"
	wait_for 90 grep -qa 'check 1 ok' "$DIR/lv1.log" || fail "the domain does not boot: $(tail -n 5 "$DIR/lv1.log")"
}

teardown_file() {
	virsh -q destroy lv1 || true
	pkill -x libvirtd || true
}

# start_daemon LINE...: set daemon; the lines belong to group lv, or are sections of their own
start_daemon() {
	printf '%s\n' '[host]' 'available_floor = 32M' '[group lv]' "$@" \
		'[guest lv1]' 'group = lv' 'domain = lv1' "base = ${BASE}M" >"$DIR/conf"
	daemon_start "$DIR/conf" "$DIR/control.sock" "$DIR/daemon.log"
	echo "$daemon" >>"$PIDS"
}

# The domain's QEMU is no process of the test.
status() { grpdedup balloon --socket "$DIR/control.sock" 2>/dev/null; }
actual() { virsh -q dommemstat lv1 | awk '$1 == "actual" { print int($2 / 1024) }'; }
has_state() { [[ $(status | awk '$2 == "lv1" && NF > 5 { print $4 }') == "$1" ]]; }
is_at() { (($(actual) >= $1 - 2 && $(actual) <= $1 + 2)); }
has_more() { (($(actual) >= $1)); }
no_members() { [[ -z $(gd list pids) ]]; }
is_member() { [[ $(gd list pids) == "$(</run/libvirt/qemu/lv1.pid)" ]]; }

@test "libvirt: a domain is enrolled, sent to its base, and given what it saves; libvirtd says so" {
	local daemon
	start_daemon 'rate = 0' 'average = 1' 'deadband = 2M'
	wait_for 20 is_member || fail "not enrolled: $(cat "$DIR/daemon.log")"
	wait_for 120 is_at $BASE || fail "not at its base: $(status; cat "$DIR/daemon.log")"
	wait_for 10 has_state ok || fail "$(status)"
	gd set-group lv --rate 60k
	wait_for 90 has_more $((BASE + $(mib_of_a_lone_guest))) || fail "nothing was given: $(status; cat "$DIR/daemon.log")"
	kill "$daemon"
	wait_for 5 gone "$daemon"
	gd del-group lv --unshare
	run ! grep -a FAILED "$DIR/lv1.log"
}

@test "libvirt: a virsh that is slow is waited for" {
	local daemon slow=/usr/local/sbin/virsh
	printf '%s\n' '#!/bin/sh' 'sleep 5' 'exec /usr/bin/virsh "$@"' >$slow
	chmod +x $slow
	start_daemon 'rate = 0'
	# three questions
	wait_for 30 has_state ok || fail "$(status; cat "$DIR/daemon.log")"
	rm $slow
}

@test "libvirt: a domain that is destroyed is let go, and one that nobody knows is absent" {
	local daemon
	start_daemon 'rate = 60k' '[guest lv2]' 'group = lv' 'domain = lv2' "base = ${BASE}M"
	wait_for 20 is_member || fail "not enrolled: $(cat "$DIR/daemon.log")"
	status | grep -q '^lv2: not running'
	virsh -q destroy lv1
	wait_for 10 has_state absent || fail "$(status)"
	wait_for 10 no_members || fail "the dead domain is still a member"
}
