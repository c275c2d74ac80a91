/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One AMD-Vi unit: what the files of this folder share.
 *
 *   amdvi_scan     IVRS -> units, regions    amdvi_cover    who a unit serves
 *   amdvi_probe    is it there, what can it  amdvi_quirks   known errata
 *   amdvi_unit     control, bring-up         amdvi_power    sleep, crash
 *   amdvi_dte      device table              amdvi_queue    command ring
 *   amdvi_intremap interrupt tables          amdvi_flush    invalidation
 *   amdvi_log      event and PPR logs        amdvi_irq      their interrupt
 *   amdvi_ops      operations, dump
 *
 * Two things differ from the other vendor's units and shape this driver:
 *
 * - There is one switch, IommuEn, for everything: commands are not taken and
 *   interrupts not remapped without it, and with it the device table rules
 *   DMA. Between enable_intremap() and enable_dma() the unit is therefore on
 *   with V=0 in every entry (DMA passes as if it were off), while the entries
 *   meant for later collect in @stage.
 *
 * - The ring can only be repaired by way of the control register and the
 *   event log, so the ring's lock is taken before the lock of these; before
 *   both comes that of whoever empties a ring that repairs do not help, and
 *   waits for it.
 */
#ifndef MOAT_AMDVI_UNIT_H
#define MOAT_AMDVI_UNIT_H

#include "../core/hw.h"
#include "../fw/ivrs.h"
#include "../queue/cmdq.h"
#include "amdvi_desc.h"
#include "amdvi_regs.h"

#define AMDVI_CMD_ENTRIES   256u
#define AMDVI_LOG_ORDER     9u          /* 512 entries */
#define AMDVI_SEGS_MAX      8u
/*
 * Entries of one requester's interrupt table: what every unit supports
 * (2.2.2.1, IntTabLen); more need a feature that few have.
 */
#define AMDVI_INTR_ORDER    9u
#define AMDVI_INTR_ENTRIES  (1u << AMDVI_INTR_ORDER)

/* What IVHD entries say of device ids; later ones in the table win. */
struct amdvi_range
{
    uint16_t first, last;
    uint8_t settings;           /* AMDVI_SET_* */
    bool no_ats;
    bool has_alias;
    uint16_t alias;
    size_t offset;              /* in the table, for messages */
};

/* One requester's interrupt table; several ids of one group may share it. */
struct amdvi_irt
{
    uint64_t *va;
    moat_paddr_t pa;
    unsigned int users;         /* ids */
    struct intr_table *space;   /* the core's */
};

/* An event or PPR log: a ring that the unit writes. Under reg_lock. */
struct amdvi_log
{
    uint64_t *va;
    moat_paddr_t pa;
    unsigned int head;          /* next entry to be taken */
    unsigned int scan;          /* events: next to be looked at */
};

struct amdvi_unit
{
    struct moat_unit unit;
    struct host_mmio *mmio;             /* NULL: nothing answers there */
    moat_sbdf_t dev;                    /* the unit's own function */
    uint16_t cap_pos, msi_pos;          /* 0: none */
    uint32_t cap;                       /* capability header */
    uint64_t efr;                       /* features in effect */
    uint64_t timeout_ns;                /* of an answer to a command */
    uint8_t ivhd_flags;

    struct amdvi_range *ranges;         /* in the table's order */
    unsigned int n_ranges;
    unsigned int max_id;                /* highest id it may see */
    bool rest_unknown;                  /* ids may be missing from ranges */

    struct host_lock rescue_lock;       /* rank REGS, irqsave: see above */
    /* Control register and logs. Rank LOG, irqsave. */
    struct host_lock reg_lock;
    uint64_t ctrl;                      /* as written last */
    bool on;                            /* IommuEn */
    bool ready;                         /* all below is allocated */

    struct cmdq queue;                  /* rank RING */
    bool queue_ready;
    uint64_t last_repair;               /* status word at the last one */
    unsigned int repairs;               /* without progress in between */

    /* Device table, in 2^seg_order segments by the upper bits of the id. */
    unsigned int seg_order;
    struct amdvi_seg { uint64_t *va; moat_paddr_t pa; size_t size; }
        seg[AMDVI_SEGS_MAX];
    struct amdvi_words *stage;          /* DMA halves while DMA is off */
    void *empty;                        /* table page of what is blocked */
    moat_paddr_t empty_pa;
    bool dma_on;

    struct amdvi_log evt, ppr;
    bool evt_lost;                      /* an overflow not yet reported */
    /*
     * Device-TLB invalidations that timed out: submissions after
     * @iotlb_from up to @iotlb_bad are not to be believed, however late
     * somebody asks. @iotlb_good: the last one known good. reg_lock.
     */
    bool iotlb_used, iotlb_failed;
    uint32_t iotlb_good, iotlb_from, iotlb_bad;
    /* Command at fault, from the log: physical address; 0: none. */
    moat_paddr_t bad_cmd;

    bool intremap, x2apic;
    struct amdvi_irt **irt[256];        /* by bus: 256 pointers, or NULL */

    struct moat_msi_msg irq_msg;
    bool irq_set, irq_masked;
};

static inline struct amdvi_unit *to_amdvi(struct moat_unit *u)
{
    return container_of(u, struct amdvi_unit, unit);
}

static inline const struct amdvi_unit *to_amdvi_const(
    const struct moat_unit *u)
{
    return container_of(u, const struct amdvi_unit, unit);
}

static inline uint64_t amdvi_read(const struct amdvi_unit *a,
                                  struct amdvi_reg r)
{
    return host_mmio_read64(a->mmio, r.off);
}

static inline void amdvi_write(const struct amdvi_unit *a,
                               struct amdvi_reg r, uint64_t v)
{
    host_mmio_write64(a->mmio, r.off, v);
}

/* Printf prefix of every message of a unit. */
#define AMDVI_FMT           "AMD-Vi unit %#" PRIx64 ": "
#define AMDVI_ARG(a)        (a)->unit.reg_pa

/* ---- amdvi_probe.c ---- */

/*
 * Map the registers at unit.reg_pa, look for the unit's function, fill
 * efr, cap and unit.caps. @image: features as firmware tells them, or 0.
 * Reads only. -ENODEV (said).
 */
int amdvi_probe(struct amdvi_unit *a, uint64_t image, unsigned int va_bits);

/* ---- amdvi_cover.c ---- */

/* What the table says last of @rid, NULL if the table does not name it. */
const struct amdvi_range *amdvi_range_find(const struct amdvi_unit *a,
                                           uint16_t rid);
unsigned int cf_check amdvi_serves(const struct moat_unit *u, uint16_t rid);
/* AMDVI_SET_* of @rid, 0 if the table does not name it. */
uint8_t amdvi_settings(const struct amdvi_unit *a, uint16_t rid);
/* May @rid issue translation requests, as far as the table goes? */
bool amdvi_ats_allowed(const struct amdvi_unit *a, uint16_t rid);
bool cf_check amdvi_devtlb_allowed(const struct moat_unit *u,
                                   moat_sbdf_t dev);
int cf_check amdvi_rid_alias(const struct moat_unit *u, uint16_t rid,
                             uint16_t *alias);

/* ---- amdvi_unit.c ---- */

/* How long a device may take to answer an invalidation, by option. */
static inline unsigned int amdvi_devtlb_ms(const struct amdvi_unit *a)
{
    unsigned int ms = platform_options(a->unit.platform)->devtlb_timeout_ms;

    return ms ? ms : HW_DEFAULT_TIMEOUT_MS;
}

/*
 * Change @mask of the control register to @bits: the one place that writes
 * it (3.4.5). Register lock taken inside. Any.
 */
void amdvi_ctrl(struct amdvi_unit *a, uint64_t mask, uint64_t bits);
void amdvi_ctrl_locked(struct amdvi_unit *a, uint64_t mask, uint64_t bits);
/* Wait until ( status & @mask ) == @want. -ETIMEDOUT; -EIO: unit gone. */
int __must_check amdvi_wait_status(const struct amdvi_unit *a, uint64_t mask,
                                   uint64_t want);
/* Off, everything; what it was doing is waited for. -ETIMEDOUT, -EIO (said):
 * the unit may go on reading its tables. */
int amdvi_off(struct amdvi_unit *a);
/* On, with tables, rings and caches as they must be: after any kind of off. */
int __must_check amdvi_on(struct amdvi_unit *a);

int cf_check amdvi_start_queue(struct moat_unit *u);
void cf_check amdvi_stop_queue(struct moat_unit *u);
int cf_check amdvi_setup(struct moat_unit *u);
int cf_check amdvi_enable_dma(struct moat_unit *u);
void cf_check amdvi_disable_dma(struct moat_unit *u);
void cf_check amdvi_release(struct moat_unit *u);

/* ---- amdvi_dte.c ---- */

/* Allocate the table, every id blocked. -ENOMEM, nothing kept. */
int amdvi_dte_alloc(struct amdvi_unit *a);
void amdvi_dte_free(struct amdvi_unit *a);
/* Tell the unit where it is. The unit is off. */
void amdvi_dte_program(const struct amdvi_unit *a);
/* First word of the entry of @rid; NULL beyond the table. */
uint64_t *amdvi_dte_at(const struct amdvi_unit *a, unsigned int rid);
/* Interrupt half of every entry: by @a->intremap and what tables there are. */
void amdvi_dte_intr_all(struct amdvi_unit *a);
void amdvi_dte_intr(struct amdvi_unit *a, uint16_t rid);
/* Move every DMA half to @stage and pass DMA through; -ENOMEM. */
int amdvi_dte_stage(struct amdvi_unit *a);
/* Put what was staged in force, id by id, each in one store. */
void amdvi_dte_unstage(struct amdvi_unit *a);

int cf_check amdvi_entry_prepare(struct moat_unit *u, uint16_t rid);
int cf_check amdvi_entry_swap(struct moat_unit *u, uint16_t rid,
                              const struct hw_entry *old,
                              const struct hw_entry *new);
int cf_check amdvi_entry_get(struct moat_unit *u, uint16_t rid,
                             struct hw_entry *e);

/* ---- amdvi_queue.c ---- */

extern const struct cmdq_hooks amdvi_queue_hooks;

/* ---- amdvi_flush.c ---- */

int cf_check amdvi_flush_submit(struct moat_unit *u,
                                const struct hw_flush *f, unsigned int n,
                                uint32_t *token);
int cf_check amdvi_flush_wait(struct moat_unit *u, uint32_t token);
int cf_check amdvi_flush_rescue(struct moat_unit *u);
/* All that the unit caches, waited for. */
int __must_check amdvi_flush_everything(struct amdvi_unit *a);

/* ---- amdvi_intremap.c ---- */

int cf_check amdvi_enable_intremap(struct moat_unit *u, bool x2apic);
void cf_check amdvi_disable_intremap(struct moat_unit *u);
int cf_check amdvi_intr_prepare(struct moat_unit *u, const uint16_t *rids,
                                unsigned int n);
struct intr_table **cf_check amdvi_intr_space(struct moat_unit *u,
                                              uint16_t rid);
int cf_check amdvi_irte_set(struct moat_unit *u, unsigned int index,
                            const struct hw_irte *e);
int cf_check amdvi_irte_get(struct moat_unit *u, unsigned int index,
                            struct hw_irte *e);
void cf_check amdvi_msi_compose(const struct moat_unit *u,
                                unsigned int index, unsigned int n,
                                struct moat_msi_msg *msg);
uint64_t cf_check amdvi_rte_compose(const struct moat_unit *u,
                                    unsigned int index, uint64_t rte);
int cf_check amdvi_rte_index(const struct moat_unit *u, uint64_t hw);
struct amdvi_irt *amdvi_irt_find(const struct amdvi_unit *a, uint16_t rid);
void amdvi_irt_free_all(struct amdvi_unit *a);

/* ---- amdvi_log.c ---- */

/* In words; never NULL. */
const char *amdvi_event_reason(uint64_t w0);
/* One event. */
void amdvi_event_decode(const struct amdvi_words *evt, uint16_t segment,
                        struct moat_fault *f);
int amdvi_logs_alloc(struct amdvi_unit *a);
void amdvi_logs_free(struct amdvi_unit *a);
/* Tell the unit where they are, empty. The unit is off. */
void amdvi_logs_program(struct amdvi_unit *a);
/*
 * Look at new events, without taking them, for what concerns commands:
 * device TLBs that timed out, the command the ring stopped at. Any.
 */
void amdvi_log_scan(struct amdvi_unit *a);
unsigned int cf_check amdvi_faults_take(struct moat_unit *u,
                                        struct moat_fault *f,
                                        unsigned int max, bool *overflow);

/* ---- amdvi_irq.c ---- */

void cf_check amdvi_irq_message(struct moat_unit *u,
                                const struct moat_msi_msg *m);
void cf_check amdvi_irq_mask(struct moat_unit *u, bool mask);
void cf_check amdvi_irq_quiesce(struct moat_unit *u);
/* Program the interrupt again as irq_message() and irq_mask() left it. */
void amdvi_irq_restore(struct amdvi_unit *a);

/* ---- amdvi_power.c ---- */

int cf_check amdvi_suspend(struct moat_unit *u);
int cf_check amdvi_resume(struct moat_unit *u);
void cf_check amdvi_crash(struct moat_unit *u);

/* ---- amdvi_quirks.c ---- */

/* What must be set in the unit's own function; again after each resume. */
void amdvi_quirks_unit(const struct amdvi_unit *a);
/* Interrupt remapping does not work on this chipset (said). */
bool amdvi_quirk_no_intremap(void);

/* ---- amdvi_ops.c ---- */

extern const struct hw_ops amdvi_ops;

#endif /* MOAT_AMDVI_UNIT_H */
