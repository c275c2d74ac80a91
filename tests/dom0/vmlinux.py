#!/usr/bin/env python3
"""Takes the vmlinux ELF out of a bzImage: vmlinux.py BZIMAGE VMLINUX

Xen unpacks a bzImage itself, but needs seconds for it under emulation. The
position of the payload is in the setup header (Linux/x86 boot protocol 2.08
and later: setup_sects 1f1h, payload_offset 248h, payload_length 24ch).
"""
import lzma
import struct
import subprocess
import sys
import zlib


def unpack(payload):
    """The payload's last four bytes are its unpacked size, not data."""
    if payload.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31).decompress(payload)
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        done = subprocess.run(["zstd", "-dcq"], input=payload[:-4],
                              stdout=subprocess.PIPE, check=True)
        return done.stdout
    raise SystemExit("unknown compression: " + payload[:8].hex())


def main(source, target):
    with open(source, "rb") as f:
        image = f.read()
    if image[0x202:0x206] != b"HdrS":
        raise SystemExit(source + " is not a bzImage")
    if struct.unpack_from("<H", image, 0x206)[0] < 0x208:
        raise SystemExit(source + ": boot protocol too old")
    start = (image[0x1f1] + 1) * 512
    offset, length = struct.unpack_from("<II", image, 0x248)
    elf = unpack(image[start + offset:start + offset + length])
    if not elf.startswith(b"\x7fELF"):
        raise SystemExit(source + ": the payload is no ELF file")
    with open(target, "wb") as f:
        f.write(elf)


main(*sys.argv[1:])
