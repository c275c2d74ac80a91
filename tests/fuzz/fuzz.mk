# SPDX-License-Identifier: GPL-2.0-only
#
# make fuzz: tables that nobody wrote, by libFuzzer and by AFL++, sanitizers
# on. SECONDS_EACH=n for each of the two and each target (default 30). Inputs
# that reach new code stay in build/fuzz/NAME/corpus and are where the next run
# starts; what crashes stays in build/fuzz/NAME/crashes.
# make fuzz-replay: the corpus and former crashes once, in seconds.
#
# A target is a name, what it does with an input (WALK), its sources, and what
# writes the first inputs to a folder.

FUZZ_B := build/fuzz
SECONDS_EACH ?= 30
FUZZ_CFLAGS := -std=gnu99 -g -O2 -Wall -Wextra -Werror \
               -Itests/lib -Iinclude -Idrivers/passthrough
FUZZ_SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_FW := $(sort $(wildcard drivers/passthrough/fw/*.c))
FUZZ_CORE := $(filter-out %/vendors.c,\
               $(sort $(wildcard drivers/passthrough/*/*.c))) \
             $(filter-out %/main.c %/test.c,$(sort $(wildcard tests/lib/*.c)))
FUZZ_TARGETS := dmar ivrs scan_dmar scan_ivrs

dmar-walk := walk_dmar
dmar-src := tests/fuzz/target.c tests/fuzz/walk_dmar.c $(FUZZ_FW)
dmar-seeds := tests/data/dmar.py
ivrs-walk := walk_ivrs
ivrs-src := tests/fuzz/target.c tests/fuzz/walk_ivrs.c $(FUZZ_FW)
ivrs-seeds := tests/data/ivrs.py
scan_dmar-walk := scan_dmar
scan_dmar-src := tests/fuzz/target.c tests/fuzz/scan_dmar.c $(FUZZ_CORE)
scan_dmar-seeds := tests/data/dmar.py
scan_dmar-flags := -pthread
scan_ivrs-walk := scan_ivrs
scan_ivrs-src := tests/fuzz/target.c tests/fuzz/scan_ivrs.c $(FUZZ_CORE)
scan_ivrs-seeds := tests/data/ivrs.py
scan_ivrs-flags := -pthread

FUZZ_HDR := $(wildcard tests/fuzz/*.h include/moat/*.h \
              drivers/passthrough/*/*.h tests/lib/*.h)

define fuzz_target
$(FUZZ_B)/$(1)/libfuzzer: $($(1)-src) $(FUZZ_HDR) | fuzz-need
	@mkdir -p $$(@D)
	clang $(FUZZ_CFLAGS) -fsanitize=fuzzer $(FUZZ_SAN) $($(1)-flags) \
	    -DWALK=$($(1)-walk) $($(1)-src) -o $$@ $($(1)-libs)
$(FUZZ_B)/$(1)/afl: $($(1)-src) $(FUZZ_HDR) | fuzz-need
	@mkdir -p $$(@D)
	AFL_QUIET=1 AFL_USE_ASAN=1 AFL_USE_UBSAN=1 afl-clang-fast \
	    $(FUZZ_CFLAGS) -fsanitize=fuzzer $($(1)-flags) \
	    -DWALK=$($(1)-walk) $($(1)-src) -o $$@ $($(1)-libs)
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_target,$(t))))

.PHONY: fuzz fuzz-replay fuzz-need
fuzz-need:
	@ROOT=$(CURDIR) bash -c '. xen/common.sh; need "$$@"' need \
	    clang libclang-rt-dev afl++ python3 $(FUZZ_NEED)
fuzz: $(foreach t,$(FUZZ_TARGETS),$(FUZZ_B)/$(t)/libfuzzer $(FUZZ_B)/$(t)/afl)
	@tests/fuzz/run.sh fuzz $(SECONDS_EACH) \
	    $(foreach t,$(FUZZ_TARGETS),$(t):$($(t)-seeds))
fuzz-replay: $(foreach t,$(FUZZ_TARGETS),$(FUZZ_B)/$(t)/libfuzzer)
	@tests/fuzz/run.sh replay 0 \
	    $(foreach t,$(FUZZ_TARGETS),$(t):$($(t)-seeds))
