/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line. */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum mode
{
    MODE_ALL,               /* decode, then verdicts */
    MODE_DECODE, MODE_VERDICTS, MODE_EXPLAIN, MODE_JSON, MODE_SVG, MODE_HTML,
    MODE_COMPILE, MODE_DIFF,
};

struct options
{
    enum mode mode;
    bool bytes;
    bool colour, colour_forced;
    bool pci;
    const char *pci_file;   /* NULL: this machine */
    const char *memmap;     /* NULL: not given */
    const char *bdf;        /* MODE_EXPLAIN */
    const char *output;     /* NULL: standard output */
    unsigned int index;     /* MODE_COMPILE: which table */
    size_t max_input;       /* bytes of JSON */
    char **files;
    int nr_files;
};

/* -1: go on. Else the exit status: help was shown, or a complaint. */
int options_read(struct options *o, int argc, char **argv);

#endif /* TOOL_OPTIONS_H */
