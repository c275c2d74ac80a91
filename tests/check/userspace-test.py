#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which user space belongs to a hypervisor, and which Debian has it: what
tests/dom0/debian.py and userspace.py make of made-up machines."""
import os
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "dom0"))
sys.dont_write_bytecode = True

import debian                                               # noqa: E402
import userspace                                            # noqa: E402

failed = 0


def check(name, got, wanted):
    global failed
    if got == wanted:
        print("PASS userspace: " + name)
    else:
        failed += 1
        print("FAIL userspace: %s: %r, not %r" % (name, got, wanted))


OWN = ["bookworm", "stable"]
LINES = """# deb file:/mirror/debian bookworm main
deb file:/mirror/debian bookworm main contrib
deb-src file:/mirror/debian bookworm main
deb [signed-by=/k.gpg arch=amd64] file:/mirror/security stable-security main
deb file:/mirror/debian bookworm-backports main
deb file:/elsewhere/apt cloud-bookworm main
deb cdrom:[Debian GNU/Linux 12 _Bookworm_]/ bookworm main
"""
STANZAS = """Types: deb deb-src
# a remark
URIs: file:/mirror/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main
Signed-By: /k.gpg

Types: deb-src
URIs: file:/mirror/debian
Suites: bookworm

Enabled: no
Types: deb
URIs: file:/mirror/debian
Suites: bookworm

Types: deb
URIs: file:/elsewhere
Suites: nodistro
"""

check("one-line entries of another release",
      debian.one_line(LINES, OWN, "trixie"),
      "deb file:/mirror/debian trixie main contrib\n"
      "deb [signed-by=/k.gpg arch=amd64] file:/mirror/security "
      "trixie-security main\n")
check("deb822 entries of another release",
      debian.deb822(STANZAS, OWN, "trixie"),
      "Types: deb\n# a remark\nURIs: file:/mirror/debian\n"
      "Suites: trixie trixie-updates\nComponents: main\nSigned-By: /k.gpg\n")

HAVE = {"bookworm": "xen-utils-4.17", "trixie": "xen-utils-4.20"}
for version, release in (("4.17.5", "bookworm"), ("4.17.7", "bookworm"),
                         ("4.20.4", "trixie"), ("4.20-rc1", "trixie"),
                         ("4.19.6", None), ("4.23-unstable", None),
                         ("4.2.0", None)):
    package = "xen-utils-%s" % userspace.series(version)
    check("the release for %s" % version,
          debian.first_with(HAVE, lambda r: HAVE[r] == package), release)
check("what is no version",
      [userspace.series(v) for v in ("", "4", "unstable")], [None] * 3)


def outcome(function, *words):
    try:
        return function(*words)
    except (SystemExit, FileNotFoundError) as e:
        return str(e)


with tempfile.TemporaryDirectory() as folder:
    userspace.BUILD = folder
    xen = os.path.join(folder, "xen")

    def put(name, text=""):
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)

    put("version", "none\n")
    check("a version file with no version", outcome(userspace.userspace, xen),
          "error: the version of %s is not to be found: %s/version says "
          "\"none\"" % (xen, folder))
    put("version", "4.19.6\n")
    space = userspace.userspace(xen)
    check("a user space not made yet",
          outcome(space.ramdisk).split(": ")[0].split("no ")[1],
          os.path.relpath(space.path("dom0.cpio"), os.path.dirname(folder)) +
          " for Xen 4.19")
    put("dom0/xl-4.19/dom0.cpio")
    put("dom0/xl-4.19/origin", "built from /tree\n")
    check("without a device model",
          (os.path.basename(space.ramdisk(hvm=True)), space.hvm, space.debian,
           bool(space.why_no_hvm)), ("dom0.cpio", False, False, True))
    put("dom0/xl-4.19/dom0-hvm.cpio")
    put("dom0/xl-4.19/origin", "Debian's trixie\n")
    check("with one",
          (os.path.basename(space.ramdisk(hvm=True)), space.hvm, space.debian,
           space.why_no_hvm), ("dom0-hvm.cpio", True, True, None))

sys.exit(failed > 0)
