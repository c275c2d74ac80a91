# What people type. The work is in the scripts named here; each installs what
# it misses from Debian, keeps its logs in build/logs, and may be run alone.

SHELL   := /bin/bash
XEN     ?= build/xen/xen
IOMMU   ?= intel
KERNEL  ?= small
DOM0    := tests/dom0
export XEN IOMMU KERNEL

.PHONY: help
help:
	@echo "make run        build, boot Xen and dom0 in QEMU, play the PV scenario"
	@echo "make test       all tests: unit, QEMU, Xen"
	@echo "make test-unit  in userspace"
	@echo "make test-xen   every scenario under Xen, two machines at a time"
	@echo "make shell      the same machine with a dom0 shell on this terminal"
	@echo "make xen        build/xen/{xen,xen.gz,xen-syms,xen.efi}"
	@echo "make xen-stock  the same of Debian's Xen as it is: build/xen-stock/"
	@echo "make clean      removes build/ but for downloads and the small kernel"

# -- Xen ----------------------------------------------------------------------

.PHONY: xen xen-stock xen-nohvm
xen:
	@xen/build.sh moat
xen-stock:
	@xen/build.sh stock
xen-nohvm:
	@xen/build.sh moat --config CONFIG_HVM=n --out build/xen-nohvm

# The hypervisor that the machines boot: this layer's, unless XEN= names one.
.PHONY: hypervisor
hypervisor: $(if $(filter build/xen/xen,$(XEN)),xen)

# -- dom0 and the machines ----------------------------------------------------

.PHONY: dom0 dom0-debian run shell test-xen
dom0:
	@$(DOM0)/prepare.sh $(KERNEL)
dom0-debian:
	@$(DOM0)/prepare.sh debian
run: hypervisor dom0
	@$(DOM0)/run.py run --xen $(XEN) --kernel $(KERNEL) --iommu $(IOMMU)
shell: hypervisor dom0
	@$(DOM0)/run.py shell --xen $(XEN) --kernel $(KERNEL) --iommu $(IOMMU)
test-xen: hypervisor xen-nohvm dom0-debian
	@$(DOM0)/run.py test --xen $(XEN) $(if $(ONLY),--only $(ONLY))

# -- Unit tests and the rig ---------------------------------------------------
# These files add programs to UNIT_TESTS and RIG_TESTS, with rules to build
# them. A program's last line of output is "N passed, N failed".

UNIT_TESTS :=
RIG_TESTS  :=
-include tests/unit/tests.mk
-include tests/rig/tests.mk

.PHONY: test test-unit test-rig
test-unit: $(UNIT_TESTS)
	@tests/stages.sh $(foreach t,$^,"$(notdir $t):$t")
test-rig: $(RIG_TESTS)
	@tests/stages.sh $(foreach t,$^,"$(notdir $t):$t")
test:
	@tests/stages.sh "unit:$(MAKE) --no-print-directory test-unit" \
	    $(if $(RIG_TESTS),"rig:$(MAKE) --no-print-directory test-rig") \
	    "xen:$(MAKE) --no-print-directory test-xen"

# -- Cleaning -----------------------------------------------------------------

.PHONY: clean
clean:
	rm -rf build/xen build/xen-stock build/xen-nohvm build/logs build/unit \
	    build/rig
