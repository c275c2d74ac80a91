#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Count what a folder's DMAR-*.dat hold, without the parser under test: by
regular steps through the bytes, in the format of tests/unit/test_dmar_fuzz.c.
"""
import collections
import glob
import os
import struct
import sys

NAMES = ["DRHD", "RMRR", "ATSR", "RHSA", "ANDD", "SATC", "SIDP"]
SCOPES_AT = {0: 16, 1: 24, 2: 8, 5: 8, 6: 8}


def lost(kind, body, width):
    """Is the unit or region of this record impossible?"""
    if kind == 0:
        base, = struct.unpack_from("<Q", body, 8)
        return not 0 < base < 1 << width or base % 4096 != 0
    if kind == 1:
        first, last = struct.unpack_from("<QQ", body, 8)
        return not first <= last < 1 << width or first % 4096 != 0 or (
            (last + 1) % 4096 != 0) or len(body) == 24
    return False


def main():
    count = collections.Counter()
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "DMAR-*.dat"))):
        with open(path, "rb") as f:
            data = f.read()
        rest = data[48:]
        while rest:
            kind, size = struct.unpack("<HH", rest[:4])
            assert size >= 4 and size <= len(rest), path
            body, rest = rest[:size], rest[size:]
            count[NAMES[kind] if kind < len(NAMES) else "unknown"] += 1
            count["lost"] += lost(kind, body, data[36] + 1)
            if kind not in SCOPES_AT:
                continue
            scopes, named = body[SCOPES_AT[kind]:], 0
            while scopes:
                length = scopes[1]
                assert length >= 8 and length <= len(scopes), path
                count["scope%d" % (scopes[0] if scopes[0] < 6 else 0)] += 1
                count["pathsteps"] += (length - 6) // 2
                scopes = scopes[length:]
                named += 1
            count["shared"] += kind == 1 and named > 1
    for name in (NAMES + ["unknown"] + ["scope%d" % i for i in range(6)]
                 + ["pathsteps", "shared", "lost"]):
        print(name, count[name])


if __name__ == "__main__":
    main()
