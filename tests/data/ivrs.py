#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""IVRS tables made up for the tests, sound and damaged, and what a parser
has to say about each (AMD IOMMU specification, 48882, chapter 5).

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

IOAPIC, HPET = 1, 2


# ---- Device entries: 5.2.2.2 ----

def short(kind, ident=0, setting=0):
    return struct.pack("<BHB", kind, ident, setting)


def all_ids(setting=0):
    return short(1, 0, setting)


def select(ident, setting=0):
    return short(2, ident, setting)


def span(first, last, setting=0):
    return short(3, first, setting) + short(4, last)


def alias(ident, other, setting=0, kind=0x42):
    return struct.pack("<BHBBHB", kind, ident, setting, 0, other, 0)


def alias_span(first, last, other, setting=0):
    return alias(first, other, setting, 0x43) + short(4, last)


def extended(ident, more, setting=0, kind=0x46):
    return struct.pack("<BHBI", kind, ident, setting, more)


def special(variety, handle, ident, setting=0):
    return struct.pack("<BHBBHB", 0x48, 0, setting, handle, ident, variety)


def acpi(ident, hid, cid=b"", form=0, uid=b"", setting=0, length=None):
    size = len(uid) if length is None else length
    return (struct.pack("<BHB", 0xf0, ident, setting) + hid.ljust(8, b"\0")
            + cid.ljust(8, b"\0") + bytes([form, size]) + uid)


# ---- Blocks: 5.2.2, 5.2.3 ----

def ivhd(*entries, kind=0x10, base=0xfd200000, ident=2, cap=0x40, seg=0,
         flags=0xb0, info=0, attr=0, efr=0, efr2=0, length=None):
    body = struct.pack("<HHQHHI", ident, cap, base, seg, info, attr)
    if kind != 0x10:
        body += struct.pack("<QQ", efr, efr2)
    body += b"".join(entries)
    size = 4 + len(body) if length is None else length
    return struct.pack("<BBH", kind, flags, size) + body


def ivmd(kind, flags, start, size, ident=0, aux=0, seg=0, length=32):
    return struct.pack("<BBHHHHHIQQ", kind, flags, length, ident, aux, seg, 0,
                       0, start, size)


def table(*blocks, info=0x203041, revision=2, length=None, spoil=0,
          signature=b"IVRS"):
    """A whole table with a right checksum, or one that is off by spoil."""
    body = b"".join(blocks)
    size = 48 + len(body) if length is None else length
    t = bytearray(signature + struct.pack("<IBB", size, revision, 0)
                  + b"MOAT  " + b"TESTTBL " + struct.pack("<I", 1)
                  + b"MOAT" + struct.pack("<I", 1)
                  + struct.pack("<IQ", info, 0) + body)
    t[9] = (spoil - sum(t)) & 0xff
    return bytes(t)


CASES = []


def case(name, data, *lines):
    CASES.append((name, data, lines))


OPEN = "open ok rev=2 efr=1 pa=48 va=64 doubts=0x0"
END = "end unknown=0"
GOOD = ivhd(span(0x8, 0xfffe), special(IOAPIC, 4, 0xa0, 0xd7))
GOOD_LINES = (
    "IVHD 10h @48+40 seg=0 id=2 cap=0x40 base=0xfd200000 flags=0xb0",
    "  ids @72 8-fffe set=0x0", "  special @80 a0-a0 set=0xd7 ioapic 4")
SMALL = ivhd(base=0xfd300000, ident=0x4002)
SMALL_LINE = ("IVHD 10h @%d+24 seg=0 id=4002 cap=0x40 base=0xfd300000 "
              "flags=0xb0")
RW = 0x07                       # unity, read, write

# ---- Sound tables ----

case("one-unit", table(GOOD), OPEN, *GOOD_LINES, END)
case("every-entry", table(ivhd(
    short(0), all_ids(0x01), struct.pack("<BHBI", 0x40, 0, 0, 0),
    select(0x10, 0xd7), span(0x18, 0x1f, 0x30), alias(0x200, 0xa5, 0x02),
    alias_span(0xff00, 0xffff, 0xa5), extended(0x300, 0x80000000, 0x10),
    extended(0x310, 0x80000000, 0x20, kind=0x47), short(4, 0x317),
    special(IOAPIC, 0x81, 0xa0, 0xd7), special(HPET, 0, 0xa0),
    acpi(0x98, b"AMDI0020", b"AMDI0010", 2, b"\\_SB.FUR0", 0x40),
    acpi(0x99, b"AMDI0040", b"", 1, struct.pack("<Q", 7)),
    acpi(0x9a, b"INT33C6\0"), kind=0x40, efr=0x246577efa2254afa,
    efr2=0x1)), OPEN,
     "IVHD 40h @48+207 seg=0 id=2 cap=0x40 base=0xfd200000 flags=0xb0 "
     "efr=0x246577efa2254afa",
     "  all @92 0-ffff set=0x1",
     "  ids @104 10-10 set=0xd7",
     "  ids @108 18-1f set=0x30",
     "  ids @116 200-200 set=0x2 alias=a5",
     "  ids @124 ff00-ffff set=0x0 alias=a5",
     "  ids @136 300-300 set=0x10 ext=0x80000000",
     "  ids @144 310-317 set=0x20 ext=0x80000000",
     "  special @156 a0-a0 set=0xd7 ioapic 129",
     "  special @164 a0-a0 set=0x0 hpet 0",
     "  acpi @172 98-98 set=0x40 hid=AMDI0020 cid=AMDI0010 "
     "uid=\"\\_SB.FUR0\"",
     "  acpi @203 99-99 set=0x0 hid=AMDI0040 cid= uid=7",
     "  acpi @233 9a-9a set=0x0 hid=INT33C6 cid=",
     END)
case("three-types", table(GOOD, ivhd(span(0x8, 0xfffe), kind=0x11,
                                     efr=0x1), ivhd(kind=0x40)), OPEN,
     *GOOD_LINES,
     "IVHD 11h @88+48 seg=0 id=2 cap=0x40 base=0xfd200000 flags=0xb0 "
     "efr=0x1", "  ids @128 8-fffe set=0x0",
     "IVHD 40h @136+40 seg=0 id=2 cap=0x40 base=0xfd200000 flags=0xb0 "
     "efr=0x0", END)
case("segment", table(ivhd(seg=3), ivmd(0x21, RW, 0x7000000, 0x1000, 0x10,
                                        seg=3)), OPEN,
     "IVHD 10h @48+24 seg=3 id=2 cap=0x40 base=0xfd200000 flags=0xb0",
     "IVMD 21h @72+32 seg=3 ids=10-10 0x7000000-0x7000fff rw", END)
case("unknown-block", table(bytes([0x51, 0, 32, 0]) + bytes(28), GOOD), OPEN,
     "IVHD 10h @80+40 seg=0 id=2 cap=0x40 base=0xfd200000 flags=0xb0",
     "  ids @104 8-fffe set=0x0", "  special @112 a0-a0 set=0xd7 ioapic 4",
     "end unknown=1")
case("narrow", table(GOOD, info=0x2800), "open ok rev=2 efr=0 pa=40 va=0 "
     "doubts=0x0", *GOOD_LINES, END)
case("select-between", table(ivhd(short(3, 0x10, 1), select(0x99, 2),
                                  short(0), short(4, 0x17))), OPEN,
     "IVHD 10h @48+40 seg=0 id=2 cap=0x40 base=0xfd200000 flags=0xb0",
     "  ids @76 99-99 set=0x2", "  ids @72 10-17 set=0x1", END)
case("one-id-range", table(ivhd(span(0x10, 0x10))), OPEN,
     "IVHD 10h @48+32 seg=0 id=2 cap=0x40 base=0xfd200000 flags=0xb0",
     "  ids @72 10-10 set=0x0", END)
case("unknown-entries", table(ivhd(
    short(0x0f), struct.pack("<BHBI", 0x4f, 0, 0, 0), bytes([0x80]) + bytes(15),
    bytes([0xc1]) + bytes(31), select(8))), OPEN,
     "IVHD 10h @48+88 seg=0 id=2 cap=0x40 base=0xfd200000 flags=0xb0",
     "  ids @132 8-8 set=0x0", "  unknown=4", END)

# ---- IVMD: 5.2.3 ----

case("ivmd-kinds", table(
    ivmd(0x20, RW, 0x7d000000, 0x100000, 0x1234, 0x5678),
    ivmd(0x21, 0x03, 0x7d200000, 0x1000, 0x60),
    ivmd(0x22, 0x05, 0x7d400000, 0x2000, 0x300, 0x3ff),
    ivmd(0x22, 0x08, 0x9618e000, 0x100, 0, 0xfff)), OPEN,
     "IVMD 20h @48+32 seg=0 ids=0-ffff 0x7d000000-0x7d0fffff rw",
     "IVMD 21h @80+32 seg=0 ids=60-60 0x7d200000-0x7d200fff r",
     "IVMD 22h @112+32 seg=0 ids=300-3ff 0x7d400000-0x7d401fff w",
     "IVMD 22h @144+32 seg=0 ids=0-fff 0x9618e000-0x9618efff rw exclusion",
     END)
case("ivmd-unaligned", table(ivmd(0x21, RW, 0x7d000ffc, 8, 0x60)), OPEN,
     "IVMD 21h @48+32 seg=0 ids=60-60 0x7d000000-0x7d001fff rw", END)
# F1: an empty range at address 0, on a machine that is otherwise sound.
case("f1", table(GOOD, ivmd(0x21, RW, 0, 0, 0x6000),
                 ivmd(0x21, 0x08, 0x75e00000, 0x20000, 0x7c4)), OPEN,
     *GOOD_LINES,
     "IVMD 21h @88 EBADMSG @112=0x0 a memory range must not be empty",
     "IVMD 21h @120+32 seg=0 ids=7c4-7c4 0x75e00000-0x75e1ffff rw exclusion",
     END)
case("ivmd-wraps", table(ivmd(0x21, RW, (1 << 64) - 0x1000, 0x2000), GOOD),
     OPEN, "IVMD 21h @48 EBADMSG @72=0x2000 a memory range must end below "
     "2^52",
     "IVHD 10h @80+40 seg=0 id=2 cap=0x40 base=0xfd200000 flags=0xb0",
     "  ids @104 8-fffe set=0x0", "  special @112 a0-a0 set=0xd7 ioapic 4",
     END)
case("ivmd-huge", table(ivmd(0x20, RW, 0x1000, (1 << 52) - 0xfff)), OPEN,
     "IVMD 20h @48 EBADMSG @72=0xffffffffff001 a memory range must end below "
     "2^52", END)
case("ivmd-neither", table(ivmd(0x21, 0x06, 0x7d000000, 0x1000)), OPEN,
     "IVMD 21h @48 EBADMSG @49=0x6 a memory range must be for unity mapping "
     "or exclusion", END)
case("ivmd-no-rights", table(ivmd(0x21, 0x01, 0x7d000000, 0x1000)), OPEN,
     "IVMD 21h @48 EBADMSG @49=0x1 a unity range must be readable or "
     "writable", END)
case("ivmd-backwards", table(ivmd(0x22, RW, 0x7d000000, 0x1000, 0x10, 0xf)),
     OPEN, "IVMD 22h @48 EBADMSG @54=0xf a range of devices must not end "
     "before it starts", END)
case("ivmd-short", table(ivmd(0x21, RW, 0x7d000000, 0x1000,
                              length=31)[:31]), OPEN,
     "IVMD 21h @48 EBADMSG @50=0x1f an IVMD must hold 32 bytes", END)

# ---- IVHD damage ----

case("ivhd-short-10", table(ivhd(length=23)[:23], SMALL), OPEN,
     "IVHD 10h @48 EBADMSG @50=0x17 an IVHD of type 10h must hold 24 bytes",
     SMALL_LINE % 71, END)
case("ivhd-short-11", table(ivhd(kind=0x11, length=39)[:39], SMALL), OPEN,
     "IVHD 11h @48 EBADMSG @50=0x27 an IVHD of type 11h or 40h must hold 40 "
     "bytes", SMALL_LINE % 87, END)
case("ivhd-base-0", table(ivhd(select(8), base=0), SMALL), OPEN,
     "IVHD 10h @48 EBADMSG @56=0x0 a unit's register base must not be zero",
     "  ids @72 8-8 set=0x0", SMALL_LINE % 76, END)
case("ivhd-base-odd", table(ivhd(base=0xfd201000), SMALL), OPEN,
     "IVHD 10h @48 EBADMSG @56=0xfd201000 a unit's register base must be "
     "aligned to 16 KiB", SMALL_LINE % 72, END)
case("ivhd-base-ones", table(ivhd(base=(1 << 64) - 0x4000)), OPEN,
     "IVHD 10h @48 EBADMSG @56=0xffffffffffffc000 a unit's registers must "
     "lie below 2^52", END)

# ---- Entry damage ----

UNIT = "IVHD 10h @48+%d seg=0 id=2 cap=0x40 base=0xfd200000 flags=0xb0"
case("range-no-end", table(ivhd(select(8), short(3, 0x10), select(0x20)),
                           SMALL), OPEN, UNIT % 36,
     "  ids @72 8-8 set=0x0", "  ids @80 20-20 set=0x0",
     "  EBADMSG @76=0x10 a range of devices must have an end",
     SMALL_LINE % 84, END)
case("range-in-range", table(ivhd(short(3, 0x10), span(0x20, 0x27))), OPEN,
     UNIT % 36, "  EBADMSG @72=0x10 a range of devices must have an end",
     "  ids @76 20-27 set=0x0", END)
case("range-backwards", table(ivhd(span(0x10, 0xf), select(8))), OPEN,
     UNIT % 36, "  EBADMSG @77=0xf a range of devices must not end before it "
     "starts", "  ids @80 8-8 set=0x0", END)
case("end-alone", table(ivhd(short(4, 0x17), select(8))), OPEN, UNIT % 32,
     "  EBADMSG @72=0x17 an end of range must follow a start",
     "  ids @76 8-8 set=0x0", END)
case("special-variety", table(ivhd(special(3, 1, 0xa0), select(8))), OPEN,
     UNIT % 36, "  EBADMSG @79=0x3 a special device must be an IO-APIC (1) "
     "or HPET (2)", "  ids @80 8-8 set=0x0", END)
case("acpi-uid-none-long", table(ivhd(acpi(8, b"A", form=0, uid=b"x"),
                                      select(8))), OPEN, UNIT % 51,
     "  EBADMSG @93=0x1 an absent UID must have length 0",
     "  ids @95 8-8 set=0x0", END)
case("acpi-uid-number-long", table(ivhd(acpi(8, b"A", form=1,
                                             uid=b"123456789"), select(8))),
     OPEN, UNIT % 59,
     "  EBADMSG @93=0x9 a UID that is a number must have 1 to 8 bytes",
     "  ids @103 8-8 set=0x0", END)
case("acpi-uid-number-empty", table(ivhd(acpi(8, b"A", form=1), select(8))),
     OPEN, UNIT % 50,
     "  EBADMSG @93=0x0 a UID that is a number must have 1 to 8 bytes",
     "  ids @94 8-8 set=0x0", END)
# Seen in the field: two bytes.
case("acpi-uid-number-short", table(ivhd(acpi(8, b"A", form=1,
                                              uid=b"\1\2"))), OPEN,
     UNIT % 48, "  acpi @72 8-8 set=0x0 hid=A cid= uid=513", END)
case("acpi-uid-text-empty", table(ivhd(acpi(8, b"A", form=2), select(8))),
     OPEN, UNIT % 50, "  EBADMSG @93=0x0 a UID that is text must not be "
     "empty", "  ids @94 8-8 set=0x0", END)
case("acpi-uid-form", table(ivhd(acpi(8, b"A", form=3), select(8))), OPEN,
     UNIT % 50, "  EBADMSG @92=0x3 a UID must be absent (0), a number (1) or "
     "text (2)", "  ids @94 8-8 set=0x0", END)
case("acpi-too-long", table(ivhd(acpi(8, b"A", form=2, uid=b"xy",
                                      length=3)), SMALL), OPEN, UNIT % 48,
     "  EINVAL @72=0x18 an entry must end within its block",
     SMALL_LINE % 96, END)
case("acpi-cut", table(ivhd(select(8), acpi(8, b"A")[:21]), SMALL), OPEN,
     UNIT % 49, "  ids @72 8-8 set=0x0",
     "  EINVAL @76=0x15 an ACPI device entry must hold 22 bytes",
     SMALL_LINE % 97, END)
case("entry-unknown-size", table(ivhd(select(8), bytes([0xf1]) + bytes(31),
                                      select(9)), SMALL), OPEN, UNIT % 64,
     "  ids @72 8-8 set=0x0",
     "  EINVAL @76=0xf1 an entry's type must tell its size",
     SMALL_LINE % 112, END)
case("entry-cut", table(ivhd(alias(8, 9)[:7]), SMALL), OPEN, UNIT % 31,
     "  EINVAL @72=0x7 an entry must end within its block",
     SMALL_LINE % 79, END)
case("entry-cut-short", table(ivhd(select(8)[:3])), OPEN, UNIT % 27,
     "  EINVAL @72=0x3 an entry must end within its block", END)

# ---- Table damage ----

# F12: a block of length zero; the boot must not hang.
case("f12-zero", table(GOOD, bytes([0x21, 7, 0, 0]) + bytes(28)), OPEN,
     *GOOD_LINES, "EINVAL @90=0x0 a block's length must be at least 4")
case("f12-ivhd-zero", table(ivhd(length=0)), OPEN,
     "EINVAL @50=0x0 a block's length must be at least 4")
case("block-3", table(bytes([0x10, 0, 3])), OPEN,
     "EINVAL @48=0x3 a block must not be shorter than 4 bytes")
case("block-past-end", table(GOOD, ivhd(length=25)), OPEN, *GOOD_LINES,
     "EINVAL @90=0x19 a block must end within the table")
case("checksum", table(GOOD, spoil=5),
     "open EBADMSG @9=0x%02x the table's bytes must add up to zero; rev=2 "
     "efr=1 pa=48 va=64 doubts=0x2" % table(GOOD, spoil=5)[9],
     *GOOD_LINES, END)
case("revision-0", table(GOOD, revision=0),
     "open EBADMSG @8=0x0 the revision must not be zero; rev=0 efr=1 pa=48 "
     "va=64 doubts=0x4", *GOOD_LINES, END)
case("announced-longer", table(GOOD, length=4096),
     "open EBADMSG @4=0x1000 the table's length must not exceed the bytes "
     "there are; rev=2 efr=1 pa=48 va=64 doubts=0x1", *GOOD_LINES,
     "EINVAL @88=0x0 blocks must not go on beyond the bytes there are")
case("announced-shorter", table(GOOD, length=47),
     "open EINVAL @4=0x2f the table's length must be at least 48")
case("empty", table(), OPEN, END)
case("signature", table(GOOD, signature=b"DMAR"),
     "open EINVAL @0=0x52414d44 the signature must be IVRS")
case("header-cut", table()[:47],
     "open EINVAL @0=0x2f an IVRS must hold a header of 48 bytes")

# ---- For the scan: whole machines ----

DEVICES = (span(0x8, 0xfffe), alias_span(0xff00, 0xffff, 0xa5),
           special(HPET, 0, 0xa0), special(IOAPIC, 2, 0xa0, 0xd7),
           special(IOAPIC, 3, 0x1))


def whole(*extra, entries=DEVICES, **more):
    CASES.append((more.pop("name"), table(
        ivhd(*entries, base=0x100000000, **more), *extra), None))


whole(name="scan-good")
CASES.append(("scan-richest", table(
    ivhd(select(0x10), base=0x100000000),
    ivhd(*DEVICES, base=0x100000000, kind=0x40, efr=0x4cf77ef22294ada),
    ivhd(select(0x18), base=0x100000000, kind=0x11, efr=1),
    ivhd(select(0x20), base=0x100000000, kind=0x40, efr=1)), None))
whole(ivmd(0x21, RW, 0, 0, 0x20), name="scan-f1")
whole(name="scan-f2", entries=(span(0x8, 0xfffe), special(IOAPIC, 0x82, 1)))
whole(name="scan-f2-conflict", entries=(
    span(0x8, 0xfffe), special(IOAPIC, 2, 0xa0), special(IOAPIC, 2, 0x11)))
whole(ivmd(0x22, RW, 0xa0000000, 0x1000, 0, 0xffff),
      ivmd(0x21, 0x03, 0xb0000000, 0x1000, 0x4000),
      ivmd(0x20, 0x05, 0xc0000000, 0x2000),
      name="scan-f3", entries=(span(0x20, 0xff), special(IOAPIC, 2, 0xa0)))
whole(ivmd(0x21, 0x03, 0xa0000000, 0x1000, 0x20),
      ivmd(0x21, 0x05, 0xa0000000, 0x1000, 0x28), name="scan-rights")
CASES.append(("scan-two", table(
    ivhd(span(0x8, 0x3ffe), alias_span(0xff00, 0xffff, 0xa5),
         special(IOAPIC, 2, 0xa0), base=0x100000000),
    ivhd(span(0x4008, 0xfffe), base=0x100004000, ident=0x4002)), None))
CASES.append(("scan-dead", table(
    ivhd(*DEVICES, base=0x100000000),
    ivhd(span(0x4008, 0x40ff), base=0x200000000, ident=0x4002)), None))
CASES.append(("scan-alias-elsewhere", table(
    ivhd(span(0x8, 0xff), alias(0x300, 0x4010), special(IOAPIC, 2, 0xa0),
         base=0x100000000),
    ivhd(span(0x4008, 0x40ff), base=0x100004000, ident=0x4002)), None))
# Translation requests forbidden for 00:05.0.
CASES.append(("scan-no-ats", table(
    ivhd(span(0x8, 0xff), extended(0x28, 0x80000000),
         special(IOAPIC, 2, 0xa0), base=0x100000000)), None))
# A range that is never ended, and what 00:04.0 would be in; the richer block
# is the one that can be read.
CASES.append(("scan-no-end", table(
    ivhd(select(0x28), special(IOAPIC, 2, 0xa0), short(3, 0x20),
         base=0x100000000)), None))
CASES.append(("scan-cut-list", table(
    ivhd(*DEVICES, base=0x100000000),
    ivhd(select(0x28), bytes([0xf1]) + bytes(31), *DEVICES,
         base=0x100000000, kind=0x40)), None))


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
        for line in lines or ():
            print("|", line)
        print(".")


if __name__ == "__main__":
    main()
