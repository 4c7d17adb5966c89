/* SPDX-License-Identifier: BSD-3-Clause
 * Equal items of an array, found by sorting: n log n, where comparing each with each is n^2. Local.
 */
#ifndef CAIRN_BASE_GROUPS_H
#define CAIRN_BASE_GROUPS_H

#include <stddef.h>

#include "cairn/status.h"

/** Groups of equal items, in the order of their first; each lists its items rising. */
struct cairn_groups {
    size_t *item;  /* [n] indices, group after group; owned */
    size_t *begin; /* [n_groups + 1] where each begins in `item`; owned */
    size_t n_groups;
};

/** Group n items of n_bytes each; those for which `order` (as of qsort) says 0 are equal.  `out` is
 * zeroed before, and released with cairn_groups_free() in any case.  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_groups_make(const void *items, size_t n, size_t n_bytes,
                                             int (*order)(const void *a, const void *b),
                                             struct cairn_groups *out);

/** Release them.  Ranks: local.  Errors: none. */
void cairn_groups_free(struct cairn_groups *groups);

#endif
