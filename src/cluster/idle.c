/* SPDX-License-Identifier: BSD-3-Clause
 * Micro-batches against ranks. */
#include "cluster/idle.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t ceiling(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

/* The micro-batch that gives all ranks alike, as nearly as it goes, and none nothing; the batch has
 * a sample for each. */
static uint64_t micro_for_all(uint64_t batch, uint64_t n_ranks)
{
    uint64_t even = ceiling(batch, n_ranks);
    return ceiling(batch, even) >= n_ranks ? even : batch / n_ranks;
}

uint64_t cairn_idle_ranks(uint64_t batch, uint64_t micro, uint64_t n_ranks, struct cairn_idle *out)
{
    uint64_t n_micro = ceiling(batch, micro);
    if (n_micro >= n_ranks) return 0;
    uint64_t idle = n_ranks - n_micro;
    snprintf(out->message, sizeof out->message,
             "%" PRIu64 " micro-batch%s for %" PRIu64 " ranks: %" PRIu64 " rank%s no work", n_micro,
             n_micro == 1 ? "" : "es", n_ranks, idle, idle == 1 ? " has" : "s have");
    if (batch >= n_ranks)
        snprintf(out->fix, sizeof out->fix, "batch.micro=%" PRIu64 " gives all some",
                 micro_for_all(batch, n_ranks));
    else
        snprintf(out->fix, sizeof out->fix,
                 "an update has %" PRIu64 " sample%s: start no more ranks than that", batch,
                 batch == 1 ? "" : "s");
    return idle;
}
