/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VT-d unit's registers and queue in front of the model's caches: enough of
 * the specification (rev. 4.1) for a driver to bring it up, queue
 * descriptors, run into errors, and fall back to registers.
 */
#ifndef MODEL_UNIT_VTD_H
#define MODEL_UNIT_VTD_H

#include <moat/types.h>

#define HWV_BASE    0xfed90000u
#define HWV_SIZE    0x1000u

/* What becomes of a submission; the surroundings say. */
enum hwv_fate { HWV_DONE, HWV_LOST, HWV_LATE, HWV_REFUSED };
enum hwv_fate hwv_next_fate(void);
/* Registers do not answer any more. */
bool hwv_mute(void);
/* The hardware writes a word that the driver reads. */
void hwv_write_status(uint64_t *p, uint32_t v);

void hwv_reset(void);
uint64_t hwv_read(unsigned int off, unsigned int bytes);
void hwv_write(unsigned int off, unsigned int bytes, uint64_t v);
/* Something was stored where root and context tables may lie. */
void hwv_look(void);
/* The unit gets on with its queue. */
void hwv_work(void);

#endif /* MODEL_UNIT_VTD_H */
