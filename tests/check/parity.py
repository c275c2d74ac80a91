#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does xen/PARITY.md tell the whole truth?

    tests/check/parity.py [SOURCE]

SOURCE: an unpacked Xen source package (build/source/xen). Every option,
sub-option, debug key, hypercall, permission hook, chipset quirk and erratum
found in its x86 drivers/passthrough must have a row in the table, and no row
may speak of one that is not there. What a row says is here must be here: each
`file` `token` pair is looked up. Without SOURCE the pairs alone are checked.
"""

import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TABLE = "xen/PARITY.md"
VERDICT = re.compile(r"^(same|better|gone)\b")
# Xen's names of functions that prepare or dispatch; the quirks are others.
NOT_QUIRKS = {"map_igd_reg", "vtd_ops_preamble_quirk",
              "vtd_ops_postamble_quirk", "platform_quirks_init",
              "map_me_phantom_function", "parse_snb_timeout",
              "snb_vtd_ops_postamble", "snb_errata_init",
              "cantiga_b3_errata_init"}


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def sources(top):
    """(path below drivers/passthrough, text) of what is built on x86."""
    base = os.path.join(top, "xen", "drivers", "passthrough")
    for folder, _, names in sorted(os.walk(base)):
        for name in sorted(names):
            rel = os.path.relpath(os.path.join(folder, name), base)
            if name.endswith(".c") and not rel.startswith("arm") and \
               name != "device_tree.c":
                yield rel, read(os.path.join(folder, name))


def sub_options(text):
    """Names that each parser of the file compares with, by option."""
    parsers = re.split(r"\n(?=static int __init)", text)
    for part in parsers:
        option = re.search(r'custom_param\("([^"]+)"', part)
        if not option:
            continue
        for name in re.findall(
                r'(?:parse_boolean|strncmp|strcmp)\((?:s, )?"([^"]+)"', part):
            yield option.group(1) + "=" + name
        for name in re.findall(r'cmdline_strcmp\(\w+, "([^"]+)"', part):
            yield option.group(1) + "=" + name


def wanted(top):
    """What Xen has, as the table names it."""
    found = set()
    for rel, text in sources(top):
        for name in re.findall(r'\w+_param\("([^"]+)"', text):
            found.add(name.rstrip("[") + ("[]=" if name[-1] == "[" else "="))
        found.update(sub_options(text))
        found.update("key " + k for k in
                     re.findall(r"register_keyhandler\('(.)'", text))
        found.update(re.findall(r"case (XEN_DOMCTL_\w+):", text))
        found.update(re.findall(r"\b(xsm_\w+)\(", text))
        found.update("erratum " + n for n in
                     re.findall(r"(?i)erratum ?(\d+)", text))
        if rel == os.path.join("vtd", "quirks.c"):
            names = re.findall(r"(?m)^(?:static )?[a-z][\w ]*?\b(\w+)\(", text)
            found.update("vtd " + n for n in set(names) - NOT_QUIRKS
                         if not n.endswith("_param"))
    return found


def rows(text):
    for n, line in enumerate(text.splitlines(), 1):
        cells = [c.strip() for c in line.strip().strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) == 3:
            yield n, cells[0].strip("`"), cells[1], cells[2]


def check(text, top):
    """Complaints about the table @text."""
    bad, seen = [], set()
    for n, what, here, verdict in rows(text):
        where = "%s:%d: %s" % (TABLE, n, what)
        if what in seen:
            bad.append(where + ": there is such a row already")
        seen.add(what)
        kind = VERDICT.match(verdict)
        if not kind:
            bad.append(where + ": neither same, better nor gone")
            continue
        pairs = re.findall(r"`([^`]+)` `([^`]+)`", here)
        if kind.group(1) == "gone":
            if len(verdict) < 20:
                bad.append(where + ": gone, and no reason given")
        elif not pairs:
            bad.append(where + ": does not say where it is")
        for path, token in pairs:
            full = os.path.join(ROOT, path)
            if not os.path.exists(full) or token not in read(full):
                bad.append("%s: no %s in %s" % (where, token, path))
    if not seen:
        bad.append(TABLE + ": no rows")
    if top:
        there = wanted(top)
        bad += ["%s: no row for %s" % (TABLE, w) for w in sorted(there - seen)]
        bad += ["%s: Xen has no %s" % (TABLE, w) for w in
                sorted(seen - there)]
    return bad


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else None
    text = read(os.path.join(ROOT, TABLE))
    bad = check(text, top)
    for line in bad:
        print("FAIL " + line)
    if bad:
        return 1
    print("PASS parity: %d rows%s" % (len(list(rows(text))),
          ", all that Xen has" if top else ", not compared with Xen"))

    # The check itself: a row that goes missing, or points nowhere.
    lines = text.splitlines()
    first = next(rows(text))[0] - 1
    less = "\n".join(lines[:first] + lines[first + 1:])
    lines[first] = lines[first].replace("` `", "` `no such ")
    if top and not check(less, top) or not check("\n".join(lines), top):
        print("FAIL parity: a wrong table was not noticed")
        return 1
    print("PASS parity: wrong tables are noticed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
