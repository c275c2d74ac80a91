/* SPDX-License-Identifier: GPL-2.0-only */
/* DMAR: VT-d specification 4.1, chapter 8. */
#include "format_priv.h"

static const struct bit_format dmar_flags[] =
{
    { "INTR_REMAP", "intr_remap", 0, 1 },
    { "X2APIC_OPT_OUT", "x2apic_opt_out", 1, 1 },
    { "DMA_CTRL_PLATFORM_OPT_IN_FLAG", "dma_ctrl_platform_opt_in", 2, 1 },
    { NULL },
};

static const struct field_format header_fields[] =
{
    ACPI_HEADER_FIELDS,
    { "Host Address Width", "host_address_width", 36, 1, SHOW_WIDTH },
    { "Flags", "flags", 37, 1, SHOW_BITS, dmar_flags },
    { "Reserved", "reserved", 38, 10, SHOW_RESERVED },
};

const struct node_format dmar_header_format =
{
    0, "DMAR", "DMA Remapping Reporting Structure", "VT-d 8.1", 48, TAIL_NONE,
    FIELDS(header_fields),
};

/* A record's type and length are those of its header, VT-d 8.2. */
#define RECORD_FIELDS                                                       \
    { "Type", "type", 0, 2, SHOW_TYPE },                                    \
    { "Length", "length", 2, 2, SHOW_LENGTH }

static const struct bit_format drhd_flags[] =
{
    { "INCLUDE_PCI_ALL", "include_pci_all", 0, 1 },
    { NULL },
};

static const struct bit_format drhd_size[] =
{
    /* 2^N pages of 4 KiB */
    { "N", "register_pages_log2", 0, 4 },
    { NULL },
};

static const struct field_format drhd_fields[] =
{
    RECORD_FIELDS,
    { "Flags", "flags", 4, 1, SHOW_BITS, drhd_flags },
    { "Size", "size", 5, 1, SHOW_BITS, drhd_size },
    { "Segment Number", "segment", 6, 2, SHOW_HEX },
    { "Register Base Address", "register_base", 8, 8, SHOW_HEX },
};

static const struct field_format rmrr_fields[] =
{
    RECORD_FIELDS,
    { "Reserved", "reserved", 4, 2, SHOW_RESERVED },
    { "Segment Number", "segment", 6, 2, SHOW_HEX },
    { "Reserved Memory Region Base Address", "base", 8, 8, SHOW_HEX },
    { "Reserved Memory Region Limit Address", "limit", 16, 8, SHOW_HEX },
};

static const struct bit_format atsr_flags[] =
{
    { "ALL_PORTS", "all_ports", 0, 1 },
    { NULL },
};

static const struct field_format atsr_fields[] =
{
    RECORD_FIELDS,
    { "Flags", "flags", 4, 1, SHOW_BITS, atsr_flags },
    { "Reserved", "reserved", 5, 1, SHOW_RESERVED },
    { "Segment Number", "segment", 6, 2, SHOW_HEX },
};

static const struct field_format rhsa_fields[] =
{
    RECORD_FIELDS,
    { "Reserved", "reserved", 4, 4, SHOW_RESERVED },
    { "Register Base Address", "register_base", 8, 8, SHOW_HEX },
    { "Proximity Domain", "proximity_domain", 16, 4, SHOW_DEC },
};

static const struct field_format andd_fields[] =
{
    RECORD_FIELDS,
    { "Reserved", "reserved", 4, 3, SHOW_RESERVED },
    { "ACPI Device Number", "device_number", 7, 1, SHOW_DEC },
};

static const struct bit_format satc_flags[] =
{
    { "ATC_REQUIRED", "atc_required", 0, 1 },
    { NULL },
};

static const struct field_format satc_fields[] =
{
    RECORD_FIELDS,
    { "Flags", "flags", 4, 1, SHOW_BITS, satc_flags },
    { "Reserved", "reserved", 5, 1, SHOW_RESERVED },
    { "Segment Number", "segment", 6, 2, SHOW_HEX },
};

static const struct field_format sidp_fields[] =
{
    RECORD_FIELDS,
    { "Reserved", "reserved", 4, 2, SHOW_RESERVED },
    { "Segment Number", "segment", 6, 2, SHOW_HEX },
};

static const struct node_format records[] =
{
    { DMAR_DRHD, "DRHD", "DMA Remapping Hardware Unit Definition",
      "VT-d 8.3", 16, TAIL_SCOPES, FIELDS(drhd_fields) },
    { DMAR_RMRR, "RMRR", "Reserved Memory Region Reporting",
      "VT-d 8.4", 24, TAIL_SCOPES, FIELDS(rmrr_fields) },
    { DMAR_ATSR, "ATSR", "Root Port ATS Capability Reporting",
      "VT-d 8.5", 8, TAIL_SCOPES, FIELDS(atsr_fields) },
    { DMAR_RHSA, "RHSA", "Remapping Hardware Static Affinity",
      "VT-d 8.6", 20, TAIL_NONE, FIELDS(rhsa_fields) },
    { DMAR_ANDD, "ANDD", "ACPI Name-space Device Declaration",
      "VT-d 8.7", 8, TAIL_NAME, FIELDS(andd_fields) },
    { DMAR_SATC, "SATC", "SoC Integrated Address Translation Cache Reporting",
      "VT-d 8.8", 8, TAIL_SCOPES, FIELDS(satc_fields) },
    { DMAR_SIDP, "SIDP", "SoC Integrated Device Property Reporting",
      "VT-d 8.9", 8, TAIL_SCOPES, FIELDS(sidp_fields) },
};

static const struct field_format unknown_fields[] = { RECORD_FIELDS };

const struct node_format dmar_unknown_format =
{
    0, "record", "Record of unknown type", "VT-d 8.2", 4, TAIL_NONE,
    FIELDS(unknown_fields),
};

static const struct value_name scope_types[] =
{
    { DMAR_SCOPE_ENDPOINT, "PCI Endpoint Device" },
    { DMAR_SCOPE_BRIDGE, "PCI Sub-hierarchy" },
    { DMAR_SCOPE_IOAPIC, "IOAPIC" },
    { DMAR_SCOPE_HPET, "MSI_CAPABLE_HPET" },
    { DMAR_SCOPE_ACPI, "ACPI_NAMESPACE_DEVICE" },
    { 0, NULL },
};

/* Properties of integrated devices; only SIDP uses them. */
static const struct bit_format scope_flags[] =
{
    { "REQ_WO_PASID_NESTED_NOTALLOWED", "nested_not_allowed", 0, 1 },
    { "REQ_WO_PASID_PWSNP_NOTALLOWED", "pwsnp_not_allowed", 1, 1 },
    { "REQ_WO_PASID_PGSNP_NOTALLOWED", "pgsnp_not_allowed", 2, 1 },
    { "ATC_HARDENED", "atc_hardened", 3, 1 },
    { "ATC_REQUIRED", "atc_required", 4, 1 },
    { NULL },
};

static const struct field_format scope_fields[] =
{
    { "Type", "type", 0, 1, SHOW_DEC, NULL, scope_types },
    { "Length", "length", 1, 1, SHOW_LENGTH },
    { "Flags", "flags", 2, 1, SHOW_BITS, scope_flags },
    { "Reserved", "reserved", 3, 1, SHOW_RESERVED },
    { "Enumeration ID", "enumeration_id", 4, 1, SHOW_DEC },
    { "Start Bus Number", "start_bus", 5, 1, SHOW_HEX },
};

const struct node_format dmar_scope_format =
{
    0, "Device Scope", "Device Scope Structure", "VT-d 8.3.1", 6, TAIL_PATH,
    FIELDS(scope_fields),
};

const struct node_format *dmar_record_format(unsigned int type)
{
    return type < ARRAY_SIZE(records) ? &records[type] : NULL;
}

const struct node_format *dmar_record_named(const char *name)
{
    return format_named(records, ARRAY_SIZE(records), name);
}
