# SPDX-License-Identifier: GPL-2.0-only
#
# Unit tests: make test-unit. Also works alone, from the project's root:
# make -f tests/unit/tests.mk test-unit.
#
# Every tests/unit/test_*.c is a program, linked with all of tests/lib and
# with every drivers/passthrough/*/*.c there is. One that needs more (or
# another source file of tests/unit) says so in its module's section below:
#
#     test_NAME-objs := other_source.c
#     test_NAME-args := arguments

UNIT_B := build/unit
UNIT_CC ?= gcc
UNIT_CLANG ?= clang
UNIT_TIMEOUT ?= 300

UNIT_WARN := -Wall -Wextra -Werror -Wvla -Wdeclaration-after-statement \
             -Wredundant-decls -Wnested-externs
UNIT_INC := -Itests/lib -Iinclude -Idrivers/passthrough -Itests/unit
UNIT_CFLAGS := -std=gnu99 -g -O1 -pthread -fno-omit-frame-pointer \
               -fsanitize=address,undefined -fno-sanitize-recover=undefined \
               $(UNIT_WARN) $(UNIT_INC)
# The core brings nothing of the C library but what host-port.h includes.
UNIT_CORE_CFLAGS := -fno-builtin

# ---- pt ----
test_iopt-objs := iopt_hw.c iopt_one.c
test_iopt_runs-objs := iopt_hw.c iopt_one.c
test_iopt_words-objs := iopt_hw.c iopt_one.c
test_iopt_random-objs := iopt_hw.c iopt_model.c
test_iopt_steps-objs := iopt_hw.c iopt_model.c
test_iopt_fill-objs := iopt_hw.c iopt_model.c

# ---- core ----
core-tests := test_core test_core_use test_did test_resv test_flush \
              test_intremap test_device test_device_fail test_owner \
              test_group_late test_peer test_hostile test_group_fail
$(foreach t,$(core-tests),$(eval $(t)-objs := fake_unit.c fake_hw.c machine.c))
test_device-objs += moves.c
test_device_fail-objs += moves.c
test_owner-objs += moves.c
test_group_late-objs += moves.c
test_peer-objs += moves.c
test_group_fail-objs += moves.c
test_hostile-objs += moves.c

# ---- fw ----

# ---- queue, vtd ----

# ---- amd ----
amdvi-tests := test_amdvi_scan test_amdvi_unit test_amdvi_cmd \
               test_amdvi_intr test_amdvi_move
$(foreach t,$(amdvi-tests),$(eval $(t)-objs := amdvi_sim.c))

# ---- the mechanism ----

UNIT_CORE_SRC := $(sort $(wildcard drivers/passthrough/*/*.c))
UNIT_LIB_SRC := $(sort $(wildcard tests/lib/*.c))
UNIT_TESTS := $(basename $(notdir $(sort $(wildcard tests/unit/test_*.c))))

UNIT_CORE_OBJ := $(UNIT_CORE_SRC:%.c=$(UNIT_B)/%.o)
UNIT_LIB_OBJ := $(UNIT_LIB_SRC:%.c=$(UNIT_B)/%.o)
UNIT_CLANG_OK := $(UNIT_CORE_SRC:%.c=$(UNIT_B)/%.clang)
UNIT_BIN := $(UNIT_TESTS:%=$(UNIT_B)/%)

.PHONY: test-unit unit-build unit-clang
test-unit: unit-build
	@for t in $(UNIT_TESTS); do \
	    echo "== $$t"; \
	    $(MAKE) --no-print-directory -s -f tests/unit/tests.mk unit-run-$$t; \
	done 2>&1 | sh tests/unit/sum.sh $(UNIT_B)/test-unit.log

# sum.sh counts a program that dies without its last line as one failure;
# so one that hangs is ended.
unit-run-%:
	@timeout $(UNIT_TIMEOUT) $(UNIT_B)/$* $($*-args) || echo "exit $$?"

unit-build: $(UNIT_BIN) unit-clang
unit-clang: $(UNIT_CLANG_OK)

$(UNIT_CORE_OBJ): $(UNIT_B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"; $(UNIT_CC) $(UNIT_CFLAGS) $(UNIT_CORE_CFLAGS) -MMD -MP -c -o $@ $<

$(UNIT_LIB_OBJ): $(UNIT_B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"; $(UNIT_CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(UNIT_B)/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	@echo "  CC $<"; $(UNIT_CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

# The second compiler: warnings only, no object.
$(UNIT_CLANG_OK): $(UNIT_B)/%.clang: %.c
	@mkdir -p $(@D)
	@echo "  CLANG $<"; $(UNIT_CLANG) -std=gnu99 $(UNIT_WARN) $(UNIT_INC) $(UNIT_CORE_CFLAGS) \
	    -O1 -MMD -MP -MF $(@:.clang=.clang.d) -MT $@ -fsyntax-only $<
	@touch $@

# Archives are made anew: ar would keep members whose source is gone.
$(UNIT_B)/libmoat.a: $(UNIT_CORE_OBJ)
	@rm -f $@
	@ar rcs $@ $(UNIT_CORE_OBJ)

$(UNIT_B)/libtest.a: $(UNIT_LIB_OBJ)
	@rm -f $@
	@ar rcs $@ $(UNIT_LIB_OBJ)

.SECONDEXPANSION:
$(UNIT_BIN): $(UNIT_B)/%: $(UNIT_B)/tests/unit/%.o \
             $$(addprefix $(UNIT_B)/tests/unit/,$$($$*-objs:.c=.o)) \
             $(UNIT_B)/libmoat.a $(UNIT_B)/libtest.a
	@echo "  LD $@"; $(UNIT_CC) $(UNIT_CFLAGS) -o $@ $(filter %.o,$^) \
	    -Wl,--start-group $(UNIT_B)/libmoat.a $(UNIT_B)/libtest.a \
	    -Wl,--end-group

-include $(UNIT_CORE_OBJ:.o=.d) $(UNIT_LIB_OBJ:.o=.d)
-include $(UNIT_CLANG_OK:.clang=.clang.d)
-include $(wildcard $(UNIT_B)/tests/unit/*.d)
