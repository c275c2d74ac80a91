# SPDX-License-Identifier: GPL-2.0-only
"""--svg and --html: well-formed, complete, nothing over anything else.

The example that the README shows is made with

    tests/data/tables/tables.py FOLDER
    build/tools/iommu-tables --svg -o tools/iommu-tables/example.svg \\
        FOLDER/dmar-laptop.dat

and one of the tests compares it with what the program draws.
"""
import os
import re
import struct
import xml.etree.ElementTree as ET

import harness
import tables

TOOL = os.path.join(harness.ROOT, "tools", "iommu-tables")
LSPCI = os.path.join(harness.ROOT, "tests", "data", "lspci")

# Thousandths of the size that characters 32 to 126 take in DejaVu Sans and
# its bold, which are as wide as fonts for screens get.
SANS = [int(n) for n in """
318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636
636 636 636 636 636 636 337 337 838 838 838 531 1000 684 686 698 770 632 575
775 752 295 295 656 557 863 748 787 603 787 695 635 611 732 684 989 685 611 685
390 337 390 838 500 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634
612 635 635 411 521 392 634 592 818 592 592 525 636 337 636 838""".split()]
BOLD = [int(n) for n in """
348 456 521 838 696 1002 872 306 457 457 523 838 380 415 380 365 696 696 696
696 696 696 696 696 696 696 400 400 838 838 838 580 1000 774 762 734 830 683
683 821 837 372 372 775 637 995 837 850 733 850 770 720 682 812 774 1103 771
724 725 457 365 457 838 500 500 675 716 593 716 678 435 716 712 343 343 665 343
1042 712 687 716 716 493 595 478 712 652 924 645 652 582 712 365 712
838""".split()]


def plain(element):
    return element.tag.split("}")[-1]


def width(text, size, classes):
    if "m" in classes:
        return sum(602 if ord(c) < 0x250 else 1204 for c in text) * size / 1000
    font = BOLD if "b" in classes else SANS
    return sum(font[ord(c) - 32] if 32 <= ord(c) < 127 else
               380 if c in "\u00b7\u00a0" else 1113
               for c in text) * size / 1000


def boxes(root):
    """(left, top, right, bottom, text) of every text."""
    for e in root.iter():
        if plain(e) == "text":
            x, y = float(e.get("x")), float(e.get("y"))
            size = float(e.get("font-size"))
            text = e.text or ""
            yield (x, y - 0.76 * size, x + width(text, size, e.get(
                "class").split()), y + 0.24 * size, text)


def overlaps(svg):
    """What lies over something else, or leaves the picture."""
    view = [float(n) for n in svg.get("viewBox").split()]
    placed = sorted(boxes(svg), key=lambda b: b[1])
    for i, a in enumerate(placed):
        if a[0] < 0 or a[1] < 0 or a[2] > view[2] or a[3] > view[3]:
            yield "%r leaves the picture" % a[4]
        for b in placed[i + 1:]:
            if b[1] >= a[3]:
                break
            if a[0] < b[2] and b[0] < a[2]:
                yield "%r lies on %r" % (a[4], b[4])


def spills(svg):
    """Texts of a device or a unit beyond the frame that they stand in."""
    for g in svg.iter():
        kind = g.get("class", "")
        if plain(g) != "g" or kind not in ("dev", "unit", "rest", "cover"):
            continue
        frame = next(e for e in g if plain(e) == "rect")
        left, top = float(frame.get("x")), float(frame.get("y"))
        right = left + float(frame.get("width"))
        bottom = top + float(frame.get("height"))
        for b in boxes(g):
            if b[0] < left or b[1] < top or b[2] > right or b[3] > bottom:
                yield "%s: %r is outside of its frame" % (kind, b[4])


def attributes(svg, name):
    return [e.get(name) for e in svg.iter() if e.get(name) is not None]


def records(table):
    """(type, offset, bytes) of those there are, from a sound table."""
    at = 48
    while at + 4 <= len(table):
        if table[:4] == b"DMAR":
            kind, size = struct.unpack_from("<HH", table, at)
        else:
            kind, size = table[at], struct.unpack_from("<H", table, at + 2)[0]
        if size < 4:
            return
        yield kind, at, table[at:at + size]
        at += size


def scopes(record, at):
    while at + 6 <= len(record) and record[at + 1] >= 8:
        yield record[at], record[at + 5], record[at + 6:at + record[at + 1]]
        at += record[at + 1]


def dmar_content(table):
    """Registers of units, records of regions, names of devices."""
    segments = any(struct.unpack_from("<H", r, 6)[0]
                   for kind, _, r in records(table) if kind in (0, 1, 2, 5, 6))
    units, regions, devices = [], [], set()
    for kind, at, r in records(table):
        if kind == 0:
            units.append("%#x" % struct.unpack_from("<Q", r, 8))
        if kind == 1:
            regions.append("%03X" % at)
        for what, bus, path in scopes(r, 16 if kind == 0 else 24):
            if kind in (0, 1) and what in (1, 2):
                steps = ["%02x.%x" % (path[i], path[i + 1])
                         for i in range(0, len(path) - 1, 2)]
                devices.add("%s%02x:%s" % (
                    "%04x:" % struct.unpack_from("<H", r, 6) if segments
                    else "", bus, "/".join(steps)))
    return units, regions, devices


def ivrs_content(table):
    units, regions = set(), []
    for kind, at, r in records(table):
        if kind in (0x10, 0x11, 0x40):
            units.add((r[4:6], r[8:18]))
        if kind in (0x20, 0x21, 0x22):
            regions.append("%03X" % at)
    return ["%#x" % struct.unpack_from("<Q", u[1]) for u in units], regions


def content(svg, table):
    """What is missing, or there twice."""
    units, regions = attributes(svg, "data-base"), attributes(svg, "data-at")
    devices = attributes(svg, "data-dev")
    if table[:4] == b"DMAR":
        want_units, want_regions, want_devices = dmar_content(table)
    else:
        want_units, want_regions = ivrs_content(table)
        want_devices = set()
    if sorted(units) != sorted(u if u != "0x0" else "0" for u in want_units):
        yield "units %r, not %r" % (units, want_units)
    if sorted(regions) != sorted(want_regions):
        yield "regions %r, not %r" % (regions, want_regions)
    if len(devices) != len(set(devices)):
        yield "a device is there twice: %r" % devices
    if not want_devices <= set(devices):
        yield "devices missing: %r" % (want_devices - set(devices))


def foreign(text):
    """References to what is not in the file itself."""
    rest = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "")
    return re.findall(r"https?:|\bsrc=|url\(|@import|<link|<iframe", rest)


def parse(result, name):
    """The root, or what is wrong."""
    if result.status not in (0, 1, 2) or result.err:
        return None, "%s: %r" % (name, result)
    try:
        return ET.fromstring(result.out_bytes), None
    except ET.ParseError as e:
        return None, "%s: %s" % (name, e)


def pictures(t, path, *args):
    """Every <svg class=w...> of the page, and the one of --svg; complaints."""
    found, wrong = [], []
    for how in ("--svg", "--html"):
        r = t.run(how, *args, path)
        root, complaint = parse(r, "%s of %s" % (how, path))
        if complaint:
            wrong.append(complaint)
            continue
        wrong += ["%s of %s: %s" % (how, path, f) for f in foreign(r.out)]
        found += [e for e in root.iter() if plain(e) == "svg" and
                  (how == "--svg" or e.get("class") in ("w1", "w2", "w3"))]
    if len(found) != 4:
        wrong.append("%s: %d pictures, not 4" % (path, len(found)))
    return found, wrong


def all_tables(t, own, real):
    wrong, missing, over = [], [], []
    sound = {name: table for name, table in own.items() if "-" in name and
             os.path.exists(os.path.join(tables.HERE, name + ".dsl"))}
    for folder, some in (("own", own), ("real", real)):
        for name, table in sorted(some.items()):
            path = os.path.join(t.folder, folder, name + ".dat")
            svgs, bad = pictures(t, path)
            wrong += bad
            for svg in svgs:
                who = "%s, %s: " % (name, svg.get("class", "alone"))
                over += [who + c for c in overlaps(svg)]
                over += [who + c for c in spills(svg)]
                if folder == "real" or name in sound:
                    missing += [who + c for c in content(svg, table)]
    n = len(own) + len(real)
    t.check_all("pictures of %d tables: well-formed, nothing from elsewhere"
                % n, wrong)
    t.check_all("pictures of %d tables: each unit, region, device once"
                % (len(sound) + len(real)), missing)
    t.check_all("pictures of %d tables: no text over another, none clipped"
                % n, over)


def with_devices(t, own):
    for name, lspci in (("dmar-laptop", "laptop"), ("ivrs-desktop",
                                                    "desktop")):
        svgs, wrong = pictures(
            t, os.path.join(t.folder, "own", name + ".dat"),
            "--pci=" + os.path.join(LSPCI, lspci + ".txt"))
        for svg in svgs:
            wrong += list(overlaps(svg)) + list(spills(svg))
            wrong += list(content(svg, own[name]))
        with open(os.path.join(LSPCI, lspci + ".txt"),
                  encoding="utf-8") as f:
            there = re.findall(r"^0000:(\S+) ", f.read(), re.M)
        for svg in svgs:
            got = attributes(svg, "data-dev")
            wrong += [d for d in there if got.count(d) != 1]
        t.check_all("picture of %s with its devices" % name, wrong)


def sharing(t, own):
    """Who goes together has a set, a letter and a colour in common."""
    r = t.run("--svg", os.path.join(t.folder, "own", "dmar-laptop.dat"))
    root = ET.fromstring(r.out_bytes)
    sets = {e.get("data-dev"): e.get("data-set") for e in root.iter()
            if e.get("data-dev")}
    region = [e.get("data-set") for e in root.iter() if e.get("data-region")]
    links = [e.get("data-set") for e in root.iter()
             if e.get("class") == "link"]
    t.check(sets["00:14.0"] == sets["00:1d.0"] == region[0] and
            sets["00:02.0"] == region[1] != region[0] and
            sorted(links) == sorted([region[0]] * 2 + [region[1]]) and
            r.out.count("group A, goes together with 00:1d.0") >= 1,
            "sharing is drawn", "%r %r %r" % (sets, region, links))


def marks(root, key, value):
    """Titles and signs of the findings at the element with that value."""
    return [(m[0].text, m[1].get("class"))
            for g in root.iter() if g.get(key) == value
            for m in g.iter() if m.get("class") == "mark"]


def behind(t, own):
    """What is two bridges deep is behind the unit of the upper one; what is
    known of a device is marked at it."""
    r = t.run("--svg", os.path.join(t.folder, "own", "dmar-server.dat"))
    deep = [[d.get("data-dev") for d in g.iter() if d.get("data-dev")]
            for g in ET.fromstring(r.out_bytes).iter()
            if g.get("data-unit") == "0"]
    t.check(deep and "0000:17:02.0/00.0/01.0" in deep[0],
            "two bridges deep: behind the unit of the upper one", repr(deep))
    r = t.run("--svg", "--pci=" + os.path.join(LSPCI, "laptop.txt"),
              os.path.join(t.folder, "own", "dmar-laptop.dat"))
    root = ET.fromstring(r.out_bytes)
    number = [re.match(r"\d+", e.text).group() for e in root.iter()
              if plain(e) == "text" and "known to issue its" in (e.text or "")]
    t.check(number and ("finding " + number[0]) in " ".join(
        m[0] for m in marks(root, "data-dev", "01:00.0")),
            "what is known of a device is marked at it", repr(number))


def findings(t, own):
    """Marked at what they are about, with a sign, and told in words."""
    for name, level, key, value in (
            ("rmrr-reversed", "error", "data-at", "078"),
            ("drhd-zero", "error", "data-unit", "0"),
            ("scope-device", "error", "data-at", "078"),
            ("special-variety", "warning", "data-base", "0xfeb80000"),
            ("block-zero", "fatal", "class", "table")):
        path = os.path.join(t.folder, "own", name + ".dat")
        r = t.run("--svg", path)
        root = ET.fromstring(r.out_bytes)
        got = marks(root, key, value)
        words = [e.text for e in root.iter() if plain(e) == "text" and
                 (e.text or "").startswith("1. %s: " % level)]
        t.check(r.status == (2 if level == "fatal" else 1) and words and
                any(re.match(r"finding 1\b", m[0]) and
                    m[1] == "sign sev-" + level for m in got),
                "the finding of %s is marked" % name, "%r %r" % (got, words))
        r = t.run("--html", path)
        t.check('<li id="finding-1">' in r.out and
                "<b>1. %s</b>" % level in r.out,
                "the finding of %s in the page" % name, repr(r))


def hostile(t, own):
    """What firmware and file names say stays text."""
    table = bytearray(own["dmar-laptop"])
    table[10:24] = b"<&\">'\x00]]><!--]"
    name = b"\\<script>&\"\x00"
    at = table.index(b"\\_SB.PCI0.I2C0")
    table[at:at + len(name)] = name
    tables.checksum(table)
    evil = b"a<b>&\"'\xff\xc0\xaf\xed\xa0\x80\x01\xe2\x80\xae\xf0\x9f\x98\x80"
    path = os.path.join(os.fsencode(t.folder), evil + b".dat")
    with open(path, "wb") as f:
        f.write(table)
    wrong, texts = [], ""
    for how in ("--svg", "--html"):
        r = t.run(how, os.fsdecode(path))
        root, complaint = parse(r, how)
        if complaint:
            wrong.append(complaint)
            continue
        r.out_bytes.decode("utf-8")
        scripts = [e for e in root.iter() if plain(e) in ("script", "b") and
                   "a<" in "".join(e.itertext())]
        wrong += ["an element: %r" % s for s in scripts]
        texts = "".join(root.itertext())
        if 'a<b>&"\'' + "\ufffd" * 8 not in texts:
            wrong.append("%s: the file's name is not there" % how)
        if "\u202e" in texts or "\\<script>&\"" not in texts:
            wrong.append("%s: names in %r" % (how, texts[:3000]))
    t.check_all("hostile names stay text", wrong)


def record(kind, body):
    return struct.pack("<HH", kind, 4 + len(body)) + body


def dmar(body):
    table = bytearray(b"DMAR" + struct.pack("<IBB", 0, 1, 0) + b"MOAT\0\0" +
                      b"MANY\0\0\0\0" + struct.pack("<I4sI", 1, b"MOAT", 1) +
                      b"\x2d\x01" + bytes(10) + body)
    tables.set_length(table)
    tables.checksum(table)
    return bytes(table)


def large(t):
    """A server of 8 units and 60 entries in three segments; a flood."""
    body = b""
    for u in range(8):
        body += record(0, struct.pack(
            "<BBHQ", u in (3, 5, 7), 0, u // 3, 0x38ffffc00000 + (u << 20)) +
            b"".join(bytes([1 + i % 2, 8, 0, 0, 0, 16 * u, i + 1, 0])
                     for i in range(6)) +
            bytes([3, 8, 0, 0, u, 0xf0, u, 0]))
    for i in range(12):
        base = 0x70000000 + 0x123456000 * i
        body += record(1, struct.pack(
            "<HHQQ", 0, i % 3, base, base + (0x1000 << (2 * i)) - 1) +
            b"".join(bytes([1, 8, 0, 0, 0, 16 * (i + k), 1 + 2 * k, 0])
                     for k in range(1 + i % 3)))
    path = t.file("many.dat", dmar(body))
    svgs, wrong = pictures(t, path)
    for svg in svgs:
        wrong += list(overlaps(svg)) + list(spills(svg))
        wrong += list(content(svg, dmar(body)))
    t.check_all("a server of 8 units, 60 entries and 3 segments", wrong)
    flood = dmar(b"".join(
        record(1, struct.pack("<HHQQ", 0, 0, i << 13, (i << 13) + 4095) +
               bytes([1, 8, 0, 0, 0, 0, i & 31, 0]))
        for i in range(3000)))
    r = t.run("--html", t.file("flood.dat", flood))
    root, complaint = parse(r, "flood")
    t.check(not complaint and "2744 things are left out" in r.out,
            "a flood of regions: says what is left out", complaint)


def the_same(t, own):
    path = os.path.join(t.folder, "own", "dmar-server.dat")
    for how in ("--svg", "--html"):
        t.check(t.run(how, path).out_bytes == t.run(how, path).out_bytes,
                "%s twice is the same" % how)
    r = t.run("--svg", os.path.join(t.folder, "own", "dmar-laptop.dat"))
    with open(os.path.join(TOOL, "example.svg"), "rb") as f:
        t.check(f.read() == r.out_bytes, "example.svg is up to date",
                "make it anew: see tests/tools/test_picture.py")


def run(t, own, real):
    sharing(t, own)
    findings(t, own)
    behind(t, own)
    with_devices(t, own)
    hostile(t, own)
    large(t)
    the_same(t, own)
    all_tables(t, own, real)
