/* SPDX-License-Identifier: BSD-3-Clause
 * Ranks without work, where an update has fewer micro-batches than there are ranks: one sentence
 * for the doctor, the plan and batch scripts.  Local. */
#ifndef CAIRN_CLUSTER_IDLE_H
#define CAIRN_CLUSTER_IDLE_H

#include <stdint.h>

/** The sentence in two halves. */
struct cairn_idle {
    char message[112]; /* "2 micro-batches for 4 ranks: 2 ranks have no work" */
    char fix[112];     /* "batch.micro=16 gives all some" */
};

/** How many of the ranks have no micro-batch of an update of `batch` samples, cut into those of
 * `micro`.  *out is for where there are any.  Ranks: local.  Errors: none. */
uint64_t cairn_idle_ranks(uint64_t batch, uint64_t micro, uint64_t n_ranks, struct cairn_idle *out);

#endif
