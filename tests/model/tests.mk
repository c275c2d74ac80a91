# SPDX-License-Identifier: GPL-2.0-only
#
# The interleaving explorer, and the same scenarios with real threads under
# the thread sanitizer: make test-model. Also works alone, from the project's
# root: make -f tests/model/tests.mk test-model.

MODEL_B := build/model
MODEL_CC ?= gcc
MODEL_WARN := -Wall -Wextra -Werror -Wvla -Wdeclaration-after-statement \
              -Wredundant-decls -Wnested-externs -Wno-tsan
MODEL_CFLAGS := -std=gnu99 -g -fno-omit-frame-pointer $(MODEL_WARN)
MODEL_INC := -Iinclude -Idrivers/passthrough
# Rounds and seconds of the run with threads.
MODEL_ROUNDS ?= 40
MODEL_SECONDS ?= 40

MODEL_CORE_SRC := $(filter-out %/vendors.c, \
    $(sort $(wildcard drivers/passthrough/core/*.c \
    drivers/passthrough/pt/*.c drivers/passthrough/queue/*.c)))
MODEL_SHARED_SRC := $(sort $(wildcard tests/model/sc_*.c \
    tests/model/unit/hw*.c)) \
    $(addprefix tests/model/,drv.c drv_ring.c world.c pci.c)

.PHONY: test-model model-build need-model
need-model:
	@$(if $(NEED),$(NEED) gcc libc6-dev)
model-build: $(MODEL_B)/model $(MODEL_B)/model-threads
test-model: model-build
	@for p in "model" "model-threads $(MODEL_ROUNDS) $(MODEL_SECONDS)"; do \
	    echo "== $$p"; $(MODEL_B)/$$p || echo "exit $$?"; \
	done 2>&1 | sh tests/unit/sum.sh $(MODEL_B)/test-model.log

# ---- The explorer ----

MODEL_X_CFLAGS := $(MODEL_CFLAGS) -fno-pie -Itests/model $(MODEL_INC)
# The core's accesses are seen: the compiler puts in calls as for the thread
# sanitizer, which mem_calls.c receives.
MODEL_SEEN := -O1 -fsanitize=thread -fno-builtin -fno-optimize-sibling-calls \
              -DMODEL_CORE
MODEL_SEEN_SRC := $(filter-out %/did.c,$(MODEL_CORE_SRC)) \
    $(sort $(wildcard drivers/passthrough/vtd/*.c)) \
    $(sort $(wildcard drivers/passthrough/amd/*.c \
    drivers/passthrough/fw/*.c)) tests/model/did_view.c
MODEL_OWN_SRC := $(filter-out %/did_view.c %/threads.c, \
                 $(sort $(wildcard tests/model/*.c tests/model/unit/*.c)))
MODEL_SEEN_OBJ := $(MODEL_SEEN_SRC:%.c=$(MODEL_B)/seen/%.o)
MODEL_OWN_OBJ := $(MODEL_OWN_SRC:%.c=$(MODEL_B)/own/%.o)

$(MODEL_SEEN_OBJ): $(MODEL_B)/seen/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"; $(MODEL_CC) $(MODEL_X_CFLAGS) $(MODEL_SEEN) \
	    -MMD -MP -c -o $@ $<

$(MODEL_OWN_OBJ): $(MODEL_B)/own/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"; $(MODEL_CC) $(MODEL_X_CFLAGS) -O2 -MMD -MP -c -o $@ $<

$(MODEL_B)/model: $(MODEL_SEEN_OBJ) $(MODEL_OWN_OBJ)
	@echo "  LD $@"; $(MODEL_CC) -no-pie -o $@ $^

# ---- Real threads ----

MODEL_T_CFLAGS := $(MODEL_CFLAGS) -O1 -pthread -fsanitize=thread \
                  -Itests/lib $(MODEL_INC)
MODEL_T_SRC := $(MODEL_CORE_SRC) $(MODEL_SHARED_SRC) tests/model/threads.c \
    $(filter-out %/main.c %/test.c,$(sort $(wildcard tests/lib/*.c)))
MODEL_T_OBJ := $(MODEL_T_SRC:%.c=$(MODEL_B)/threads/%.o)

$(MODEL_T_OBJ): $(MODEL_B)/threads/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"; $(MODEL_CC) $(MODEL_T_CFLAGS) -MMD -MP -c -o $@ $<

$(MODEL_B)/model-threads: $(MODEL_T_OBJ)
	@echo "  LD $@"; $(MODEL_CC) -pthread -fsanitize=thread -o $@ $^

$(MODEL_SEEN_OBJ) $(MODEL_OWN_OBJ) $(MODEL_T_OBJ): | need-model

-include $(MODEL_SEEN_OBJ:.o=.d) $(MODEL_OWN_OBJ:.o=.d) $(MODEL_T_OBJ:.o=.d)
