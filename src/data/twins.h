/* SPDX-License-Identifier: BSD-3-Clause
 * Which samples are the same: a hash of 128 bits of each, within memory that does not grow with the
 * data.  Where more samples come than there is room for, only those go on being compared whose hash
 * begins with a 0, then with 00, ...: equal samples stay or go together, so what is found is right
 * for a fair part of the data.  Knows no ranks: what several have found is added up.  Local. */
#ifndef CAIRN_DATA_TWINS_H
#define CAIRN_DATA_TWINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "data/dataset.h"

/** Equal samples of one group. */
struct cairn_twin {
    uint64_t hash[2];
    uint64_t row, n;  /* the first of them, and how many; n 0: none */
    uint64_t again;   /* the second of them, where n > 1 */
    uint64_t target;  /* of the first: its label, or a hash of its targets */
    uint32_t split;   /* cairn_split */
    uint32_t differs; /* whether there are others with other targets */
};

/** Those seen so far; made by cairn_twins_begin(). */
struct cairn_twins {
    struct cairn_twin *entry; /* [room]; owned */
    size_t n, room;
    unsigned narrow; /* how many first bits of a hash are 0 */
};

/** What two groups have in common, or a group with itself. */
struct cairn_twins_found {
    uint64_t n;          /* samples of the later one that the earlier one has; of one group: how
                            many could go */
    uint64_t row[2];     /* the first of them: rows of the earlier and the later group; of one
                            group the first two that are equal */
    uint64_t n_differ;   /* different samples of which some have other targets */
    uint64_t differ_row; /* the first of them */
};

/** By the earlier and the later group. */
struct cairn_twins_table {
    struct cairn_twins_found of[CAIRN_N_SPLITS][CAIRN_N_SPLITS];
};

/** Make room.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_twins_begin(struct cairn_twins *twins, size_t room);

/** See one sample more; its n is 1.  Ranks: local.  Errors: none. */
void cairn_twins_add(struct cairn_twins *twins, const struct cairn_twin *sample);

/** Sort by hash, group and row, and count equal samples of a group as one entry.  Ranks: local.
 * Errors: none. */
void cairn_twins_settle(struct cairn_twins *twins);

/** Leave only what begins with so many zeros.  Ranks: local.  Errors: none. */
void cairn_twins_narrow(struct cairn_twins *twins, unsigned narrow);

/** How many settled entries have a hash that begins with less than `end`.  Ranks: local.
 * Errors: none. */
size_t cairn_twins_below(const struct cairn_twins *twins, uint64_t end);

/** Add what settled entries have in common; hashes that came in an earlier call do not come again.
 * Ranks: local.  Errors: none. */
void cairn_twins_count(const struct cairn_twins *twins, struct cairn_twins_table *table);

/** Release.  Ranks: local.  Errors: none. */
void cairn_twins_free(struct cairn_twins *twins);

#endif
