/* SPDX-License-Identifier: GPL-2.0-only */
/* A schedule for people to read: who did what, where. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mx_priv.h"

#define PLACES  4096u

static struct place
{
    const void *pc;
    char text[96];
} places[PLACES];
static unsigned int n_places;

static struct place *place_of(const void *pc)
{
    unsigned int i;

    for ( i = 0; i < n_places && places[i].pc != pc; i++ )
        continue;
    if ( i == PLACES )
        return NULL;
    if ( i == n_places )
        places[n_places++].pc = pc;
    return &places[i];
}

/* "function" and "path/file.c:12" become "function file.c:12". */
static void set_text(struct place *p, char *fn, char *at)
{
    char *base = strrchr(at, '/'), *end;

    fn[strcspn(fn, "\n")] = at[strcspn(at, "\n")] = '\0';
    end = strstr(at, " (disc");
    if ( end )
        *end = '\0';
    snprintf(p->text, sizeof(p->text), "%.50s %.40s", fn,
             base ? base + 1 : at);
}

/* Ask the debug information about all places at once. */
static void look_up(void)
{
    static char cmd[PLACES * 20 + 256];
    char exe[200], fn[256], at[512];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    unsigned int i;
    size_t len;
    FILE *f;

    if ( n < 0 )
        return;
    exe[n] = '\0';
    len = (size_t)sprintf(cmd, "addr2line -f -e '%s'", exe);
    /* A return address belongs to the instruction before it. */
    for ( i = 0; i < n_places; i++ )
        len += (size_t)sprintf(cmd + len, " %lx",
                               (unsigned long)places[i].pc - 1);
    strcpy(cmd + len, " 2>/dev/null");
    f = popen(cmd, "r");
    for ( i = 0; f && i < n_places; i++ )
        if ( fgets(fn, sizeof(fn), f) && fgets(at, sizeof(at), f) )
            set_text(&places[i], fn, at);
    if ( f )
        pclose(f);
}

static const char *text_of(const void *pc)
{
    const struct place *p = pc ? place_of(pc) : NULL;

    return p && p->text[0] && p->text[0] != '?' ? p->text : "";
}

/* The reason names places as @hex@. */
static const void *place_in(const char *s, const char **after)
{
    unsigned long v;
    int len = 0;

    if ( sscanf(s, "@%lx@%n", &v, &len) == 1 && len )
    {
        *after = s + len;
        return (const void *)v;
    }
    if ( sscanf(s, "@0x%lx@%n", &v, &len) == 1 && len )
    {
        *after = s + len;
        return (const void *)v;
    }
    return NULL;
}

static void gather(void)
{
    const char *s, *after;
    unsigned int i, j;
    const void *pc;

    n_places = 0;
    for ( i = 0; i < mx_trace.n; i++ )
        for ( j = 0; j < MX_FRAMES; j++ )
            if ( mx_trace.ev[i].pc[j] )
                place_of(mx_trace.ev[i].pc[j]);
    for ( s = mx_why; *s; s++ )
        if ( *s == '@' && (pc = place_in(s, &after)) )
        {
            place_of(pc);
            s = after - 1;
        }
}

static void fill_in_why(void)
{
    char out[sizeof(mx_why)];
    const char *s = mx_why, *after;
    const void *pc;
    size_t len = 0;

    while ( *s && len + 100 < sizeof(out) )
    {
        pc = *s == '@' ? place_in(s, &after) : NULL;
        if ( !pc )
        {
            out[len++] = *s++;
            continue;
        }
        len += (size_t)sprintf(out + len, "%s", text_of(pc));
        s = after;
    }
    out[len] = '\0';
    strcpy(mx_why, out);
}

static void show_object(uint64_t obj)
{
    static const char *const kinds[MX_KINDS] = {
        [MX_LOCK] = "lock", [MX_WORD] = "word", [MX_ENTRY] = "device",
        [MX_DID] = "id", [MX_DID_LINES] = "id", [MX_PAGE] = "page",
        [MX_TABLES] = "tables of d", [MX_IRTE] = "entry",
        [MX_RING] = "unit", [MX_CONFIG] = "device", [MX_TEST] = "",
    };
    char text[64];

    text[0] = '\0';
    if ( obj == MX_OBJ(MX_LOCK, 1) )
        strcpy(text, "the device lock");
    else if ( MX_OBJ_KIND(obj) && MX_OBJ_KIND(obj) < MX_KINDS &&
              MX_OBJ_KIND(obj) != MX_TEST )
        snprintf(text, sizeof(text), "%s %#lx", kinds[MX_OBJ_KIND(obj)],
                 (unsigned long)MX_OBJ_ID(obj));
    printf(" %-22s", text);
}

void mx_show_trace(void)
{
    const struct mx_event *e;
    unsigned int i, j;

    gather();
    look_up();
    fill_in_why();
    printf("  step cpu  what                   object                 where\n");
    for ( i = 0; i < mx_trace.n; i++ )
    {
        e = &mx_trace.ev[i];
        printf("%6u %*s%u%*s  %-22s", i, e->proc, "", e->proc, 3 - e->proc,
               "", e->what);
        show_object(e->obj);
        printf(" %s", text_of(e->pc[0]));
        for ( j = 1; j < MX_FRAMES && e->pc[j]; j++ )
            if ( text_of(e->pc[j])[0] )
                printf(" < %.*s", (int)strcspn(text_of(e->pc[j]), " "),
                       text_of(e->pc[j]));
        if ( e->note[0] )
            printf("\n%33s%s", "-> ", e->note);
        printf("\n");
    }
    if ( mx_why[0] )
        printf("  broken: %s\n", mx_why);
}
