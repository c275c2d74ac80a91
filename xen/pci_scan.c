/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions looked at for the first time: at boot by a scan, later when dom0
 * announces them. No guest has had such a device yet: this is the time to read
 * its configuration space.
 */

#include "port_pci.h"

#include <xen/init.h>
#include <xen/msi.h>
#include <xen/param.h>
#include <xen/pci_regs.h>

/* ---- pci-phantom=[seg:]bus:dev,stride ---- */

#define MAX_PHANTOMS 8
static struct
{
    pci_sbdf_t dev;             /* function 0 */
    unsigned int stride;
} phantoms[MAX_PHANTOMS];
static unsigned int nr_phantoms;

static int __init cf_check parse_phantom(const char *str)
{
    static const char option[] = "pci-phantom=";
    const char *s, *end = strchr(str, '\0');
    unsigned int seg, bus, dev;
    long stride;

    s = parse_pci(str, &seg, &bus, &dev, NULL);
    if ( !s || *s != ',' )
        return port_complain(option, str, end, "not [seg:]bus:dev,stride");

    stride = simple_strtol(s + 1, &s, 0);
    if ( *s || (stride != 1 && stride != 2 && stride != 4) )
        return port_complain(option, str, end, "the stride is 1, 2 or 4");
    if ( nr_phantoms == MAX_PHANTOMS )
        return port_complain(option, str, end, "more than 8 devices");

    phantoms[nr_phantoms].dev = PCI_SBDF(seg, bus, dev, 0);
    phantoms[nr_phantoms++].stride = stride;

    return 0;
}
custom_param("pci-phantom", parse_phantom);

static bool is_absent(uint32_t id)
{
    return id == ~0u || !id || id == 0xffff || id == 0xffff0000;
}

static bool other_function_at(const struct pci_dev *pdev, unsigned int fn)
{
    pci_sbdf_t sbdf = pdev->sbdf;

    sbdf.fn = fn;

    return pci_conf_read16(sbdf, PCI_VENDOR_ID) != 0xffff ||
           pci_conf_read16(sbdf, PCI_DEVICE_ID) != 0xffff;
}

/* Real functions in the places of phantom ones: a larger stride. */
static unsigned int widen(const struct pci_dev *pdev, unsigned int stride)
{
    unsigned int fn = pdev->sbdf.fn + stride;

    while ( stride < 8 && fn < 8 )
    {
        if ( other_function_at(pdev, fn) )
        {
            stride *= 2;
            host_log_warn("%pp: function %u is real: pci-phantom= stride "
                          "becomes %u", &pdev->sbdf, fn, stride);
            fn = pdev->sbdf.fn;
        }
        fn += stride;
    }

    return stride < 8 ? stride : 0;
}

/*
 * The distance of the functions whose numbers the device uses besides its
 * own, from its own statement (PCI Express Base 7.5.3.3) or the option,
 * whichever makes for more of them; 0: none.
 */
static unsigned int phantom_stride(const struct pci_dev *pdev,
                                   unsigned int exp)
{
    unsigned int i, bits, stride = 0, told = 0;

    if ( exp )
    {
        bits = MASK_EXTR(pci_conf_read16(pdev->sbdf, exp + PCI_EXP_DEVCAP),
                         PCI_EXP_DEVCAP_PHANTOM);
        stride = bits ? 8u >> bits : 0;
    }

    for ( i = 0; i < nr_phantoms; i++ )
        if ( phantoms[i].dev.sbdf == (pdev->sbdf.sbdf & ~7u) &&
             phantoms[i].stride > pdev->sbdf.fn )
            told = widen(pdev, phantoms[i].stride);

    if ( told && (!stride || told < stride) )
        stride = told;

    return stride > pdev->sbdf.fn ? stride : 0;
}

/* ---- pci= ---- */

static const struct
{
    const char *name;
    uint16_t command, bridge;
} errors[] __initconst = {
    { "serr", PCI_COMMAND_SERR,
      PCI_BRIDGE_CTL_SERR | PCI_BRIDGE_CTL_DTMR_SERR },
    { "perr", PCI_COMMAND_PARITY, PCI_BRIDGE_CTL_PARITY },
};

/* Bits to be cleared. */
static uint16_t __read_mostly off_command, off_bridge;
/* Is configuration space looked at for what bridges are known to do to it? */
static bool __read_mostly look_for_quirks = true;

static int __init cf_check parse_pci_option(const char *s)
{
    const char *e;
    unsigned int i;
    int val, rc = 0;

    for ( ; ; s = e + 1 )
    {
        e = strchr(s, ',') ?: strchr(s, '\0');
        for ( i = 0, val = -1; i < ARRAY_SIZE(errors) && val < 0; i++ )
        {
            val = parse_boolean(errors[i].name, s, e);
            if ( !val )
            {
                off_command |= errors[i].command;
                off_bridge |= errors[i].bridge;
            }
            else if ( val > 0 )
            {
                off_command &= ~errors[i].command;
                off_bridge &= ~errors[i].bridge;
            }
        }
        if ( val < 0 )
        {
            val = parse_boolean("quirks", s, e);
            if ( val >= 0 )
                look_for_quirks = val;
            else
                rc = port_complain("pci=", s, e, "no such setting");
        }
        if ( !*e )
            return rc;
    }
}
custom_param("pci", parse_pci_option);

#define STATUS_ERRORS \
    (PCI_STATUS_PARITY | PCI_STATUS_SIG_TARGET_ABORT | \
     PCI_STATUS_REC_TARGET_ABORT | PCI_STATUS_REC_MASTER_ABORT | \
     PCI_STATUS_SIG_SYSTEM_ERROR | PCI_STATUS_DETECTED_PARITY)

/* Clear @off in the register @ctrl, and what @status has noted so far. */
static void silence(pci_sbdf_t sbdf, unsigned int ctrl, unsigned int status,
                    uint16_t off)
{
    uint16_t val = pci_conf_read16(sbdf, ctrl);

    if ( val & off )
        pci_conf_write16(sbdf, ctrl, val & ~off);

    /* Written ones clear. */
    val = pci_conf_read16(sbdf, status);
    if ( val & STATUS_ERRORS )
    {
        host_log_info("%pp: errors noted so far (%04x at %#x) cleared",
                      &sbdf, val & STATUS_ERRORS, status);
        pci_conf_write16(sbdf, status, val & STATUS_ERRORS);
    }
}

void port_dev_check_errors(const struct port_dev *p)
{
    pci_sbdf_t sbdf = p->pdev.sbdf;
    unsigned int header;

    if ( off_command )
        silence(sbdf, PCI_COMMAND, PCI_STATUS, off_command);

    if ( !off_bridge )
        return;

    header = pci_conf_read8(sbdf, PCI_HEADER_TYPE) & 0x7f;
    if ( header == PCI_HEADER_TYPE_BRIDGE )
        silence(sbdf, PCI_BRIDGE_CONTROL, PCI_SEC_STATUS, off_bridge);
}

/* ---- What it is ---- */

static bool is_bridge(pci_sbdf_t sbdf)
{
    unsigned int header = pci_conf_read8(sbdf, PCI_HEADER_TYPE) & 0x7f;

    return header == PCI_HEADER_TYPE_BRIDGE ||
           header == PCI_HEADER_TYPE_CARDBUS;
}

static enum pdev_type bridge_type(pci_sbdf_t sbdf, unsigned int exp)
{
    if ( !exp )
        return DEV_TYPE_LEGACY_PCI_BRIDGE;

    switch ( MASK_EXTR(pci_conf_read16(sbdf, exp + PCI_EXP_FLAGS),
                       PCI_EXP_FLAGS_TYPE) )
    {
    case PCI_EXP_TYPE_PCI_BRIDGE:
        return DEV_TYPE_PCIe2PCI_BRIDGE;

    case PCI_EXP_TYPE_PCIE_BRIDGE:
        return DEV_TYPE_PCI2PCIe_BRIDGE;

    default:
        return DEV_TYPE_PCIe_BRIDGE;
    }
}

/* Bridges that firmware has not set up lead nowhere. */
static void note_buses(struct port_dev *p)
{
    uint8_t sec, sub;

    if ( p->pdev.type != DEV_TYPE_PCIe2PCI_BRIDGE &&
         p->pdev.type != DEV_TYPE_LEGACY_PCI_BRIDGE )
        return;

    sec = pci_conf_read8(p->pdev.sbdf, PCI_SECONDARY_BUS);
    sub = pci_conf_read8(p->pdev.sbdf, PCI_SUBORDINATE_BUS);
    if ( sec > p->pdev.bus && sub >= sec )
    {
        p->secondary = sec;
        p->subordinate = sub;
    }
}

/*
 * Functions with something else than BARs where BARs should be: Intel errata
 * HSE43 (2fc0), BDF2 and BDX2 (the others).
 */
static bool has_false_bars(pci_sbdf_t sbdf)
{
    static const uint16_t ids[] = { 0x2fc0, 0x6f60, 0x6fa0, 0x6fc0 };
    uint16_t id = pci_conf_read16(sbdf, PCI_DEVICE_ID);
    unsigned int i;

    if ( pci_conf_read16(sbdf, PCI_VENDOR_ID) != 0x8086 )
        return false;

    for ( i = 0; i < ARRAY_SIZE(ids); i++ )
        if ( ids[i] == id )
            return true;

    return false;
}

/* ---- Extended configuration space ---- */

#define EXT_CFG_START   0x100
#define EXT_CFG_END     0x1000

/*
 * Some bridges drop the upper bits of the register's number, and the base
 * configuration space is repeated (ASM1083, SBx00).
 */
static bool repeats_base(pci_sbdf_t sbdf)
{
    uint32_t id = pci_conf_read32(sbdf, PCI_VENDOR_ID);
    unsigned int reg;

    for ( reg = EXT_CFG_START; reg < EXT_CFG_END; reg += EXT_CFG_START )
        if ( pci_conf_read32(sbdf, reg) != id )
            return false;

    host_log_warn("%pp: what should be extended configuration space repeats "
                  "the base one: not used", &sbdf);

    return true;
}

/* Plain PCI devices may answer nonsense, and are not asked. */
bool port_has_ext_cfg(const struct pci_dev *pdev)
{
    unsigned int pos;

    if ( pdev->type == DEV_TYPE_PCI ||
         pdev->type == DEV_TYPE_LEGACY_PCI_BRIDGE )
    {
        pos = compat_cap(pdev->sbdf, PCI_CAP_ID_PCIX);
        if ( !pos || !(pci_conf_read32(pdev->sbdf, pos + PCI_X_STATUS) &
                       (PCI_X_STATUS_266MHZ | PCI_X_STATUS_533MHZ)) )
            return false;
    }

    return pci_conf_read32(pdev->sbdf, EXT_CFG_START) != ~0u &&
           !(look_for_quirks && repeats_base(pdev->sbdf));
}

/* Newer Xens remember it, and ask again when dom0 tells of MMCFG. */
void pci_check_extcfg(struct pci_dev *pdev)
{
    compat_set_ext_cfg(pdev, port_has_ext_cfg(pdev));
}

static void look_at(struct port_dev *p)
{
    struct pci_dev *pdev = &p->pdev;
    pci_sbdf_t sbdf = pdev->sbdf;
    unsigned int exp = compat_cap(sbdf, PCI_CAP_ID_EXP);

    if ( !pdev->info.is_virtfn && is_bridge(sbdf) )
        pdev->type = bridge_type(sbdf, exp);
    else if ( pci_conf_read16(sbdf, PCI_CLASS_DEVICE) == 0x0600 )
        pdev->type = DEV_TYPE_PCI_HOST_BRIDGE;
    else
    {
        pdev->type = exp ? DEV_TYPE_PCIe_ENDPOINT : DEV_TYPE_PCI;
        if ( !pdev->info.is_virtfn )
            pdev->phantom_stride = phantom_stride(pdev, exp);
    }

    note_buses(p);
    if ( XEN_HAS_EXT_CFG )
        pci_check_extcfg(pdev);
    pdev->ignore_bars = has_false_bars(sbdf);
    port_dev_check_errors(p);
}

struct port_dev *port_dev_get(pci_sbdf_t sbdf, const struct pci_dev_info *info)
{
    struct port_dev *p = port_dev_find(sbdf);

    ASSERT(pcidevs_locked());

    if ( p )
        return p;

    p = xzalloc(struct port_dev);
    if ( !p )
        return NULL;

    *(pci_sbdf_t *)&p->pdev.sbdf = sbdf;
    p->pdev.node = NUMA_NO_NODE;
    if ( info )
        p->pdev.info = *info;
    INIT_LIST_HEAD(&p->pdev.domain_list);
    compat_vf_init(&p->pdev);

    if ( pdev_msi_init(&p->pdev) )
    {
        xfree(p);
        return NULL;
    }
    look_at(p);

    if ( port_dev_insert(p) )
    {
        pdev_msi_deinit(&p->pdev);
        xfree(p);
        return NULL;
    }

    return p;
}

/* ---- The scan ---- */

/* Is there anything? Some boards answer with zeros where there is nothing. */
static bool __init is_there(pci_sbdf_t sbdf)
{
    return !is_absent(pci_conf_read32(sbdf, PCI_VENDOR_ID));
}

bool __init pci_device_detect(COMPAT_DETECT_ARGS)
{
    return is_there(COMPAT_DETECT_SBDF);
}

/* The functions of one device: none without the first. */
static int __init scan_slot(pci_sbdf_t sbdf)
{
    unsigned int fn, nr = 1;

    for ( fn = 0; fn < nr; fn++ )
    {
        sbdf.fn = fn;
        if ( !is_there(sbdf) )
            continue;
        if ( !fn && (pci_conf_read8(sbdf, PCI_HEADER_TYPE) & 0x80) )
            nr = 8;
        if ( !port_dev_get(sbdf, NULL) )
        {
            host_log_err("%pp: no memory for it", &sbdf);
            return -ENOMEM;
        }
    }

    return 0;
}

int __init scan_pci_devices(void)
{
    unsigned int slot;
    int seg, rc = 0;

    pcidevs_lock();
    for ( seg = port_segment_from(0); seg >= 0 && !rc;
          seg = port_segment_from(seg + 1) )
        for ( slot = 0; slot < 256 * 32 && !rc; slot++ )
            rc = scan_slot(PCI_SBDF(seg, slot >> 5, slot & 0x1f, 0));
    pcidevs_unlock();

    return rc;
}
