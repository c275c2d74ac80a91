/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IVRS: AMD I/O Virtualization Technology Specification (48882, rev. 3.07),
 * chapter 5.
 */
#include "format_priv.h"

#include <strings.h>

const struct node_format *format_named(const struct node_format *list,
                                       size_t nr, const char *name)
{
    size_t i;

    for ( i = 0; i < nr; i++ )
        if ( !strcasecmp(list[i].name, name) )
            return &list[i];
    return NULL;
}

const char *value_name(const struct value_name *names, uint64_t value)
{
    for ( ; names && names->name; names++ )
        if ( names->value == value )
            return names->name;
    return NULL;
}

static const struct bit_format ivinfo[] =
{
    { "EFRSup", "efr_sup", 0, 1 },
    { "DMA remap support", "dma_remap_sup", 1, 1 },
    { "GVASize", "gva_size", 5, 3 },
    { "PASize", "pa_size", 8, 7 },
    { "VASize", "va_size", 15, 7 },
    { "HtAtsResv", "ht_ats_resv", 22, 1 },
    { NULL },
};

static const struct field_format header_fields[] =
{
    ACPI_HEADER_FIELDS,
    { "IVinfo", "ivinfo", 36, 4, SHOW_BITS, ivinfo },
    { "Reserved", "reserved", 40, 8, SHOW_RESERVED },
};

const struct node_format ivrs_header_format =
{
    0, "IVRS", "I/O Virtualization Reporting Structure", "AMD IOMMU 5.2.1",
    48, TAIL_NONE, FIELDS(header_fields),
};

/* Flags 5:0 mean the same in all types. */
#define IVHD_FLAGS                                                          \
    { "HtTunEn", "ht_tun_en", 0, 1 },                                       \
    { "PassPW", "pass_pw", 1, 1 },                                          \
    { "ResPassPW", "res_pass_pw", 2, 1 },                                   \
    { "Isoc", "isoc", 3, 1 },                                               \
    { "IotlbSup", "iotlb_sup", 4, 1 },                                      \
    { "Coherent", "coherent", 5, 1 }

static const struct bit_format ivhd10_flags[] =
{
    IVHD_FLAGS,
    { "PreFSup", "pref_sup", 6, 1 },
    { "PPRSup", "ppr_sup", 7, 1 },
    { NULL },
};

static const struct bit_format ivhd11_flags[] = { IVHD_FLAGS, { NULL } };

static const struct bit_format ivhd_info[] =
{
    { "MSInum", "msi_num", 0, 5 },
    { "UnitID", "unit_id", 8, 5 },
    { NULL },
};

static const struct bit_format ivhd_features[] =
{
    { "XTSup", "xt_sup", 0, 1 },
    { "NXSup", "nx_sup", 1, 1 },
    { "GTSup", "gt_sup", 2, 1 },
    { "GLXSup", "glx_sup", 3, 2 },
    { "IASup", "ia_sup", 5, 1 },
    { "GASup", "ga_sup", 6, 1 },
    { "HESup", "he_sup", 7, 1 },
    { "PASmax", "pas_max", 8, 5 },
    { "PNCounters", "pn_counters", 13, 4 },
    { "PNBanks", "pn_banks", 17, 6 },
    { "MsiNumPPR", "msi_num_ppr", 23, 5 },
    { "GATS", "gats", 28, 2 },
    { "HATS", "hats", 30, 2 },
    { NULL },
};

static const struct bit_format ivhd_attributes[] =
{
    { "PNCounters", "pn_counters", 13, 4 },
    { "PNBanks", "pn_banks", 17, 6 },
    { "MsiNumPPR", "msi_num_ppr", 23, 5 },
    { NULL },
};

#define IVHD_FIELDS(flags)                                                  \
    { "Type", "type", 0, 1, SHOW_TYPE },                                    \
    { "Flags", "flags", 1, 1, SHOW_BITS, flags },                           \
    { "Length", "length", 2, 2, SHOW_LENGTH },                              \
    { "DeviceID", "device_id", 4, 2, SHOW_ID },                             \
    { "Capability Offset", "capability_offset", 6, 2, SHOW_HEX },           \
    { "IOMMU Base Address", "base", 8, 8, SHOW_HEX },                       \
    { "PCI Segment Group", "segment", 16, 2, SHOW_HEX },                    \
    { "IOMMU Info", "info", 18, 2, SHOW_BITS, ivhd_info }

static const struct field_format ivhd10_fields[] =
{
    IVHD_FIELDS(ivhd10_flags),
    { "IOMMU Feature Info", "features", 20, 4, SHOW_BITS, ivhd_features },
};

static const struct field_format ivhd11_fields[] =
{
    IVHD_FIELDS(ivhd11_flags),
    { "IOMMU Attributes", "attributes", 20, 4, SHOW_BITS, ivhd_attributes },
    { "EFR Register Image", "efr", 24, 8, SHOW_HEX },
    { "EFR Register Image 2", "efr2", 32, 8, SHOW_HEX },
};

static const struct bit_format ivmd_flags[] =
{
    { "Unity", "unity", 0, 1 },
    { "IR", "ir", 1, 1 },
    { "IW", "iw", 2, 1 },
    { "ExclusionRange", "exclusion_range", 3, 1 },
    { NULL },
};

#define IVMD_FIELDS(id, id_key, aux, aux_key, aux_show)                     \
    { "Type", "type", 0, 1, SHOW_TYPE },                                    \
    { "Flags", "flags", 1, 1, SHOW_BITS, ivmd_flags },                      \
    { "Length", "length", 2, 2, SHOW_LENGTH },                              \
    { id, id_key, 4, 2, SHOW_ID },                                          \
    { aux, aux_key, 6, 2, aux_show },                                       \
    { "PCI Segment Group", "segment", 8, 2, SHOW_HEX },                     \
    { "Reserved", "reserved", 10, 6, SHOW_RESERVED },                       \
    { "IVMD Start Address", "start", 16, 8, SHOW_HEX },                     \
    { "IVMD Memory Block Length", "memory_length", 24, 8, SHOW_HEX }

static const struct field_format ivmd20_fields[] =
{
    IVMD_FIELDS("DeviceID", "device_id", "Auxiliary Data", "auxiliary",
                SHOW_HEX),
};

static const struct field_format ivmd22_fields[] =
{
    IVMD_FIELDS("DeviceID, first", "device_id", "Auxiliary Data, last",
                "device_id_last", SHOW_ID),
};

static const struct node_format blocks[] =
{
    { IVRS_IVHD_10, "IVHD 10h", "I/O Virtualization Hardware Definition",
      "AMD IOMMU 5.2.2", 24, TAIL_ENTRIES, FIELDS(ivhd10_fields) },
    { IVRS_IVHD_11, "IVHD 11h", "I/O Virtualization Hardware Definition",
      "AMD IOMMU 5.2.2", 40, TAIL_ENTRIES, FIELDS(ivhd11_fields) },
    { IVRS_IVHD_40, "IVHD 40h", "I/O Virtualization Hardware Definition",
      "AMD IOMMU 5.2.2", 40, TAIL_ENTRIES, FIELDS(ivhd11_fields) },
    { IVRS_IVMD_ALL, "IVMD 20h",
      "I/O Virtualization Memory Definition, all devices",
      "AMD IOMMU 5.2.3", 32, TAIL_NONE, FIELDS(ivmd20_fields) },
    { IVRS_IVMD_ONE, "IVMD 21h",
      "I/O Virtualization Memory Definition, one device",
      "AMD IOMMU 5.2.3", 32, TAIL_NONE, FIELDS(ivmd20_fields) },
    { IVRS_IVMD_RANGE, "IVMD 22h",
      "I/O Virtualization Memory Definition, range of devices",
      "AMD IOMMU 5.2.3", 32, TAIL_NONE, FIELDS(ivmd22_fields) },
};

static const struct field_format unknown_fields[] =
{
    { "Type", "type", 0, 1, SHOW_TYPE },
    { "Flags", "flags", 1, 1, SHOW_HEX },
    { "Length", "length", 2, 2, SHOW_LENGTH },
};

const struct node_format ivrs_unknown_format =
{
    0, "block", "Block of unknown type", "AMD IOMMU 5.2.1", 4, TAIL_NONE,
    FIELDS(unknown_fields),
};

static const struct node_format *typed(const struct node_format *list,
                                       size_t nr, unsigned int type)
{
    size_t i;

    for ( i = 0; i < nr; i++ )
        if ( list[i].type == type )
            return &list[i];
    return NULL;
}

const struct node_format *ivrs_block_format(unsigned int type)
{
    return typed(blocks, ARRAY_SIZE(blocks), type);
}

const struct node_format *ivrs_block_named(const char *name)
{
    return format_named(blocks, ARRAY_SIZE(blocks), name);
}

/* ---- Device entries: 5.2.2.2 to 5.2.2.8 ---- */

static const struct bit_format dte_setting[] =
{
    { "INITPass", "init_pass", 0, 1 },
    { "EIntPass", "eint_pass", 1, 1 },
    { "NMIPass", "nmi_pass", 2, 1 },
    { "SysMgt", "sys_mgt", 4, 2 },
    { "Lint0Pass", "lint0_pass", 6, 1 },
    { "Lint1Pass", "lint1_pass", 7, 1 },
    { NULL },
};

static const struct bit_format extended_setting[] =
{
    { "AtsDisabled", "ats_disabled", 31, 1 },
    { NULL },
};

static const struct value_name varieties[] =
{
    { IVRS_SPECIAL_IOAPIC, "IOAPIC" }, { IVRS_SPECIAL_HPET, "HPET" },
    { 0, NULL },
};

static const struct value_name uid_formats[] =
{
    { IVRS_UID_NONE, "none" }, { IVRS_UID_NUMBER, "integer" },
    { IVRS_UID_TEXT, "string" }, { 0, NULL },
};

#define ENTRY_TYPE { "Type", "type", 0, 1, SHOW_TYPE }
#define ENTRY_SETTING \
    { "DTE Setting", "dte_setting", 3, 1, SHOW_BITS, dte_setting }
#define ENTRY_ID    { "DeviceID", "device_id", 1, 2, SHOW_ID }
#define ENTRY_NO_ID { "Reserved", "reserved", 1, 2, SHOW_RESERVED }

static const struct field_format unknown_entry_fields[] = { ENTRY_TYPE };

const struct node_format ivrs_unknown_entry_format =
{
    0, "entry", "Entry of unknown type", "AMD IOMMU 5.2.2.2", 1, TAIL_NONE,
    FIELDS(unknown_entry_fields),
};

static const struct field_format pad4_fields[] =
{
    ENTRY_TYPE,
    { "Reserved", "reserved", 1, 3, SHOW_RESERVED },
};

static const struct field_format pad8_fields[] =
{
    ENTRY_TYPE,
    { "Reserved", "reserved", 1, 7, SHOW_RESERVED },
};

static const struct field_format all_fields[] =
{
    ENTRY_TYPE, ENTRY_NO_ID, ENTRY_SETTING,
};

static const struct field_format select_fields[] =
{
    ENTRY_TYPE, ENTRY_ID, ENTRY_SETTING,
};

static const struct field_format end_fields[] =
{
    ENTRY_TYPE, ENTRY_ID,
    { "Reserved", "reserved", 3, 1, SHOW_RESERVED },
};

static const struct field_format alias_fields[] =
{
    ENTRY_TYPE, ENTRY_ID, ENTRY_SETTING,
    { "Reserved", "reserved", 4, 1, SHOW_RESERVED },
    { "Source DeviceID", "source_device_id", 5, 2, SHOW_ID },
    { "Reserved", "reserved2", 7, 1, SHOW_RESERVED },
};

static const struct field_format extended_fields[] =
{
    ENTRY_TYPE, ENTRY_ID, ENTRY_SETTING,
    { "Extended DTE Setting", "extended_dte_setting", 4, 4, SHOW_BITS,
      extended_setting },
};

static const struct field_format special_fields[] =
{
    ENTRY_TYPE, ENTRY_NO_ID, ENTRY_SETTING,
    { "Handle", "handle", 4, 1, SHOW_HEX },
    { "Source DeviceID", "source_device_id", 5, 2, SHOW_ID },
    { "Variety", "variety", 7, 1, SHOW_DEC, NULL, varieties },
};

static const struct field_format acpi_fields[] =
{
    ENTRY_TYPE, ENTRY_ID, ENTRY_SETTING,
    { "Hardware ID", "hid", 4, 8, SHOW_TEXT },
    { "Compatible ID", "cid", 12, 8, SHOW_TEXT },
    { "Unique ID Format", "uid_format", 20, 1, SHOW_DEC, NULL, uid_formats },
    { "Unique ID Length", "uid_length", 21, 1, SHOW_TAIL_LENGTH },
};

static const struct node_format entries[] =
{
    { 0x00, "Pad4", "Padding, 4 bytes", "AMD IOMMU 5.2.2.4", 4, TAIL_NONE,
      FIELDS(pad4_fields) },
    { 0x01, "All", "All devices", "AMD IOMMU 5.2.2.4", 4, TAIL_NONE,
      FIELDS(all_fields) },
    { 0x02, "Select", "One device", "AMD IOMMU 5.2.2.4", 4, TAIL_NONE,
      FIELDS(select_fields) },
    { 0x03, "Start of range", "First of a range", "AMD IOMMU 5.2.2.4", 4,
      TAIL_NONE, FIELDS(select_fields) },
    { IVRS_RAW_END, "End of range", "Last of a range", "AMD IOMMU 5.2.2.4",
      4, TAIL_NONE, FIELDS(end_fields) },
    { 0x40, "Pad8", "Padding, 8 bytes", "AMD IOMMU 5.2.2.5", 8, TAIL_NONE,
      FIELDS(pad8_fields) },
    { 0x42, "Alias select", "One device with an alias", "AMD IOMMU 5.2.2.5",
      8, TAIL_NONE, FIELDS(alias_fields) },
    { 0x43, "Alias start of range", "First of a range with an alias",
      "AMD IOMMU 5.2.2.5", 8, TAIL_NONE, FIELDS(alias_fields) },
    { 0x46, "Extended select", "One device, extended settings",
      "AMD IOMMU 5.2.2.5", 8, TAIL_NONE, FIELDS(extended_fields) },
    { 0x47, "Extended start of range", "First of a range, extended settings",
      "AMD IOMMU 5.2.2.5", 8, TAIL_NONE, FIELDS(extended_fields) },
    { 0x48, "Special", "IO-APIC or HPET", "AMD IOMMU 5.2.2.7", 8, TAIL_NONE,
      FIELDS(special_fields) },
    { 0xf0, "ACPI", "ACPI device, unique id of any length",
      "AMD IOMMU 5.2.2.8", 22, TAIL_UID, FIELDS(acpi_fields) },
};

const struct node_format *ivrs_entry_format(unsigned int type)
{
    return typed(entries, ARRAY_SIZE(entries), type);
}

const struct node_format *ivrs_entry_named(const char *name)
{
    return format_named(entries, ARRAY_SIZE(entries), name);
}
