# SPDX-License-Identifier: GPL-2.0-only
#
# make eva: the firmware parsers free of run-time errors for tables of unknown
# bytes, by Frama-C's Eva. README.md says what that shows and what not.
# ONLY=NAME: one of the runs of tests/eva/run.sh.

.PHONY: eva need-eva
need-eva:
	@ROOT=$(CURDIR) bash -c '. xen/common.sh; need "$$@"' need \
	    frama-c-base gcc libc6-dev
eva: need-eva
	@tests/eva/run.sh $(ONLY)
