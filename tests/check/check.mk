# SPDX-License-Identifier: GPL-2.0-only
#
# make check: what can be seen without running anything. Also works alone,
# from the project's root: make -f tests/check/check.mk check.

.PHONY: check
check:
	@tests/check/run.sh
