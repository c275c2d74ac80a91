/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the picture*.c only.
 *
 *   +-- unit ------------+                        memory
 *   | registers, flags   |                        |    |
 *   | (covers) (IO-APIC) |                        +----+
 *   | device ------------|-o--------------------- | R1 | 0x... to 0x...
 *   | device ------------|-o                      +----+
 *   | device  device     |                        |    |
 *   +--------------------+                        +----+
 *
 * What is drawn is collected first (picture_data.c), for each table; then
 * drawn for a width (picture_svg.c, picture_bar.c), so that a page can have
 * a picture for wide windows and one for narrow ones.
 */
#ifndef TOOL_PICTURE_PRIV_H
#define TOOL_PICTURE_PRIV_H

#include "finding.h"
#include "model.h"
#include "scan.h"

#include <stdio.h>

/* Tables are read up to any size; pictures of more than this help nobody. */
#define PIC_REGIONS_MAX     256
#define PIC_DEVICES_MAX     2048
#define PIC_UNITS_MAX       256
#define PIC_COVERS_MAX      1024

#define PIC_COLOURS         8

/* In place of a unit's index, for devices that have none. */
#define PIC_NO_UNIT         (-1)    /* in no unit's scope */
#define PIC_UNIT_UNKNOWN    (-2)    /* the table cannot be used */
#define PIC_ABSENT          (-3)    /* not in this machine */

struct id_range
{
    uint32_t first, last;           /* MOAT_SBDF() */
};

struct pic_unit
{
    const struct node *node;        /* the record that counts */
    char *types;                    /* of all its records: "DRHD at 030h" */
    uint64_t base, size;            /* of the registers; size 0: not told */
    uint16_t segment;
    uint32_t id;                    /* AMD: its own function */
    bool include_all, off;
    bool unused;                    /* no record of it is sound */
    bool near;                      /* domain: of memory, is known */
    uint32_t domain;
};

/* What a unit covers besides devices, in words. */
struct pic_cover
{
    size_t unit;
    const struct node *node;
    bool special;                   /* an IO-APIC, HPET or ACPI device */
    char *text;
};

struct pic_device
{
    uint32_t sbdf;
    char *label;                    /* "00:14.0", or with segment or path */
    const struct pci_device *pci;   /* NULL: not in this machine */
    const struct scan_device *scan; /* NULL: the scan did not get there */
    const struct node *scope;       /* that names it in a unit, or NULL */
    int unit;                       /* index, or one of the above */
    bool below;                     /* with all that is behind it */
    size_t set;                     /* in sets */
    size_t nr_regions;
    double y;                       /* where the lines end, once drawn */
};

struct pic_region
{
    const struct node *node;
    uint64_t first, last;
    struct id_range *ids;
    size_t nr_ids;
    bool wide;                      /* for a range of ids: no lines */
    bool unused;                    /* its record is not sound */
    unsigned int prot;              /* MOAT_READ, MOAT_WRITE */
    size_t set;
    bool *uses;                     /* for each of devices */
    size_t nr_users;                /* of them */
    double y;
};

/* Devices and regions that hang together. */
struct pic_set
{
    size_t nr_devices;              /* that could be given away */
    size_t nr_regions, nr_users;
    int colour;                     /* -1: none */
    char *name;                     /* "A"; NULL: goes alone */
};

enum pic_what { PIC_TABLE, PIC_UNIT, PIC_COVER, PIC_DEVICE, PIC_REGION };

/* What a finding is about: the same index as in findings. */
struct pic_target
{
    enum pic_what what;
    size_t index;
};

struct picture
{
    const struct machine *m;
    const struct table *t;
    const struct findings *f;
    struct scan *scan;
    bool scanned;                   /* it got to the end */
    bool segments;                  /* more than segment 0: say which */
    size_t left_out;                /* beyond the limits above */
    struct pic_unit *units;
    size_t nr_units;
    struct pic_cover *covers;
    size_t nr_covers;
    struct pic_device *devices;
    size_t nr_devices;
    struct pic_region *regions;
    size_t nr_regions;
    struct pic_set *sets;
    size_t nr_sets;
    struct pic_target *targets;     /* one for each of f->list */
};

/* ---- picture_data.c, picture_units.c, picture_sets.c ---- */

struct picture *picture_collect(const struct machine *m,
                                const struct table *t,
                                const struct findings *f);
void picture_free(struct picture *p);
void picture_units(struct picture *p);
void picture_sets(struct picture *p);
void picture_targets(struct picture *p);
/* Is the region for @d, by any of its ids? */
bool picture_uses(const struct picture *p, const struct pic_region *r,
                  const struct pic_device *d);
/* Can it be asked for at all? Bridges and IOMMUs cannot. */
bool picture_counts(const struct pic_device *d);
/* The index of what the scan calls @u, or nr_units. */
size_t picture_unit_of(const struct picture *p, const struct scan_unit *u);
/* What the path of a scope leads to; false: one of its bridges is missing. */
bool picture_resolve(const struct picture *p, uint16_t segment,
                     const struct dmar_scope *s, uint32_t *sbdf);

/*
 * A copy of @f in the order that is shown, the worst first; the strings
 * remain @f's, the caller frees the list only.
 */
struct findings picture_order(const struct findings *f);

/* ---- picture_words.c: all allocated ---- */

/* UTF-8 for people: what is not, or cannot be seen, is replaced. */
char *words_clean(const char *s);
/* To XML or HTML, in text or in an attribute. @s: any bytes. */
void words_escape(FILE *out, const char *s);
/* The same, with line ends kept. */
void words_lines(FILE *out, const char *s);
/* "128 KiB", "1.5 GiB" */
char *words_size(uint64_t len);
char *words_add(char *s, const char *between, char *addition);
char *words_sbdf(const struct picture *p, uint32_t sbdf);
/* "00:01.0 to ff:1f.6" */
char *words_ids(const struct picture *p, const struct id_range *r);
/* "Intel DMAR of laptop.dat", OEM ids, flags. */
char *words_title(const struct picture *p);
char *words_subtitle(const struct picture *p);
char *words_unit(const struct picture *p, const struct pic_unit *u);
/* Name and kind of a device; may be empty. */
char *words_device(const struct pic_device *d);
/* Where the scan did not get to the end. */
extern const char words_stuck[];
/* What its owner must know of it; NULL: nothing. */
char *words_notes(const struct picture *p, const struct pic_device *d);
/* Whether it can be given to a guest, in a word or three. */
char *words_fate(const struct picture *p, const struct pic_device *d);
/* Who a region is for. */
char *words_users(const struct picture *p, const struct pic_region *r);
/* Why it is not as the others; NULL: it is. */
char *words_region(const struct picture *p, const struct pic_region *r);
/* A heading for devices without a unit. */
const char *words_no_unit(int unit);
/* Other members of @d's set, up to @max; NULL: none. */
char *words_others(const struct picture *p, const struct pic_device *d,
                   size_t max);

/* ---- picture_draw.c: parts of an SVG ---- */

enum face { FACE_SANS, FACE_BOLD, FACE_MONO, FACE_MONO_BOLD };

/* Pixels that @len bytes of clean UTF-8 take at most. */
double draw_width(const char *s, size_t len, enum face face, double size);
/* One line, as it is. @class: more classes, or "". */
void draw_text(FILE *out, double x, double y, enum face face, double size,
               const char *class, const char *s);
/*
 * Clean text in lines within @width; the last of @max ends in an ellipsis if
 * there is more. @y: of the first line's base. Returns how many lines; with
 * @out NULL nothing is drawn.
 */
unsigned int draw_wrapped(FILE *out, double x, double y, double width,
                          enum face face, double size, double line,
                          unsigned int max, const char *class,
                          const char *s);
/* A sign for each severity, 16 by 16. */
void draw_sign(FILE *out, double x, double y, enum severity severity);
/*
 * The signs and numbers of findings about something, ending at @right.
 * Returns the width; with @out NULL nothing is drawn.
 */
double draw_marks(FILE *out, const struct picture *p, enum pic_what what,
                  size_t index, double right, double y);
void draw_style(FILE *out);

/* ---- picture_svg.c, picture_bar.c ---- */

struct layout
{
    struct picture *p;
    FILE *out;
    double width, margin;
    double cards_x, cards_w;
    double bar_x, bar_w, label_x, label_w;
    double y;
    bool narrow;
};

/* Columns and sizes. */
#define PIC_TEXT        13.0
#define PIC_SMALL       11.5
#define PIC_LINE        18.0
#define PIC_SMALL_LINE  15.5

/*
 * A table's part of an SVG, from @y on, with its title or without; *@end:
 * where the next may begin.
 */
void picture_draw(struct picture *p, FILE *out, double width, double y,
                  bool title, double *end);
void bar_draw(struct layout *l);
void bar_lines(const struct layout *l);
/* What a page has besides the picture (picture_tables.c). */
void tables_write(FILE *out, const struct picture *p);
/* What the signs mean. Returns where the next may begin. */
double draw_legend(FILE *out, double left, double width, double y);

#endif /* TOOL_PICTURE_PRIV_H */
