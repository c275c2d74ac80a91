/* SPDX-License-Identifier: GPL-2.0-only */
/* PCI devices: where they come from, and their configuration space. */
#include "pci.h"

#include "util.h"

#include <moat/types.h>

#include <pci/pci.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LSPCI_MAX   (64u << 20)

struct pci_device *pci_add(struct pci *p, uint32_t sbdf)
{
    struct pci_device *d;

    p->devices = grow(p->devices, p->nr, sizeof(*p->devices));
    d = &p->devices[p->nr++];
    memset(d, 0, sizeof(*d));
    d->sbdf = sbdf;
    d->pcie_type = PCI_TYPE_NONE;

    return d;
}

static void clear(struct pci_device *d)
{
    free(d->name);
    free(d->class_name);
    free(d->path);
}

void pci_free(struct pci *p)
{
    size_t i;

    if ( !p )
        return;
    for ( i = 0; i < p->nr; i++ )
        clear(&p->devices[i]);
    free(p->devices);
    free(p);
}

const struct pci_device *pci_at(const struct pci *p, uint32_t sbdf)
{
    size_t lo = 0, hi = p ? p->nr : 0;

    while ( lo < hi )
    {
        size_t mid = lo + (hi - lo) / 2;

        if ( p->devices[mid].sbdf == sbdf )
            return &p->devices[mid];
        if ( p->devices[mid].sbdf < sbdf )
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

uint32_t pci_config_read(const struct pci *p, uint32_t sbdf, unsigned int reg,
                         unsigned int width)
{
    const struct pci_device *d = pci_at(p, sbdf);

    if ( !d || reg + width > PCI_CONFIG )
        return 0xffffffffu >> (32 - 8 * width);
    return (uint32_t)get_le(d->config + reg, width);
}

/* ---- Configuration space made of facts, and facts read from it ---- */

/* Where capabilities are put: AMD's units have theirs at 40h as a rule. */
#define CAP_UNIT    0x40
#define CAP_EXPRESS 0x80

static void make_config(struct pci_device *d)
{
    uint8_t *c = d->config, *link = c + PCI_CAPABILITY_LIST;

    memset(c, 0, PCI_CONFIG);
    put_le(c + PCI_VENDOR_ID, 2, d->vendor == 0xffff ? 0 : d->vendor);
    put_le(c + PCI_DEVICE_ID, 2, d->device);
    c[PCI_REVISION_ID] = d->revision;
    put_le(c + PCI_CLASS_PROG, 3, d->class_code);
    c[PCI_HEADER_TYPE] = d->bridge ? PCI_HEADER_TYPE_BRIDGE : 0;
    if ( d->bridge )
    {
        c[PCI_PRIMARY_BUS] = MOAT_SBDF_BUS(d->sbdf);
        c[PCI_SECONDARY_BUS] = d->secondary;
        c[PCI_SUBORDINATE_BUS] = d->subordinate;
    }
    if ( d->class_code >> 8 == PCI_CLASS_IOMMU )
    {
        *link = CAP_UNIT;
        c[CAP_UNIT] = 0x0f;             /* secure device: an AMD unit */
        c[CAP_UNIT + 2] = 3 | 0x08;     /* type 3, revision 1 */
        c[CAP_UNIT + 3] = 0x09;         /* device TLBs, extended features */
        link = c + CAP_UNIT + 1;
    }
    if ( d->pcie_type != PCI_TYPE_NONE )
    {
        *link = CAP_EXPRESS;
        c[CAP_EXPRESS] = PCI_CAP_ID_EXP;
        c[CAP_EXPRESS + PCI_EXP_FLAGS] =
            (uint8_t)(2 | (d->pcie_type & 0xf) << 4);
        c[CAP_EXPRESS + PCI_EXP_DEVCAP] = (uint8_t)((d->phantom & 3) << 3);
    }
    if ( c[PCI_CAPABILITY_LIST] )
        c[PCI_STATUS] = PCI_STATUS_CAP_LIST;
}

static void read_express(struct pci_device *d)
{
    const uint8_t *c = d->config;
    unsigned int at = c[PCI_CAPABILITY_LIST] & 0xfcu, i;

    if ( !(c[PCI_STATUS] & PCI_STATUS_CAP_LIST) )
        return;
    for ( i = 0; i < 48 && at >= 0x40; i++, at = c[at + 1] & 0xfcu )
        if ( c[at] == PCI_CAP_ID_EXP && at <= PCI_CONFIG - 8 )
        {
            d->pcie_type = c[at + PCI_EXP_FLAGS] >> 4;
            d->phantom = (c[at + PCI_EXP_DEVCAP] >> 3) & 3;
            return;
        }
}

static void read_config(struct pci_device *d)
{
    const uint8_t *c = d->config;

    d->vendor = (uint16_t)get_le(c + PCI_VENDOR_ID, 2);
    d->device = (uint16_t)get_le(c + PCI_DEVICE_ID, 2);
    d->revision = c[PCI_REVISION_ID];
    d->class_code = (uint32_t)get_le(c + PCI_CLASS_PROG, 3);
    d->bridge = (c[PCI_HEADER_TYPE] & 0x7f) == PCI_HEADER_TYPE_BRIDGE;
    if ( d->bridge )
    {
        d->secondary = c[PCI_SECONDARY_BUS];
        d->subordinate = c[PCI_SUBORDINATE_BUS];
    }
    if ( d->config_len == PCI_CONFIG )
        read_express(d);
}

static int by_sbdf(const void *left, const void *right)
{
    const struct pci_device *a = left, *b = right;

    return a->sbdf < b->sbdf ? -1 : a->sbdf > b->sbdf;
}

/*
 * Only root is shown capabilities. What a device is matters for the ids that
 * its requests carry, and nearly all are PCI Express today.
 */
static void guess_express(struct pci *p, struct pci_device *d)
{
    uint8_t type = d->bridge ? PCI_TYPE_ROOT_PORT : PCI_TYPE_ENDPOINT;

    d->pcie_type = d->class_code >> 8 == PCI_CLASS_HOST ? PCI_TYPE_NONE : type;
    p->no_caps = true;
}

void pci_finish(struct pci *p)
{
    size_t i, to = 0;

    if ( p->nr )
        qsort(p->devices, p->nr, sizeof(*p->devices), by_sbdf);
    for ( i = 0; i < p->nr; i++ )
        if ( to && p->devices[to - 1].sbdf == p->devices[i].sbdf )
            clear(&p->devices[i]);
        else
            p->devices[to++] = p->devices[i];
    p->nr = to;

    for ( i = 0; i < p->nr; i++ )
    {
        struct pci_device *d = &p->devices[i];
        bool shown = d->config_len == PCI_CONFIG;

        if ( d->config_len >= 64 )
            read_config(d);
        if ( d->pcie_type == PCI_TYPE_UNTOLD || (d->config_len && !shown) )
            guess_express(p, d);
        if ( !shown )
            make_config(d);
    }
    /* Where there is another function, the first says so. */
    for ( i = p->nr; i-- > 1; )
        if ( !((p->devices[i].sbdf ^ p->devices[i - 1].sbdf) & ~7u) )
            p->devices[i - 1].config[PCI_HEADER_TYPE] |= 0x80;
}

/* ---- libpci ---- */

static void quiet(char *fmt, ...)
{
    (void)fmt;
}

/* libpci expects that it does not return. */
static void __attribute__((noreturn)) give_up(char *fmt, ...)
{
    char text[200];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    complain("--pci: %s", text);
    exit(2);
}

static struct pci_access *access_open(void)
{
    struct pci_access *acc = pci_alloc();

    acc->error = give_up;
    acc->warning = acc->debug = quiet;
    return acc;
}

static char *lookup(struct pci_access *acc, int flags, int a, int b)
{
    /* From pci.ids, the same on every machine: no network, no udev. */
    int from = PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB;
    char room[256];
    char *s = pci_lookup_name(acc, room, sizeof(room), flags | from, a, b);

    return s ? xprintf("%s", s) : NULL;
}

void pci_add_names(struct pci *p)
{
    struct pci_access *acc = access_open();
    char *vendor, *device;
    size_t i;

    for ( i = 0; i < p->nr; i++ )
    {
        struct pci_device *d = &p->devices[i];

        free(d->name);
        free(d->class_name);
        d->class_name = lookup(acc, PCI_LOOKUP_CLASS, (int)d->class_code >> 8,
                               0);
        vendor = lookup(acc, PCI_LOOKUP_VENDOR, d->vendor, 0);
        device = lookup(acc, PCI_LOOKUP_DEVICE, d->vendor, d->device);
        d->name = !vendor ? NULL : device ? xprintf("%s %s", vendor, device)
                  : xprintf("%s device %04x", vendor, d->device);
        free(vendor);
        free(device);
    }
    pci_cleanup(acc);
}

/* What Linux knows of virtual functions; their bus may be no bridge's. */
static void find_physfn(struct pci_device *d)
{
    char path[80], target[256];
    unsigned int seg, bus, slot, fn;
    const char *base;
    ssize_t n;

    snprintf(path, sizeof(path),
             "/sys/bus/pci/devices/" MOAT_PRI_SBDF "/physfn",
             MOAT_SBDF_ARG(d->sbdf));
    n = readlink(path, target, sizeof(target) - 1);
    if ( n <= 0 )
        return;
    target[n] = 0;
    base = strrchr(target, '/');
    if ( sscanf(base ? base + 1 : target, "%x:%x:%x.%x", &seg, &bus, &slot,
                &fn) != 4 )
        return;
    d->virtfn = true;
    d->physfn = MOAT_SBDF(seg, bus, slot, fn);
}

static struct pci *read_machine(void)
{
    struct pci_access *acc = access_open();
    struct pci *p = xalloc(sizeof(*p));
    struct pci_dev *dev;

    pci_init(acc);
    pci_scan_bus(acc);
    for ( dev = acc->devices; dev; dev = dev->next )
    {
        struct pci_device *d;

        if ( dev->domain < 0 || dev->domain > 0xffff )
            continue;
        d = pci_add(p, MOAT_SBDF(dev->domain, dev->bus, dev->dev, dev->func));
        pci_fill_info(dev, PCI_FILL_IDENT | PCI_FILL_CLASS);
        d->vendor = dev->vendor_id;
        d->device = dev->device_id;
        d->class_code = (uint32_t)dev->device_class << 8;
        if ( pci_read_block(dev, 0, d->config, 64) )
            d->config_len = pci_read_block(dev, 64, d->config + 64,
                                           PCI_CONFIG - 64) ? PCI_CONFIG : 64;
        find_physfn(d);
    }
    pci_cleanup(acc);
    pci_finish(p);
    if ( p->nr )
        return p;
    complain("--pci: this machine shows no PCI devices");
    pci_free(p);

    return NULL;
}

static struct pci *read_file(const char *path)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
    struct buf text = { NULL };
    int rc = f ? buf_read(&text, f, LSPCI_MAX) : -errno;
    struct pci *p = NULL;

    if ( rc )
        complain("%s: %s", path, strerror(-rc));
    else
        p = pci_read_text(path, (const char *)text.data, text.len);
    if ( f && f != stdin )
        fclose(f);
    buf_free(&text);

    return p;
}

struct pci *pci_read(const char *path)
{
    struct pci *p = path ? read_file(path) : read_machine();

    if ( p )
        pci_add_names(p);
    return p;
}
