#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""texts.py FOLDER: what texts.c starts from. The first byte says who reads it:
0 acpidump, 1 JSON, 2 lspci, 3 a memory map."""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data")

IOMEM = """00001000-0009fbff : System RAM
  00002000-00002fff : Kernel code
000f0000-000fffff : Reserved
100000000-27fffffff : System RAM
"""
E820 = """[    0.000000] BIOS-e820: [mem 0x0000000000001000-0x000000000009fbff] usable
(XEN)  [0000000000100000, 000000007fffffff] (usable)
(XEN)  [0000000080000000, 000000008fffffff] (reserved)
"""
HEADER = {"signature": "DMAR", "revision": 1, "oem_id": "MOAT",
          "oem_table_id": "TEST", "oem_revision": "0x1",
          "creator_id": "MOAT", "creator_revision": 1,
          "host_address_width": 38, "flags": {"intr_remap": True}}
RECORDS = [
    {"type": "DRHD", "flags": {"include_pci_all": True}, "size": 0,
     "segment": 0, "register_base": "0xfed90000",
     "scopes": [{"type": "IOAPIC", "enumeration_id": 2, "start_bus": 0,
                 "path": ["1e.7"]}]},
    {"type": "RMRR", "segment": 0, "base": "0x7b800000",
     "limit": "0x7bffffff", "scopes": [], "reserved": "0000"},
    {"type": "ANDD", "device_number": 1, "name": "hex:5c5f5342",
     "padding": 2},
    {"type": 99, "tail": "00112233"},
]


def hexdump(signature, data):
    """As acpidump prints a table."""
    lines = ["%s @ 0x0000000000000000" % signature]
    for at in range(0, len(data), 16):
        row = data[at:at + 16]
        lines.append("    %04X: %-47s  %s" % (at, row.hex(" ").upper(),
                     "".join(chr(b) if 32 <= b < 127 else "." for b in row)))
    return "\n".join(lines) + "\n\n"


def tables(script):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, os.path.join(DATA, script), folder],
                       check=True)
        for name in sorted(os.listdir(folder))[::8]:
            with open(os.path.join(folder, name), "rb") as f:
                yield name, f.read()


def seeds():
    for script, signature in (("dmar.py", "DMAR"), ("ivrs.py", "IVRS")):
        for name, data in tables(script):
            yield "raw-" + name, 0, data
            yield "dump-" + name, 0, hexdump(signature, data).encode()
    for n in range(len(RECORDS) + 1):
        table = dict(HEADER, records=RECORDS[:n])
        whole = {"format": "iommu-tables", "version": 1, "tables": [table]}
        yield "json-%d" % n, 1, json.dumps(whole).encode()
    folder = os.path.join(DATA, "lspci")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as f:
            text = f.read()
        for n, part in enumerate(text.split(b"\n\n")):
            yield "lspci-%s-%d" % (name, n), 2, part[:2000]
    yield "iomem", 3, IOMEM.encode()
    yield "e820", 3, E820.encode()


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, reader, text in seeds():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(bytes([reader]) + text)


if __name__ == "__main__":
    main()
