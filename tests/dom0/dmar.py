"""DMA remapping tables, made to measure (VT-d specification, chapter 8).

A Table is put together record by record; extents[name] says where each begins
and ends (and bases[name] where the registers of a unit should be), so that a test can demand that Xen's message names that place.
"""
import struct

# Device scope types, section 8.3.1.
ENDPOINT, BRIDGE, IOAPIC, HPET = 1, 2, 3, 4

# What QEMU's q35 has: the unit's registers, and the IO-APIC's id and the
# requester id of its interrupts.
UNIT = 0xfed90000
IOAPIC_ID, IOAPIC_BUS, IOAPIC_PATH = 0, 0xff, (0x1e, 0)


def scope(kind, bus, *path, ident=0, length=None):
    body = b"".join(bytes(step) for step in path)
    return struct.pack("<BBHBB", kind, 6 + len(body) if length is None
                       else length, 0, ident, bus) + body


def endpoint(bdf):
    """The scope of an endpoint on the root bus, from "0000:00:04.0"."""
    bus, rest = int(bdf[5:7], 16), bdf[8:]
    return scope(ENDPOINT, bus, (int(rest[:2], 16), int(rest[3:])))


class Table:
    HEADER = 48

    def __init__(self, width=39, flags=1):
        """width in bits; flag 1: interrupt remapping."""
        self.width, self.flags = width, flags
        self.records, self.extents, self.bases = b"", {}, {}

    def record(self, name, kind, body, length=None):
        first = self.HEADER + len(self.records)
        self.records += struct.pack(
            "<HH", kind, 4 + len(body) if length is None else length) + body
        self.extents[name] = first, self.HEADER + len(self.records) - 1
        return self

    def unit(self, name, base, *scopes, everything=False, segment=0, **more):
        """Type 0: a remapping unit. everything: all that no other claims."""
        self.bases[name] = base
        return self.record(name, 0, struct.pack(
            "<BBHQ", int(everything), 0, segment, base) + b"".join(scopes),
            **more)

    def main_unit(self):
        """QEMU's unit, as the last one: it takes everything else."""
        return self.unit("main", UNIT,
                         scope(IOAPIC, IOAPIC_BUS, IOAPIC_PATH,
                               ident=IOAPIC_ID), everything=True)

    def region(self, name, base, limit, *scopes, **more):
        """Type 1: reserved memory, limit inclusive."""
        return self.record(name, 1, struct.pack("<HHQQ", 0, 0, base, limit) +
                           b"".join(scopes), **more)

    def bytes(self, length=None):
        """The table; length: what its header says instead of the truth."""
        whole = self.HEADER + len(self.records)
        length = whole if length is None else length
        data = bytearray(struct.pack(
            "<4sIBB6s8sI4sIBB10x", b"DMAR", length, 1, 0, b"MOAT  ",
            b"MADE-UP ", 1, b"MOAT", 1, self.width - 1, self.flags) +
            self.records)
        data = data[:length]
        data[9] = -sum(data) & 0xff
        return bytes(data)
