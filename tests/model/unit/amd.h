/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An AMD-Vi unit's registers, command buffer, event log, device table and
 * interrupt tables in front of the model's caches: enough of the AMD IOMMU
 * specification (48882, rev. 3.07) for a driver to bring it up, queue
 * commands, run into errors, and start its command buffer anew.
 */
#ifndef MODEL_UNIT_AMD_H
#define MODEL_UNIT_AMD_H

#include <moat/types.h>

#define HWA_BASE    0xfeb80000u
#define HWA_SIZE    0x4000u
/* Interrupt entries that are looked at, of each requester. */
#define HWA_IRTES   4u

/* What becomes of the commands up to a COMPLETION_WAIT that stores. */
enum hwa_fate
{
    HWA_DONE,
    HWA_LOST,           /* nothing more happens until the buffer is restarted */
    HWA_LATE,
    HWA_REFUSED,        /* the first is illegal: the buffer stops there */
    HWA_TIMEOUT,        /* a device TLB gives no answer: an event tells */
};
/* The surroundings say; @devtlb: is a device's TLB asked? */
enum hwa_fate hwa_next_fate(bool devtlb);
/* Nothing answers any more: registers read ones. */
bool hwa_gone(void);
/* The event log has no room. */
bool hwa_log_full(void);
/* The hardware writes a word that the driver reads. */
void hwa_write_word(uint64_t *p, uint64_t v);
/* The entry @index of @rid's interrupt table has come to say this. */
void hwa_irte_seen(uint16_t rid, unsigned int index, unsigned int vector,
                   uint32_t dest);

void hwa_reset(void);
uint64_t hwa_read(unsigned int off, unsigned int bytes);
void hwa_write(unsigned int off, unsigned int bytes, uint64_t v);
/* Something was stored where the tables may lie. */
void hwa_look(void);
/* The unit gets on with its commands. */
void hwa_work(void);
/* The number by which hwu_irte_get() knows an entry. */
unsigned int hwa_irte(uint16_t rid, unsigned int index);

#endif /* MODEL_UNIT_AMD_H */
