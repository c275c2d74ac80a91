# SPDX-License-Identifier: GPL-2.0-only
#
# iommu-tables: make tools. Also works alone, from the project's root:
# make -f tools/tools.mk tools.
#
# build/tools/iommu-tables is what gcc makes; clang looks at the program's own
# sources. Every tools/iommu-tables/*.c belongs to it, and the hypervisor's core
# as it is, on a host of the program's own (tools/iommu-tables/host.h).

TOOLS_B := build/tools
TOOLS_WARN := -Wall -Wextra -Werror -Wvla -Wdeclaration-after-statement \
              -Wredundant-decls -Wnested-externs \
              -Wno-missing-field-initializers
TOOLS_CFLAGS := -std=gnu11 -g -O2 -D_GNU_SOURCE -fstack-protector-strong \
                -D_FORTIFY_SOURCE=2 -fPIE $(TOOLS_WARN) \
                -Itools/iommu-tables -Iinclude -Idrivers/passthrough
TOOLS_LIBS := -ljansson -lpci
TOOLS_OWN := $(sort $(wildcard tools/iommu-tables/*.c))
TOOLS_SRC := $(TOOLS_OWN) $(sort $(wildcard drivers/passthrough/*/*.c))
TOOLS_OBJ := $(TOOLS_SRC:%.c=$(TOOLS_B)/gcc/%.o)
TOOLS_CLANG_OK := $(TOOLS_OWN:%.c=$(TOOLS_B)/clang/%.ok)

.PHONY: tools tools-install need-tools
tools: $(TOOLS_B)/iommu-tables $(TOOLS_CLANG_OK)
# As Debian has it; make tools-install prefix=/usr/local DESTDIR=...
prefix ?= /usr/local
tools-install: $(TOOLS_B)/iommu-tables
	install -D -m 755 $< $(DESTDIR)$(prefix)/sbin/iommu-tables
	install -D -m 644 tools/iommu-tables/iommu-tables.8 \
	    $(DESTDIR)$(prefix)/share/man/man8/iommu-tables.8
	install -D -m 644 tools/iommu-tables/JSON.md \
	    $(DESTDIR)$(prefix)/share/doc/iommu-tables/JSON.md
	install -D -m 644 tools/iommu-tables/iommu-tables.bash \
	    $(DESTDIR)$(prefix)/share/bash-completion/completions/iommu-tables
need-tools:
	@$(if $(NEED),$(NEED) gcc clang libc6-dev libjansson-dev libpci-dev)

$(TOOLS_OBJ): $(TOOLS_B)/gcc/%.o: %.c | need-tools
	@mkdir -p $(@D)
	@echo "  CC $<"; gcc $(TOOLS_CFLAGS) -MMD -MP -c -o $@ $<

# Looked at, and nothing made of it.
$(TOOLS_CLANG_OK): $(TOOLS_B)/clang/%.ok: %.c | need-tools
	@mkdir -p $(@D)
	@echo "  CLANG $<"; clang $(TOOLS_CFLAGS) -fsyntax-only -MMD -MP -MT $@ \
	    -MF $(@:.ok=.d) $< && touch $@

$(TOOLS_B)/iommu-tables: $(TOOLS_OBJ)
	@echo "  LD $@"; gcc -pie -o $@ $^ $(TOOLS_LIBS)

-include $(TOOLS_OBJ:.o=.d) $(TOOLS_CLANG_OK:.ok=.d)
