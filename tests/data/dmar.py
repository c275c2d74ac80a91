#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""DMAR tables made up for the tests, sound and damaged, and what a parser
has to say about each (VT-d specification 4.1, chapter 8).

Without arguments: prints all of them for tests/unit/table_text.h, one as

    table NAME
    hex BYTES
    | line expected
    .

With a folder: writes NAME.dat there, for other programs to read.

No offset in an expectation is computed: they are literals, so that a mistake
in the builders below cannot hide one in the parser.
"""
import os
import struct
import sys

ENDPOINT, BRIDGE, IOAPIC, HPET, ACPI = 1, 2, 3, 4, 5


def scope(kind, path, bus=0, ident=0, flags=0, length=None, reserved=0):
    """A device scope; path is [(device, function), ...]."""
    body = b"".join(bytes(p) for p in path)
    size = 6 + len(body) if length is None else length
    return bytes([kind, size, flags, reserved, ident, bus]) + body


def record(kind, body, length=None):
    size = 4 + len(body) if length is None else length
    return struct.pack("<HH", kind, size) + body


def drhd(base, scopes=(), flags=0, size=0, segment=0):
    return record(0, struct.pack("<BBHQ", flags, size, segment, base)
                  + b"".join(scopes))


def rmrr(base, limit, scopes=(), segment=0, reserved=0):
    return record(1, struct.pack("<HHQQ", reserved, segment, base, limit)
                  + b"".join(scopes))


def atsr(scopes=(), flags=0, segment=0):
    return record(2, struct.pack("<BBH", flags, 0, segment)
                  + b"".join(scopes))


def rhsa(base, domain, reserved=0, extra=b""):
    return record(3, struct.pack("<IQI", reserved, base, domain) + extra)


def andd(number, name):
    return record(4, bytes([0, 0, 0, number]) + name)


def satc(scopes=(), flags=0, segment=0):
    return record(5, struct.pack("<BBH", flags, 0, segment)
                  + b"".join(scopes))


def sidp(scopes=(), segment=0, reserved=0):
    return record(6, struct.pack("<HH", reserved, segment)
                  + b"".join(scopes))


def table(*records, haw=39, flags=1, revision=1, length=None, spoil=0,
          signature=b"DMAR", reserved=0):
    """A whole table with a right checksum, or one that is off by spoil."""
    body = b"".join(records)
    size = 48 + len(body) if length is None else length
    t = bytearray(signature + struct.pack("<IBB", size, revision, 0)
                  + b"MOAT  " + b"TESTTBL " + struct.pack("<I", 1)
                  + b"MOAT" + struct.pack("<I", 1)
                  + bytes([(haw - 1) & 0xff, flags])
                  + bytes([reserved]) * 10 + body)
    t[9] = (spoil - sum(t)) & 0xff
    return bytes(t)


GFX = scope(ENDPOINT, [(2, 0)])
NIC = scope(ENDPOINT, [(3, 0)])
USB = scope(ENDPOINT, [(0x14, 0)])
GOOD_DRHD = drhd(0xfed90000, [GFX])
ALL_DRHD = drhd(0xfed91000, flags=1)
GOOD_RMRR = rmrr(0x7b800000, 0x7bffffff, [GFX])

OPEN = "open ok rev=1 haw=39 flags=0x1 doubts=0x0"
GFX_LINE = "  scope @%d type=1 flags=0x0 id=0 bus=0x0 path=2.0"
# One unit for one device, at 48; one region for it, at 72.
DRHD_48 = ["DRHD @48+24 seg=0 all=0 base=0xfed90000 size=0x1000 scopes=1+0",
           GFX_LINE % 64]
ALL_48 = ["DRHD @48+16 seg=0 all=1 base=0xfed91000 size=0x1000 scopes=0+0"]
END = "end unknown=0"

CASES = []


def case(name, data, *lines):
    flat = []
    for line in lines:
        flat += [line] if isinstance(line, str) else line
    CASES.append((name, data, flat))


# ---- Sound tables ----

case("header-only", table(), OPEN, END)

case("every-type",
     table(drhd(0xfed90000, [scope(ENDPOINT, [(2, 0)]),
                             scope(BRIDGE, [(0x1c, 4)], bus=0x80),
                             scope(ENDPOINT, [(1, 0), (0, 0), (3, 7)])]),
           drhd(0xfed91000, [scope(IOAPIC, [(0x1e, 7)], bus=0xf0, ident=2),
                             scope(HPET, [(0x1f, 0)], bus=0xff, ident=3),
                             scope(ACPI, [(0x15, 1)], ident=1)],
                flags=1, size=2),
           rmrr(0x7b800000, 0x7bffffff, [USB, NIC], segment=1),
           atsr(flags=1), atsr([scope(BRIDGE, [(1, 0)])], segment=2),
           rhsa(0xfed90000, 7), andd(1, b"\\_SB.PCI0.I2C0\0"),
           satc([GFX], flags=1), sidp([scope(ENDPOINT, [(5, 0)], flags=9)],
                                      segment=3),
           record(7, b"\1\2\3"), record(0x8000, b""), GOOD_RMRR),
     OPEN,
     "DRHD @48+44 seg=0 all=0 base=0xfed90000 size=0x1000 scopes=3+0",
     GFX_LINE % 64,
     "  scope @72 type=2 flags=0x0 id=0 bus=0x80 path=28.4",
     "  scope @80 type=1 flags=0x0 id=0 bus=0x0 path=1.0/0.0/3.7",
     "DRHD @92+40 seg=0 all=1 base=0xfed91000 size=0x4000 scopes=3+0",
     "  scope @108 type=3 flags=0x0 id=2 bus=0xf0 path=30.7",
     "  scope @116 type=4 flags=0x0 id=3 bus=0xff path=31.0",
     "  scope @124 type=5 flags=0x0 id=1 bus=0x0 path=21.1",
     "RMRR @132+40 seg=1 first=0x7b800000 last=0x7bffffff scopes=2+0",
     "  scope @156 type=1 flags=0x0 id=0 bus=0x0 path=20.0",
     "  scope @164 type=1 flags=0x0 id=0 bus=0x0 path=3.0",
     "ATSR @172+8 seg=0 all=1 scopes=0+0",
     "ATSR @180+16 seg=2 all=0 scopes=1+0",
     "  scope @188 type=2 flags=0x0 id=0 bus=0x0 path=1.0",
     "RHSA @196+20 base=0xfed90000 domain=7",
     "ANDD @216+23 dev=1 max=15 name=\\_SB.PCI0.I2C0",
     "SATC @239+16 seg=0 required=1 scopes=1+0",
     GFX_LINE % 247,
     "SIDP @255+16 seg=3 required=0 scopes=1+0",
     "  scope @263 type=1 flags=0x9 id=0 bus=0x0 path=5.0",
     "RMRR @282+32 seg=0 first=0x7b800000 last=0x7bffffff scopes=1+0",
     GFX_LINE % 306,
     "end unknown=2")

case("deep-path",
     table(drhd(0xfed90000,
                [scope(ENDPOINT, [(i % 32, i % 8) for i in range(124)])])),
     OPEN,
     "DRHD @48+270 seg=0 all=0 base=0xfed90000 size=0x1000 scopes=1+0",
     "  scope @64 type=1 flags=0x0 id=0 bus=0x0 path="
     + "/".join("%d.%d" % (i % 32, i % 8) for i in range(124)),
     END)

case("reserved-fields",
     table(drhd(0xfed90000, [scope(ENDPOINT, [(2, 0)], reserved=0xff)],
                flags=0xfe, size=0xf0),
           rmrr(0x7b800000, 0x7bffffff, [GFX], reserved=0xffff),
           rhsa(0xfed90000, 1, reserved=0xffffffff, extra=b"\xff" * 5),
           atsr(flags=0xfe), satc(flags=0xfe), sidp(reserved=0xffff),
           reserved=0xff, flags=0xff),
     "open ok rev=1 haw=39 flags=0xff doubts=0x0", DRHD_48,
     "RMRR @72+32 seg=0 first=0x7b800000 last=0x7bffffff scopes=1+0",
     GFX_LINE % 96,
     "RHSA @104+25 base=0xfed90000 domain=1",
     "ATSR @129+8 seg=0 all=0 scopes=0+0",
     "SATC @137+8 seg=0 required=0 scopes=0+0",
     "SIDP @145+8 seg=0 required=0 scopes=0+0", END)

case("bytes-behind-the-table", table(GOOD_DRHD) + b"\x5a" * 9,
     OPEN, DRHD_48, END)
case("revision-2", table(revision=2),
     "open ok rev=2 haw=39 flags=0x1 doubts=0x0", END)
case("width-32", table(haw=32),
     "open ok rev=1 haw=32 flags=0x1 doubts=0x0", END)
case("width-52", table(haw=52),
     "open ok rev=1 haw=52 flags=0x1 doubts=0x0", END)
case("region-of-page-zero", table(rmrr(0, 0xfff, [GFX])), OPEN,
     "RMRR @48+32 seg=0 first=0x0 last=0xfff scopes=1+0", GFX_LINE % 72, END)
case("unit-at-the-end-of-the-width", table(drhd(0x7ffffff000, flags=1)), OPEN,
     "DRHD @48+16 seg=0 all=1 base=0x7ffffff000 size=0x1000 scopes=0+0", END)

# ---- The header ----

case("nothing", b"",
     "open EINVAL @0=0x0 a DMAR must hold a header of 48 bytes")
case("47-bytes", table()[:47],
     "open EINVAL @0=0x2f a DMAR must hold a header of 48 bytes")
case("other-signature", table(signature=b"DMAS"),
     "open EINVAL @0=0x53414d44 the signature must be DMAR")
case("length-47", table(length=47),
     "open EINVAL @4=0x2f the table's length must be at least 48")
case("length-0", table(length=0),
     "open EINVAL @4=0x0 the table's length must be at least 48")
case("length-beyond", table(GOOD_DRHD, length=73),
     "open EBADMSG @4=0x49 the table's length must not exceed the bytes "
     "there are; rev=1 haw=39 flags=0x1 doubts=0x1", DRHD_48,
     "EINVAL @72=0x0 records must not go on beyond the bytes there are")
case("cut-in-a-record", table(GOOD_DRHD, GOOD_RMRR)[:90],
     "open EBADMSG @4=0x68 the table's length must not exceed the bytes "
     "there are; rev=1 haw=39 flags=0x1 doubts=0x1", DRHD_48,
     "EINVAL @74=0x20 a record must end within the table")
case("checksum", table(GOOD_DRHD, spoil=1),
     "open EBADMSG @9=0x8d the table's bytes must add up to zero; "
     "rev=1 haw=39 flags=0x1 doubts=0x2", DRHD_48, END)
case("revision-0", table(GOOD_DRHD, revision=0),
     "open EBADMSG @8=0x0 the revision must not be zero; "
     "rev=0 haw=39 flags=0x1 doubts=0x4", DRHD_48, END)
for absurd in (1, 31, 53, 65, 256):
    case("width-%d" % absurd, table(GOOD_DRHD, haw=absurd),
         "open EBADMSG @36=0x%x the host address width must be 32 to 52 bits; "
         "rev=1 haw=52 flags=0x1 doubts=0x8" % (absurd - 1), DRHD_48, END)
case("all-doubts", table(GOOD_DRHD, haw=8, revision=0, spoil=3),
     "open EBADMSG @9=0xaf the table's bytes must add up to zero; "
     "rev=0 haw=52 flags=0x1 doubts=0xe", DRHD_48, END)

# ---- Records that cannot be told apart: F12 ----

case("f12-length-zero", table(GOOD_DRHD, record(1, b"\0" * 28, length=0),
                              ALL_DRHD),
     OPEN, DRHD_48, "EINVAL @74=0x0 a record's length must be at least 4")
case("f12-first-length-zero", table(record(0, b"\0" * 20, length=0)),
     OPEN, "EINVAL @50=0x0 a record's length must be at least 4")
case("f12-past-the-end", table(GOOD_DRHD, record(1, b"\0" * 20, length=25)),
     OPEN, DRHD_48, "EINVAL @74=0x19 a record must end within the table")
case("f12-far-past-the-end", table(GOOD_DRHD,
                                   record(9, b"\0" * 20, length=65535)),
     OPEN, DRHD_48, "EINVAL @74=0xffff a record must end within the table")
case("record-length-3", table(GOOD_DRHD, record(0, b"\0" * 20, length=3)),
     OPEN, DRHD_48, "EINVAL @74=0x3 a record's length must be at least 4")
for tail in (1, 2, 3):
    case("tail-of-%d" % tail, table(GOOD_DRHD, b"\0" * tail), OPEN, DRHD_48,
         "EINVAL @72=0x%x a record must not be shorter than 4 bytes" % tail)

# ---- Records that are lost on their own ----

SHORT = "a record must hold all fields of its type"
for kind, name, least in ((0, "DRHD", 16), (1, "RMRR", 24), (2, "ATSR", 8),
                          (3, "RHSA", 20), (4, "ANDD", 8), (5, "SATC", 8),
                          (6, "SIDP", 8)):
    case("short-%s" % name.lower(),
         table(record(kind, b"\0" * (least - 5)), ALL_DRHD), OPEN,
         "%s @48 EBADMSG @50=0x%x %s" % (name, least - 1, SHORT),
         "DRHD @%d+16 seg=0 all=1 base=0xfed91000 size=0x1000 scopes=0+0"
         % (47 + least), END)
    case("bare-%s" % name.lower(), table(record(kind, b"")), OPEN,
         "%s @48 EBADMSG @50=0x4 %s" % (name, SHORT), END)

AFTER_DRHD = ["DRHD @72+16 seg=0 all=1 base=0xfed91000 size=0x1000 "
              "scopes=0+0"]
for name, base, rule in (
        ("zero", 0, "must not be zero"),
        ("all-ones", 2 ** 64 - 1, "must not be all ones"),
        ("unaligned", 0xfed90800, "must be aligned to 4 KiB")):
    case("unit-base-" + name, table(drhd(base, [GFX]), ALL_DRHD), OPEN,
         "DRHD @48 EBADMSG @56=0x%x a unit's register base %s" % (base, rule),
         "  of seg=0 all=0 scopes=1+0", GFX_LINE % 64, AFTER_DRHD, END)
case("unit-beyond-width", table(drhd(1 << 39, [GFX]), ALL_DRHD), OPEN,
     "DRHD @48 EBADMSG @56=0x8000000000 a unit's registers must lie within "
     "the host address width",
     "  of seg=0 all=0 scopes=1+0", GFX_LINE % 64, AFTER_DRHD, END)
case("unit-ends-beyond-width",
     table(drhd((1 << 39) - 4096, [GFX], size=1), ALL_DRHD), OPEN,
     "DRHD @48 EBADMSG @53=0x2000 a unit's registers must end within the "
     "host address width",
     "  of seg=0 all=0 scopes=1+0", GFX_LINE % 64, AFTER_DRHD, END)

AFTER_RMRR = ["DRHD @80+16 seg=0 all=1 base=0xfed91000 size=0x1000 "
              "scopes=0+0"]
for name, first, last, at, value, rule in (
        ("f11-limit-below-base", 0x7b800000, 0x7b7fffff, 64, 0x7b7fffff,
         "limit must not lie below its base"),
        ("region-limit-zero", 0x7b800000, 0, 64, 0,
         "limit must not lie below its base"),
        ("region-empty-at-zero", 0, 0, 64, 0, "limit must end in FFFh"),
        ("region-base-unaligned", 0x7b800010, 0x7bffffff, 56, 0x7b800010,
         "base must be aligned to 4 KiB"),
        ("region-limit-unaligned", 0x7b800000, 0x7bfff000, 64, 0x7bfff000,
         "limit must end in FFFh")):
    case(name, table(rmrr(first, last, [GFX]), ALL_DRHD), OPEN,
         "RMRR @48 EBADMSG @%d=0x%x a region's %s" % (at, value, rule),
         "  of seg=0 scopes=1+0", GFX_LINE % 72, AFTER_RMRR, END)
case("region-beyond-width",
     table(rmrr(0, (1 << 40) - 1, [GFX]), ALL_DRHD), OPEN,
     "RMRR @48 EBADMSG @64=0xffffffffff a region must lie within the host "
     "address width",
     "  of seg=0 scopes=1+0", GFX_LINE % 72, AFTER_RMRR, END)
case("region-of-nobody", table(rmrr(0x7b800000, 0x7bffffff), ALL_DRHD), OPEN,
     "RMRR @48 EBADMSG @50=0x18 a region must name a device",
     "  of seg=0 scopes=0+0",
     "DRHD @72+16 seg=0 all=1 base=0xfed91000 size=0x1000 scopes=0+0", END)

case("affinity-base-zero", table(rhsa(0, 1)), OPEN,
     "RHSA @48 EBADMSG @56=0x0 a unit's register base must be aligned to "
     "4 KiB, and not zero", END)
case("affinity-base-unaligned", table(rhsa(0xfed90001, 1)), OPEN,
     "RHSA @48 EBADMSG @56=0xfed90001 a unit's register base must be aligned "
     "to 4 KiB, and not zero", END)
case("name-without-end", table(andd(1, b"\\_SB"), GOOD_DRHD), OPEN,
     "ANDD @48 EBADMSG @56=0xc an object's name must end within its record",
     "DRHD @60+24 seg=0 all=0 base=0xfed90000 size=0x1000 scopes=1+0",
     GFX_LINE % 76, END)
case("name-missing", table(andd(1, b"")), OPEN,
     "ANDD @48 EBADMSG @56=0x8 an object's name must end within its record",
     END)
case("name-empty", table(andd(1, b"\0\0")), OPEN,
     "ANDD @48 EBADMSG @56=0x0 an object's name must not be empty", END)
case("name-with-escape", table(andd(1, b"\\_S\x1b[2J\0")), OPEN,
     "ANDD @48 EBADMSG @59=0x1b an object's name must be printable", END)
case("name-beyond-ascii", table(andd(1, b"\\\x7f\0")), OPEN,
     "ANDD @48 EBADMSG @57=0x7f an object's name must be printable", END)
case("name-padded", table(andd(9, b"\\X\0\0\0")), OPEN,
     "ANDD @48+13 dev=9 max=5 name=\\X", END)

# ---- Scopes: the unit stays, with what it soundly names ----


def odd_scope(name, bad, line, lost, sound_after):
    """A unit for GFX, then the odd scope, then NIC."""
    scopes = [GFX, bad, NIC]
    size = 16 + sum(len(s) for s in scopes)
    sound = 1 + sound_after + (not lost)
    nic = "  scope @%d type=1 flags=0x0 id=0 bus=0x0 path=3.0"
    case(name, table(drhd(0xfed90000, scopes), ALL_DRHD), OPEN,
         "DRHD @48+%d seg=0 all=0 base=0xfed90000 size=0x1000 scopes=%d+%d"
         % (size, sound, lost),
         GFX_LINE % 64, "  scope " + line,
         [nic % (72 + len(bad))] if sound_after else [],
         "DRHD @%d+16 seg=0 all=1 base=0xfed91000 size=0x1000 scopes=0+0"
         % (48 + size), END)


odd_scope("scope-length-zero", scope(1, [(4, 0)], length=0),
          "EINVAL @73=0x0 a scope's length must be at least 6", 1, False)
odd_scope("scope-length-5", scope(1, [(4, 0)], length=5),
          "EINVAL @73=0x5 a scope's length must be at least 6", 1, False)
odd_scope("scope-length-odd", scope(1, [(4, 0)], length=9),
          "EINVAL @73=0x9 a scope's length must be even", 1, False)
odd_scope("scope-past-the-end", scope(1, [(4, 0)], length=18),
          "EINVAL @73=0x12 a scope must end within its record", 1, False)
odd_scope("scope-length-254", scope(1, [(4, 0)], length=254),
          "EINVAL @73=0xfe a scope must end within its record", 1, False)
odd_scope("scope-without-path", scope(1, []),
          "EBADMSG @73=0x6 a scope must hold a path", 1, True)
odd_scope("path-device-32", scope(1, [(4, 0), (32, 0)]),
          "EBADMSG @80=0x20 a device number in a path must be at most 31",
          1, True)
odd_scope("path-function-8", scope(1, [(4, 8)]),
          "EBADMSG @79=0x8 a function number in a path must be at most 7",
          1, True)
odd_scope("scope-of-unknown-type", scope(0x77, [(4, 0)], ident=5),
          "@72 type=119 flags=0x0 id=5 bus=0x0 path=4.0", 0, True)

for tail in (1, 5):
    case("scope-tail-of-%d" % tail,
         table(drhd(0xfed90000, [GFX, b"\1\x08\0\0\0"[:tail]])), OPEN,
         "DRHD @48+%d seg=0 all=0 base=0xfed90000 size=0x1000 scopes=1+1"
         % (24 + tail), GFX_LINE % 64,
         "  scope EINVAL @72=0x%x a scope must not be shorter than 6 bytes"
         % tail, END)

case("all-scopes-bad",
     table(drhd(0xfed90000, [scope(1, []), scope(1, [(0, 9)]),
                             scope(1, [(0, 0)], length=0)])), OPEN,
     "DRHD @48+38 seg=0 all=0 base=0xfed90000 size=0x1000 scopes=0+3",
     "  scope EBADMSG @65=0x6 a scope must hold a path",
     "  scope EBADMSG @77=0x9 a function number in a path must be at most 7",
     "  scope EINVAL @79=0x0 a scope's length must be at least 6", END)

case("f11-region-scope-zero",
     table(GOOD_DRHD, rmrr(0x7b800000, 0x7bffffff,
                           [scope(1, [(4, 0)], length=0)]), ALL_DRHD),
     OPEN, DRHD_48,
     "RMRR @72 EBADMSG @97=0x0 a scope's length must be at least 6",
     "  of seg=0 scopes=0+1",
     "  scope EINVAL @97=0x0 a scope's length must be at least 6",
     "DRHD @104+16 seg=0 all=1 base=0xfed91000 size=0x1000 scopes=0+0", END)
case("region-second-scope-zero",
     table(rmrr(0x7b800000, 0x7bffffff,
                [GFX, scope(1, [(4, 0)], length=0)])), OPEN,
     "RMRR @48+40 seg=0 first=0x7b800000 last=0x7bffffff scopes=1+1",
     GFX_LINE % 72,
     "  scope EINVAL @81=0x0 a scope's length must be at least 6", END)
case("region-first-scope-bad",
     table(rmrr(0x7b800000, 0x7bffffff, [scope(1, []), GFX])), OPEN,
     "RMRR @48+38 seg=0 first=0x7b800000 last=0x7bffffff scopes=1+1",
     "  scope EBADMSG @73=0x6 a scope must hold a path",
     GFX_LINE % 78, END)
for kind, name, extra in ((2, "ATSR", " all=0"), (5, "SATC", " required=0"),
                          (6, "SIDP", " required=0")):
    case("scope-bad-in-" + name.lower(),
         table(record(kind, b"\0\0\0\0" + GFX + scope(1, [(0, 8)])),
               GOOD_DRHD), OPEN,
         "%s @48+24 seg=0%s scopes=1+1" % (name, extra), GFX_LINE % 56,
         "  scope EBADMSG @71=0x8 a function number in a path must be at "
         "most 7",
         "DRHD @72+24 seg=0 all=0 base=0xfed90000 size=0x1000 scopes=1+0",
         GFX_LINE % 88, END)

# F4: whatever is wrong with one record, all that is sound stays in use.
case("f4-one-bad-of-four",
     table(GOOD_DRHD, drhd(0xfed91000, [USB], flags=1),
           rmrr(0x7b800001, 0x7bffffff, [USB]), GOOD_RMRR), OPEN, DRHD_48,
     "DRHD @72+24 seg=0 all=1 base=0xfed91000 size=0x1000 scopes=1+0",
     "  scope @88 type=1 flags=0x0 id=0 bus=0x0 path=20.0",
     "RMRR @96 EBADMSG @104=0x7b800001 a region's base must be aligned to "
     "4 KiB",
     "  of seg=0 scopes=1+0",
     "  scope @120 type=1 flags=0x0 id=0 bus=0x0 path=20.0",
     "RMRR @128+32 seg=0 first=0x7b800000 last=0x7bffffff scopes=1+0",
     GFX_LINE % 152, END)


def main():
    if len(sys.argv) > 1:
        os.makedirs(sys.argv[1], exist_ok=True)
        for name, data, _ in CASES:
            with open(os.path.join(sys.argv[1], name + ".dat"), "wb") as f:
                f.write(data)
        return
    for name, data, lines in CASES:
        print("table", name)
        print("hex", data.hex())
        for line in lines:
            print("|", line)
        print(".")


if __name__ == "__main__":
    main()
