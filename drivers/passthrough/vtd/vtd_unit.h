/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One VT-d unit: what the files of this folder share.
 *
 *   vtd_scan      DMAR -> units and regions        vtd_quirks   known errata
 *   vtd_unit      probe, global command, bring-up  vtd_power    sleep, crash
 *   vtd_ctx       root and context entries         vtd_flush    invalidation
 *   vtd_intremap  interrupt-remapping entries      vtd_fault    fault log
 *   vtd_queue     the queue's hooks and repair     vtd_device   per device
 *   vtd_ops       the table of operations, dump
 */
#ifndef MOAT_VTD_UNIT_H
#define MOAT_VTD_UNIT_H

#include "../core/hw.h"
#include "../queue/cmdq.h"
#include "vtd_desc.h"
#include "vtd_regs.h"

#define VTD_QUEUE_ENTRIES   256u        /* one page: IQA.QS = 0 */
#define VTD_INTR_ENTRIES    65536u      /* all that 16 bits can name */

struct vtd_scope_ref                    /* of ATSR and SATC records */
{
    moat_sbdf_t dev;
    bool bridge;                        /* what is below dev */
    struct vtd_scope_ref *next;
};

struct vtd_unit
{
    struct moat_unit unit;
    struct host_mmio *mmio;             /* NULL: nothing answers there */
    size_t mmio_size;
    uint32_t ver;
    uint64_t cap, ecap;
    unsigned int n_scopes;
    bool igfx_only;                     /* serves integrated graphics alone */
    moat_sbdf_t only_dev;               /* the one it names, if n_scopes 1 */
    bool wbf;                           /* write buffers need flushing */
    struct host_mmio *igd;              /* vtd_quirk_wake(); NULL: no need */

    /* Command register, register-based invalidation: rank REGS, irqsave. */
    struct host_lock reg_lock;
    bool quiesced;                      /* firmware's state was cleared */

    struct cmdq queue;
    uint64_t timeout_ns;                /* of an answer to a command */
    bool queue_ready;                   /* allocated */
    bool queue_on;
    bool queue_stuck;                   /* could not be switched off */
    bool ir_on;
    uint32_t devtlb_token;              /* last that waits for a device */

    uint64_t *root;
    moat_paddr_t root_pa;
    uint64_t *ctx[256];                 /* context table by bus */
    bool dma_on;

    uint64_t *irt;
    moat_paddr_t irt_pa;
    bool x2apic;

    unsigned int fault_next;            /* where an unfinished pass stopped */
    struct moat_msi_msg irq_msg;
    bool irq_masked;

    bool saved_dma, saved_intremap;     /* over suspend */

    bool ats_all;                       /* ATSR: all root ports */
    struct vtd_scope_ref *ats;
};

static inline struct vtd_unit *to_vtd(struct moat_unit *u)
{
    return container_of(u, struct vtd_unit, unit);
}

static inline const struct vtd_unit *to_vtd_const(const struct moat_unit *u)
{
    return container_of(u, const struct vtd_unit, unit);
}

/* ---- Registers ---- */

static inline uint32_t vtd_read32(const struct vtd_unit *v,
                                  struct vtd_reg32 r)
{
    return host_mmio_read32(v->mmio, r.off);
}

static inline uint64_t vtd_read64(const struct vtd_unit *v,
                                  struct vtd_reg64 r)
{
    return host_mmio_read64(v->mmio, r.off);
}

static inline void vtd_write32(const struct vtd_unit *v, struct vtd_reg32 r,
                               uint32_t val)
{
    host_mmio_write32(v->mmio, r.off, val);
}

static inline void vtd_write64(const struct vtd_unit *v, struct vtd_reg64 r,
                               uint64_t val)
{
    host_mmio_write64(v->mmio, r.off, val);
}

static inline struct vtd_reg64 vtd_reg_iva(const struct vtd_unit *v)
{
    return VTD_R64(FIELD_GET(VTD_ECAP_IRO, v->ecap) * 16);
}

static inline struct vtd_reg64 vtd_reg_iotlb(const struct vtd_unit *v)
{
    return VTD_R64(FIELD_GET(VTD_ECAP_IRO, v->ecap) * 16 + 8);
}

static inline unsigned int vtd_n_faults(const struct vtd_unit *v)
{
    return (unsigned int)FIELD_GET(VTD_CAP_NFR, v->cap) + 1;
}

/* Fault record @i: low word; high word at + 8, its upper half at + 12. */
static inline unsigned int vtd_fault_off(const struct vtd_unit *v,
                                         unsigned int i)
{
    return ((unsigned int)FIELD_GET(VTD_CAP_FRO, v->cap) + i) * 16;
}

/*
 * Wait until ( reg & @mask ) == @want. -ETIMEDOUT; -EIO when the register
 * reads all ones: the unit is gone.
 */
int __must_check vtd_wait32(const struct vtd_unit *v, struct vtd_reg32 r,
                            uint32_t mask, uint32_t want);
int __must_check vtd_wait64(const struct vtd_unit *v, struct vtd_reg64 r,
                            uint64_t mask, uint64_t want);

/* ---- vtd_unit.c ---- */

/* Map the registers at u->reg_pa, check them, fill caps. -ENODEV (said). */
int vtd_probe(struct vtd_unit *v, uint64_t size,
              const struct moat_options *opts);
/*
 * Change one bit of the global command register, or start a one-shot
 * command, and wait for its effect. 11.4.4: one change at a time, so the
 * register lock is held while waiting; bounded. -ETIMEDOUT, -EIO.
 */
int __must_check vtd_gcmd(struct vtd_unit *v, uint32_t bit, bool set);
/* The same without the lock: crash, or one processor. */
int __must_check vtd_gcmd_unlocked(struct vtd_unit *v, uint32_t bit,
                                   bool set);
/* What firmware or a boot loader left on is switched off, in order. */
int __must_check vtd_quiesce(struct vtd_unit *v);
/* 6.8: needed where stores to tables may linger in the chipset. Any. */
static inline int __must_check vtd_write_buffer_flush(struct vtd_unit *v)
{
    return v->wbf ? vtd_gcmd(v, VTD_GCMD_WBF, true) : 0;
}
/* Everything off, in order, without locks; says what did not answer. */
int vtd_all_off(struct vtd_unit *v);

int cf_check vtd_start_queue(struct moat_unit *u);
void cf_check vtd_stop_queue(struct moat_unit *u);
int cf_check vtd_setup(struct moat_unit *u);
int cf_check vtd_enable_dma(struct moat_unit *u);
void cf_check vtd_disable_dma(struct moat_unit *u);
void cf_check vtd_release(struct moat_unit *u);

/* ---- vtd_queue.c ---- */

extern const struct cmdq_hooks vtd_queue_hooks;
/*
 * Point the unit at the (reset) ring and switch it on. Register lock held,
 * or one processor.
 */
int __must_check vtd_queue_enable(struct vtd_unit *v);
/* Does it complete a marker? */
int __must_check vtd_queue_try(struct vtd_unit *v);
/* Switch it off; the ring is dead until the next enable. Likewise. */
int __must_check vtd_queue_disable(struct vtd_unit *v);

/* ---- vtd_ctx.c ---- */

int cf_check vtd_entry_prepare(struct moat_unit *u, uint16_t rid);
int cf_check vtd_entry_swap(struct moat_unit *u, uint16_t rid,
                            const struct hw_entry *old,
                            const struct hw_entry *new);
int cf_check vtd_entry_get(struct moat_unit *u, uint16_t rid,
                           struct hw_entry *e);
/* Allocate the root table. -ENOMEM. */
int vtd_root_alloc(struct vtd_unit *v);
void vtd_root_free(struct vtd_unit *v);

/* ---- vtd_flush.c ---- */

int cf_check vtd_flush_submit(struct moat_unit *u, const struct hw_flush *f,
                              unsigned int n, uint32_t *token);
int cf_check vtd_flush_wait(struct moat_unit *u, uint32_t token);
int cf_check vtd_flush_rescue(struct moat_unit *u);
/* Every context entry and translation, waited for. */
int __must_check vtd_flush_everything(struct vtd_unit *v);
/* Every interrupt entry, waited for. */
int __must_check vtd_flush_intr_all(struct vtd_unit *v);

/* ---- vtd_flush_reg.c ---- */

/* Carry out @f through the registers, before returning. Any. */
int __must_check vtd_flush_by_registers(struct vtd_unit *v,
                                        const struct hw_flush *f);
/* Register lock held, or one processor. */
int __must_check vtd_flush_by_registers_locked(struct vtd_unit *v,
                                               const struct hw_flush *f);

/* ---- vtd_intremap.c ---- */

int cf_check vtd_enable_intremap(struct moat_unit *u, bool x2apic);
void cf_check vtd_disable_intremap(struct moat_unit *u);
int cf_check vtd_irte_set(struct moat_unit *u, unsigned int index,
                          const struct hw_irte *e);
int cf_check vtd_irte_get(struct moat_unit *u, unsigned int index,
                          struct hw_irte *e);
void cf_check vtd_msi_compose(const struct moat_unit *u, unsigned int index,
                              unsigned int n, struct moat_msi_msg *msg);
uint64_t cf_check vtd_rte_compose(const struct moat_unit *u,
                                  unsigned int index, uint64_t rte);
int cf_check vtd_rte_index(const struct moat_unit *u, uint64_t hw);
/* (Re)load IRTA and switch remapping on. One processor, or device lock. */
int __must_check vtd_intremap_on(struct vtd_unit *v);
void vtd_irt_free(struct vtd_unit *v);

/* ---- vtd_fault.c ---- */

/* Fault reason (specification 7.1, table) in words; never NULL. */
const char *vtd_fault_reason(unsigned int code);
/* One record, from its two words. */
void vtd_fault_decode(const struct vtd_words *rec, uint16_t segment,
                      struct moat_fault *f);
void cf_check vtd_irq_message(struct moat_unit *u,
                              const struct moat_msi_msg *m);
void cf_check vtd_irq_mask(struct moat_unit *u, bool mask);
void cf_check vtd_irq_quiesce(struct moat_unit *u);
unsigned int cf_check vtd_faults_take(struct moat_unit *u,
                                      struct moat_fault *f, unsigned int max,
                                      bool *overflow);
/* Throw away what the log holds. */
void vtd_faults_discard(struct vtd_unit *v);

/* ---- vtd_power.c ---- */

int cf_check vtd_suspend(struct moat_unit *u);
int cf_check vtd_resume(struct moat_unit *u);
void cf_check vtd_crash(struct moat_unit *u);

/* ---- vtd_quirks.c ---- */

/* What the host bridge's id says of units like this one. */
void vtd_quirks_unit(struct vtd_unit *v);
/*
 * Before translation is switched on and before each invalidation: a graphics
 * unit that sleeps with its device, and misses what it is told, wakes up when
 * its device's registers (v->igd) are read. Any.
 */
#define VTD_IGD_WAKE 0xa4u

static inline void vtd_quirk_wake(const struct vtd_unit *v)
{
    if ( v->igd )
        (void)host_mmio_read32(v->igd, VTD_IGD_WAKE);
}
/* Prepare for that, if the device that @v serves is of this kind. */
void vtd_quirk_sleepy_igfx(struct vtd_unit *v);
void vtd_quirks_release(struct vtd_unit *v);
/* Interrupt remapping does not work on this chipset (said). */
bool vtd_quirk_no_intremap(void);
/* The graphics unit cannot translate as the firmware set it up (said). */
bool vtd_quirk_no_igfx(void);

/*
 * The isochronous unit of the sound device @dev has no TLB entries: DMA
 * through it would hang (said).
 */
bool vtd_quirk_no_isoch(moat_sbdf_t dev);

/* ---- vtd_device.c ---- */

void cf_check vtd_device_found(struct moat_unit *u, moat_sbdf_t dev);
bool cf_check vtd_devtlb_allowed(const struct moat_unit *u, moat_sbdf_t dev);
int cf_check vtd_rid_alias(const struct moat_unit *u, uint16_t rid,
                           uint16_t *alias);

/* ---- vtd_ops.c ---- */

extern const struct hw_ops vtd_ops;

#endif /* MOAT_VTD_UNIT_H */
