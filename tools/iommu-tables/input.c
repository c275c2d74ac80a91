/* SPDX-License-Identifier: GPL-2.0-only */
#include "input.h"

#include "hexdump.h"
#include "util.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SYSFS_TABLES "/sys/firmware/acpi/tables"

/* Longest file that is read: all tables of a large machine, as text. */
#define INPUT_MAX   (64u << 20)
/* Longest table: the largest known has not 4 KiB. */
#define TABLE_MAX   (1u << 20)

static bool wanted(const uint8_t *bytes, size_t len)
{
    return len >= 4 && (!memcmp(bytes, "DMAR", 4) ||
                        !memcmp(bytes, "IVRS", 4));
}

/* A signature is four capital letters or digits. */
static bool is_signature(const uint8_t *bytes, size_t len)
{
    size_t i;

    for ( i = 0; i < 4; i++ )
        if ( i >= len || !(isupper(bytes[i]) || isdigit(bytes[i])) )
            return false;
    return true;
}

static int add(struct machine *m, const char *name, const uint8_t *bytes,
               size_t len)
{
    struct buf copy = { NULL };

    if ( len > TABLE_MAX )
    {
        complain("%s: a table of more than %u KiB", name, TABLE_MAX >> 10);
        return -EINVAL;
    }
    buf_add(&copy, bytes, len);
    return machine_add(m, name, copy.data, copy.len);
}

static int from_text(struct machine *m, const char *name,
                     const uint8_t *bytes, size_t len)
{
    struct hexdump h;
    struct buf table = { NULL };
    unsigned int seen = 0, taken = 0;
    int rc, bad = 0;

    hexdump_open(&h, bytes, len);
    while ( (rc = hexdump_next(&h, &table)) > 0 )
    {
        seen++;
        if ( !wanted(table.data, table.len) )
            continue;
        taken++;
        if ( add(m, name, table.data, table.len) )
            bad = -EINVAL;
    }
    buf_free(&table);

    if ( rc < 0 )
    {
        complain("%s: line %u: %s", name, h.line, h.reason);
        return -EINVAL;
    }
    if ( !seen )
        complain("%s: neither a table nor text of acpidump", name);
    else if ( !taken )
        complain("%s: no DMAR and no IVRS; tables in it: %u", name, seen);
    return taken ? bad : -EINVAL;
}

int input_bytes(struct machine *m, const char *name, const uint8_t *bytes,
                size_t len)
{
    if ( !len )
    {
        complain("%s: empty", name);
        return -EINVAL;
    }
    if ( wanted(bytes, len) && !hexdump_is(bytes, len) )
        return add(m, name, bytes, len);
    if ( hexdump_is(bytes, len) )
        return from_text(m, name, bytes, len);
    if ( is_signature(bytes, len) )
        complain("%s: a table %.4s, neither DMAR nor IVRS", name,
                 (const char *)bytes);
    else
        complain("%s: neither a table nor text of acpidump", name);
    return -EINVAL;
}

static int input_stream(struct machine *m, const char *name, FILE *f)
{
    struct buf b = { NULL };
    int rc = buf_read(&b, f, INPUT_MAX);

    if ( rc == -EFBIG )
        complain("%s: more than %u MiB", name, INPUT_MAX >> 20);
    else if ( rc )
        complain("%s: %s", name, strerror(-rc));
    else
        rc = input_bytes(m, name, b.data, b.len);
    buf_free(&b);

    return rc ? -EINVAL : 0;
}

static int input_file(struct machine *m, const char *path)
{
    FILE *f = fopen(path, "rb");
    int rc;

    if ( !f )
    {
        complain("%s: %s", path, strerror(errno));
        return -EINVAL;
    }
    rc = input_stream(m, path, f);
    fclose(f);

    return rc;
}

/*
 * A directory may hold anything: what does not begin as a table of ours, or
 * as the text of acpidump, is none of our business. One that cannot be read
 * may be either; its name has to do.
 */
static bool looks_useful(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    uint8_t first[4096];
    FILE *f = fopen(path, "rb");
    size_t n;

    if ( !f )
        return !strncasecmp(name, "DMAR", 4) || !strncasecmp(name, "IVRS", 4);
    n = fread(first, 1, sizeof(first), f);
    fclose(f);

    return wanted(first, n) ||
           (hexdump_is(first, n) && memmem(first, n, " @ 0x", 5));
}

static int not_hidden(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static int input_directory(struct machine *m, const char *path)
{
    struct dirent **list;
    int i, n = scandir(path, &list, not_hidden, alphasort), rc = 0;
    size_t before = m->nr_tables;

    if ( n < 0 )
    {
        complain("%s: %s", path, strerror(errno));
        return -EINVAL;
    }
    for ( i = 0; i < n; i++ )
    {
        char *file = xprintf("%s/%s", path, list[i]->d_name);
        struct stat st;

        if ( !stat(file, &st) && S_ISREG(st.st_mode) && looks_useful(file) &&
             input_file(m, file) )
            rc = -EINVAL;
        free(file);
        free(list[i]);
    }
    free(list);

    if ( !rc && m->nr_tables == before )
    {
        complain("%s: no DMAR and no IVRS in this directory", path);
        rc = -EINVAL;
    }
    return rc;
}

int input_path(struct machine *m, const char *path)
{
    struct stat st;

    if ( !strcmp(path, "-") )
        return input_stream(m, "standard input", stdin);
    if ( !stat(path, &st) && S_ISDIR(st.st_mode) )
        return input_directory(m, path);
    return input_file(m, path);
}

int input_this_machine(struct machine *m)
{
    static const char *const names[] = { "DMAR", "IVRS" };
    unsigned int i, found = 0;
    int rc = 0;

    for ( i = 0; i < ARRAY_SIZE(names); i++ )
    {
        char *path = xprintf("%s/%s", SYSFS_TABLES, names[i]);
        struct stat st;

        if ( !stat(path, &st) )
        {
            found++;
            rc = input_file(m, path) ? -EINVAL : rc;
        }
        free(path);
    }
    if ( !found )
    {
        complain("%s: no DMAR and no IVRS: this machine has no IOMMU, or it "
                 "is switched off in the firmware's setup (VT-d, AMD-Vi, "
                 "IOMMU)", SYSFS_TABLES);
        return -EINVAL;
    }
    return rc;
}
