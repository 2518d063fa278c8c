#!/usr/bin/env bats
# grpdedupd and a domain of a real libvirtd, which keeps the QMP monitor to itself.
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
	start_libvirtd
	cat >"$DIR/lv1.xml" <<-END
		<domain type='kvm'>
		  <name>lv1</name>
		  <maxMemory slots='2' unit='MiB'>$((MAX + 256))</maxMemory>
		  <memory unit='MiB'>$MAX</memory>
		  <vcpu>1</vcpu>
		  <cpu><numa><cell id='0' cpus='0' memory='$MAX' unit='MiB'/></numa></cpu>
		  <os>
		    <type arch='x86_64' machine='pc'>hvm</type>
		    <kernel>$VM_GUEST_KERNEL</kernel>
		    <initrd>$VM_GUEST_INITRAMFS</initrd>
		    <cmdline>console=ttyS0 panic=-1 mitigations=off pci=noearly tsc=reliable no_timer_check swiotlb=512 guest=lv1 mib=32 balloon</cmdline>
		  </os>
		  <features><acpi/><apic/></features>
		  <on_reboot>destroy</on_reboot>
		  <devices>
		    <emulator>/usr/bin/qemu-system-x86_64</emulator>
		    <controller type='usb' model='none'/>
		    <memballoon model='virtio'/>
		    <serial type='file'><source path='$DIR/lv1.log'/><target port='0'/></serial>
		  </devices>
		</domain>
	END
	virsh -q create "$DIR/lv1.xml" || fail "$(tail -n 20 /var/log/libvirt/qemu/lv1.log)"
	wait_for 90 grep -qa 'check 1 ok' "$DIR/lv1.log" || fail "the domain does not boot: $(tail -n 5 "$DIR/lv1.log")"
}

teardown_file() {
	virsh -q destroy lv1 || true
	pkill -x libvirtd || true
}

start_libvirtd() {
	libvirtd --daemon 3>&- || fail "libvirtd does not start"
	wait_for 20 virsh -q list >/dev/null || fail "libvirtd does not answer"
}

# start_daemon LINE...: set daemon; the lines belong to group lv, or are sections of their own
start_daemon() {
	printf '%s\n' '[host]' 'available_floor = 32M' '[group lv]' "$@" \
		'[guest lv1]' 'group = lv' 'domain = lv1' "base = ${BASE}M" >"$DIR/conf"
	: >"$DIR/daemon.log"
	daemon_start "$DIR/conf" "$DIR/control.sock" "$DIR/daemon.log"
	echo "$daemon" >>"$PIDS"
}

# The domain's QEMU is no process of the test.
status() { grpdedup balloon --socket "$DIR/control.sock" 2>/dev/null; }
# nothing if it does not run
actual() { virsh -q dommemstat lv1 2>/dev/null | awk '$1 == "actual" { print int($2 / 1024) }'; }
has_state() { [[ $(status | awk '$2 == "lv1" && NF > 5 { print $4 }') == "$1" ]]; }
is_at() {
	local now
	now=$(actual)
	((now >= $1 - 2 && now <= $1 + 2))
}
has_more() {
	local now
	now=$(actual)
	((now >= $1))
}
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

period() { status_json | jq .host.late_ms; }
status_json() { grpdedup balloon --socket "$DIR/control.sock" --json; }
says() { status | grep -q "^lv1: .*$1"; }

@test "libvirt: who else sets a balloon is overruled within seconds, and named" {
	local daemon
	start_daemon 'rate = 0'
	wait_for 60 has_state ok || fail "$(status; cat "$DIR/daemon.log")"
	wait_for 60 is_moved_and_named || fail "$(status; cat "$DIR/daemon.log")"
	wait_for 20 is_at $BASE || fail "it stays at $(actual) MiB: $(status)"
	has_state ok || fail "$(status)"
}
is_moved_and_named() {
	virsh -q setmem lv1 $((BASE + 64))M --live && sleep 1.5
	says 'somebody else sets this balloon'
}

@test "libvirt: plugged in memory, a pause and a restore from a file leave the base as it is" {
	local daemon
	start_daemon 'rate = 0'
	wait_for 60 has_state ok || fail "$(status; cat "$DIR/daemon.log")"
	printf '%s\n' "<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target></memory>" >"$DIR/dimm.xml"
	virsh -q attach-device lv1 "$DIR/dimm.xml" --live
	wait_for 20 is_at $((BASE + 128)) || fail "$(actual) MiB: $(status; cat "$DIR/daemon.log")"
	sleep 3
	is_at $((BASE + 128)) && has_state ok || fail "$(actual) MiB: $(status)"
	virsh -q suspend lv1
	wait_for 10 has_state paused || fail "$(status)"
	says 'it does not run' || fail "$(status)"
	is_member
	virsh -q save lv1 "$DIR/lv1.save"
	wait_for 10 has_state absent || fail "$(status)"
	virsh -q restore "$DIR/lv1.save" --running
	wait_for 20 is_member || fail "$(status; cat "$DIR/daemon.log")"
	wait_for 60 has_state ok || fail "$(status; cat "$DIR/daemon.log")"
	is_at $((BASE + 128)) || fail "$(actual) MiB: $(status)"
}

@test "libvirt: a libvirtd that stops, or is restarted, costs no period and no guest" {
	local daemon
	start_daemon 'rate = 0'
	wait_for 60 has_state ok || fail "$(status; cat "$DIR/daemon.log")"
	pkill -STOP -x libvirtd
	wait_for 30 has_state silent || fail "$(status)"
	says 'libvirt' || fail "$(status)"
	# longer than the connection is kept alive
	sleep 15
	is_member || fail "$(status)"
	pkill -CONT -x libvirtd
	wait_for 30 has_state ok || fail "$(status; cat "$DIR/daemon.log")"
	pkill -x libvirtd
	wait_for 10 no_libvirtd
	start_libvirtd
	virsh -q setmem lv1 $((BASE + 64))M --live
	wait_for 30 is_at $((BASE + 128)) || fail "$(actual) MiB: $(status; cat "$DIR/daemon.log")"
	has_state ok
	(($(period) < 1500 * ${GRPDEDUP_PATIENCE:-1})) || fail "a control period took $(period) ms"
	run ! grep 'has exited' "$DIR/daemon.log"
}
no_libvirtd() { ! pgrep -x libvirtd >/dev/null; }

# create_idle NAME: a domain without a system
create_idle() {
	sed -e "s,<name>.*,<name>$1</name>," -e '/<kernel>\|<initrd>\|<cmdline>\|<serial/d' "$DIR/lv1.xml" >"$DIR/$1.xml"
	virsh -q create "$DIR/$1.xml" --paused || fail "$1 does not start"
}
says_of() { status | grep -q "^$1: $2"; }
members() { gd list pids | sort -n | tr '\n' ' '; }
pids_of() { sort -n "$@" | tr '\n' ' '; }
are_members() { [[ $(members) == "$(pids_of "${@/#//run/libvirt/qemu/}")" ]]; }

@test "libvirt: four lines put domains into a group, and those that come later" {
	local daemon
	create_idle lv2
	printf '%s\n' '[group web]' 'rate = 1000' 'domains = lv*' 'base = 60 %' >"$DIR/conf"
	: >"$DIR/daemon.log"
	daemon_start "$DIR/conf" "$DIR/control.sock" "$DIR/daemon.log"
	echo "$daemon" >>"$PIDS"
	wait_for 30 are_members lv1.pid lv2.pid || fail "$(members): $(status; cat "$DIR/daemon.log")"
	create_idle lv3
	wait_for 20 are_members lv1.pid lv2.pid lv3.pid || fail "$(members): $(status; cat "$DIR/daemon.log")"
	wait_for 30 says_of lv3 'it does not run' || fail "$(status)"
	virsh -q destroy lv2
	virsh -q destroy lv3
	wait_for 20 are_members lv1.pid || fail "$(members): $(status)"
	wait_for 10 grep -q 'guest lv3: gone' "$DIR/daemon.log" || fail "$(cat "$DIR/daemon.log")"
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
