# SPDX-License-Identifier: GPL-2.0-only
#
# The rig: programs that drive QEMU's emulated IOMMU from a process. Included
# by the Makefile in the project's root (make test-rig); also works alone:
# make -f tests/rig/tests.mk rig.
#
# rig_vtd tests the VT-d driver alone, over a stub of the platform. The others
# test drivers of both vendors below the core, on machine.c's machines: rig_core
# what is asked once; rig_matrix all scenarios on each machine of the matrix;
# rig_continuity reserved memory at every step of every move; rig_soak, which
# make soak runs, moves without end.

RIG_B := build/rig
RIG_CC ?= gcc
RIG_CFLAGS := -std=gnu99 -D_GNU_SOURCE -g -O1 -pthread \
              -fno-omit-frame-pointer -fsanitize=address,undefined \
              -fno-sanitize-recover=undefined -Wall -Wextra -Werror -Wvla \
              -Wdeclaration-after-statement -Wredundant-decls \
              -Wnested-externs -Itests/lib -Itests/rig -Iinclude \
              -Idrivers/passthrough

RIG_LIB_SRC := $(sort $(wildcard tests/lib/*.c)) \
               tests/rig/rig.c tests/rig/rig_place.c tests/rig/rig_probe.c \
               tests/rig/rig_qemu.c tests/rig/rig_tables.c \
               tests/rig/rig_unit.c
RIG_DRIVER_SRC := $(sort $(wildcard drivers/passthrough/queue/*.c \
                  drivers/passthrough/vtd/*.c drivers/passthrough/fw/*.c \
                  drivers/passthrough/pt/*.c))
RIG_VTD_SRC := $(sort $(wildcard tests/rig/rig_vtd*.c)) tests/rig/stub.c

RIG_OBJ = $(1:%.c=$(RIG_B)/%.o)
RIG_VTD_OBJ := $(call RIG_OBJ,$(RIG_LIB_SRC) $(RIG_DRIVER_SRC) $(RIG_VTD_SRC))

# The whole layer, on machines of all kinds.
RIG_LAYER_SRC := $(wildcard drivers/passthrough/core/*.c) \
                 $(wildcard drivers/passthrough/amd/*.c) \
                 tests/rig/machine.c tests/rig/judge.c tests/rig/plan.c
RIG_LAYER_OBJ := $(call RIG_OBJ,$(RIG_LIB_SRC) $(RIG_DRIVER_SRC) \
                 $(RIG_LAYER_SRC))
RIG_CORE_OBJ := $(call RIG_OBJ,tests/rig/rig_core.c)
RIG_MATRIX_OBJ := $(call RIG_OBJ,$(sort $(wildcard tests/rig/rig_matrix*.c)))
RIG_SOAK_OBJ := $(call RIG_OBJ,tests/rig/rig_soak.c)
RIG_CONT_OBJ := $(call RIG_OBJ,$(sort $(wildcard tests/rig/rig_continuity*.c)))

RIG_ALL_OBJ := $(sort $(RIG_VTD_OBJ) $(RIG_CORE_OBJ) \
               $(RIG_LAYER_OBJ) $(RIG_MATRIX_OBJ) $(RIG_CONT_OBJ) $(RIG_SOAK_OBJ))
RIG_TESTS += $(RIG_B)/rig_vtd $(RIG_B)/rig_core \
             $(RIG_B)/rig_matrix $(RIG_B)/rig_continuity

.PHONY: rig
rig: $(RIG_TESTS)
	@for t in $(RIG_TESTS); do $$t || exit; done

$(RIG_B)/rig_vtd: $(RIG_VTD_OBJ)
	@echo "  LD $@"; $(RIG_CC) $(RIG_CFLAGS) -o $@ $^

$(RIG_B)/rig_core: $(RIG_LAYER_OBJ) $(RIG_CORE_OBJ)
	@echo "  LD $@"; $(RIG_CC) $(RIG_CFLAGS) -o $@ $^

$(RIG_B)/rig_matrix: $(RIG_LAYER_OBJ) $(RIG_MATRIX_OBJ)
	@echo "  LD $@"; $(RIG_CC) $(RIG_CFLAGS) -o $@ $^

# COUNT moves (100000); not a test of make test.
.PHONY: soak
soak: $(RIG_B)/rig_soak
	@$(if $(COUNT),COUNT=$(COUNT)) $(if $(SEED),SEED=$(SEED)) $<

$(RIG_B)/rig_soak: $(RIG_LAYER_OBJ) $(RIG_SOAK_OBJ)
	@echo "  LD $@"; $(RIG_CC) $(RIG_CFLAGS) -o $@ $^

$(RIG_B)/rig_continuity: $(RIG_LAYER_OBJ) $(RIG_CONT_OBJ)
	@echo "  LD $@"; $(RIG_CC) $(RIG_CFLAGS) -o $@ $^

$(RIG_B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"; $(RIG_CC) $(RIG_CFLAGS) -MMD -MP -c -o $@ $<

-include $(RIG_ALL_OBJ:.o=.d)
