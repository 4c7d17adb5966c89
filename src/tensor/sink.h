/* SPDX-License-Identifier: BSD-3-Clause
 * Where the gradient of a micro-batch goes, tensor by tensor.  The model writes into it while it
 * walks backward; comm/ has one for each way to sum, the tests have plain ones.  Local. */
#ifndef CAIRN_TENSOR_SINK_H
#define CAIRN_TENSOR_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "tensor/place.h"
#include "tensor/real.h"

/** Micro-batches of a rank, one after the other: a layer may hold what the gradient of a tensor is
 * made from, and put those of all of them with the last. */
struct cairn_group {
    size_t index, n;                  /* the running micro-batch is this of so many; n 0 is 1 */
    size_t samples[CAIRN_PLACE_MOST]; /* [n], of this one and those before */
};

/**
 * For each tensor and micro-batch: open it, put the gradient there as place = beta * place +
 * gradient with the beta of cairn_sink_beta(), close it. Tensors are opened one at a time or
 * several at once (weight and bias), each once per micro-batch and, where layers share it, once by
 * each of them (cairn_param.n_uses), one after the other.  What a buffer averages goes the same
 * way: the statistic of the micro-batch times its samples.  A tensor that is held is neither opened
 * nor closed before the last micro-batch of the group.
 */
struct cairn_sink {
    real *(*open)(struct cairn_sink *sink, size_t param);
    void (*close)(struct cairn_sink *sink, size_t param);
    /* the place of a tensor whose gradient can be put there as it is made, instead of being opened,
       and those of this many micro-batches; it is closed when all of it has been.  NULL, or NULL
       comes back: it must be opened */
    struct cairn_place *(*place)(struct cairn_sink *sink, size_t param, size_t n_micro);
    struct cairn_group group; /* of the running micro-batch */
    /* whether a tensor has a place for those of a group; asked where there is one */
    bool (*holds)(const struct cairn_sink *sink, size_t param);
    bool keeps; /* a sum is kept in the places; else what is there has no value when it is opened */
    const bool *started; /* [n_tensors] where sums are kept: the place holds one; changed by
                            close() alone.  NULL: all do */
};

/** 1: the tensor's place holds a sum to which the gradient is added; 0: it is overwritten.  Asked
 * before the tensor is closed.  Ranks: local.  Errors: none. */
static inline real cairn_sink_beta(const struct cairn_sink *sink, size_t param)
{
    return sink->keeps && (sink->started == NULL || sink->started[param]) ? 1 : 0;
}

/** The place of a tensor for gradients of so many micro-batches, or NULL.  Ranks: local; borrowed
 * until it is closed.  Errors: none. */
static inline struct cairn_place *cairn_sink_place(struct cairn_sink *sink, size_t param,
                                                   size_t n_micro)
{
    return sink->place == NULL ? NULL : sink->place(sink, param, n_micro);
}

#endif
