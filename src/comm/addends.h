/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: what the ranks of a team have added up, each in its own block, summed where it
 * lies. */
#ifndef CAIRN_COMM_ADDENDS_H
#define CAIRN_COMM_ADDENDS_H

#include <stddef.h>

#include "comm/wire.h"

/** Blocks of the same length, which all ranks of a node see. */
struct cairn_addends {
    unsigned char *memory; /* of the first; borrowed */
    size_t n, stride;      /* how many, and bytes from one to the next */
};

/** out [n] = the sum of elements [first, first + n) over the blocks, one after the other, so that
 * reals have the same bits each time.  out may be of the first block, and of no other.
 * Ranks: local.  Errors: none. */
void cairn_addends_sum(const struct cairn_addends *addends, enum cairn_wire_type type, size_t first,
                       size_t n, void *out);

#endif
