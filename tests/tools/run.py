#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of iommu-tables.

    run.py PROGRAM

Real tables are looked for in the folder that MOAT_ACPI_TABLES names, else in
../shared/acpi beside the project; without them the tests say so and go on
with the project's own. The last line is "N passed, N failed", and
", N skipped" where anything was.
"""
import os
import sys
import tempfile

import harness
import tables
import test_cli
import test_decode
import test_explain
import test_inputs
import test_json
import test_picture
import test_pci
import test_verdict


def real_tables():
    folder = os.environ.get("MOAT_ACPI_TABLES") or os.path.join(
        harness.ROOT, os.pardir, "shared", "acpi")
    found = {}
    if os.path.isdir(folder):
        for name in sorted(os.listdir(folder)):
            if name.endswith(".dat"):
                with open(os.path.join(folder, name), "rb") as f:
                    found[name[:-4]] = f.read()
    if found:
        print("%d real tables in %s" % (len(found), folder))
    return found


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        t = harness.Tests(sys.argv[1], folder)
        own = tables.build(os.path.join(folder, "own"))
        real = real_tables()
        if not real:
            t.skip("real tables", "0 seen, there is no folder of them")
        for name, table in real.items():
            t.file("real/%s.dat" % name, table)
        test_decode.run(t, own, real)
        test_json.run(t, own, real)
        test_inputs.run(t, own)
        test_cli.run(t, own)
        test_picture.run(t, own, real)
        test_pci.run(t, own)
        test_verdict.run(t, own, real)
        test_explain.run(t, own)
    print("%d passed, %d failed%s" % (
        t.passed, t.failed, ", %d skipped" % t.skipped if t.skipped else ""))
    return 1 if t.failed else 0


if __name__ == "__main__":
    sys.exit(main())
