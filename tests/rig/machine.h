/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The whole layer on a machine of the rig, brought up in a hypervisor's
 * order: dom0, two guests, every function of the machine.
 *
 * One address, OWN, leads every owner's devices to a page of the owner's, so
 * that DMA there tells whose tables it went through. Firmware reserved
 * two pages, REGION, for the NICs that a configuration names; the pages on
 * both sides of it are nobody's. Where AMD-Vi's tables give rights, there are
 * two more: one that these NICs may only read, one that they may only write.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "rig.h"

enum owner { DOM0, GUEST_A, GUEST_B, OWNERS, NOBODY = OWNERS };

#define OWN             ((moat_iova_t)0x2000000)
#define OWN_PAGE(who)   ((moat_paddr_t)OWN + 0x400000 * (moat_paddr_t)(who))
#define DOM0_SIZE       ((uint64_t)64 << 20)    /* mapped one-to-one */
#define REGION          ((moat_paddr_t)(RIG_RAM - 0x8000))
#define REGION_LAST     (REGION + 0x1fff)
#define BEFORE          (REGION - 0x1000)
#define BEHIND          (REGION + 0x2000)
#define READ_ONLY       (REGION + 0x4000)
#define WRITE_ONLY      (REGION + 0x5000)

struct machine_config
{
    struct rig_config rig;
    bool registers;             /* no invalidation queue */
    bool scratch;               /* quarantine with a scratch page */
    bool follow;                /* guests' tables follow the host's own */
    bool pass;                  /* dom0's devices are not translated */
    unsigned int reserved_for;  /* bitmask: NICs that REGION is for */
    enum rig_form form;         /* AMD-Vi: how the table says so */
    bool rights;                /* AMD-Vi: READ_ONLY, WRITE_ONLY, too */
};

struct machine
{
    struct machine_config cfg;
    struct moat_options opts;
    struct moat_platform *p;
    struct moat_domain *dom[OWNERS];
    struct moat_device *dev[RIG_MAX_FUNCTIONS];
    unsigned int n_devs;
    struct moat_device *nic[RIG_NICS], *edu, *ahci;
    bool ready;                 /* prepared well enough to go on */
};

/* QEMU, with its devices ready; no layer yet. Virtual time: see machine.c. */
void machine_start(struct machine *m, const struct machine_config *cfg);
/*
 * Everything up to translation, going on where a hypervisor would. The
 * first errno, if any; a device that could not be added is missing.
 */
int machine_up(struct machine *m);
/*
 * Its two parts: all that is prepared while nothing is translated, and what
 * follows. @first: what the first part returned.
 */
int machine_prepare(struct machine *m);
int machine_translate(struct machine *m, int first);
/* Remove all devices, destroy everything. */
void machine_down(struct machine *m);
/*
 * After machine_down() of a machine that went wrong: the unit off, bus
 * mastering on, all memory forgotten, leaked or not.
 */
void machine_recycle(struct machine *m);

/* moat_device_move() under the device lock. */
int machine_move(struct machine *m, struct moat_device *dev,
                 struct moat_domain *to, unsigned int flags);
/* Take a device out; also out of @m. */
int machine_remove(struct machine *m, struct moat_device *dev);
struct moat_device *machine_add(struct machine *m, moat_sbdf_t sbdf);
/* A guest's end: its devices were moved away before. And a new one. */
void machine_kill(struct machine *m, enum owner who);
int machine_guest(struct machine *m, enum owner who);

/* Map or unmap, then flush. */
int machine_map(struct moat_domain *d, moat_iova_t iova, moat_paddr_t pa,
                uint64_t len);
int machine_unmap(struct moat_domain *d, moat_iova_t iova, uint64_t len);

#define CHECK_DMA(nic, iova, pa, ok)                                    \
    do {                                                                \
        struct rig_dma dma_ = rig_probe_nic(nic, iova, pa);             \
        if ( dma_.read != (ok) || dma_.write != (ok) )                  \
            test_fail(__FILE__, __LINE__, "DMA at %#" PRIx64            \
                      ": read %s, write %s", (uint64_t)(iova),          \
                      dma_.read ? "passed" : "blocked",                 \
                      dma_.write ? "passed" : "blocked");               \
    } while ( 0 )

#endif /* MACHINE_H */
