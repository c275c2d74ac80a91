/* SPDX-License-Identifier: GPL-2.0-only */
/* iommu-tables: what the firmware says about the IOMMU. */
#include "diff.h"
#include "input.h"
#include "json.h"
#include "memmap.h"
#include "options.h"
#include "pci.h"
#include "picture.h"
#include "text.h"
#include "util.h"
#include "verdict.h"

#include <stdlib.h>

/* Findings of all tables, and the exit status they make. */
static int show(const struct machine *m, const struct options *o, FILE *out)
{
    struct text_style style = { o->bytes, o->colour };
    struct findings f = { NULL, 0 };
    int status, rc = 0;
    size_t i;

    verdict_find(m, &f);
    status = findings_status(&f);

    switch ( o->mode )
    {
    case MODE_ALL:
        verdict_summary(m, &f, out, o->colour);
        /* fall through */
    case MODE_DECODE:
        for ( i = 0; i < m->nr_tables; i++ )
            text_print(&m->tables[i], &style, out);
        if ( o->mode == MODE_ALL )
            verdict_print(m, &f, out, o->colour);
        break;
    case MODE_VERDICTS:
        verdict_print(m, &f, out, o->colour);
        break;
    case MODE_EXPLAIN:
        status = explain(m, &f, o->bdf, out, o->colour);
        break;
    case MODE_JSON:
        rc = json_print(m, &f, out);
        break;
    case MODE_SVG:
        rc = picture_svg(m, &f, out);
        break;
    case MODE_HTML:
        rc = picture_html(m, &f, out);
        break;
    case MODE_COMPILE:
    case MODE_DIFF:
        break;
    }
    findings_free(&f);

    return rc ? 2 : status;
}

static int read_all(struct machine *m, const struct options *o)
{
    int i, rc = 0;

    if ( !o->nr_files )
        return input_this_machine(m);
    for ( i = 0; i < o->nr_files; i++ )
        if ( input_path(m, o->files[i]) )
            rc = -EINVAL;
    return rc;
}

static int run_tables(const struct options *o, FILE *out)
{
    struct machine m = { NULL, 0, NULL };
    int rc = read_all(&m, o), status = 2;

    if ( m.nr_tables && o->pci )
        m.pci = pci_read(o->pci_file);
    if ( m.nr_tables && o->memmap )
        m.memmap = memmap_read(o->memmap);
    if ( m.nr_tables && (!o->pci || m.pci) && (!o->memmap || m.memmap) )
        status = show(&m, o, out);
    machine_free(&m);

    return rc ? 2 : status;
}

/* 0 they are the same, 1 they differ, 2 trouble: as diff(1). */
static int run_diff(const struct options *o, FILE *out)
{
    struct machine a = { NULL, 0, NULL }, b = { NULL, 0, NULL };
    int status = 2;

    if ( !input_path(&a, o->files[0]) && !input_path(&b, o->files[1]) )
    {
        if ( a.nr_tables != 1 || b.nr_tables != 1 )
            complain("--diff: each of the two must hold one table, not %zu "
                     "and %zu", a.nr_tables, b.nr_tables);
        else
            status = diff_print(a.tables, b.tables, out, o->colour) ? 1 : 0;
    }
    machine_free(&a);
    machine_free(&b);

    return status;
}

static int run_compile(const struct options *o, FILE *out)
{
    const char *name = o->files[0];
    FILE *f = strcmp(name, "-") ? fopen(name, "rb") : stdin;
    struct buf text = { NULL }, table = { NULL };
    int rc = f ? buf_read(&text, f, o->max_input) : -errno;

    if ( rc )
        complain("%s: %s", name, strerror(-rc));
    else
        rc = json_compile(name, (const char *)text.data, text.len,
                          o->index, &table);
    if ( rc == -ENOENT )
        complain("%s: there is no table number %u in it", name, o->index);
    if ( !rc && fwrite(table.data, 1, table.len, out) != table.len )
        rc = -EIO;
    if ( f && f != stdin )
        fclose(f);
    buf_free(&text);
    buf_free(&table);

    return rc ? 2 : 0;
}

static int run(const struct options *o, FILE *out)
{
    switch ( o->mode )
    {
    case MODE_DIFF:
        return run_diff(o, out);
    case MODE_COMPILE:
        return run_compile(o, out);
    default:
        return run_tables(o, out);
    }
}

/*
 * To a file only when all is there to be written: one that cannot be made
 * stays as it was, and may be the one that was read.
 */
static int run_to_file(const struct options *o)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len), *out = NULL;
    int status = memory ? run(o, memory) : 2;

    if ( !memory || fclose(memory) )
        complain("out of memory");
    else if ( !len && status == 2 )
        ;                       /* the reason was said */
    else if ( !(out = fopen(o->output, "wb")) ||
              fwrite(text, 1, len, out) != len || fflush(out) )
    {
        complain("%s: %s", o->output, strerror(errno));
        status = 2;
    }
    if ( out )
        fclose(out);
    free(text);

    return status;
}

int main(int argc, char **argv)
{
    struct options o;
    int status = options_read(&o, argc, argv);

    if ( status >= 0 )
        return status;
    if ( o.output )
        return run_to_file(&o);

    status = run(&o, stdout);
    if ( fflush(stdout) || ferror(stdout) )
    {
        complain("standard output: %s", strerror(errno));
        return 2;
    }
    return status;
}
