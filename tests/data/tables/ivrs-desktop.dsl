/*
 * A desktop: one unit twice, as type 10h for older readers and as 11h; a
 * bridge to old PCI whose devices all speak as 00:14.4; regions of one
 * device, of a range, and of all.
 */
Signature : "IVRS"
Table Length : 00000000
Revision : 02
Checksum : 00
Oem ID : "MOAT"
Oem Table ID : "DESKTOP"
Oem Revision : 00000001
Asl Compiler ID : "INTL"
Asl Compiler Revision : 00000001
Virtualization Info : 00203041
Reserved : 0000000000000000

Subtable Type : 10
Flags : B0
Length : 0000
DeviceId : 0002
Capability Offset : 0040
Base Address : 00000000FEB80000
PCI Segment Group : 0000
Virtualization Info : 0000
Feature Reporting : 80048F6E
Entry Type : 03
Device ID : 0008
Data Setting : 00
Entry Type : 04
Device ID : FFFE
Data Setting : 00
Entry Type : 43
Device ID : FF00
Data Setting : 00
Reserved : 00
Source Used Device ID : 00A4
Reserved : 00
Entry Type : 04
Device ID : FFFF
Data Setting : 00
Entry Type : 00
Device ID : 0000
Data Setting : 00
Entry Type : 48
Device ID : 0000
Data Setting : 00
Handle : 00
Source Used Device ID : 00A0
Variety : 02
Entry Type : 48
Device ID : 0000
Data Setting : D7
Handle : 04
Source Used Device ID : 00A0
Variety : 01
Entry Type : 48
Device ID : 0000
Data Setting : 00
Handle : 05
Source Used Device ID : 0001
Variety : 01

Subtable Type : 11
Flags : 30
Length : 0000
DeviceId : 0002
Capability Offset : 0040
Base Address : 00000000FEB80000
PCI Segment Group : 0000
Virtualization Info : 0000
Attributes : 00048000
EFR Image : 246577EFA2254AFA
Reserved : 0000000000000000
Entry Type : 03
Device ID : 0008
Data Setting : 00
Entry Type : 04
Device ID : FFFE
Data Setting : 00
Entry Type : 43
Device ID : FF00
Data Setting : 00
Reserved : 00
Source Used Device ID : 00A4
Reserved : 00
Entry Type : 04
Device ID : FFFF
Data Setting : 00
Entry Type : 00
Device ID : 0000
Data Setting : 00
Entry Type : 48
Device ID : 0000
Data Setting : 00
Handle : 00
Source Used Device ID : 00A0
Variety : 02
Entry Type : 48
Device ID : 0000
Data Setting : D7
Handle : 04
Source Used Device ID : 00A0
Variety : 01
Entry Type : 48
Device ID : 0000
Data Setting : 00
Handle : 05
Source Used Device ID : 0001
Variety : 01

Subtable Type : 21
Flags : 07
Length : 0000
DeviceId : 0060
Auxiliary Data : 0000
Reserved : 0000000000000000
Start Address : 00000000AD6E0000
Memory Length : 0000000000020000

Subtable Type : 22
Flags : 03
Length : 0000
DeviceId : 0098
Auxiliary Data : 009A
Reserved : 0000000000000000
Start Address : 00000000AD800000
Memory Length : 0000000000001000

Subtable Type : 22
Flags : 08
Length : 0000
DeviceId : 0000
Auxiliary Data : FFFF
Reserved : 0000000000000000
Start Address : 00000000AE000000
Memory Length : 0000000000001000

Subtable Type : 20
Flags : 07
Length : 0000
DeviceId : 0000
Auxiliary Data : 0000
Reserved : 0000000000000000
Start Address : 00000000AE100000
Memory Length : 0000000000003000
