#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does xen/probe.py refuse what it does not know, by name?

    tests/check/probe-test.py TREE

TREE: an unpacked Xen. Of its sources a copy is changed, one thing at a time,
as a later Xen might be; each time the probe has to end with a message that
names the thing. The tree itself has to be taken, and its facts are those of
another run.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PROBE = os.path.join(ROOT, "xen", "probe.py")
PCI, PCI_C = "include/xen/pci.h", "drivers/passthrough/pci.c"

# What is changed, where, by which substitution, and what is to be named.
CHANGES = [
    ("a function with one more parameter", PCI,
     r"(int pci_remove_device\([^)]*)", r"\1, bool later", "pci_remove_device"),
    ("a function of another name", "include/xen/iommu.h",
     r"\biommu_suspend\b", "iommu_sleep", "iommu_suspend"),
    ("a member of a struct of another name", PCI, r"\bbroken\b", "defunct",
     "broken"),
    ("a fact that is neither this nor that", PCI,
     r"\bpci_find_cap_offset\([^)]*\)", "pci_find_cap_offset(int a, int b, "
     "int c)", "pci_find_cap_offset"),
    ("permission that is asked otherwise", "include/xsm/dummy.h",
     r"(xsm_get_device_group\([^{]*\{\s*XSM_ASSERT_ACTION\()\w+",
     r"\1XSM_TARGET", "xsm_get_device_group"),
    ("something new that Xen calls", "arch/x86/setup.c", r"(?m)^\}",
     "    pci_look_twice();\n}", "pci_look_twice"),
]


def probe(tree):
    done = subprocess.run([sys.executable, PROBE, tree], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def copy(tree, to):
    """What the probe looks at, and no objects."""
    def objects(_, names):
        return [n for n in names if not n.endswith((".c", ".h", ".S")) and
                "." in n]
    for part in ("include", "arch/x86", "drivers", "common", "xsm"):
        shutil.copytree(os.path.join(tree, "xen", part),
                        os.path.join(to, "xen", part), symlinks=True,
                        ignore=objects)
    shutil.copy(os.path.join(tree, "xen/drivers/passthrough/Kconfig"),
                os.path.join(to, "xen/drivers/passthrough/Kconfig"))


def refused(to, title, path, old, new, named):
    full = os.path.join(to, "xen", path)
    with open(full, encoding="utf-8") as f:
        text = f.read()
    changed, n = re.subn(old, new, text, count=0 if "\\b" in old else 1)
    if not n:
        return "%s has nothing like %s" % (path, old)
    with open(full, "w", encoding="utf-8") as f:
        f.write(changed)
    status, out, err = probe(to)
    with open(full, "w", encoding="utf-8") as f:
        f.write(text)
    if not status or out:
        return "not refused"
    return None if named in err and err.count("\n") == 1 else err


def main():
    tree, bad = sys.argv[1], 0
    with tempfile.TemporaryDirectory() as to:
        copy(tree, to)
        with open(os.path.join(to, "xen", PCI_C), "a") as f:
            f.write("\nvoid pci_look_twice(void)\n{\n}\n")
        checks = [("the tree as it is", lambda: probe(tree)[2] or (
            None if probe(tree) == probe(to) else "the copy differs"))]
        checks += [(c[0], lambda c=c: refused(to, *c)) for c in CHANGES]
        for title, check in checks:
            why = check()
            bad += bool(why)
            print("FAIL probe: %s: %s" % (title, why) if why else
                  "PASS probe: " + title)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
