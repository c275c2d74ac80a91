#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does xen/PARITY.md tell the whole truth?

    tests/check/parity.py [SOURCE...]

SOURCE: an unpacked Xen tree, of any version. Every option, sub-option, debug
key, hypercall, permission hook, chipset quirk, erratum and choice of Kconfig
found in its x86 drivers/passthrough must have a row in the table, and no row
may speak of one that is not there. A row marked "4.22+" may be of something
that older trees lack, one marked "to 4.17" of something that is gone since:
that one, stable releases have lost as well, so that 4.17 may have it or not.
What a row says is here must be here: each `file` `token` pair is looked up.
Without SOURCE the pairs alone are checked.
"""

import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TABLE = "xen/PARITY.md"
VERDICT = re.compile(r"^(same|better|gone)\b")
MARK = re.compile(r"^`([^`]+)`(?:, (?:(\d+\.\d+)\+|to (\d+\.\d+)))?$")
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
    found.update("config " + name for name in re.findall(
        r"(?m)^\s*config (AMD_IOMMU|INTEL_IOMMU|IOMMU_QUARANTINE_\w+)$",
        read(os.path.join(top, "xen", "drivers", "passthrough", "Kconfig"))))
    for path in ("arch/x86/physdev.c", "drivers/pci/physdev.c"):
        for part in re.split(r"\n(?=    case |    default:)",
                             read(os.path.join(top, "xen", path))):
            if re.search(r"\bpci_(add_device|remove_device|get_pdev)\(", part):
                found.update(re.findall(r"case (PHYSDEVOP_\w+):", part))
    for rel, text in sources(top):
        # no_config_param() says what is not there.
        for name in re.findall(r'(?<!no_config)_param\("([^"]+)"', text):
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


def number(version):
    return tuple(int(n) for n in version.split(".")[:2])


def version(top):
    """(4, 22), by the tree's own word."""
    text = read(os.path.join(top, "xen", "Makefile"))
    return tuple(int(re.search(r"XEN_%s\s*:?=\s*(\d+)" % part, text)[1])
                 for part in ("VERSION", "SUBVERSION"))


def rows(text):
    """(line, what, from version, to version, here, verdict)."""
    for n, line in enumerate(text.splitlines(), 1):
        cells = [c.strip() for c in line.strip().strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) == 3:
            mark = MARK.match(cells[0])
            yield ((n,) + (mark.groups() if mark else (cells[0], None, None)) +
                   (cells[1], cells[2]))


def compare(text, top):
    """Complaints about the table beside the tree @top."""
    there, seen, tree = wanted(top), set(), version(top)
    bad = []
    for n, what, first, last, _, _ in rows(text):
        seen.add(what)
        where = "%s:%d: %s" % (TABLE, n, what)
        if what in there:
            if last and tree > number(last):
                bad.append(where + ": Xen %d.%d has it, too" % tree)
        elif not last and not (first and tree < number(first)):
            bad.append(where + ": Xen has none")
    return bad + ["%s: no row for %s" % (TABLE, w)
                  for w in sorted(there - seen)]


def check(text, trees):
    """Complaints about the table @text."""
    bad, seen = [], set()
    for n, what, _, _, here, verdict in rows(text):
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
    for top in trees:
        bad += ["%s (%s)" % (c, top) for c in compare(text, top)]
    return bad


def main():
    trees = sys.argv[1:]
    text = read(os.path.join(ROOT, TABLE))
    bad = check(text, trees)
    for line in bad:
        print("FAIL " + line)
    if bad:
        return 1
    print("PASS parity: %d rows%s" % (
        len(list(rows(text))), ", all that Xen %s has" % ", ".join(
            "%d.%d" % version(t) for t in trees) if trees else
        ", not compared with Xen"))

    # The check itself: rows that point nowhere, go missing, or have a mark
    # that is wrong.
    line = text.splitlines()[next(rows(text))[0] - 1]
    what = line.split(" | ")[0]
    wrong = [line.replace("` `", "` `no such ")]
    if trees:
        wrong += ["", line.replace(what, "| `no such`"),
                  line.replace(what, what + ", to 3.0"),
                  line.replace(what, "| `no such`, 4.0+")]
    for other in wrong:
        if not check(text.replace(line, other), trees):
            print("FAIL parity: a wrong table was not noticed: " + other)
            return 1
    print("PASS parity: %d wrong tables are noticed" % len(wrong))
    return 0


if __name__ == "__main__":
    sys.exit(main())
