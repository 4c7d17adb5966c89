/* SPDX-License-Identifier: BSD-3-Clause
 * What the layers that drop have in common: probability, key and random numbers.  What is dropped
 * depends on (seed, layer, epoch, sample, element) alone.  Compiled in two precisions
 * (tensor/real.h).  Local. */
#ifndef CAIRN_NN_DROP_H
#define CAIRN_NN_DROP_H

#include "nn/layer.h"

#define cairn_drop         CAIRN_R(cairn_drop)
#define cairn_drop_plan    CAIRN_R(cairn_drop_plan)
#define cairn_drop_bits    CAIRN_R(cairn_drop_bits)
#define cairn_drop_threads CAIRN_R(cairn_drop_threads)

/** Begins the `self` of such a layer. */
struct cairn_drop {
    double p;           /* the key */
    uint64_t layer;     /* part of the key of its random numbers */
    uint32_t threshold; /* smaller random numbers drop */
    real scale;         /* 1 / (1 - p) */
    size_t n;           /* draws for a sample */
    size_t mask;        /* in the arena: [b, n], 1 where kept */
    size_t n_threads;
};

/** Plan n draws for each sample; pass->workspace then has room for the numbers of one in each
 * thread.  Ranks: local.  Errors: none. */
void cairn_drop_plan(struct cairn_drop *drop, const struct cairn_layer *layer, size_t n,
                     struct cairn_plan *plan);

/** The random numbers of the i-th sample of the micro-batch, in this thread's part of
 * pass->workspace [n].  Ranks: local; borrowed.  Errors: none. */
const uint32_t *cairn_drop_bits(const struct cairn_drop *drop, const struct cairn_pass *pass,
                                size_t i);

/** How many threads to spread so many samples over.  Ranks: local.  Errors: none. */
size_t cairn_drop_threads(const struct cairn_drop *drop, size_t n_samples);

#endif
