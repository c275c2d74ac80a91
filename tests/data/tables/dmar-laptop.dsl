/*
 * A laptop: a unit of its own for the graphics, one for the rest; the USB
 * controllers share a region; two devices known by their ACPI names.
 */
Signature : "DMAR"
Table Length : 00000000
Revision : 01
Checksum : 00
Oem ID : "MOAT"
Oem Table ID : "LAPTOP"
Oem Revision : 00000001
Asl Compiler ID : "INTL"
Asl Compiler Revision : 00000001
Host Address Width : 26
Flags : 05
Reserved : 00 00 00 00 00 00 00 00 00 00

Subtable Type : 0000
Length : 0018
Flags : 00
Reserved : 00
PCI Segment Number : 0000
Register Base Address : 00000000FED90000
Device Scope Type : 01
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 00
PCI Path : 02,00

Subtable Type : 0000
Length : 0030
Flags : 01
Reserved : 00
PCI Segment Number : 0000
Register Base Address : 00000000FED91000
Device Scope Type : 03
Entry Length : 08
Reserved : 0000
Enumeration ID : 02
PCI Bus Number : F0
PCI Path : 1F,00
Device Scope Type : 04
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 00
PCI Path : 1F,00
Device Scope Type : 05
Entry Length : 08
Reserved : 0000
Enumeration ID : 01
PCI Bus Number : 00
PCI Path : 15,00
Device Scope Type : 05
Entry Length : 08
Reserved : 0000
Enumeration ID : 02
PCI Bus Number : 00
PCI Path : 15,01

Subtable Type : 0001
Length : 0028
Reserved : 0000
PCI Segment Number : 0000
Base Address : 000000008A785000
End Address (limit) : 000000008A7A4FFF
Device Scope Type : 01
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 00
PCI Path : 14,00
Device Scope Type : 01
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 00
PCI Path : 1D,00

Subtable Type : 0001
Length : 0020
Reserved : 0000
PCI Segment Number : 0000
Base Address : 000000008B800000
End Address (limit) : 000000008FFFFFFF
Device Scope Type : 01
Entry Length : 08
Reserved : 0000
Enumeration ID : 00
PCI Bus Number : 00
PCI Path : 02,00

Subtable Type : 0004
Length : 0017
Reserved : 000000
Device Number : 01
Device Name : "\_SB.PCI0.I2C0"

Subtable Type : 0004
Length : 0017
Reserved : 000000
Device Number : 02
Device Name : "\_SB.PCI0.I2C1"
