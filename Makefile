# What people type. The work is in the scripts named here; each installs what
# it misses from Debian, keeps its logs in build/logs, and may be run alone.

SHELL   := /bin/bash
# SRC: the folder of a Xen, relative to where make was typed; none: Debian's.
# OUT: where its build goes, and OUT-nohvm and so on beside it.
q        = '$(subst ','\'',$(1))'
TYPED_IN ?= $(if $(findstring w,$(firstword -$(MAKEFLAGS))),$(PWD),$(CURDIR))
export TYPED_IN ALLOW_OLDER
SOURCE  := $(if $(SRC),$(shell cd $(call q,$(TYPED_IN)) && \
               realpath -ms -- $(call q,$(SRC))))
OUT     ?= build/xen$(if $(SRC),-$(shell basename $(call q,$(SOURCE)) | \
               sed 's/^xen-//; s/[^A-Za-z0-9.+_~-]/-/g'))
OUT     := $(OUT)
BUILD_XEN = xen/build.sh $(if $(SRC),--src $(call q,$(SOURCE))) --out $(OUT)
XEN     ?= $(OUT)/xen
IOMMU   ?= intel
KERNEL  ?= small
DOM0    := tests/dom0

.PHONY: help
help:
	@echo "make run        build, boot Xen and dom0 in QEMU, play the PV scenario"
	@echo "make test       all tests: unit, QEMU, Xen"
	@echo "make test-unit  in userspace"
	@echo "make test-rig   the drivers against QEMU's units"
	@echo "make soak       100,000 moves there with DMA running; COUNT=n"
	@echo "make test-model every interleaving of small scenarios"
	@echo "make mutants    does each security check fail with its fix removed?"
	@echo "make tools      build/tools/iommu-tables: what DMAR and IVRS say"
	@echo "make test-tools its tests; with iasl, and real tables if there are"
	@echo "make fuzz       firmware tables that nobody wrote; SECONDS_EACH=n"
	@echo "make eva        the firmware parsers, by Frama-C's static analysis"
	@echo "make test-xen   every scenario under Xen, two machines at a time;"
	@echo "                IOMMU=amd: those of AMD-Vi"
	@echo "make matrix SRCS=\"FOLDER...\"  for each unpacked Xen: builds, and every"
	@echo "                scenario; a table of them in build/matrix/"
	@echo "make bench      instructions, beside Debian's Xen: tables and a plot"
	@echo "make compare-unity  reserved memory on AMD: Debian's Xen beside this"
	@echo "make shell      the same machine with a dom0 shell on this terminal"
	@echo "make xen        build/xen/{xen,xen.gz,xen-syms,xen.efi}"
	@echo "make xen-nohvm  without HVM; xen-debug, xen-xsm (Flask): the same way"
	@echo "make xen-stock  the same of that Xen as it is: build/xen-stock/"
	@echo "   these, run, shell, test-xen, bench and compare-unity take SRC=FOLDER:"
	@echo "   any unpacked Xen from 4.17 on; else it is Debian's. With SRC, or as"
	@echo "   OUT= says, the build goes to build/xen-NAME."
	@echo "make clean      removes build/ but for downloads and the small kernel"

# -- Xen ----------------------------------------------------------------------

.PHONY: xen xen-stock xen-nohvm xen-debug xen-xsm
xen:
	@$(BUILD_XEN) moat
xen-stock:
	@$(BUILD_XEN)-stock stock
xen-nohvm:
	@$(BUILD_XEN)-nohvm moat --config CONFIG_HVM=n
# Assertions, and a page behind every address in quarantine.
xen-debug:
	@$(BUILD_XEN)-debug moat --config CONFIG_DEBUG=y \
	    --config CONFIG_IOMMU_QUARANTINE_SCRATCH_PAGE=y \
	    --config CONFIG_XHCI=y
# Flask, with a policy built in: Xen's, which knows no quarantine, and that.
xen-xsm:
	@$(BUILD_XEN)-xsm moat --config CONFIG_XSM=y \
	    --config CONFIG_XSM_FLASK_POLICY=y --also $(DOM0)/flask.sh

# The hypervisor that the machines boot: this layer's, unless XEN= names one.
.PHONY: hypervisor
hypervisor: $(if $(filter $(OUT)/xen,$(XEN)),xen)
	@[ -z $(call q,$(SRC)) ] || \
	    [ "$$(cat $(dir $(XEN))source)" -ef $(call q,$(SOURCE)) ] || \
	    { echo "error: $(XEN) was not made from SRC: give one of them" >&2; \
	      exit 1; }

# -- dom0 and the machines ----------------------------------------------------

.PHONY: dom0 dom0-debian run shell test-xen compare-unity
# With the user space of that hypervisor's version.
dom0: hypervisor
	@$(DOM0)/prepare.sh $(KERNEL) $(XEN)
dom0-debian: hypervisor
	@$(DOM0)/prepare.sh debian $(XEN)
run: hypervisor dom0
	@$(DOM0)/run.py run --xen $(XEN) --kernel $(KERNEL) --iommu $(IOMMU)
shell: hypervisor dom0
	@$(DOM0)/run.py shell --xen $(XEN) --kernel $(KERNEL) --iommu $(IOMMU)
compare-unity: hypervisor xen-stock dom0
	@$(DOM0)/run.py compare-unity --xen $(XEN) --stock $(OUT)-stock/xen
test-xen: hypervisor xen-nohvm xen-debug xen-xsm dom0-debian
	@$(DOM0)/run.py test --xen $(XEN) --iommu $(IOMMU) \
	    $(if $(ONLY),--only $(ONLY))

# Every tree of SRCS. ONLY and IOMMU restrict the scenarios, CCS adds builds by
# other compilers, FRESH=yes plays again what has a result that still holds.
.PHONY: matrix
matrix:
	@[ -n "$(strip $(SRCS))" ] || { echo 'usage: make matrix' \
	    'SRCS="FOLDER..." [ONLY=NAME,...] [IOMMU=intel|amd]' \
	    '[CCS="COMPILER..."] [FRESH=yes]' >&2; exit 2; }
	@$(NEED) python3 qemu-system-x86
	@cd '$(or $(TYPED_IN),.)' && '$(CURDIR)/$(DOM0)/matrix.py' $(SRCS) \
	    $(if $(ONLY),--only $(ONLY)) $(if $(CCS),--cc "$(CCS)") \
	    $(if $(filter yes,$(FRESH)),--fresh) \
	    $(if $(filter command environment,$(firstword $(origin IOMMU))), \
	        --iommu $(IOMMU))

# -- Unit tests, checks, the rig ----------------------------------------------
# Whatever says "N passed, N failed" at its end can be a stage of make test.
# tests.mk of the rig adds programs to RIG_TESTS; the others have test-unit and
# check as targets.

RIG_TESTS :=
-include tests/unit/tests.mk
-include tests/check/check.mk
-include tests/rig/tests.mk
-include tests/model/tests.mk
-include tests/mutants/mutants.mk
-include tests/bench/bench.mk
-include tests/fuzz/fuzz.mk
-include tests/eva/eva.mk
-include tests/tools/tests.mk

NEED := ROOT=$(CURDIR) bash -c '. xen/common.sh; need "$$@"' need
STAGE = "$(1):$(MAKE) --no-print-directory $(2)"

.PHONY: test test-rig need-unit
need-unit:
	@$(NEED) gcc clang libc6-dev python3 qemu-system-x86
# Before the first object is compiled:
$(UNIT_CORE_OBJ) $(UNIT_LIB_OBJ) $(UNIT_CLANG_OK) $(RIG_ALL_OBJ) \
    $(UNIT_TESTS:%=$(UNIT_B)/tests/unit/%.o): | need-unit
test-rig: $(RIG_TESTS)
	@tests/stages.sh $(foreach t,$(RIG_TESTS),"$(notdir $t):$t")
test: need-unit
	@tests/stages.sh $(call STAGE,unit,-j$$(nproc) test-unit) \
	    $(call STAGE,rig,-j$$(nproc) test-rig) \
	    $(call STAGE,model,-j$$(nproc) test-model) \
	    $(call STAGE,tools,-j$$(nproc) test-tools) \
	    $(call STAGE,fuzz,-j$$(nproc) fuzz-replay) \
	    $(call STAGE,xen,test-xen) $(call STAGE,xen-amd,test-xen IOMMU=amd) \
	    $(call STAGE,check,check)

# -- Cleaning -----------------------------------------------------------------

.PHONY: clean
clean:
	@for out in $(OUT) build/xen build/xen-*; do \
	    [ ! -e $$out/.inputs ] || (set -x; rm -rf $$out); done
	rm -rf build/logs build/unit build/rig build/model build/tools \
	    build/mutants build/bench build/eva build/fuzz build/matrix
