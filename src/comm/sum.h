/* SPDX-License-Identifier: BSD-3-Clause
 * The sum of an update: micro-batches are added up on this rank, then one MPI_Allreduce adds up the
 * ranks.  Loss, normalizer, metric sums, failure and stop flags travel behind the gradient in the
 * same buffer.  Ways to sum: sums.def. */
#ifndef CAIRN_COMM_SUM_H
#define CAIRN_COMM_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/comm.h"
#include "tensor/exact.h"
#include "tensor/micro.h"
#include "tensor/params.h"
#include "tensor/sink.h"

/** What travels behind the gradient. */
enum cairn_scalar {
    CAIRN_SCALAR_LOSS,
    CAIRN_SCALAR_WEIGHT,
    CAIRN_SCALAR_CORRECT,
    CAIRN_SCALAR_COUNT,
    CAIRN_N_SCALARS
};
enum cairn_flag {
    CAIRN_FLAG_FAILED,     /* ranks in trouble */
    CAIRN_FLAG_STOP,       /* ranks that were asked to stop */
    CAIRN_FLAG_RANGE,      /* ranks where a gradient left the fixed-point range */
    CAIRN_FLAG_NOT_FINITE, /* ranks with a gradient that is not a number */
    CAIRN_N_FLAGS
};

struct cairn_sum;

/** A way to sum: one row of functions. */
struct cairn_sum_kind {
    const char *name;
    const char *doc;
    size_t bytes_per_weight; /* memory of the sum, the gradient included */
    bool has_range; /* keeps one exponent for each tensor, which goes into the checkpoint */
    cairn_status (*create)(struct cairn_sum *sum);
    void (*destroy)(struct cairn_sum *sum);
    void (*begin)(struct cairn_sum *sum); /* to zero */
    /* buffer, scalars and flags over all ranks, at once; what the scalars came to in total */
    void (*reduce)(struct cairn_sum *sum, double total[CAIRN_N_SCALARS]);
    void (*finish)(struct cairn_sum *sum); /* all went well: make g */
    void (*widen)(struct cairn_sum *sum);  /* after CAIRN_FLAG_RANGE: agree on a larger range */
};

/** A sum in progress.  The functions below are its users' side; the fields are for the ways to
 * sum. */
struct cairn_sum {
    struct cairn_sink sink; /* the first field: a sink is a sum */
    const struct cairn_sum_kind *kind;
    cairn_comm *comm;                  /* borrowed */
    const struct cairn_params *params; /* borrowed */
    size_t n_addends;                  /* the most numbers that meet in one of its places */
    float *g;                          /* [n_values], 64-byte aligned, owned */
    void *buffer;                      /* of the kind, owned by it */
    /* [n_tensors]: |gradient| of a micro-batch is below 2^range; NULL without has_range */
    int64_t *range;
    struct cairn_exact scalar[CAIRN_N_SCALARS]; /* of this rank, until the reduction */
    int64_t flag[CAIRN_N_FLAGS];
    bool range_known, again;
};

/** Over all ranks, after cairn_sum_reduce(). */
struct cairn_totals {
    double loss, weight, correct, count; /* as in cairn_scores */
    bool stop;                           /* some rank was asked to stop */
};

/** Memory of a sum of this kind for each number that is summed; 0: there is no such kind.
 * Ranks: local.  Errors: none. */
size_t cairn_sum_bytes_per_weight(const char *kind);

/**
 * Make a sum of this kind ("plain" or "fixed") for gradients of this layout, of at most n_addends
 * micro-batches over all ranks.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: memory, or more addends than the kind can take; CAIRN_BUG: no such kind
 */
CAIRN_CHECKED cairn_status cairn_sum_create(cairn_comm *comm, const char *kind,
                                            const struct cairn_params *params, size_t n_addends,
                                            struct cairn_sum **out);
void cairn_sum_free(struct cairn_sum *sum);

/** Set everything to zero; then micro-batches write into &sum->sink.  Ranks: local.
 * Errors: none. */
void cairn_sum_begin(struct cairn_sum *sum);

/** Add the scores of a micro-batch.  Ranks: local.
 * Errors: CAIRN_NUMBERS: too large to be summed. */
CAIRN_CHECKED cairn_status cairn_sum_scores(struct cairn_sum *sum,
                                            const struct cairn_scores *scores);

/**
 * My sum -> the sum over all ranks, in *g [n_values], borrowed until the next begin.  A rank in
 * trouble comes with its status, and one asked to stop with stop = true.
 *
 * Ranks   collective
 * Errors  the agreed one; CAIRN_NUMBERS: a gradient is not finite
 */
CAIRN_CHECKED cairn_status cairn_sum_reduce(struct cairn_sum *sum, cairn_status st, bool stop,
                                            float **g, struct cairn_totals *totals);

/** Whether the update must be worked once more, in a larger range (same answer on all ranks).
 * Ranks: local. */
bool cairn_sum_again(const struct cairn_sum *sum);

/** Whether the sum still needs a range: then the gradients of micro-batch 0 are put into the sink
 * by every rank, and cairn_sum_learn() takes the largest magnitude of each tensor over the ranks.
 * Ranks: local; learn collective. */
bool cairn_sum_needs_range(const struct cairn_sum *sum);
CAIRN_CHECKED cairn_status cairn_sum_learn(struct cairn_sum *sum, cairn_status st);

/** The range was read from a checkpoint into sum->range.  Ranks: local. */
void cairn_sum_range_restored(struct cairn_sum *sum);

#endif
