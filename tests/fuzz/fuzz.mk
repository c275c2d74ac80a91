# SPDX-License-Identifier: GPL-2.0-only
#
# make fuzz: tables and texts that nobody wrote, by libFuzzer and by AFL++, sanitizers
# on. SECONDS_EACH=n for each of the two and each target (default 30). Inputs
# that reach new code stay in build/fuzz/NAME/corpus and are where the next run
# starts; what crashes stays in build/fuzz/NAME/crashes.
# make fuzz-replay: the corpus and former crashes once, in seconds.
# make fuzz-many: the two parsers alone, RUNS times (default 10^8), by
# libFuzzer with a guard page in place of the address sanitizer: an hour or so.
#
# A target is a name, what it does with an input (WALK), its sources, and what
# writes the first inputs to a folder.

FUZZ_B := build/fuzz
SECONDS_EACH ?= 30
FUZZ_CFLAGS := -g -O2 -Wall -Wextra -Werror -Iinclude -Idrivers/passthrough
# Of the hypervisor's own files; those of a program of tools/ bring others.
FUZZ_HOST := -std=gnu99 -Itests/lib
FUZZ_SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_FW := $(sort $(wildcard drivers/passthrough/fw/*.c))
FUZZ_CORE := $(filter-out %/vendors.c,\
               $(sort $(wildcard drivers/passthrough/*/*.c))) \
             $(filter-out %/main.c %/test.c,$(sort $(wildcard tests/lib/*.c)))
# The readers of texts, and what they stand on.
FUZZ_TOOL := $(addprefix tools/iommu-tables/,hexdump.c input.c json_compile.c \
               json_take.c lines.c memmap.c model.c model_dmar.c \
               model_ivrs.c pci.c pci_text.c format_dmar.c format_ivrs.c \
               util.c)
FUZZ_TARGETS := dmar ivrs scan_dmar scan_ivrs texts

dmar-walk := walk_dmar
dmar-src := tests/fuzz/target.c tests/fuzz/walk_dmar.c $(FUZZ_FW)
dmar-seeds := tests/data/dmar.py
dmar-flags := $(FUZZ_HOST)
ivrs-walk := walk_ivrs
ivrs-src := tests/fuzz/target.c tests/fuzz/walk_ivrs.c $(FUZZ_FW)
ivrs-seeds := tests/data/ivrs.py
ivrs-flags := $(FUZZ_HOST)
scan_dmar-walk := scan_dmar
scan_dmar-src := tests/fuzz/target.c tests/fuzz/scan_dmar.c $(FUZZ_CORE)
scan_dmar-seeds := tests/data/dmar.py
scan_dmar-flags := $(FUZZ_HOST) -pthread
scan_ivrs-walk := scan_ivrs
scan_ivrs-src := tests/fuzz/target.c tests/fuzz/scan_ivrs.c $(FUZZ_CORE)
scan_ivrs-seeds := tests/data/ivrs.py
scan_ivrs-flags := $(FUZZ_HOST) -pthread

texts-walk := texts
texts-src := tests/fuzz/target.c tests/fuzz/texts.c $(FUZZ_TOOL) $(FUZZ_FW)
texts-seeds := tests/fuzz/texts.py
texts-flags := -std=gnu11 -D_GNU_SOURCE -Wno-missing-field-initializers \
               -Itools/iommu-tables
texts-libs := -ljansson -lpci
FUZZ_NEED := libjansson-dev libpci-dev

FUZZ_HDR := $(wildcard tests/fuzz/*.h include/moat/*.h \
              drivers/passthrough/*/*.h tests/lib/*.h \
              tools/iommu-tables/*.h)

RUNS ?= 100000000
FUZZ_MANY := dmar ivrs

define fuzz_target
$(FUZZ_B)/$(1)/libfuzzer: $($(1)-src) $(FUZZ_HDR) | fuzz-need
	@mkdir -p $$(@D)
	@echo "  FUZZ $$@"; clang $(FUZZ_CFLAGS) -fsanitize=fuzzer $(FUZZ_SAN) $($(1)-flags) \
	    -DWALK=$($(1)-walk) $($(1)-src) -o $$@ $($(1)-libs)
$(FUZZ_B)/$(1)/afl: $($(1)-src) $(FUZZ_HDR) | fuzz-need
	@mkdir -p $$(@D)
	@echo "  FUZZ $$@"; AFL_QUIET=1 AFL_USE_ASAN=1 AFL_USE_UBSAN=1 afl-clang-fast \
	    $(FUZZ_CFLAGS) -fsanitize=fuzzer $($(1)-flags) \
	    -DWALK=$($(1)-walk) $($(1)-src) -o $$@ $($(1)-libs)
$(FUZZ_B)/$(1)/many: $($(1)-src) $(FUZZ_HDR) | fuzz-need
	@mkdir -p $$(@D)
	@echo "  FUZZ $$@"; clang $(FUZZ_CFLAGS) -fsanitize=fuzzer,undefined \
	    -fno-sanitize-recover=undefined -DGUARD $($(1)-flags) \
	    -DWALK=$($(1)-walk) $($(1)-src) -o $$@ $($(1)-libs)
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_target,$(t))))

.PHONY: fuzz fuzz-many fuzz-replay fuzz-need
fuzz-need:
	@ROOT=$(CURDIR) bash -c '. xen/common.sh; need "$$@"' need \
	    clang libclang-rt-dev afl++ python3 $(FUZZ_NEED)
fuzz: $(foreach t,$(FUZZ_TARGETS),$(FUZZ_B)/$(t)/libfuzzer $(FUZZ_B)/$(t)/afl)
	@tests/fuzz/run.sh fuzz $(SECONDS_EACH) \
	    $(foreach t,$(FUZZ_TARGETS),$(t):$($(t)-seeds))
fuzz-replay: $(foreach t,$(FUZZ_TARGETS),$(FUZZ_B)/$(t)/libfuzzer)
	@tests/fuzz/run.sh replay 0 \
	    $(foreach t,$(FUZZ_TARGETS),$(t):$($(t)-seeds))
fuzz-many: $(FUZZ_MANY:%=$(FUZZ_B)/%/many)
	@tests/fuzz/run.sh many $(RUNS) \
	    $(foreach t,$(FUZZ_MANY),$(t):$($(t)-seeds))
