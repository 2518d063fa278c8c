# SPDX-License-Identifier: GPL-2.0
# grpdedup: "make help" says what there is. Kbuild says what the module is made of.

KERNEL ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KERNEL)/build
VM_KERNEL ?= 6.1

all: module tools

module:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tools:
	$(MAKE) -C userspace

# Start here
demo:
	tests/demo/run --kernel $(VM_KERNEL)

check:
	tests/check --kernel $(VM_KERNEL)

# Parts of "make check"; SUITE= and TEST= choose one suite, or tests by their names
lint unit cli build probes arm64 vm kernels:
	tests/check --kernel $(VM_KERNEL) $(if $(SUITE),--suite '$(SUITE)') $(if $(TEST),--test '$(TEST)') $@

# The main suites on whatever trixie-backports has, tested or not
newest:
	tests/check newest

# Everything that takes longer, in parts of at most an hour (tests/long/parts). What is green stays so for the
# commit; what is stopped goes on. SUITE=mutants, PART=one of them
check-long:
	tests/long/run $(if $(PART),--part $(PART)) $(SUITE)

# The suites, storms and faults on every packaged kernel; on one without Debian's exports; on one that looks
# for bugs; on one that looks for data races. Mutation tests, each of which breaks one rule of the module
vm-matrix vm-vanilla vm-debug vm-kcsan mutants:
	tests/long/run $(if $(PART),--part $(PART)) $@

# What is green, red and missing for the present commit
report:
	@tests/long/report $(SUITE)

coverage:
	tests/check --kernel $(VM_KERNEL) coverage

# Stress test: processes check every byte while memory is changed in all ways; a new SEED each time
storm:
	tests/storm/run --kernel $(VM_KERNEL) --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED)) $(if $(GUESTS),--guests $(GUESTS))

fuzz:
	tools/deps build fuzz
	$(MAKE) -s -C tests/fuzz run

# Netlink messages, right and broken, on the debug kernel or on KERNEL: another SEED each time
fuzz-netlink:
	tests/fuzz/netlink/run $(if $(filter command line,$(origin KERNEL)),--kernel $(KERNEL)) --messages $(or $(MESSAGES),20000) $(if $(SEED),--seed $(SEED))

# The kernel's own tests of copy-on-write and KSM, with every process in a group
selftests:
	tests/selftests/run --kernel $(VM_KERNEL)

bench:
	tools/deps demo
	tests/bench/run --kernel $(VM_KERNEL)

# The paper's experiment: ROUNDS=3, 17 minutes each
bench-paper:
	tests/bench/paper/run --kernel $(VM_KERNEL) --rounds $(or $(ROUNDS),3)

# Who can tell by timing what another process's memory holds: ROUNDS=8
bench-isolation:
	tests/bench/isolation/run --kernel $(VM_KERNEL) --rounds $(or $(ROUNDS),8)

install: all
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install
	$(MAKE) -C userspace install

dkms:
	dkms add .
	dkms install $(shell bash -c '. ./dkms.conf; echo $$PACKAGE_NAME/$$PACKAGE_VERSION')

clean:
	$(MAKE) -C userspace clean
	[ ! -d $(KDIR) ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
	rm -rf build

help:
	@echo "make demo     the main job, in a VM: four KVM guests in two groups (3 minutes)"
	@echo "make check    all tests: lint, build, probes, arm64, unit, cli, vm, kernels; each is a target too"
	@echo "make vm SUITE=30-merge TEST='one byte'   one suite, or one test; make unit TEST=law; VM_KERNEL=6.12"
	@echo "make newest   the main suites on the newest kernel of trixie-backports, tested or not"
	@echo "make check-long  what takes hours, in parts that are kept: SUITE=vm-debug PART=debug-storm"
	@echo "make report   what is green, red and missing for this commit"
	@echo "make vm-matrix   a suite of it: everything on every packaged kernel"
	@echo "make vm-vanilla  on a kernel without the symbols that only Debian exports, built first"
	@echo "make vm-debug    on a debug kernel (KASAN, lockdep, kmemleak...), built first"
	@echo "make vm-kcsan    without KVM guests on a kernel that looks for data races, built first"
	@echo "make mutants     one rule of the module broken at a time: its test must go red; scenes acted out"
	@echo "make coverage lines of the module that the suites reach, on the debug kernel"
	@echo "make selftests  the kernel's own tests of copy-on-write and KSM, in a group"
	@echo "make bench    ksmd beside grpdedup, in a VM"
	@echo "make storm    shake processes that check every byte, SECONDS=60 SEED=S GUESTS=N"
	@echo "make fuzz     fuzz what parses, SECONDS=60 each"
	@echo "make fuzz-netlink  requests of all kinds, right and broken, on the debug kernel: MESSAGES=20000 SEED=S KERNEL=6.1"
	@echo "make bench-paper  the paper's experiment, ROUNDS=3 of 17 minutes"
	@echo "make bench-isolation  the side channel between processes, measured, ROUNDS=8"
	@echo "make          the module for the running kernel (KERNEL=release) and the tool"
	@echo "make install  both; make dkms: the module for this and every later kernel"
	@echo "make clean    remove what was built"

.PHONY: all module tools demo check lint unit cli build probes arm64 vm kernels newest check-long report \
	vm-matrix vm-vanilla vm-debug vm-kcsan mutants coverage storm fuzz fuzz-netlink selftests bench bench-paper \
	bench-isolation install dkms clean help
