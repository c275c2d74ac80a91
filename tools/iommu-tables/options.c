/* SPDX-License-Identifier: GPL-2.0-only */
#include "options.h"

#include "util.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION "1.0"

enum
{
    OPT_PCI = 256, OPT_MEMMAP, OPT_SVG, OPT_HTML, OPT_DIFF, OPT_COLOUR,
    OPT_TABLE,
};

static const char help[] =
"Usage: iommu-tables [OPTION]... [FILE]...\n"
"What the firmware's DMAR (Intel VT-d) or IVRS (AMD-Vi) table says, and what\n"
"it means: decoded field by field, then judged as the hypervisor does.\n"
"\n"
"FILE is a raw table (what acpixtract writes), the text of acpidump, or a\n"
"directory of these; - is standard input. Without FILE: this machine's\n"
"/sys/firmware/acpi/tables (as root).\n"
"\n"
"What is shown, one of:\n"
"  -d, --decode          the fields only\n"
"  -v, --verdicts        the judgement only\n"
"  -e, --explain=BDF     about one device: [SSSS:]BB:DD.F\n"
"  -j, --json            everything, for programs\n"
"      --svg, --html     a picture\n"
"  -c, --compile         FILE is JSON: makes the table from it\n"
"      --diff            what differs between two FILEs\n"
"\n"
"How:\n"
"  -x, --bytes           every field on its own line, with its bytes\n"
"      --pci[=LSPCI]     with the PCI devices of this machine, or of a file\n"
"                        made by lspci -D -nn -vvv as root\n"
"      --memmap=FILE     with the memory map: /proc/iomem as root sees it, or\n"
"                        a boot log\n"
"  -o, --output=FILE     not to standard output\n"
"      --table=N         --compile: the Nth table in the JSON, from 0\n"
"      --color=WHEN      auto (on a terminal), always or never\n"
"  -h, --help  -V, --version\n"
"\n"
"Exit status: 0 sound, 1 findings, 2 unusable table, input or option.\n"
"--diff: 0 same, 1 different, 2 trouble.\n"
"\n"
"Examples:\n"
"  sudo iommu-tables --pci\n"
"  acpidump | iommu-tables --verdicts -\n"
"  iommu-tables --pci=lspci.txt --explain 00:14.0 DMAR.dat\n"
"  iommu-tables --html -o picture.html DMAR.dat\n"
"  iommu-tables --json DMAR.dat | iommu-tables --compile -o copy.dat -\n";

static const struct option list[] =
{
    { "decode", no_argument, NULL, 'd' },
    { "verdicts", no_argument, NULL, 'v' },
    { "explain", required_argument, NULL, 'e' },
    { "json", no_argument, NULL, 'j' },
    { "svg", no_argument, NULL, OPT_SVG },
    { "html", no_argument, NULL, OPT_HTML },
    { "compile", no_argument, NULL, 'c' },
    { "diff", no_argument, NULL, OPT_DIFF },
    { "bytes", no_argument, NULL, 'x' },
    { "pci", optional_argument, NULL, OPT_PCI },
    { "memmap", required_argument, NULL, OPT_MEMMAP },
    { "output", required_argument, NULL, 'o' },
    { "table", required_argument, NULL, OPT_TABLE },
    { "color", required_argument, NULL, OPT_COLOUR },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

static int usage(const char *fmt, const char *what)
{
    complain(fmt, what);
    fprintf(stderr, "Try: iommu-tables --help\n");
    return 2;
}

/* One of these may be given. */
static int set_mode(struct options *o, enum mode mode)
{
    if ( o->mode != MODE_ALL && o->mode != mode )
        return usage("%s", "two options that say what is shown; give one");
    o->mode = mode;
    return -1;
}

static int set_colour(struct options *o, const char *when)
{
    if ( !strcmp(when, "always") )
        o->colour = o->colour_forced = true;
    else if ( !strcmp(when, "never") )
        o->colour = false;
    else if ( strcmp(when, "auto") )
        return usage("--color=%s: auto, always or never", when);
    return -1;
}

static int set_index(struct options *o, const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if ( *text < '0' || *text > '9' || *end || n > 65535 )
        return usage("--table=%s: a number from 0 to 65535", text);
    o->index = (unsigned int)n;
    return -1;
}

static int take(struct options *o, int c)
{
    switch ( c )
    {
    case 'd':
        return set_mode(o, MODE_DECODE);
    case 'v':
        return set_mode(o, MODE_VERDICTS);
    case 'e':
        o->bdf = optarg;
        return set_mode(o, MODE_EXPLAIN);
    case 'j':
        return set_mode(o, MODE_JSON);
    case 'c':
        return set_mode(o, MODE_COMPILE);
    case OPT_SVG:
        return set_mode(o, MODE_SVG);
    case OPT_HTML:
        return set_mode(o, MODE_HTML);
    case OPT_DIFF:
        return set_mode(o, MODE_DIFF);
    case OPT_COLOUR:
        return set_colour(o, optarg);
    case OPT_TABLE:
        return set_index(o, optarg);
    case OPT_PCI:
        o->pci = true;
        o->pci_file = optarg;
        return -1;
    case OPT_MEMMAP:
        o->memmap = optarg;
        return -1;
    case 'x':
        o->bytes = true;
        return -1;
    case 'o':
        o->output = optarg;
        return -1;
    case 'h':
        fputs(help, stdout);
        return 0;
    case 'V':
        puts("iommu-tables " VERSION);
        return 0;
    default:
        fprintf(stderr, "Try: iommu-tables --help\n");
        return 2;
    }
}

int options_read(struct options *o, int argc, char **argv)
{
    int c, status;

    memset(o, 0, sizeof(*o));
    o->max_input = 64u << 20;
    o->colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");

    while ( (c = getopt_long(argc, argv, "dve:jcxo:hV", list, NULL)) != -1 )
    {
        status = take(o, c);
        if ( status >= 0 )
            return status;
    }
    if ( o->output && !o->colour_forced )
        o->colour = false;
    o->files = argv + optind;
    o->nr_files = argc - optind;

    if ( o->mode == MODE_DIFF && o->nr_files != 2 )
        return usage("%s", "--diff: needs two files");
    if ( o->mode == MODE_COMPILE && o->nr_files != 1 )
        return usage("%s", "--compile: needs one file of JSON");
    return -1;
}
