/* SPDX-License-Identifier: GPL-2.0-only */
#include "memmap.h"

#include "lines.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MEMMAP_MAX (16u << 20)

static void add(struct memmap *m, uint64_t first, uint64_t last)
{
    m->ram = grow(m->ram, m->nr, sizeof(*m->ram));
    m->ram[m->nr].first = first;
    m->ram[m->nr++].last = last;
}

/* "00100000-7ffd9fff : System RAM", with a child's leading blanks as well. */
static bool from_iomem(struct line s, uint64_t *first, uint64_t *last)
{
    line_skip_blanks(&s);
    return line_hex(&s, first) && line_take(&s, "-") &&
           line_hex(&s, last) && line_take(&s, " : ") &&
           line_take(&s, "System RAM") && !s.len;
}

/*
 * Linux: "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable", Xen:
 * "[0000000000000000, 000000000009fbff] (usable)", with anything before.
 */
static bool from_e820(struct line s, uint64_t *first, uint64_t *last)
{
    struct line at = s;
    bool by_linux = line_find(&at, "[mem ");

    if ( !by_linux )
        for ( at = s; line_find(&at, "[") && at.len; )
        {
            struct line number = at;

            if ( line_hex(&number, first) && line_take(&number, ", ") )
                break;
        }
    (void)line_take(&at, "0x");
    if ( !line_hex(&at, first) || !line_take(&at, by_linux ? "-" : ", ") )
        return false;
    (void)line_take(&at, "0x");
    return line_hex(&at, last) &&
           line_take(&at, by_linux ? "] usable" : "] (usable)");
}

struct memmap *memmap_parse(const char *text, size_t len)
{
    struct memmap *m = xalloc(sizeof(*m));
    struct line all = { text, len }, s;
    uint64_t first, last;

    while ( line_next(&all, &s) )
        if ( (from_iomem(s, &first, &last) || from_e820(s, &first, &last)) &&
             first < last )
            add(m, first, last);
    if ( m->nr )
        return m;
    memmap_free(m);
    return NULL;
}

struct memmap *memmap_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct buf text = { NULL };
    int rc = f ? buf_read(&text, f, MEMMAP_MAX) : -errno;
    struct memmap *m = NULL;

    if ( rc )
        complain("%s: %s", path, strerror(-rc));
    else
        m = memmap_parse((const char *)text.data, text.len);
    if ( !rc && !m )
        complain("%s: no RAM in it: what is expected is /proc/iomem as root "
                 "sees it, or the e820 map of a boot log", path);
    if ( f )
        fclose(f);
    buf_free(&text);

    return m;
}

void memmap_free(struct memmap *m)
{
    if ( m )
        free(m->ram);
    free(m);
}

bool memmap_has_ram(const struct memmap *m, uint64_t first, uint64_t last)
{
    size_t i;

    for ( i = 0; m && i < m->nr; i++ )
        if ( first <= m->ram[i].last && m->ram[i].first <= last )
            return true;
    return false;
}
