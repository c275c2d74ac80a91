/* SPDX-License-Identifier: GPL-2.0-only */
/* The rig's machine as the host's hardware; see rig.h. */
#include <stdlib.h>

#include "rig_priv.h"

static void *acpi_tables;       /* fw_cfg's etc/acpi/tables */
static size_t acpi_len;
static const void *table;       /* instead of QEMU's; NULL: that */
static size_t table_len;
static struct rig_tap tap;

uint64_t rig_read(moat_paddr_t pa, unsigned int bytes)
{
    static const char op[] = "?bw?l???q";

    return qtest_request("read%c 0x%" PRIx64 "\n", op[bytes], pa);
}

void rig_write(moat_paddr_t pa, unsigned int bytes, uint64_t v)
{
    static const char op[] = "?bw?l???q";

    qtest_request("write%c 0x%" PRIx64 " 0x%" PRIx64 "\n", op[bytes], pa, v);
    unit_wrote(pa, v);
}

uint32_t rig_in(unsigned int port, unsigned int bytes)
{
    static const char op[] = "?bw?l";

    return (uint32_t)qtest_request("in%c 0x%x\n", op[bytes], port);
}

void rig_out(unsigned int port, unsigned int bytes, uint32_t v)
{
    static const char op[] = "?bw?l";

    qtest_request("out%c 0x%x 0x%x\n", op[bytes], port, v);
}

unsigned long rig_requests(void)
{
    return rig_qemu.requests;
}

void *rig_ram(moat_paddr_t pa)
{
    return rig_qemu.ram + pa;
}

/* ---- Configuration space, through CF8h and CFCh: the first 256 bytes ---- */

static bool pci_select(moat_sbdf_t dev, unsigned int reg)
{
    if ( MOAT_SBDF_SEG(dev) || reg > 0xff )
        return false;
    qtest_post("outl 0xcf8 0x%x\n", 0x80000000u |
               ((unsigned int)MOAT_SBDF_RID(dev) << 8) | (reg & 0xfc));
    return true;
}

uint32_t rig_pci_read(moat_sbdf_t dev, unsigned int reg, unsigned int bytes)
{
    if ( !pci_select(dev, reg) )
        return 0xffffffffu >> (32 - 8 * bytes);
    return rig_in(0xcfc + (reg & 3), bytes);
}

void rig_pci_write(moat_sbdf_t dev, unsigned int reg, unsigned int bytes,
                   uint32_t v)
{
    if ( pci_select(dev, reg) )
        rig_out(0xcfc + (reg & 3), bytes, v);
}

/* ---- fw_cfg, by its DMA interface at 514h: no IOMMU is in its way ---- */

#define FW_CFG_CMD      ((moat_paddr_t)0x1000)
#define FW_CFG_BUF      ((moat_paddr_t)0x400000)

static uint32_t be32(const uint8_t *p)
{
    return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) |
           ((uint32_t)p[2] << 8) | p[3];
}

/* The first @len bytes of item @key, in a buffer that the next call reuses. */
static const uint8_t *fw_cfg_take(unsigned int key, size_t len)
{
    uint32_t *cmd = rig_ram(FW_CFG_CMD);

    cmd[0] = __builtin_bswap32((key << 16) | 8 | 2);    /* select, read */
    cmd[1] = __builtin_bswap32((uint32_t)len);
    cmd[2] = 0;
    cmd[3] = __builtin_bswap32((uint32_t)FW_CFG_BUF);
    rig_out(0x518, 4, __builtin_bswap32((uint32_t)FW_CFG_CMD));
    return cmd[0] ? NULL : rig_ram(FW_CFG_BUF);
}

void *rig_fw_cfg(const char *name, size_t *len)
{
    const uint8_t *dir = fw_cfg_take(0x19, 4 + 64 * 64), *data, *entry;
    uint32_t i, n = dir ? be32(dir) : 0;
    void *copy;

    for ( i = 0; i < n && i < 64; i++ )
    {
        entry = dir + 4 + 64 * i;
        if ( strcmp((const char *)entry + 8, name) )
            continue;
        *len = be32(entry);
        data = fw_cfg_take(((unsigned int)entry[4] << 8) | entry[5], *len);
        copy = data ? malloc(*len) : NULL;
        if ( copy )
            memcpy(copy, data, *len);
        return copy;
    }
    return NULL;
}

/* Firmware would have filled in the checksum. */
static void seal(uint8_t *t, size_t size)
{
    uint8_t sum = 0;
    size_t i;

    t[9] = 0;
    for ( i = 0; i < size; i++ )
        sum = (uint8_t)(sum + t[i]);
    t[9] = (uint8_t)-sum;
}

const void *rig_acpi_table(const char *sig, size_t *len)
{
    size_t at = 0;

    if ( !acpi_tables )
        acpi_tables = rig_fw_cfg("etc/acpi/tables", &acpi_len);
    /* FACS has no checksum, DSDT no end in sight: go by the lengths. */
    while ( acpi_tables && at + 8 <= acpi_len )
    {
        uint8_t *t = (uint8_t *)acpi_tables + at;
        uint32_t size;

        memcpy(&size, t + 4, sizeof(size));
        if ( !size )
        {
            at++;                       /* alignment between tables */
            continue;
        }
        if ( size > acpi_len - at )
            break;
        if ( !memcmp(t, sig, 4) )
        {
            *len = size;
            seal(t, size);
            return t;
        }
        at += size;
    }
    return NULL;
}

/* ---- The host's backends ---- */

static uint64_t mmio_read(void *ctx, moat_paddr_t pa, unsigned int bytes)
{
    (void)ctx;
    return rig_read(pa, bytes);
}

static void mmio_write(void *ctx, moat_paddr_t pa, unsigned int bytes,
                       uint64_t v)
{
    (void)ctx;
    if ( tap.before && !tap.before(tap.arg, pa, v) )
        return;
    rig_write(pa, bytes, v);
    if ( tap.after )
        tap.after(tap.arg);
}

static uint32_t pci_read(void *ctx, moat_sbdf_t dev, unsigned int reg,
                         unsigned int bytes)
{
    (void)ctx;
    return rig_pci_read(dev, reg, bytes);
}

static void pci_write(void *ctx, moat_sbdf_t dev, unsigned int reg,
                      unsigned int bytes, uint32_t v)
{
    (void)ctx;
    rig_pci_write(dev, reg, bytes, v);
    if ( tap.after )
        tap.after(tap.arg);
}

void rig_tap_set(const struct rig_tap *t)
{
    static const struct rig_tap none;

    tap = t ? *t : none;
}

static enum host_mem mem_type(void *ctx, moat_paddr_t first,
                              moat_paddr_t last)
{
    (void)ctx;
    /* The top megabyte of RAM plays the reserved memory of firmware. */
    if ( first < RIG_RAM - (1 << 20) )
        return HOST_MEM_PARTLY_RAM;
    return last >> 40 ? HOST_MEM_NO_SUCH : HOST_MEM_RESERVED;
}

void rig_table_set(const void *t, size_t len)
{
    table = t;
    table_len = len;
}

static const void *acpi_table(void *ctx, const char *sig, size_t *len)
{
    (void)ctx;
    if ( table && !memcmp(sig, table, 4) )
    {
        *len = table_len;
        return table;
    }
    return rig_acpi_table(sig, len);
}

static void rig_forget(void)
{
    free(acpi_tables);
    acpi_tables = NULL;
    table = NULL;
    rig_tap_set(NULL);
}

void rig_start(const struct rig_config *cfg)
{
    static const struct sim_backend backend = {
        .mmio_read = mmio_read,
        .mmio_write = mmio_write,
        .pci_read = pci_read,
        .pci_write = pci_write,
        .mem_type = mem_type,
        .acpi_table = acpi_table,
    };

    rig_forget();
    unit_set(cfg);
    REQUIRE(qemu_start(cfg));
    sim_arena_set(rig_qemu.ram + RIG_ARENA, RIG_ARENA_SIZE, RIG_ARENA);
    sim_backend_set(&backend);
    sim_clock_real();
}

void rig_stop(void)
{
    qemu_stop();
    rig_forget();
}

void rig_run(const char *name, void (*body)(void))
{
    body();
    if ( !test_failing() )
        printf("PASS %s\n", name);
    rig_stop();
}
