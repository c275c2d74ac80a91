/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same moves with AMD-Vi. The oracle is QEMU's unit: it walks the tables,
 * enforces the rights of a leaf, and holds translations until a command names
 * their domain id. It caches no device table entry: for these the judge counts
 * commands.
 */
#include "continuity.h"

#define AMD     p.machine.rig.amd = true

VARIANT(amd_one, play_both, 0, AMD)
VARIANT(amd_one_rights, play_both, 0, (AMD, p.machine.rights = true))
VARIANT(amd_one_exclusion, play_both, 0,
        (AMD, p.machine.form = RIG_EXCLUSION))
VARIANT(amd_one_behind_a_port, play_both, 0,
        (AMD, p.machine.rig.place = RIG_PORT, p.machine.rights = true))
VARIANT(amd_one_without_intremap, play_both, 0,
        (AMD, p.machine.rig.no_intremap = true))
VARIANT(amd_one_scratch_page, play_both, 0, (AMD, p.machine.scratch = true))
VARIANT(amd_one_guests_of_the_host, play_both, 0,
        (AMD, p.machine.follow = true))

/* Regions of two devices: by a record each, by one for a range of ids. */
VARIANT(amd_share, play_both, 1, AMD)
VARIANT(amd_share_range, play_both, 1,
        (AMD, p.machine.form = RIG_RANGE, p.machine.rights = true))
VARIANT(amd_share_guests_of_the_host, play_both, 1,
        (AMD, p.machine.follow = true, p.machine.rights = true))

/* All of a bus are one requester, by the table's aliases. */
VARIANT(amd_group, play_both, 2, AMD)
VARIANT(amd_group_range, play_both, 2,
        (AMD, p.machine.form = RIG_RANGE, p.machine.rights = true))
VARIANT(amd_group_scratch_page, play_both, 2,
        (AMD, p.machine.scratch = true))
VARIANT(amd_group_guests_of_the_host, play_both, 2,
        (AMD, p.machine.follow = true))

VARIANT(amd_boot_after_a_loader, boot_from_loader, 0, AMD)
VARIANT(amd_boot_without_memory, boot_short_of_memory, 0, AMD)

VARIANT(amd_failing_one, fail_all, 0, (AMD, p.machine.rights = true))
VARIANT(amd_failing_share, fail_all, 1,
        (AMD, p.machine.form = RIG_RANGE, p.machine.rights = true))
VARIANT(amd_failing_group, fail_all, 2, AMD)
VARIANT(amd_failing_guest_of_the_host, fail_all, 0,
        (AMD, p.machine.follow = true))
