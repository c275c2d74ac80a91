"""I/O virtualization reporting structures, made to measure (AMD IOMMU
specification, 48882, chapter 5).

A Table is put together block by block; extents[name] says where each begins
and ends (and bases[name] where the registers of a unit should be), so that a
test can demand that Xen's message names that place.
"""
import struct

# What QEMU's q35 has: the unit's registers, its function 00:02.0, and the
# IO-APIC's id and the requester id of its interrupts.
UNIT, FUNCTION, CAPABILITY = 0xfed80000, 0x0010, 0x40
IOAPIC_ID, IOAPIC_RID = 0, 0x00a0

# IVMD blocks: types, and flags with the rights of the device.
ALL, ONE, RANGE = 0x20, 0x21, 0x22
UNITY, READ, WRITE = 1, 2, 4
RW = UNITY | READ | WRITE


def rid(bdf):
    """The requester id of "0000:00:04.0"."""
    return (int(bdf[5:7], 16) << 8 | int(bdf[8:10], 16) << 3 | int(bdf[11]))


# Device entries, section 5.2.2.2.

def select(bdf):
    return struct.pack("<BHB", 2, rid(bdf), 0)


def span(first, last):
    return struct.pack("<BHBBHB", 3, first, 0, 4, last, 0)


def ioapic(ident=IOAPIC_ID, source=IOAPIC_RID):
    return struct.pack("<BHBBHB", 0x48, 0, 0, ident, source, 1)


class Table:
    HEADER = 48

    def __init__(self, physical=48, virtual=64):
        """Widths of addresses, in bits."""
        self.info = physical << 8 | virtual << 15
        self.blocks, self.extents, self.bases = b"", {}, {}

    def block(self, name, kind, flags, body, length=None):
        first = self.HEADER + len(self.blocks)
        self.blocks += struct.pack(
            "<BBH", kind, flags,
            4 + len(body) if length is None else length) + body
        self.extents[name] = first, self.HEADER + len(self.blocks) - 1
        return self

    def unit(self, name, base, function, *entries, **more):
        """Type 10h: a unit, and the devices behind it."""
        self.bases[name] = base
        return self.block(name, 0x10, 0, struct.pack(
            "<HHQHHI", function, CAPABILITY, base, 0, 0, 0) +
            b"".join(entries), **more)

    def main_unit(self, *entries):
        """QEMU's unit; for all of bus 0 if no entries are given."""
        return self.unit("main", UNIT, FUNCTION,
                         *(entries or (span(0, 0xff), ioapic())))

    def memory(self, name, kind, flags, start, size, first=0, last=0,
               **more):
        """Types 20h to 22h: memory for all ids, for one, for first..last."""
        return self.block(name, kind, flags, struct.pack(
            "<HHQQQ", first, last, 0, start, size), **more)

    def bytes(self, length=None):
        """The table; length: what its header says instead of the truth."""
        whole = self.HEADER + len(self.blocks)
        length = whole if length is None else length
        data = bytearray(struct.pack(
            "<4sIBB6s8sI4sIIQ", b"IVRS", length, 2, 0, b"MOAT  ",
            b"MADE-UP ", 1, b"MOAT", 1, self.info, 0) + self.blocks)
        data = data[:length]
        data[9] = -sum(data) & 0xff
        return bytes(data)
