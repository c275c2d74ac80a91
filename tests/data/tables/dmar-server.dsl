/*
 * A server: two segments, four units, a sub-hierarchy behind bridges, root
 * ports with ATS, units near processors, a region for a device behind two
 * bridges.
 */
Signature : "DMAR"
Table Length : 00000000
Revision : 01
Checksum : 00
Oem ID : "MOAT"
Oem Table ID : "SERVER"
Oem Revision : 00000001
Asl Compiler ID : "INTL"
Asl Compiler Revision : 00000001
Host Address Width : 2D
Flags : 01
Reserved : 00 00 00 00 00 00 00 00 00 00

Subtable Type : 0000
Length : 0028
Flags : 00
Reserved : 00
PCI Segment Number : 0000
Register Base Address : 00000000C5FFC000
Device Scope Type : 02
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 17
PCI Path : 00,00
Device Scope Type : 02
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 17
PCI Path : 02,00
Device Scope Type : 03
Entry Length : 08
Reserved : 0000
Enumeration ID : 09
PCI Bus Number : 17
PCI Path : 05,04

Subtable Type : 0000
Length : 0028
Flags : 00
Reserved : 00
PCI Segment Number : 0000
Register Base Address : 00000000D37FC000
Device Scope Type : 02
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 3A
PCI Path : 00,00
Device Scope Type : 01
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 3A
PCI Path : 05,00
Device Scope Type : 01
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 3A
PCI Path : 05,02

Subtable Type : 0000
Length : 0020
Flags : 01
Reserved : 00
PCI Segment Number : 0000
Register Base Address : 000000009D7FC000
Device Scope Type : 03
Entry Length : 08
Reserved : 0000
Enumeration ID : 08
PCI Bus Number : F0
PCI Path : 1F,07
Device Scope Type : 04
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 00
PCI Path : 1F,00

Subtable Type : 0000
Length : 0018
Flags : 01
Reserved : 01
PCI Segment Number : 0001
Register Base Address : 00000000F87FC000
Device Scope Type : 03
Entry Length : 08
Reserved : 0000
Enumeration ID : 0A
PCI Bus Number : 80
PCI Path : 05,04

Subtable Type : 0001
Length : 002C
Reserved : 0000
PCI Segment Number : 0000
Base Address : 000000006F1F5000
End Address (limit) : 000000006F1F7FFF
Device Scope Type : 01
Entry Length : 0C
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 17
PCI Path : 02,00
PCI Path : 00,00
PCI Path : 01,00
Device Scope Type : 01
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 00
PCI Path : 14,00

Subtable Type : 0002
Length : 0018
Flags : 00
Reserved : 00
PCI Segment Number : 0000
Device Scope Type : 02
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 17
PCI Path : 00,00
Device Scope Type : 02
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 3A
PCI Path : 00,00

Subtable Type : 0002
Length : 0008
Flags : 01
Reserved : 00
PCI Segment Number : 0001

Subtable Type : 0003
Length : 0014
Reserved : 00000000
Base Address : 00000000C5FFC000
Proximity Domain : 00000000

Subtable Type : 0003
Length : 0014
Reserved : 00000000
Base Address : 00000000D37FC000
Proximity Domain : 00000000

Subtable Type : 0003
Length : 0014
Reserved : 00000000
Base Address : 000000009D7FC000
Proximity Domain : 00000000

Subtable Type : 0003
Length : 0014
Reserved : 00000000
Base Address : 00000000F87FC000
Proximity Domain : 00000001
