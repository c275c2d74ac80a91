/* SPDX-License-Identifier: GPL-2.0-only */
#include "say.h"

#include "model.h"
#include "pci.h"
#include "util.h"

#include <moat/types.h>

#include <stdlib.h>
#include <string.h>

#define COLUMNS     79u

char *say_more(char *s, const char *fmt, ...)
{
    va_list args;
    char *more, *joined;

    va_start(args, fmt);
    more = xvprintf(fmt, args);
    va_end(args);
    if ( !s )
        return more;
    joined = xprintf("%s%s", s, more);
    free(s);
    free(more);
    return joined;
}

char *say_id(const struct scan *s, uint32_t sbdf)
{
    const struct pci_device *d = s ? pci_at(s->pci, sbdf) : NULL;
    char *id = NULL;

    if ( MOAT_SBDF_SEG(sbdf) )
        id = xprintf("%04x:", MOAT_SBDF_SEG(sbdf));
    if ( d && d->path )
        return say_more(id, "%s", d->path);
    return say_more(id, "%02x:%02x.%u", MOAT_SBDF_BUS(sbdf),
                    MOAT_SBDF_DEV(sbdf), (unsigned int)MOAT_SBDF_FN(sbdf));
}

char *say_kind(const struct pci_device *d)
{
    if ( !d || (!d->name && !d->class_name) )
        return NULL;
    if ( d->name && d->class_name )
        return xprintf("%s: %s", d->class_name, d->name);
    return xprintf("%s", d->name ? d->name : d->class_name);
}

char *say_device(const struct scan *s, uint32_t sbdf)
{
    char *id = say_id(s, sbdf), *kind = say_kind(pci_at(s->pci, sbdf));

    if ( kind )
        id = say_more(id, " (%s)", kind);
    free(kind);
    return id;
}

char *say_range(uint64_t first, uint64_t last)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    uint64_t size = last - first + 1;
    unsigned int i = 0;

    while ( i < 4 && size && !(size & 1023) )
    {
        size >>= 10;
        i++;
    }
    return xprintf("0x%llx-0x%llx (%llu %s)", (unsigned long long)first,
                   (unsigned long long)last, (unsigned long long)size,
                   units[i]);
}

const char *say_comma(size_t i, size_t n)
{
    return !i ? "" : i + 1 < n ? ", " : " and ";
}

/* ---- What regions are for: by class, else by where such devices sit ---- */

enum use { USE_UNKNOWN, USE_USB, USE_GRAPHICS, USE_STORAGE, USE_MANAGEMENT,
           USE_NETWORK };

static enum use use_of_class(uint32_t class)
{
    switch ( class >> 16 )
    {
    case 0x03:
        return USE_GRAPHICS;
    case 0x01:
        return USE_STORAGE;
    case 0x02:
        return USE_NETWORK;
    case 0x08:
        return class >> 8 == 0x0880 ? USE_MANAGEMENT : USE_UNKNOWN;
    case 0x0c:
        return class >> 8 == 0x0c03 ? USE_USB
               : class >> 8 == 0x0c07 ? USE_MANAGEMENT : USE_UNKNOWN;
    default:
        return USE_UNKNOWN;
    }
}

/* Intel's chipsets have these where they are. */
static enum use use_of_place(uint32_t sbdf)
{
    switch ( sbdf )
    {
    case MOAT_SBDF(0, 0, 0x02, 0):
        return USE_GRAPHICS;
    case MOAT_SBDF(0, 0, 0x14, 0):
    case MOAT_SBDF(0, 0, 0x1a, 0):
    case MOAT_SBDF(0, 0, 0x1d, 0):
        return USE_USB;
    default:
        return USE_UNKNOWN;
    }
}

static enum use use_of(const struct scan *s, const struct pci_device *d)
{
    if ( d->class_code )
        return use_of_class(d->class_code);
    return s->table->kind == TABLE_DMAR ? use_of_place(d->sbdf) : USE_UNKNOWN;
}

const char *say_region_use(const struct scan *s, const struct scan_region *r)
{
    enum use use = USE_UNKNOWN;
    bool any = false;
    size_t i;

    /* Devices of different kinds: nobody knows. */
    for ( i = 0; i < r->nr_devs; i++ )
    {
        const struct pci_device *d = pci_at(s->pci, r->devs[i]);

        if ( !d )
            continue;
        if ( any && use != use_of(s, d) )
            return NULL;
        any = true;
        use = use_of(s, d);
    }
    switch ( use )
    {
    case USE_USB:
        return "where the firmware keeps what it needs to drive USB keyboards "
               "and disks itself, before an operating system does; the "
               "controller may go on reaching there";
    case USE_GRAPHICS:
        return "the graphics device's own memory, taken from the machine's: "
               "the picture on the screen and the device's page table are "
               "there";
    case USE_STORAGE:
        return "where the firmware's driver of the storage controller (RAID, "
               "as a rule) talks to it";
    case USE_MANAGEMENT:
        return "where the firmware, or the machine's management controller, "
               "talks to the device behind the operating system's back";
    case USE_NETWORK:
        return "where the firmware, or the machine's remote management, talks "
               "to the network device";
    default:
        return NULL;
    }
}

/* ---- On paper ---- */

void say_print_item(FILE *out, unsigned int first, unsigned int indent,
                    const char *text)
{
    unsigned int column = first;
    bool begin = true;

    fprintf(out, "%*s", (int)first, "");
    while ( *text )
    {
        size_t n = strcspn(text, " \n");

        if ( !begin && column + 1 + n > COLUMNS )
        {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            begin = true;
        }
        if ( !begin )
        {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, n, out);
        column += (unsigned int)n;
        begin = false;
        text += n;
        if ( *text )
            text++;
    }
    fputc('\n', out);
}

void say_print(FILE *out, unsigned int indent, const char *text)
{
    say_print_item(out, indent, indent, text);
}
