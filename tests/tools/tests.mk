# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of iommu-tables: make test-tools. Also works alone, from the project's
# root: make -f tests/tools/tests.mk test-tools. The program is built once
# more with the sanitizers on, and that one is tested.

include tools/tools.mk

TOOLS_SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
             -fno-omit-frame-pointer
TOOLS_SAN_OBJ := $(TOOLS_SRC:%.c=$(TOOLS_B)/san/%.o)

.PHONY: test-tools need-test-tools
need-test-tools:
	@$(if $(NEED),$(NEED) acpica-tools python3 man-db bash-completion)
test-tools: tools $(TOOLS_B)/san/iommu-tables $(TOOLS_B)/san/endless \
    need-test-tools
	@tests/tools/run.py $(TOOLS_B)/san/iommu-tables

$(TOOLS_SAN_OBJ): $(TOOLS_B)/san/%.o: %.c | need-tools
	@mkdir -p $(@D)
	@echo "  CC $<"; gcc $(filter-out -D_FORTIFY_SOURCE=2 -O2,$(TOOLS_CFLAGS)) \
	    -O1 $(TOOLS_SAN) -MMD -MP -c -o $@ $<

$(TOOLS_B)/san/iommu-tables: $(TOOLS_SAN_OBJ)
	@echo "  LD $@"; gcc $(TOOLS_SAN) -pie -o $@ $^ $(TOOLS_LIBS)

$(TOOLS_B)/san/endless: tests/tools/endless.c \
    $(filter-out %/main.o,$(TOOLS_SAN_OBJ))
	@echo "  LD $@"; gcc $(TOOLS_CFLAGS) $(TOOLS_SAN) -pie -o $@ $^ $(TOOLS_LIBS)

-include $(TOOLS_SAN_OBJ:.o=.d)
