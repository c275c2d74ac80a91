/* SPDX-License-Identifier: GPL-2.0-only */
/* sc_ids.c for machines with another driver: see x_amd.c. */
#ifndef MODEL_IDS_H
#define MODEL_IDS_H

#include "scenarios.h"

/* After the reset: three domains with a page each, no devices, requesters
 * @rid, @rid + 1, @rid + 2. */
void ids_machine(uint16_t rid);
/* A has an id, and the first requester. */
void ids_a_lives(void);

void ids_put_a(void);           /* A loses it */
void ids_get_a(void);           /* the second is A's for a while */
void ids_get_b(void);           /* the third B's; result in w.rc[2] */
void ids_end(void);

#endif /* MODEL_IDS_H */
