# SPDX-License-Identifier: GPL-2.0-only
#
# make mutants: every security fix is taken out of a copy of the tree, and the
# check that claims to know it must fail. Also works alone, from the project's
# root: make -f tests/mutants/mutants.mk mutants. ONLY=NAME... for some.

.PHONY: mutants
mutants:
	@$(if $(NEED),$(NEED) gcc libc6-dev patch)
	@tests/mutants/run.sh $(ONLY)
