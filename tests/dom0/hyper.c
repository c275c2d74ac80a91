/*
 * hyper: what the tests ask of Xen that xl has no word for.
 *
 *   hyper assign|deassign DOMID BDF
 *   hyper rounds DOMID N BDF...    each device to DOMID and back to quarantine
 *   hyper group DOMID BDF          prints the other devices of its group
 *   hyper rdm [BDF]                prints the reserved regions, of one device
 *   hyper logdirty DOMID           log-dirty mode on
 *   hyper crash FILE               FILE is what Xen runs when it crashes: 32
 *                                  bits, no paging; prints where it will lie
 *
 * BDF is SSSS:BB:DD.F. An error is printed by the name of its number.
 *
 * SPDX-License-Identifier: GPL-2.0-only
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>
#include <xen/kexec.h>

#define MAX_GROUP 64
#define MAX_CODE  4096

static xc_interface *xch;

static int failed(const char *what, const char *of)
{
    fprintf(stderr, "hyper: %s %s: %s\n", what, of, strerrorname_np(errno));

    return 1;
}

static uint32_t sbdf(const char *text)
{
    unsigned int s, b, d, f;

    if ( sscanf(text, "%x:%x:%x.%x", &s, &b, &d, &f) != 4 )
    {
        fprintf(stderr, "hyper: %s is no device\n", text);
        exit(1);
    }

    return s << 16 | b << 8 | d << 3 | f;
}

static int assign(uint32_t domid, const char *bdf)
{
    return xc_assign_device(xch, domid, sbdf(bdf), 0)
           ? failed("assign", bdf) : 0;
}

static int deassign(uint32_t domid, const char *bdf)
{
    return xc_deassign_device(xch, domid, sbdf(bdf))
           ? failed("deassign", bdf) : 0;
}

static int rounds(uint32_t domid, int n, char **bdfs, int count)
{
    int i, j;

    for ( i = 0; i < n; i++ )
    {
        for ( j = 0; j < count; j++ )
            if ( assign(domid, bdfs[j]) )
                return 1;
        for ( j = 0; j < count; j++ )
            if ( deassign(domid, bdfs[j]) )
                return 1;
    }
    printf("%d rounds of %d devices\n", n, count);

    return 0;
}

static int group(uint32_t domid, const char *bdf)
{
    uint32_t found[MAX_GROUP], n = 0, i;

    if ( xc_get_device_group(xch, domid, sbdf(bdf), MAX_GROUP, &n, found) )
        return failed("group", bdf);
    /* Of the same segment; the bus in bits 23:16, then device, function. */
    for ( i = 0; i < n; i++ )
        printf("%.4s:%02x:%02x.%x\n", bdf, found[i] >> 16 & 0xff,
               found[i] >> 11 & 0x1f, found[i] >> 8 & 7);

    return 0;
}

static int rdm(const char *bdf)
{
    struct xen_reserved_device_memory found[MAX_GROUP];
    uint32_t id = bdf ? sbdf(bdf) : 0, n = MAX_GROUP, i;

    if ( xc_reserved_device_memory_map(xch, bdf ? 0 : XENMEM_RDM_ALL, id >> 16,
                                       id >> 8, id, found, &n) < 0 )
        return failed("regions", bdf ? bdf : "of all");
    for ( i = 0; i < n; i++ )
        printf("0x%llx-0x%llx\n",
               (unsigned long long)found[i].start_pfn << XC_PAGE_SHIFT,
               ((unsigned long long)(found[i].start_pfn + found[i].nr_pages)
                << XC_PAGE_SHIFT) - 1);

    return 0;
}

static int logdirty(uint32_t domid, const char *name)
{
    return xc_shadow_control(xch, domid, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY,
                             NULL, 0) < 0 ? failed("logdirty of", name) : 0;
}

static int crash(const char *path)
{
    DECLARE_HYPERCALL_BUFFER(void, code);
    xen_kexec_segment_t segment;
    uint64_t size, start;
    FILE *f = fopen(path, "rb");
    size_t n;

    if ( !f )
        return failed("open", path);
    code = xc_hypercall_buffer_alloc(xch, code, MAX_CODE);
    if ( !code )
        return failed("memory for", path);
    n = fread(code, 1, MAX_CODE, f);
    fclose(f);

    if ( xc_kexec_get_range(xch, KEXEC_RANGE_MA_CRASH, 0, &size, &start) ||
         size < MAX_CODE )
        return failed("crash area for", path);
    memset(&segment, 0, sizeof(segment));
    set_xen_guest_handle(segment.buf.h, code);
    segment.buf_size = n;
    segment.dest_maddr = start;
    segment.dest_size = MAX_CODE;
    if ( xc_kexec_load(xch, KEXEC_TYPE_CRASH, EM_386, start, 1, &segment) )
        return failed("load", path);
    printf("0x%llx\n", (unsigned long long)start);

    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    uint32_t domid = argc > 2 ? atoi(argv[2]) : 0;

    xch = xc_interface_open(NULL, NULL, 0);
    if ( !xch )
        return failed("open", "the hypervisor");

    if ( argc == 4 && !strcmp(what, "assign") )
        return assign(domid, argv[3]);
    if ( argc == 4 && !strcmp(what, "deassign") )
        return deassign(domid, argv[3]);
    if ( argc > 4 && !strcmp(what, "rounds") )
        return rounds(domid, atoi(argv[3]), argv + 4, argc - 4);
    if ( argc == 4 && !strcmp(what, "group") )
        return group(domid, argv[3]);
    if ( (argc == 2 || argc == 3) && !strcmp(what, "rdm") )
        return rdm(argv[2]);
    if ( argc == 3 && !strcmp(what, "logdirty") )
        return logdirty(domid, argv[2]);
    if ( argc == 3 && !strcmp(what, "crash") )
        return crash(argv[2]);
    fprintf(stderr, "usage: see the head of hyper.c\n");

    return 1;
}
