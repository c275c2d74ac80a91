# SPDX-License-Identifier: GPL-2.0-only
"""What is said of each table's bytes, sound and damaged."""
import glob
import json
import os
import re
import struct

import harness
import iasl
import tables

SOUND = ["dmar-laptop", "dmar-server", "dmar-soc", "ivrs-desktop",
         "ivrs-entries", "ivrs-mobile"]
COMPLAINT = re.compile(r"^ *!! at ([0-9A-F]+)h: (.*); there is 0?x?[0-9a-f]+$",
                       re.M)
# A notebook whose firmware left the register base of its only unit zero.
REAL_COMPLAINTS = {("DMAR-27d1e500a85c", 0x38)}
# How the parsers say a rule in their source, also in two pieces.
RULE = re.compile(r'"((?:an?|the|records|blocks) [^"]*\b(?:must|to)\b[^"]*)"'
                  r'(?:\s*"([^"]*)")?')
# Said by the entry points when they are called for another table.
NOT_HERE = {"the signature must be DMAR", "the signature must be IVRS"}


def damaged(t, own):
    """Status and complaints of every kind of damage; the rules seen."""
    seen, wrong = set(), []
    for name, _, status, offsets, _ in tables.damages():
        r = t.run("-d", os.path.join(t.folder, "own", name + ".dat"))
        said = {(int(at, 16), rule) for at, rule in COMPLAINT.findall(r.out)}
        seen |= {rule for _, rule in said}
        if r.status != status or {at for at, _ in said} != set(offsets):
            wrong.append("%s: status %d, complaints %s" %
                         (name, r.status, sorted(said)))
    t.check_all("every kind of damage: status, place of the complaint", wrong)
    return seen


def rules_of_parsers():
    rules = set()
    for path in glob.glob(os.path.join(harness.ROOT, "drivers", "passthrough",
                                       "fw", "*_*.c")):
        with open(path, encoding="ascii") as f:
            for m in RULE.finditer(f.read()):
                rules.add(m.group(1) + (m.group(2) or ""))
    return rules


def rules(t, seen):
    known = rules_of_parsers() - NOT_HERE
    t.check(len(known) > 40, "the parsers' rules are found in their source",
            "%d" % len(known))
    t.check_all("the damaged tables break every rule of the parsers",
                sorted(known - seen))
    t.check_all("what is complained about is a rule of the parsers",
                sorted(seen - known))


def against_iasl(t, name, folder, some):
    """Every field of every table equal to iasl's decoding."""
    wrong, fields, said, total = [], 0, 0, 0
    for table_name, table in sorted(some.items()):
        path = os.path.join(t.folder, folder, table_name + ".dat")
        theirs = iasl.read_iasl(table, os.path.join(t.folder, "iasl"))
        ours = iasl.read_ours(t.run("-dx", path).out)
        complaints, n, n_said = iasl.compare(theirs, ours, len(table))
        wrong += ["%s %s" % (table_name, c) for c in complaints]
        fields, said, total = fields + n, said + n_said, total + len(table)
    print("%s: %d tables, %d fields; iasl says %d of %d bytes" %
          (name, len(some), fields, said, total))
    t.check_all("iasl agrees with every field: %s" % name, wrong)
    t.check(fields > 50 * len(some), "iasl and we found fields: %s" % name,
            "%d" % fields)


def acpi_entries_wrong(table, decoded):
    """ACPI device entries, which iasl does not know, read here once more."""
    for record in decoded["records"]:
        for e in record.get("entries", []):
            if e["type"] != "ACPI":
                continue
            at = e["offset"]
            kind, device, setting, hid, cid, form, n = struct.unpack_from(
                "<BHB8s8sBB", table, at)
            uid = table[at + 22:at + 22 + n]
            said = {1: "0x" + uid[::-1].hex(),
                    2: uid.decode("latin-1")}.get(form)
            bus, devfn = divmod(device, 256)
            expected = {"device_id": "%02x:%02x.%d" % (bus, devfn >> 3,
                                                       devfn & 7),
                        "hid": hid.rstrip(b"\0").decode("latin-1"),
                        "cid": cid.rstrip(b"\0").decode("latin-1"),
                        "uid_format": form, "uid_length": n, "uid": said}
            bits = e["dte_setting"]
            if kind != 0xf0 or (setting >> 6) & 1 != bits["lint0_pass"]:
                yield "%03Xh: setting %02x" % (at, setting)
            for key, value in expected.items():
                if e.get(key) != value:
                    yield "%03Xh: %s %r, not %r" % (at, key, e.get(key),
                                                    value)


def acpi_entries(t, name, folder, some):
    wrong, n = [], 0
    for table_name, table in sorted(some.items()):
        if table[:4] != b"IVRS":
            continue
        r = t.run("--json", os.path.join(t.folder, folder,
                                         table_name + ".dat"))
        decoded = json.loads(r.out)["tables"][0]
        n += sum(e["type"] == "ACPI" for rec in decoded["records"]
                 for e in rec.get("entries", []))
        wrong += ["%s %s" % (table_name, w)
                  for w in acpi_entries_wrong(table, decoded)]
    print("%s: %d ACPI device entries" % (name, n))
    t.check_all("ACPI device entries: %s" % name, wrong)


def words(t):
    """The decode of a sound table, in the specifications' words."""
    def decode(name):
        return t.run("-d", os.path.join(t.folder, "own", name + ".dat"))

    t.says("decode: DMAR", decode("dmar-laptop"), 0,
           "000h Header, DMA Remapping Reporting Structure, 48 bytes "
           "(VT-d 8.1)",
           "Host Address Width                   39 bits (38)",
           "0x05 INTR_REMAP DMA_CTRL_PLATFORM_OPT_IN_FLAG",
           "030h DRHD, DMA Remapping Hardware Unit Definition, 24 bytes",
           "038h  Register Base Address                0xfed90000",
           "058h  Device Scope: Type IOAPIC (3), Enumeration ID 2, "
           "Start Bus Number 0xf0, Path 1f.0",
           'ACPI Object Name "\\_SB.PCI0.I2C0"')
    t.says("decode: SATC, SIDP, an unknown record", decode("dmar-soc"), 0,
           "0x01 ATC_REQUIRED",
           "035h  Size                                 0x01 N=1",
           "Flags 0x1f REQ_WO_PASID_NESTED_NOTALLOWED "
           "REQ_WO_PASID_PWSNP_NOTALLOWED REQ_WO_PASID_PGSNP_NOTALLOWED "
           "ATC_HARDENED ATC_REQUIRED",
           "Flags 0xe8 ATC_HARDENED reserved=0xe0",
           "078h record of type 09h, not known, 12 bytes",
           "Bytes ef cd ab 89 67 45 23 01")
    t.says("decode: bridges, segments", decode("dmar-server"), 0,
           "Path 02.0/00.0/01.0", "0x01 ALL_PORTS",
           "Segment Number                       0x0001",
           "Proximity Domain                     1")
    t.says("decode: IVRS", decode("ivrs-desktop"), 0,
           "0x00203041 EFRSup GVASize=2 PASize=48 VASize=64",
           "0x30 IotlbSup Coherent",
           "NXSup GTSup GLXSup=1 IASup GASup PASmax=15", "HATS=2",
           "Alias start of range: DeviceID ff:00.0, "
           "Source DeviceID 00:14.4",
           "Handle 0x04, Source DeviceID 00:14.0, Variety IOAPIC (1)",
           "IVMD Start Address                   0xad6e0000")
    t.says("decode: IVHD 40h, a vendor's block", decode("ivrs-mobile"), 0,
           'Hardware ID "AMDI0020", Compatible ID "", '
           'Unique ID Format string (2), Unique ID "\\_SB.FUR0"',
           'Unique ID Format none (0)',
           'Compatible ID "PNP0C0A", Unique ID Format integer (1), '
           'Unique ID 0x1234',
           "entry of type 05h: Bytes 03 02 01", "entry of type 80h",
           "record of type 51h, not known, 12 bytes")
    t.says("decode: the rest of a table that ends nowhere",
           decode("record-zero"), 2,
           "048h 166 bytes that cannot be told apart",
           "!! at 04Ah: a record's length must be at least 4; there is 0")
    t.says("decode: bytes behind the end", decode("bytes-behind"), 0,
           "0C0h 8 bytes behind the table's end")


def run(t, own, real):
    rules(t, damaged(t, own))
    words(t)
    mine = {name: own[name] for name in SOUND}
    against_iasl(t, "own tables", "own", mine)
    acpi_entries(t, "own tables", "own", mine)
    if not real:
        return
    against_iasl(t, "real tables", "real", real)
    acpi_entries(t, "real tables", "real", real)
    said = {(name, int(at, 16)) for name in real
            for at, _ in COMPLAINT.findall(
                t.run("-d", os.path.join(t.folder, "real",
                                         name + ".dat")).out)}
    known = {c for c in REAL_COMPLAINTS if c[0] in real}
    t.check_all("real tables are parsed without error, but for known ones",
                ["%s at %03Xh" % c for c in sorted(said ^ known)])
