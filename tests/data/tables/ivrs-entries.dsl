/* Every device entry that has 4 or 8 bytes, and two units. */
Signature : "IVRS"
Table Length : 00000000
Revision : 02
Checksum : 00
Oem ID : "MOAT"
Oem Table ID : "ENTRIES"
Oem Revision : 00000001
Asl Compiler ID : "INTL"
Asl Compiler Revision : 00000001
Virtualization Info : 00203040
Reserved : 0000000000000000

Subtable Type : 10
Flags : FF
Length : 0000
DeviceId : 0002
Capability Offset : 0040
Base Address : 00000000F3380000
PCI Segment Group : 0000
Virtualization Info : 0000
Feature Reporting : 00000000
Entry Type : 00
Device ID : 0000
Data Setting : 00
Entry Type : 02
Device ID : 0010
Data Setting : 01
Entry Type : 03
Device ID : 0100
Data Setting : F7
Entry Type : 04
Device ID : 01FF
Data Setting : 00
Entry Type : 40
Device ID : 0000
Data Setting : 00
Extended Data : 00000000
Entry Type : 42
Device ID : 0210
Data Setting : 30
Reserved : 00
Source Used Device ID : 0011
Reserved : 00
Entry Type : 43
Device ID : 0300
Data Setting : 00
Reserved : 00
Source Used Device ID : 0012
Reserved : 00
Entry Type : 04
Device ID : 0307
Data Setting : 00
Entry Type : 46
Device ID : 0400
Data Setting : 40
Extended Data : 80000000
Entry Type : 47
Device ID : 0500
Data Setting : 80
Extended Data : 80000000
Entry Type : 04
Device ID : 05FF
Data Setting : 00
Entry Type : 48
Device ID : 0000
Data Setting : D7
Handle : 08
Source Used Device ID : 00A0
Variety : 01
Entry Type : 48
Device ID : 0000
Data Setting : 00
Handle : 00
Source Used Device ID : 00A0
Variety : 02

Subtable Type : 11
Flags : 00
Length : 0000
DeviceId : 4002
Capability Offset : 0040
Base Address : 00000000F3400000
PCI Segment Group : 0000
Virtualization Info : 0000
Attributes : 00000000
EFR Image : 0000000000000000
Reserved : 0000000000000000
Entry Type : 01
Device ID : 0000
Data Setting : 00
