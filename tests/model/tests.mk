# SPDX-License-Identifier: GPL-2.0-only
#
# The interleaving explorer: make test-model. Also works alone, from the
# project's root: make -f tests/model/tests.mk test-model.

MODEL_B := build/model
MODEL_CC ?= gcc
MODEL_WARN := -Wall -Wextra -Werror -Wvla -Wdeclaration-after-statement \
              -Wredundant-decls -Wnested-externs
MODEL_CFLAGS := -std=gnu99 -g -O1 -fno-omit-frame-pointer -fno-pie -no-pie \
                -fno-optimize-sibling-calls $(MODEL_WARN)
MODEL_INC := -Itests/model -Iinclude -Idrivers/passthrough
# The core's accesses are seen: calls as for the thread sanitizer, which
# mem_calls.c receives.
MODEL_SEEN := -fsanitize=thread -fno-builtin -DMODEL_CORE -Wno-tsan

MODEL_CORE_SRC := $(filter-out %/did.c %/vendors.c, \
    $(sort $(wildcard drivers/passthrough/core/*.c \
    drivers/passthrough/pt/*.c drivers/passthrough/queue/*.c)))
MODEL_SEEN_SRC := $(MODEL_CORE_SRC) tests/model/did_view.c
MODEL_OWN_SRC := $(filter-out tests/model/did_view.c tests/model/threads%, \
    $(sort $(wildcard tests/model/*.c tests/model/unit/*.c)))
MODEL_SEEN_OBJ := $(MODEL_SEEN_SRC:%.c=$(MODEL_B)/seen/%.o)
MODEL_OWN_OBJ := $(MODEL_OWN_SRC:%.c=$(MODEL_B)/own/%.o)

.PHONY: test-model model-build
model-build: $(MODEL_B)/model
test-model: model-build
	@$(MODEL_B)/model

$(MODEL_SEEN_OBJ): $(MODEL_B)/seen/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"; $(MODEL_CC) $(MODEL_CFLAGS) $(MODEL_INC) $(MODEL_SEEN) \
	    -MMD -MP -c -o $@ $<

$(MODEL_OWN_OBJ): $(MODEL_B)/own/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"; $(MODEL_CC) $(MODEL_CFLAGS) -O2 $(MODEL_INC) \
	    -MMD -MP -c -o $@ $<

$(MODEL_B)/model: $(MODEL_SEEN_OBJ) $(MODEL_OWN_OBJ)
	@echo "  LD $@"; $(MODEL_CC) -no-pie -o $@ $^

-include $(MODEL_SEEN_OBJ:.o=.d) $(MODEL_OWN_OBJ:.o=.d)
