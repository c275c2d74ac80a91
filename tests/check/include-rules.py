#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Who may include whom.

    include-rules.py [ROOT]

    include/moat/           itself, host-port.h
    drivers/passthrough/
      fw/                   types.h, itself
      pt/, queue/           include/moat/*, core/bits.h, itself
      core/                 include/moat/*, fw, pt, itself
      vtd/, amd/            include/moat/*, core/{hw,bits}.h, pt, queue, fw,
                            itself; never each other
    xen/                    of this tree: include/moat/* and itself
    tests/model/unit/       of this tree: include/moat/types.h and itself: the
                            model's hardware, written from the specification

Nothing under include/moat or drivers/passthrough includes the C library or
anything else of a host, or names a host in its code (comments may). Prints
PASS or FAIL lines; exits 1 on a failure.
"""
import os
import re
import sys

CORE = "drivers/passthrough/"
INCLUDE = re.compile(r'^\s*#\s*include\b\s*(?:"([^"]+)"|<([^>]+)>)?')
ANY_MOAT = r"include/moat/[a-z0-9_]+\.h"
BITS = CORE + r"core/bits\.h"
VENDOR = [ANY_MOAT, CORE + r"core/(hw|bits)\.h", CORE + r"(pt|queue|fw)/.*"]
RULES = {
    "include/moat": [ANY_MOAT, "host-port.h"],
    CORE + "fw": [r"include/moat/types\.h", CORE + "fw/.*"],
    CORE + "pt": [ANY_MOAT, BITS, CORE + "pt/.*"],
    CORE + "queue": [ANY_MOAT, BITS, CORE + "queue/.*"],
    CORE + "core": [ANY_MOAT, CORE + "(core|fw|pt)/.*"],
    CORE + "vtd": VENDOR + [CORE + "vtd/.*"],
    CORE + "amd": VENDOR + [CORE + "amd/.*"],
}
# These also see another world's headers: only what is ours is judged.
MIXED = {
    "xen": [ANY_MOAT, "xen/.*"],
    "tests/model/unit": [r"include/moat/types\.h", "tests/model/unit/.*",
                         r"tests/lib/host-port\.h"],
}
# Names of hosts and of what only hosts have, as words or parts of names.
HOSTS = re.compile(r"\b\w*(?<![a-z])(xen|linux|qemu|printk|xmalloc|spinlock|"
                   r"spin_lock|pcidevs|__KERNEL__)(?![a-z])\w*|\bCONFIG_\w+",
                   re.I)
COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
                     r'|//[^\n]*|/\*.*?\*/', re.S)


def sources(root, folder):
    for base, subs, files in os.walk(os.path.join(root, folder)):
        subs.sort()
        for name in sorted(files):
            if name.endswith((".c", ".h")):
                yield os.path.relpath(os.path.join(base, name), root)


def resolve(root, path, quoted, angled):
    """What an include of this tree names, from its root; else as written."""
    tries = [angled and "include/" + angled,
             quoted and os.path.join(os.path.dirname(path), quoted),
             CORE + (quoted or angled), "include/" + (quoted or angled)]
    for t in tries:
        if t and os.path.isfile(os.path.join(root, t)):
            return os.path.normpath(t), True
    return quoted or "<%s>" % angled, False


def blank(match):
    """A comment or string gives way to as many lines."""
    text = match.group(0)
    return text if text[0] in "\"'" and len(text) < 2 else (
        "\n" * text.count("\n") or " ")


def check_file(root, path, allowed, mixed):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        text = f.read()
    for number, line in enumerate(text.splitlines(), 1):
        m = INCLUDE.match(line)
        if not m:
            continue
        where = "%s:%d: " % (path, number)
        if not m.group(1) and not m.group(2):
            if not mixed:
                yield where + "includes what a macro names"
            continue
        name, ours = resolve(root, path, m.group(1), m.group(2))
        if mixed and not ours:
            continue
        if not any(re.fullmatch(p, name) for p in allowed):
            yield where + "may not include " + name
    if mixed:
        return
    code = COMMENT.sub(blank, text)
    for number, line in enumerate(code.splitlines(), 1):
        m = HOSTS.search(line)
        if m and not INCLUDE.match(line):
            yield "%s:%d: names a host: %s" % (path, number, m.group(0))


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    failures, files = [], 0
    for rules, mixed in ((RULES, False), (MIXED, True)):
        for folder, allowed in rules.items():
            for path in sources(root, folder):
                files += 1
                failures += check_file(root, path, allowed, mixed)
    known = tuple(f + "/" for f in RULES)
    for path in sources(root, "drivers"):
        if not path.startswith(known):
            failures.append(path + ": in no folder that has rules")
    for line in failures:
        print("FAIL include-rules: " + line)
    if not files:
        print("FAIL include-rules: no sources in " + root)
    elif not failures:
        print("PASS include-rules: %d files" % files)
    return 1 if failures or not files else 0


if __name__ == "__main__":
    sys.exit(main())
