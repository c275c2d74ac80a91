# SPDX-License-Identifier: GPL-2.0-only
"""What iasl -d says about a table, beside what iommu-tables says.

Both name offsets and widths. What iasl writes is turned into bytes, and those
into the value that each field of iommu-tables must then show: nothing is
taken from the table itself.
"""
import os
import re
import struct
import subprocess

IASL_LINE = re.compile(r"^\[([0-9A-F]+)h \d+ +(\d+)\] +(.*?) : (.*)$")
OUR_LINE = re.compile(r"^ *([0-9A-F]{3,})h \+(\d+) +(.*)$")
# iasl's names, where they are not ours: ours begins with one of these.
NAMES = {
    "Table Length": ["Length"],
    "Oem ID": ["OEMID"],
    "Oem Table ID": ["OEM Table ID"],
    "Oem Revision": ["OEM Revision"],
    "Asl Compiler ID": ["Creator ID"],
    "Asl Compiler Revision": ["Creator Revision"],
    "Virtualization Info": ["IVinfo", "IOMMU Info"],
    "Flags": ["Flags", "Reserved"],     # an ATSR's, a SIDP's
    "Subtable Type": ["Type"],
    "Entry Type": ["Type"],
    "Device Scope Type": ["Type"],
    "Entry Length": ["Length"],
    "PCI Segment Number": ["Segment Number"],
    "End Address (limit)": ["Reserved Memory Region Limit Address"],
    "Base Address": ["Reserved Memory Region Base Address",
                     "IOMMU Base Address", "Register Base Address"],
    "PCI Bus Number": ["Start Bus Number"],
    "PCI Path": ["Path"],
    "Device Number": ["ACPI Device Number"],
    "Device Name": ["ACPI Object Name"],
    "DeviceId": ["DeviceID"],
    "Device ID": ["DeviceID", "Reserved"],
    "Data Setting": ["DTE Setting", "Reserved"],
    "Extended Data": ["Extended DTE Setting", "Reserved"],
    "Source Used Device ID": ["Source DeviceID"],
    "Feature Reporting": ["IOMMU Feature Info"],
    "Attributes": ["IOMMU Attributes"],
    "EFR Image": ["EFR Register Image"],
    "Start Address": ["IVMD Start Address"],
    "Memory Length": ["IVMD Memory Block Length"],
    # Reserved when iasl was written, named since:
    "Reserved": ["Reserved", "Size", "Flags", "PCI Segment Group",
                 "EFR Register Image 2"],
    "Auxiliary Data": ["Auxiliary Data", "Auxiliary Data, last"],
}


def iasl_bytes(text, width, name):
    """The bytes that a value of iasl stands for, or None: it says none."""
    text = text.strip()
    if text.startswith('"'):
        raw = text[1:text.rindex('"')].encode("latin-1")
        return raw + bytes(width - len(raw))
    value = text.split("[")[0].split("/*")[0].strip()
    if name == "PCI Path" or " " in value:
        return bytes.fromhex(value.replace(",", "").replace(" ", ""))
    raw = bytes.fromhex(value)
    # Long runs of reserved bytes are written in their order, numbers not.
    return raw if width > 8 or width == 3 and not any(raw) else raw[::-1]


def retyped(table):
    """The table with record types that iasl for Debian 12 does not know made
    ones that it does, of the same shape, and where: SATC and SIDP look like
    ATSR, IVHD 40h like 11h. Walks sound tables only."""
    table, changed = bytearray(table), []
    dmar = table[:4] == b"DMAR"
    at = 48
    while at + 4 <= len(table):
        length = struct.unpack_from("<H", table, at + 2)[0]
        new = ({5: 2, 6: 2} if dmar else {0x40: 0x11}).get(table[at])
        if new is not None:
            table[at] = new
            changed.append(at)
        if length < 4:
            break
        at += length
    return bytes(table), changed


def read_iasl(table, base):
    """[(offset, width, name, bytes)] that iasl finds, with its files at base;
    less what it is not sure of."""
    table, changed = retyped(table)
    path = base + ".dat"
    with open(path, "wb") as f:
        f.write(table)
    done = subprocess.run(["iasl", "-p", base, "-d", path], timeout=20,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True)
    if not os.path.exists(base + ".dsl"):
        raise RuntimeError("iasl -d %s: %s" % (path, done.stdout))
    with open(base + ".dsl", encoding="latin-1") as f:
        text = f.read()
    os.unlink(base + ".dsl")
    os.unlink(path)

    fields = []
    for line in text.splitlines():
        m = IASL_LINE.match(line)
        # From there on it reads fields where there are none.
        if line.startswith("**** Unknown IVRS device entry"):
            break
        if not m:
            continue
        offset, width, name = int(m.group(1), 16), int(m.group(2)), m.group(3)
        # It does not say the number of a type that it does not know.
        if offset not in changed and "[Unknown" not in line:
            fields.append((offset, width, name,
                           iasl_bytes(m.group(4), width, name)))
    return fields


def read_ours(text):
    """[(offset, width, name and value, bytes)] from iommu-tables -dx."""
    fields = []
    for line in text.splitlines():
        m = OUR_LINE.match(line)
        if not m:
            continue
        width = int(m.group(2))
        rest = m.group(3)
        shown = rest[len(rest) - 3 * width + 1:]
        fields.append((int(m.group(1), 16), width,
                       rest[:len(rest) - len(shown)].rstrip(),
                       bytes.fromhex(shown)))
    return fields


def number_shown(text):
    """The number that a value of ours says, or None."""
    m = re.search(r" (?:([0-9a-f]{2}):([0-9a-f]{2})\.([0-7]))$", text)
    if m:
        bus, dev, fn = (int(g, 16) for g in m.groups())
        return bus << 8 | dev << 3 | fn
    m = re.search(r"\((\d+)\)$", text) or re.search(r" {2,}(\d+)$| (\d+)$",
                                                    text)
    if m:
        return int(next(g for g in m.groups() if g))
    m = re.search(r" (0x[0-9a-f]+)(?: [^\"]*)?$", text)
    return int(m.group(1), 16) if m else None


def value_agrees(text, raw):
    """Does our text say the value that the bytes of iasl are?"""
    if '"' in text:
        said = text[text.index('"') + 1:text.rindex('"')]
        return said.encode("ascii") == raw.rstrip(b"\0")
    if text.startswith("Path "):
        steps = re.findall(r"([0-9a-f]{2})\.([0-9a-f]+)", text)
        return bytes(int(x, 16) for s in steps for x in s) == raw
    if text == "Reserved":
        return True             # the bytes say it
    return number_shown(text) == int.from_bytes(raw, "little")


def name_agrees(theirs, ours):
    return any(ours.startswith(n) for n in NAMES.get(theirs, [theirs]))


def compare(theirs, ours, used):
    """Complaints about what differs, the number of our fields compared, and
    the number of bytes that iasl says."""
    complaints, said, names = [], {}, {}
    for offset, width, name, raw in theirs:
        if len(raw) != width:
            complaints.append("%03Xh: iasl's own width" % offset)
        for i, byte in enumerate(raw):
            said[offset + i] = byte
            names[offset + i] = name
    compared, end = 0, 0
    for offset, width, text, raw in ours:
        if offset != end:
            complaints.append("%03Xh: not shown up to %03Xh" % (end, offset))
        end = offset + width
        spans = range(offset, end)
        if not all(i in said for i in spans):
            continue
        expected = bytes(said[i] for i in spans)
        if '"' in text and "\\x" in text:
            continue            # it does not write those: nothing to compare
        compared += 1
        if raw != expected:
            complaints.append("%03Xh %s: bytes %s, iasl has %s" %
                              (offset, text, raw.hex(), expected.hex()))
        elif not value_agrees(text, expected):
            complaints.append("%03Xh: '%s', iasl has %s" %
                              (offset, text, expected.hex()))
        elif not name_agrees(names[offset], text):
            complaints.append("%03Xh: '%s', iasl calls it %s" %
                              (offset, text, names[offset]))
    if end != used:
        complaints.append("shown up to %03Xh, not %03Xh" % (end, used))
    return complaints, compared, len(said)
