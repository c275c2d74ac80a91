/*
 * A processor with integrated devices: SATC, SIDP, and a record of a type
 * that is not known. The compiler knows none of them: it is told numbers, and
 * "MARD" becomes "DMAR" in tables.py.
 */
Signature : "MARD"
Table Length : 00000000
Revision : 01
Checksum : 00
Oem ID : "MOAT"
Oem Table ID : "SOC"
Oem Revision : 00000001
Asl Compiler ID : "INTL"
Asl Compiler Revision : 00000001

UINT8 : 29                      /* host address width: 42 bits */
UINT8 : 05                      /* INTR_REMAP, opt-in */
UINT64 : 0000000000000000
UINT16 : 0000

UINT16 : 0000                   /* DRHD, all */
UINT16 : 0018
UINT8 : 01
UINT8 : 01                      /* two pages of registers */
UINT16 : 0000
UINT64 : 00000000FC800000
UINT8 : 03                      /* IO-APIC 2 */
UINT8 : 08
UINT16 : 0000
UINT8 : 02
UINT8 : 00
UINT8 : 1E
UINT8 : 07

UINT16 : 0005                   /* SATC, ATC_REQUIRED */
UINT16 : 0018
UINT8 : 01
UINT8 : 00
UINT16 : 0000
UINT8 : 01                      /* 00:02.0 */
UINT8 : 08
UINT16 : 0000
UINT8 : 00
UINT8 : 00
UINT8 : 02
UINT8 : 00
UINT8 : 01                      /* 00:0b.0 */
UINT8 : 08
UINT16 : 0000
UINT8 : 00
UINT8 : 00
UINT8 : 0B
UINT8 : 00

UINT16 : 0006                   /* SIDP */
UINT16 : 0018
UINT16 : 0000
UINT16 : 0000
UINT8 : 01                      /* 00:02.0, all five properties */
UINT8 : 08
UINT8 : 1F
UINT8 : 00
UINT8 : 00
UINT8 : 00
UINT8 : 02
UINT8 : 00
UINT8 : 01                      /* 00:0b.0, and bits without a name */
UINT8 : 08
UINT8 : E8
UINT8 : 00
UINT8 : 00
UINT8 : 00
UINT8 : 0B
UINT8 : 00

UINT16 : 0009                   /* no such type */
UINT16 : 000C
UINT64 : 0123456789ABCDEF
