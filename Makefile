# SPDX-License-Identifier: GPL-2.0
# grpdedup: "make help" lists the targets; Kbuild lists the module's objects.

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

# Another part: models of the module's protocols; TEST= chooses one, or one mutant
model:
	tools/deps model
	tests/model/run $(TEST)

# The main suites on the newest kernel of trixie-backports, tested or not
newest:
	tests/check newest

# Long tests, in parts of at most an hour (tests/long/parts). Green parts are not repeated for the same content;
# an interrupted run resumes. SUITE=mutants, PART=one of them
check-long:
	tests/long/run $(if $(PART),--part $(PART)) $(SUITE)

# Suites and storms on every packaged kernel; on one without Debian's exports; on a debug kernel, with fault
# injection; on a KCSAN kernel. Mutation tests and fault scenarios
vm-matrix vm-vanilla vm-debug vm-kcsan mutants:
	tests/long/run $(if $(PART),--part $(PART)) $@

# Parts that are green, red or missing for what is checked out
report:
	@tests/long/report $(SUITE)

coverage:
	tests/check --kernel $(VM_KERNEL) coverage

# Stress test: processes change their memory in all ways and check every byte; random SEED by default
storm:
	tests/storm/run --kernel $(VM_KERNEL) --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED)) $(if $(GUESTS),--guests $(GUESTS))

fuzz:
	tools/deps build fuzz
	$(MAKE) -s -C tests/fuzz run

# Valid and malformed netlink messages, on the debug kernel or on KERNEL; random SEED by default
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

# Measures the timing side channel between processes: ROUNDS=8
bench-isolation:
	tests/bench/isolation/run --kernel $(VM_KERNEL) --rounds $(or $(ROUNDS),8)

# How long the mmap lock of a member is held, at 1 and at 8 GiB (10 GiB of memory)
bench-holds:
	tests/bench/holds/run --kernel $(VM_KERNEL)

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
	@echo "make demo     a demonstration in a VM: four KVM guests in two groups (3 minutes)"
	@echo "make check    all tests: lint, build, probes, arm64, unit, model, cli, vm, kernels; each is a target too"
	@echo "make vm SUITE=30-merge TEST='one byte'   one suite, or one test; make unit TEST=law; VM_KERNEL=6.12"
	@echo "make model    check models of the module's protocols with spin, and their mutants; TEST=merge"
	@echo "make newest   the main suites on the newest kernel of trixie-backports, tested or not"
	@echo "make check-long  tests that take hours, in parts whose results are kept: SUITE=vm-debug PART=debug-storm"
	@echo "make report   parts that are green, red or missing for this commit"
	@echo "make vm-matrix   part of check-long: all suites on every packaged kernel"
	@echo "make vm-vanilla  the same on a kernel without Debian's additional exports, built first"
	@echo "make vm-debug    the same on a debug kernel (KASAN, lockdep, kmemleak...), built first"
	@echo "make vm-kcsan    the same without KVM guests on a KCSAN kernel (data races), built first"
	@echo "make mutants     mutation tests: each breaks one rule, and its test must fail; fault scenarios"
	@echo "make coverage lines of the module that the suites reach, on the debug kernel"
	@echo "make selftests  the kernel's own tests of copy-on-write and KSM, in a group"
	@echo "make bench    compare grpdedup with ksmd, in a VM"
	@echo "make storm    stress test with processes that check every byte, SECONDS=60 SEED=S GUESTS=N"
	@echo "make fuzz     fuzz the parsers, SECONDS=60 each"
	@echo "make fuzz-netlink  valid and malformed requests, on the debug kernel: MESSAGES=20000 SEED=S KERNEL=6.1"
	@echo "make bench-paper  the paper's experiment, ROUNDS=3 of 17 minutes"
	@echo "make bench-isolation  measure the timing side channel between processes, ROUNDS=8"
	@echo "make bench-holds  measure how long the mmap lock of a member is held, at 1 and at 8 GiB"
	@echo "make          the module for the running kernel (KERNEL=release), the tool and the daemon"
	@echo "make install  install all of it; make dkms: the module for this and every later kernel"
	@echo "make clean    remove build products"

.PHONY: all module tools demo check lint unit model cli build probes arm64 vm kernels newest check-long report \
	vm-matrix vm-vanilla vm-debug vm-kcsan mutants coverage storm fuzz fuzz-netlink selftests bench bench-paper \
	bench-isolation bench-holds install dkms clean help
