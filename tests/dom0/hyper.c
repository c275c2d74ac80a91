/*
 * hyper: what the tests ask of Xen that xl has no word for.
 *
 *   hyper assign|deassign DOMID BDF
 *   hyper rounds DOMID N BDF...    each device to DOMID and back to quarantine
 *   hyper group DOMID BDF          prints the other devices of its group
 *   hyper rdm [BDF]                prints the reserved regions, of one device
 *   hyper logdirty DOMID           log-dirty mode on
 *   hyper ask CALL DOMID BDF [PF]  the call as it is, and what Xen answers:
 *                                  "done" or the name of an error. CALL is
 *                                  group, test, assign, deassign (of DOMID);
 *                                  add, virtual (function of PF), remove,
 *                                  reset or reset-how (a way there is not)
 *   hyper serve DOMID              makes an HVM domain, whose device model
 *                                  DOMID is, and prints its number
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

#include <xencall.h>
#include <xenctrl.h>
#include <xen/kexec.h>
#include <xen/physdev.h>

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

/* ---- Calls without the library between us and Xen ---- */

static const struct
{
    const char *name;
    uint32_t number;
} domctls[] = {
    { "group",    XEN_DOMCTL_get_device_group },
    { "test",     XEN_DOMCTL_test_assign_device },
    { "assign",   XEN_DOMCTL_assign_device },
    { "deassign", XEN_DOMCTL_deassign_device },
};

/* What a call that is refused must not write to. */
static const uint32_t untouched = 0x5a5a5a5a;

static int ask_domctl(xencall_handle *call, uint32_t number, uint32_t domid,
                      uint32_t id)
{
    struct xen_domctl *op = xencall_alloc_buffer(call, sizeof(*op));
    uint32_t *list = xencall_alloc_buffer(call, MAX_GROUP * sizeof(*list));
    int rc, i;

    if ( !op || !list )
        return -1;
    memset(op, 0, sizeof(*op));
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->cmd = number;
    op->domain = domid;
    if ( number != XEN_DOMCTL_get_device_group )
    {
        op->u.assign_device.dev = XEN_DOMCTL_DEV_PCI;
        op->u.assign_device.u.pci.machine_sbdf = id;
        return xencall1(call, __HYPERVISOR_domctl, (uintptr_t)op);
    }

    for ( i = 0; i < MAX_GROUP; i++ )
        list[i] = untouched;
    op->u.get_device_group.machine_sbdf = id;
    op->u.get_device_group.max_sdevs = MAX_GROUP;
    op->u.get_device_group.num_sdevs = untouched;
    set_xen_guest_handle_raw(op->u.get_device_group.sdev_array, list);
    rc = xencall1(call, __HYPERVISOR_domctl, (uintptr_t)op);
    if ( rc && (op->u.get_device_group.num_sdevs != untouched ||
                list[0] != untouched) )
        printf("answered all the same, and ");

    return rc;
}

static int ask_physdev(xencall_handle *call, const char *what, uint32_t id,
                       const char *pf)
{
    struct physdev_pci_device dev = { id >> 16, id >> 8, id };
    struct physdev_pci_device_add add = {
        .seg = id >> 16, .bus = id >> 8, .devfn = id };
    void *buf = xencall_alloc_buffer(call, sizeof(add) + sizeof(dev));
    unsigned int number = 0;

    if ( !buf )
        return -1;
    memcpy(buf, &dev, sizeof(dev));
    if ( !strcmp(what, "remove") )
        number = PHYSDEVOP_pci_device_remove;
    else if ( !strncmp(what, "reset", 5) )
    {
#ifdef PHYSDEVOP_pci_device_reset
        struct pci_device_reset reset = { dev, PCI_DEVICE_RESET_FLR };

        if ( what[5] )
            reset.flags |= PCI_DEVICE_RESET_MASK + 1;
        memcpy(buf, &reset, sizeof(reset));
        number = PHYSDEVOP_pci_device_reset;
#endif
    }
    else if ( !strcmp(what, "add") || (!strcmp(what, "virtual") && pf) )
    {
        if ( pf )
        {
            add.flags = XEN_PCI_DEV_VIRTFN;
            add.physfn.bus = sbdf(pf) >> 8;
            add.physfn.devfn = sbdf(pf);
        }
        memcpy(buf, &add, sizeof(add));
        number = PHYSDEVOP_pci_device_add;
    }
    if ( !number )
    {
        errno = ENOSYS;
        return -1;
    }

    return xencall2(call, __HYPERVISOR_physdev_op, number, (uintptr_t)buf);
}

static int ask(const char *what, uint32_t domid, const char *bdf,
               const char *pf)
{
    xencall_handle *call = xencall_open(NULL, 0);
    unsigned int i = 0;
    int rc;

    if ( !call )
        return failed("ask", "Xen");
    while ( i < 4 && strcmp(domctls[i].name, what) )
        i++;
    rc = i < 4 ? ask_domctl(call, domctls[i].number, domid, sbdf(bdf))
               : ask_physdev(call, what, sbdf(bdf), pf);
    printf("%s: %s\n", what, rc ? strerrorname_np(errno) : "done");

    return 0;
}

static int serve(uint32_t domid, const char *name)
{
    struct xen_domctl_createdomain config = {
        .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap |
                 XEN_DOMCTL_CDF_iommu,
        .max_vcpus = 1, .max_evtchn_port = 1023,
        .max_grant_frames = 4, .max_maptrack_frames = 4,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
        .arch.emulation_flags = XEN_X86_EMU_LAPIC,
    };
#ifdef DOMID_ANY
    uint32_t served = DOMID_ANY;
#else
    uint32_t served = 0;            /* older Xens: any */
#endif

    if ( xc_domain_create(xch, &served, &config) )
        return failed("a domain served by", name);
    if ( xc_domain_set_target(xch, domid, served) )
        return failed("serve", name);
    printf("%u\n", served);

    return 0;
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

    if ( (argc == 5 || argc == 6) && !strcmp(what, "ask") )
        return ask(argv[2], atoi(argv[3]), argv[4], argv[5]);
    if ( argc == 3 && !strcmp(what, "serve") )
        return serve(domid, argv[2]);
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
