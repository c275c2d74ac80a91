/*
 * A laptop: IVHD of type 40h with devices known by ACPI names, one for each
 * form of unique id, entries of unknown types, and a vendor's own block 51h.
 * The compiler is told numbers, and "SRVI" becomes "IVRS" in tables.py.
 */
Signature : "SRVI"
Table Length : 00000000
Revision : 02
Checksum : 00
Oem ID : "MOAT"
Oem Table ID : "MOBILE"
Oem Revision : 00000001
Asl Compiler ID : "INTL"
Asl Compiler Revision : 00000001

UINT32 : 00203043               /* IVinfo */
UINT64 : 0000000000000000

UINT8 : 40                      /* IVHD 40h */
UINT8 : 30
UINT16 : 00A1
UINT16 : 0002
UINT16 : 0040
UINT64 : 00000000FD300000
UINT16 : 0000
UINT16 : 0000
UINT32 : 00040000
UINT64 : 206D73EF22254ADE
UINT64 : 0000000000000001

UINT8 : 03                      /* 00:01.0 to ff:1f.6 */
UINT16 : 0008
UINT8 : 00
UINT8 : 04
UINT16 : FFFE
UINT8 : 00

UINT8 : 48                      /* HPET */
UINT16 : 0000
UINT8 : 00
UINT8 : 00
UINT16 : 00A0
UINT8 : 02
UINT8 : 48                      /* IO-APIC 21h */
UINT16 : 0000
UINT8 : D7
UINT8 : 21
UINT16 : 00A0
UINT8 : 01

UINT8 : F0                      /* AMDI0020, "\_SB.FUR0" */
UINT16 : 00A5
UINT8 : 40
Buffer : 41 4D 44 49 30 30 32 30
UINT64 : 0000000000000000
UINT8 : 02
UINT8 : 09
Buffer : 5C 5F 53 42 2E 46 55 52 30

UINT8 : F0                      /* no unique id */
UINT16 : 0099
UINT8 : F7
Buffer : 41 4D 44 49 30 30 34 31
UINT64 : 0000000000000000
UINT8 : 00
UINT8 : 00

UINT8 : F0                      /* a number of 2 bytes */
UINT16 : 009A
UINT8 : 40
Buffer : 41 4D 44 49 30 30 34 31
Buffer : 50 4E 50 30 43 30 41 00
UINT8 : 01
UINT8 : 02
UINT16 : 1234

UINT8 : 05                      /* 4 bytes, no such type */
UINT24 : 010203
UINT8 : 80                      /* 16 bytes, no such type */
UINT56 : 01020304050607
UINT64 : 08090A0B0C0D0E0F

UINT8 : 51                      /* a vendor's own */
UINT8 : 00
UINT16 : 000C
UINT64 : 1122334455667788
