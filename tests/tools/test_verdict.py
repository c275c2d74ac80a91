# SPDX-License-Identifier: GPL-2.0-only
"""What is said about tables, by the hypervisor's own scan of them."""
import os
import re
import struct

import flat
import lspci
import tables

# Field reports: the first lines must have the culprit.
HEAD = 3

# (table, edits, lspci file or None, status, fragments, never)
CASES = [
    # A region that is empty at address 0: the network and USB are gone.
    ("ivmd-empty-zero", [], None, 1,
     ["1 problem: warning at 0E8h: IVMD 21h at 0D0h: a memory range must not "
      "be empty", "on behalf of 00:0c.0, so nothing is lost",
      "this is the record to blame",
      "moat: IVRS offset 0xe8: a memory range must not be empty (0): this "
      "memory range is not used"], []),
    # A record that is broken: its devices stay, the others do not.
    ("rmrr-reversed", [], "laptop.txt", 1,
     ["1 problem: error at 088h: RMRR at 078h: a region's limit must not lie "
      "below its base; there is 0xfff",
      "The memory that 00:14.0 (USB controller: ",
      "moat: DMAR offset 0x88:", "Stay with dom0: 00:14.0", "firmware "
      "describes its reserved memory wrongly", "on its own: 00:02.0"],
     []),
    ("rmrr-unaligned", [], None, 1,
     ["1 problem: error at 080h: RMRR at 078h", "Stay with dom0: 00:14.0"],
     []),
    # Records that cannot be told apart.
    ("record-zero", [], None, 2,
     ["1 problem: fatal at 04Ah", "a record's length must be at least 4",
      "the IOMMU stays off", "The machine boots"], ["Can be given"]),
    ("block-zero", [], None, 2, ["1 problem: fatal at 07Ah",
                                 "the IOMMU stays off"], ["Can be given"]),
    ("no-records", [], None, 2, ["not one unit of this table can be used"],
     ["Can be given"]),
    ("drhd-zero", [], "laptop.txt", 1,
     ["error at 038h: DRHD at 030h: a unit's register base must not be zero",
      "An IOMMU is lost, and with it the protection from 00:02.0",
      "Stay with dom0: 00:02.0", "record of its unit is of no use"], []),
    # The header's doubts, all of them.
    ("checksum", [], None, 1, ["1 problem: warning at 009h: the checksum is "
                               "wrong", "add up to 01h",
                               "the table is used all the same"], []),
    ("revision", [], None, 1, ["at 008h: the table's revision must not be 0"],
     []),
    ("width-large", ["sum=01"], None, 1,
     ["2 problems", "cannot be", "the checksum is wrong"], []),
    # A bad scope of a region, and of a unit.
    ("scope-odd", [], None, 1, ["goes without the region"], []),
    ("drhd-scope-bad", [], None, 1, ["belongs to another unit now"], []),
    # Sharing, in words.
    ("dmar-laptop", [], "laptop.txt", 0,
     ["DMAR", "sound", "00:14.0 (USB controller: ", "share memory: "
      "0x8a785000-0x8a7a4fff (128 KiB)",
      "drive USB keyboards and disks", "iommu=no-igfx",
      "Belong together: 00:14.0",
      "The IOMMU cannot tell them apart, as their requests carry the same "
      "id: all of these go to one guest",
      "known to issue its requests as 01:00.1", "both ids are kept together"],
     ["1d.0, which is not there"]),
    # INCLUDE_PCI_ALL: missing, not the last, twice.
    ("dmar-laptop", ["@4c=00"], "laptop.txt", 1,
     ["no unit takes what the others do not name", "1 problem: warning",
      "no unit is for 00:14.0", "Stay with dom0: 00:14.0",
      "no unit is for it", "bridges are behind no unit"], []),
    ("dmar-laptop", ["@34=01", "@4c=00"], None, 1,
     ["at 030h: the unit for all other devices is not the last of its "
      "segment"], []),
    ("dmar-laptop", ["@34=01"], None, 1,
     ["2 problems", "DRHD at 048h: a second unit that takes"], []),
    # Two units for one device; a unit for none; one described twice.
    ("dmar-laptop", ["@58=0108", "@5d=00020003"], None, 1,
     ["error at 058h: two units name 00:02.0: this one, and DRHD at 030h"],
     []),
    ("dmar-laptop", ["@4c=00", "@4a=1000", "@58=0900200000000000",
                     "@60=0000000000000000", "@68=0000000000000000",
                     "@70=0000000000000000"], None, 1,
     ["048h: the unit is for no device at all"], []),
    ("dmar-laptop", ["@50=0000d9fe00000000"], None, 1,
     ["at 048h: the unit is described twice"], []),
    # Flags of the header.
    ("dmar-laptop", ["@25=04"], None, 1,
     ["warning at 025h: the firmware says that the machine cannot remap "
      "interrupts"], []),
    ("dmar-laptop", ["@25=07"], None, 0, ["asks not to use x2APIC"], []),
    # A region for a device that is not there.
    ("dmar-laptop", ["@9e=1a00"], "laptop.txt", 0,
     ["info at 098h", "the region is for 00:1a.0, which is not there",
      "on its own: 00:02.0"], ["share memory"]),
    # IO-APICs: one in two places; none at all.
    ("ivrs-desktop", ["@cc=04"], None, 1,
     ["IO-APIC 0x4 is at 0000:00:14.0 and at 0000:00:00.1",
      "ivrs_ioapic[ID]=BB:DD.F", "DMA is remapped, interrupts are not"], []),
    ("ivrs-desktop", ["@c5=0100"], None, 1,
     ["no entry tells which requester id the chipset's IO-APIC",
      "ivrs_ioapic[ID]=00:14.0"], []),
    # Two units for some devices.
    ("ivrs-entries", [], None, 1,
     ["units 0 and 1 both claim ids 0x10 to 0x5ff of segment 0",
      "Stay with dom0", "two IOMMUs claim it"], []),
    # Memory for what is behind no unit; host bridges that are behind none.
    ("ivrs-desktop", [], "desktop.txt", 0,
     ["bridge is behind no unit", "Harmless", "share memory: "
      "0xad800000-0xad800fff (4 KiB)", "to be read only",
      "asks for an exclusion range", "it is an IOMMU"],
     ["behind no IOMMU"]),
    ("ivrs-desktop", ["@a1=8000"], "desktop.txt", 1,
     ["behind no IOMMU", "Nothing is lost"], []),
    # A block of a unit that is bad while its twin is sound.
    ("ivhd-zero", [], None, 1,
     ["Another block describes the same unit and is used"], []),
    ("range-no-end", [], "desktop.txt", 1,
     ["warning at 048h", "Another block describes the same unit and is used"],
     ["Which devices this was to name"]),
    # Overlaps of regions with other rights.
    ("ivrs-desktop", ["@e0=00007fad"], "desktop.txt", 1,
     ["overlaps another one that has other rights", "Stay with dom0"], []),
]


# Real tables, reviewed by hand: (table, status, fragments, never).
REAL = [
    # A desktop whose USB controllers all share one region, as do the two
    # functions of the graphics; it cannot remap interrupts.
    ("DMAR-4122d60e18fb", 1,
     ["1 problem: warning at 025h", "00:02.0 and 00:02.1 share memory",
      "00:1a.0, 00:1a.1, 00:1a.2, 00:1a.7, 00:1d.0, 00:1d.1, 00:1d.2 and "
      "00:1d.7 share memory: 0xcffbc000-0xcfffffff (272 KiB)"],
     ["Stay with dom0"]),
    # A server whose management controller shares regions with the USB
    # controllers, and with the network and storage behind bridges.
    ("DMAR-8b62d3c6b4bf", 1,
     ["00:1c.4/00.4 share memory: 0xdf7df000-0xdf7e4fff (24 KiB)",
      "00:01.0/00.0, 00:03.0/00.0, 00:03.0/00.1, 00:09.0/00.0, "
      "00:09.0/00.1, 00:1c.4/00.0 and 00:1c.4/00.2 share memory: "
      "0xdf61e000-0xdf61ffff (8 KiB)",
      "on its own: 00:1d.7 needs"], ["Stay with dom0"]),
    # A region for each USB controller: nothing is shared.
    ("DMAR-e223bfc3088e", 1,
     ["DRHD at 048h: a unit for the integrated graphics alone",
      "00:1d.7 needs 0xdefd0000-0xdefd0fff (4 KiB)"], ["share memory"]),
    # The register base of the only unit is zero.
    ("DMAR-27d1e500a85c", 2,
     ["the worst: fatal at 038h: not one unit of this table can be used: "
      "DRHD at 030h: a unit's register base must not be zero",
      "the IOMMU stays off"], ["Can be given"]),
    # One controller that has two regions, one of them below 1 MiB.
    ("DMAR-2dfd57ab2da1", 1,
     ["on its own: 00:1d.0 needs 0xed000-0xeffff (12 KiB) needs "
      "0xbf7ed000-0xbf7fffff (76 KiB)"], ["share memory"]),
    # Two units with the same range of ids.
    ("IVRS-0f5700a19b3b", 1,
     ["units 0 and 1 both claim ids 0xff00 to 0xfffe of segment 0"], []),
    # No IO-APIC at all; one IO-APIC in two places.
    ("IVRS-cbe8b50949f1", 1, ["ivrs_ioapic[ID]=00:14.0",
                              "names 0 IO-APICs"], []),
    ("IVRS-e0e637b4c280", 1,
     ["error at 0C8h: IO-APIC 0 is at 0000:00:14.0 and at 0000:00:00.1"], []),
    # Exclusion ranges, of one device and of many.
    ("IVRS-2a874809fdc6", 0,
     ["IVMD 21h at 0D0h asks for an exclusion range: memory that 03:00.0",
      "03:00.0 needs 0x7132f000-0x71354fff (152 KiB)"], []),
    ("IVRS-81dacd497447", 0,
     ["00:0c.0 needs 0x7d900000-0x7d9fffff (1 MiB)",
      "c4:00.7 needs 0x75e00000-0x75e1ffff (128 KiB)"], ["share memory"]),
    ("IVRS-69d7ad5b69e2", 0,
     ["5 things worth knowing", "the devices from 00:00.0 to 0f:1f.7"], []),
    ("IVRS-4df2423166d1", 0,
     ["01:00.0 needs 0xc9f42000-0xc9f67fff (152 KiB)"], []),
]


def variant(t, own, name, edits, number):
    table = own[name]
    if edits:
        table = tables.damage(table, edits)
    return t.file("verdict/%02d-%s.dat" % (number, name), table)


def cases(t, own):
    for i, (name, edits, pci, status, fragments, never) in enumerate(CASES):
        args = ["-v", variant(t, own, name, edits, i)]
        if pci:
            args.append("--pci=" + t.file("lspci/" + pci, lspci.text(pci)))
        r = t.run(*args)
        flat.says(t, "verdict %s %s" % (name, " ".join(edits)), r, status,
                  *fragments, never=never)


def real_tables(t, real):
    seen = [case for case in REAL if case[0] in real]
    if len(seen) < len(REAL):
        t.skip("verdicts on %d of %d real tables" %
               (len(REAL) - len(seen), len(REAL)), "not there")
    for name, status, fragments, never in seen:
        r = t.run("-v", os.path.join(t.folder, "real", name + ".dat"))
        flat.says(t, "verdict %s" % name, r, status, *fragments, never=never)
    odd = []
    known = {case[0] for case in REAL if case[1]}
    for name in real:
        r = t.run("-v", os.path.join(t.folder, "real", name + ".dat"))
        no_interrupts = ("1 problem: warning at 025h: the firmware says that "
                         "the machine cannot remap")
        if r.status and name not in known and \
                no_interrupts not in flat.flat(r.out):
            odd.append("%s: %s" % (name, flat.flat(r.out)[:200]))
    t.check_all("%d real tables: nothing is wrong but what is known" %
                len(real), odd)


def first_lines(t, own):
    """Without options the decoded table comes first, but for the summary."""
    for name, culprit in (("ivmd-empty-zero", "at 0E8h: IVMD 21h at 0D0h"),
                          ("rmrr-reversed", "at 088h: RMRR at 078h"),
                          ("record-zero", "fatal at 04Ah")):
        r = t.run(os.path.join(t.folder, "own", name + ".dat"))
        head = flat.flat("\n".join(r.out.splitlines()[:HEAD]))
        t.check(culprit in head, "the culprit in the first lines: %s" % name,
                head)


def all_own(t, own):
    """Paper is 80 columns wide; the hypervisor's lines are as they are. An
    error has what it costs, and the line of the log."""
    pci = t.file("lspci/laptop.txt", lspci.text("laptop.txt"))
    wide, bad = [], []
    for name in sorted(own):
        r = t.run("-v", "--pci=" + pci,
                  os.path.join(t.folder, "own", name + ".dat"))
        for block in re.split(r"\n\n", r.out):
            if re.match(r"(error|fatal)( at| \()", block) and (
                    "    xl dmesg: \"moat: " not in block or
                    block.count("\n") < 3):
                bad.append("%s: %s" % (name, block))
        wide += ["%s: %s" % (name, line) for line in r.out.splitlines()
                 if len(line) > 80 and "xl dmesg:" not in line and
                 t.folder not in line]
        if r.status not in (0, 1, 2):
            wide.append("%s: status %d: %s" % (name, r.status, r.err[-300:]))
    t.check_all("no line of a verdict is too long", wide)
    t.check_all("errors come with their cost and the hypervisor's line", bad)


def hostile(t, own):
    """Tables made to keep the program busy are judged all the same."""
    header = bytearray(own["ivrs-desktop"][:48])
    start = bytes.fromhex("b000") + b"\0\0" + own["ivrs-desktop"][
        0x78 + 4:0x78 + 40]
    entry = bytes.fromhex("0300000004ffff00")
    table = bytes(header)
    for unit in range(2):
        block = bytearray(b"\x11" + start[1:40]) + entry * 4000
        struct.pack_into("<H", block, 2, len(block))
        struct.pack_into("<H", block, 4, 2 + 0x100 * unit)
        struct.pack_into("<Q", block, 8, 0xfeb80000 + 0x100000 * unit)
        table += bytes(block)
    pci = t.file("lspci/desktop.txt", lspci.text("desktop.txt"))
    table = bytearray(table)
    struct.pack_into("<I", table, 4, len(table))
    tables.checksum(table)
    r = t.run("-v", "--pci=" + pci, t.file("busy.dat", bytes(table)))
    flat.says(t, "two units that claim all ids 4,000 times each", r, 1,
              "units 0 and 1 both claim ids 0 to 0xffff of segment 0",
              "Stay with dom0:", never=["Can be given"])
    unit, region = own["dmar-laptop"][0x48:0x58], own["dmar-laptop"][
        0x78:0x78 + 24]
    table = own["dmar-laptop"][:48] + unit + region + b"".join(
        bytes([1, 8, 0, 0, 0, i >> 8, i >> 3 & 31, i & 7])
        for i in range(8000))
    table = bytearray(table)
    struct.pack_into("<H", table, 48 + 2, len(unit))
    struct.pack_into("<H", table, 64 + 2, len(table) - 64)
    struct.pack_into("<I", table, 4, len(table))
    tables.checksum(table)
    path = t.file("crowd.dat", bytes(table))
    flat.says(t, "8,000 devices at one region", t.run("-v", path), 0,
              "00:00.6, 00:00.7 and 7992 more share memory",
              "Belong together: 00:00.0 needs", never=["on its own"])
    flat.says(t, "8,000 devices at one region, about one", t.run(
        "--explain=1f:07.7", path), 0, "Yes, together with 00:00.0")


def run(t, own, real):
    cases(t, own)
    real_tables(t, real)
    first_lines(t, own)
    all_own(t, own)
    hostile(t, own)
