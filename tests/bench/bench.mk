# SPDX-License-Identifier: GPL-2.0-only
# make bench: see tests/bench/bench.sh.
.PHONY: bench
bench: dom0
	@tests/bench/bench.sh $(if $(SRC),$(call q,$(SOURCE)) \
	    build/bench/$(notdir $(OUT)))
