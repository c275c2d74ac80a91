/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What lspci writes, in any of its forms:
 *
 *   0000:00:14.0 USB controller [0c03]: Intel ... [8086:a36d] (rev 10)
 *   <tab>Bus: primary=00, secondary=01, subordinate=01, sec-latency=0
 *   <tab>Capabilities: [40] Express (v2) Root Port (Slot+), MSI 00
 *   00: 86 80 6d a3 06 04 90 02 ...                              -x
 *   0000:00:14.0 0c03: 8086:a36d (rev 10)                        -n
 *   0000:00:14.0 "0c03" "8086" "a36d" -r10 ...                   -mm -n
 *   Slot:<tab>0000:00:14.0   Class:<tab>0c03   ...               -mm -v
 */
#include "pci.h"

#include "lines.h"
#include "util.h"

#include <moat/types.h>

#include <stdlib.h>
#include <string.h>

#define DEVICES_MAX     65536u

/* What a physical function tells of its virtual ones. */
struct virtfns
{
    uint32_t physfn;
    unsigned int nr, offset, stride;
};

struct reader
{
    struct pci *pci;
    struct pci_device *now;     /* what lines are about; NULL: nothing */
    struct virtfns vf;          /* of it */
    bool details, denied;       /* of it: some were shown; not all */
    bool buses;                 /* of any bridge: where it leads was shown */
    bool bridges;               /* there are some */
    struct virtfns *vfs;        /* of all */
    size_t nr_vfs;
};

/* [SSSS:]BB:DD.F; segments of more digits are of no hardware's. */
static bool take_sbdf(struct line *s, uint32_t *sbdf)
{
    uint64_t seg = 0, bus, dev, fn;
    struct line at = *s;

    if ( !line_hex(&at, &seg) || !line_take(&at, ":") ||
         !line_hex_of(&at, 2, &bus) )
        return false;
    if ( line_take(&at, ":") )
    {
        if ( !line_hex_of(&at, 2, &dev) )
            return false;
    }
    else
    {
        dev = bus;
        bus = seg;
        seg = 0;
    }
    if ( !line_take(&at, ".") || !line_hex_of(&at, 1, &fn) ||
         seg > 0xffff || bus > 0xff || dev > 31 || fn > 7 )
        return false;
    *sbdf = MOAT_SBDF(seg, bus, dev, fn);
    *s = at;
    return true;
}

/* ---- One device ends, another begins ---- */

static void end_device(struct reader *r)
{
    struct pci_device *d = r->now;

    if ( !d )
        return;
    if ( (!r->details || r->denied) && !d->config_len )
        d->pcie_type = PCI_TYPE_UNTOLD;
    r->bridges |= d->bridge || d->class_code >> 8 == PCI_CLASS_BRIDGE;
    if ( r->vf.nr && r->vf.offset )
    {
        r->vf.physfn = d->sbdf;
        r->vfs = grow(r->vfs, r->nr_vfs, sizeof(*r->vfs));
        r->vfs[r->nr_vfs++] = r->vf;
    }
    r->now = NULL;
}

static void begin_device(struct reader *r, uint32_t sbdf)
{
    end_device(r);
    r->details = r->denied = false;
    memset(&r->vf, 0, sizeof(r->vf));
    if ( r->pci->nr < DEVICES_MAX )
        r->now = pci_add(r->pci, sbdf);
}

static void set_class(struct pci_device *d, uint64_t class)
{
    d->class_code = (uint32_t)class << 8 | (d->class_code & 0xff);
    d->bridge = class == PCI_CLASS_BRIDGE;
}

/* The last "[8086:a36d]" of a line, and the last "[0c03]" before a colon. */
static void bracketed(struct pci_device *d, struct line s)
{
    uint64_t class, vendor, device;

    while ( line_find(&s, "[") )
    {
        struct line at = s;

        if ( !line_hex_of(&at, 4, &class) )
            continue;
        if ( line_take(&at, "]") )
        {
            if ( !at.len || *at.p == ':' )
                set_class(d, class);
            continue;
        }
        vendor = class;
        if ( line_take(&at, ":") && line_hex_of(&at, 4, &device) &&
             line_take(&at, "]") )
        {
            d->vendor = (uint16_t)vendor;
            d->device = (uint16_t)device;
        }
    }
}

/* "0c03: 8086:a36d" */
static bool numbers(struct pci_device *d, struct line s)
{
    uint64_t class, vendor, device;

    if ( !line_hex_of(&s, 4, &class) || !line_take(&s, ": ") ||
         !line_hex_of(&s, 4, &vendor) || !line_take(&s, ":") ||
         !line_hex_of(&s, 4, &device) )
        return false;
    set_class(d, class);
    d->vendor = (uint16_t)vendor;
    d->device = (uint16_t)device;
    return true;
}

/* A field of -mm: "0c03", or "USB controller [0c03]" with -nn. */
static bool quoted(struct line *s, uint64_t *v)
{
    struct line field, number;

    line_skip_blanks(s);
    if ( !line_take(s, "\"") )
        return false;
    field = *s;
    if ( !line_find(s, "\"") )
        return false;
    field.len = (size_t)(s->p - field.p) - 1;
    number = field;
    if ( line_hex_of(&number, 4, v) && !number.len )
        return true;
    while ( line_find(&field, "[") )
    {
        number = field;
        if ( line_hex_of(&number, 4, v) && line_take(&number, "]") &&
             !number.len )
            return true;
    }
    return false;
}

static void head_of_words(struct pci_device *d, struct line s)
{
    static const struct { const char *word; uint16_t class; } words[] =
    {
        { "Host bridge", PCI_CLASS_HOST }, { "PCI bridge", PCI_CLASS_BRIDGE },
        { "IOMMU", PCI_CLASS_IOMMU }, { "USB controller", 0x0c03 },
        { "VGA compatible controller", 0x0300 },
    };
    unsigned int i;

    for ( i = 0; i < sizeof(words) / sizeof(*words); i++ )
        if ( line_take(&s, words[i].word) )
            set_class(d, words[i].class);
    bracketed(d, s);
}

/* What follows "0000:00:14.0 ". */
static void head_line(struct reader *r, struct line s)
{
    uint64_t class, vendor, device;
    struct line at = s, rev = s;
    uint64_t revision;

    if ( !r->now )
        return;
    if ( quoted(&at, &class) && quoted(&at, &vendor) && quoted(&at, &device) )
    {
        set_class(r->now, class);
        r->now->vendor = (uint16_t)vendor;
        r->now->device = (uint16_t)device;
    }
    else if ( !numbers(r->now, s) )
        head_of_words(r->now, s);
    if ( (line_find(&rev, "(rev ") || line_find(&rev, " -r")) &&
         line_hex_of(&rev, 2, &revision) )
        r->now->revision = (uint8_t)revision;
}

/* ---- What is said about it ---- */

/* "Class:<tab>0c03" */
static bool field_line(struct reader *r, struct line s)
{
    static const char *const names[] = { "Class:", "Vendor:", "Device:",
                                         "Rev:" };
    uint64_t v;
    unsigned int i;

    for ( i = 0; i < 4 && !line_take(&s, names[i]); i++ )
        continue;
    if ( i == 4 || !r->now )
        return i < 4;
    line_skip_blanks(&s);
    if ( i == 3 && line_hex_of(&s, 2, &v) )
        r->now->revision = (uint8_t)v;
    if ( i == 3 || (!line_hex_of(&s, 4, &v) &&
                    !(line_find(&s, "[") && line_hex_of(&s, 4, &v))) )
        return true;
    if ( i == 0 )
        set_class(r->now, v);
    else if ( i == 1 )
        r->now->vendor = (uint16_t)v;
    else
        r->now->device = (uint16_t)v;
    return true;
}

static const struct { const char *words; uint8_t type; } express[] =
{
    { "Endpoint", 0 }, { "Legacy Endpoint", 1 }, { "Root Port", 4 },
    { "Upstream Port", 5 }, { "Downstream Port", 6 },
    { "PCI-Express to PCI", 7 }, { "PCI/PCI-X to PCI-Express", 8 },
    { "Root Complex Integrated Endpoint", 9 },
    { "Root Complex Event Collector", 10 },
};

static void capability(struct reader *r, struct line s)
{
    unsigned int i;

    if ( line_take(&s, "<access denied>") )
        r->denied = true;
    if ( !line_find(&s, "] Express ") )
        return;
    r->now->pcie_type = PCI_TYPE_ENDPOINT;
    if ( line_take(&s, "(") && !line_find(&s, ") ") )
        return;
    for ( i = 0; i < sizeof(express) / sizeof(*express); i++ )
        if ( line_take(&s, express[i].words) )
            r->now->pcie_type = express[i].type;
}

static void indented(struct reader *r, struct line s)
{
    struct line at = s;
    uint64_t second, last;
    unsigned int n;

    if ( !r->now )
        return;
    r->details = true;
    if ( line_take(&at, "Capabilities: ") )
        capability(r, at);
    else if ( line_take(&at, "Bus: ") && line_find(&at, "secondary=") &&
              line_hex_of(&at, 2, &second) &&
              line_find(&at, "subordinate=") && line_hex_of(&at, 2, &last) )
    {
        r->now->bridge = r->buses = true;
        r->now->secondary = (uint8_t)second;
        r->now->subordinate = (uint8_t)last;
    }
    at = s;
    if ( line_find(&at, "PhantFunc ") && line_dec(&at, &n) && n < 4 )
        r->now->phantom = (uint8_t)n;
    at = s;
    if ( line_find(&at, "Number of VFs: ") )
        (void)line_dec(&at, &r->vf.nr);
    at = s;
    if ( line_find(&at, "VF offset: ") && line_dec(&at, &r->vf.offset) &&
         line_find(&at, "stride: ") )
        (void)line_dec(&at, &r->vf.stride);
}

/* "00: 86 80 6d a3": sixteen bytes, from a multiple of sixteen. */
static bool dump_line(struct reader *r, struct line s)
{
    uint64_t at, byte;
    unsigned int i;

    if ( !line_hex(&s, &at) || !line_take(&s, ": ") )
        return false;
    for ( i = 0; i < 16 && line_hex_of(&s, 2, &byte); i++ )
    {
        if ( r->now && at == r->now->config_len && i + at < PCI_CONFIG )
            r->now->config[at + i] = (uint8_t)byte;
        line_skip_blanks(&s);
    }
    if ( !i )
        return false;
    if ( r->now && i == 16 && at == r->now->config_len && at < PCI_CONFIG )
        r->now->config_len += 16;
    return true;
}

static void take_line(struct reader *r, struct line s)
{
    struct line at = s;
    uint32_t sbdf;

    if ( !s.len )
        return;
    if ( *s.p == ' ' || *s.p == '\t' )
    {
        line_skip_blanks(&at);
        indented(r, at);
    }
    else if ( line_take(&at, "Slot:") )
    {
        line_skip_blanks(&at);
        if ( take_sbdf(&at, &sbdf) )
            begin_device(r, sbdf);
        else
            end_device(r);
    }
    else if ( take_sbdf(&at, &sbdf) && line_take(&at, " ") )
    {
        begin_device(r, sbdf);
        head_line(r, at);
    }
    else if ( !field_line(r, s) && !dump_line(r, s) )
        /* One that cannot be had, of a domain of more than 16 bits. */
        end_device(r);
}

static void mark_virtfns(struct reader *r)
{
    struct pci *p = r->pci;
    size_t i;
    unsigned int k;

    for ( i = 0; i < r->nr_vfs; i++ )
        for ( k = 0; k < r->vfs[i].nr && k < 65536; k++ )
        {
            uint32_t seg = r->vfs[i].physfn & 0xffff0000u;
            uint32_t rid = (r->vfs[i].physfn + r->vfs[i].offset +
                            k * r->vfs[i].stride) & 0xffff;
            const struct pci_device *at = pci_at(p, seg | rid);

            if ( !at || at->sbdf == r->vfs[i].physfn )
                continue;
            p->devices[at - p->devices].virtfn = true;
            p->devices[at - p->devices].physfn = r->vfs[i].physfn;
        }
}

struct pci *pci_read_text(const char *name, const char *text, size_t len)
{
    struct line all = { text, len }, s;
    struct reader r = { xalloc(sizeof(*r.pci)) };

    while ( line_next(&all, &s) )
        take_line(&r, s);
    end_device(&r);
    r.pci->no_buses = r.bridges && !r.buses;
    pci_finish(r.pci);
    mark_virtfns(&r);
    free(r.vfs);
    if ( r.pci->nr )
        return r.pci;
    if ( name )
        complain("%s: no PCI devices in it: what is expected is the output "
                 "of lspci -D -nn -vvv, or of lspci -xxxx", name);
    pci_free(r.pci);

    return NULL;
}
