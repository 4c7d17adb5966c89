/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Optimizers of your own: the same table that each of Cairn's is.  Groups, decay by group, the
 * schedule, clipping and checkpoints of its state are Cairn's.
 *
 * The functions are called in the thread that called Cairn, during that call.  Every rank changes
 * its weights by itself: what they give must depend on what they are given alone, or the replicas
 * drift apart.
 */
#ifndef CAIRN_OPTIM_H
#define CAIRN_OPTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/key.h"
#include "cairn/real.h"
#include "cairn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CAIRN_MAX_SLOTS = 4 };

/** The learning rate of an update, and of the update before; 0: there was none. */
struct cairn_rate {
    double now, before;
};

/** What one call of an update works on: adjacent tensors that are treated alike; a single one where
 * the kind works by tensor.  Arrays are [n]. */
struct cairn_optim_step {
    size_t n;
    cairn_real *w;
    const cairn_real *g;               /**< the mean (or sum) over the global batch, clipped */
    cairn_real *slot[CAIRN_MAX_SLOTS]; /**< its state, zero before the first update; NULL: no such
                                          slot */
    double weight_decay;
    bool trust_ratio;       /**< of a kind that works by tensor: scale the step by the norms */
    struct cairn_rate rate; /**< of these tensors */
    uint64_t t;             /**< the first update is 1 */
};

/** An optimizer: one row of functions, and the keys of the run file that are its own.  `self` is a
 * struct that these fill. */
struct cairn_optim_kind {
    size_t size;                  /**< sizeof(struct cairn_optim_kind) */
    const char *name;             /**< the value of optim.name: letters, digits, '_' */
    const char *doc;              /**< one sentence */
    const struct cairn_key *keys; /**< [n_keys], "optim.momentum".  One that another optimizer has
                                     too is the same key: type, default and range agree */
    size_t n_keys;
    size_t self_bytes;                  /**< of that struct */
    const char *slots[CAIRN_MAX_SLOTS]; /**< names of its state: momentum_buffer, exp_avg, ... */
    bool by_tensor;                     /**< it takes norms, and gets one tensor at a time */
    cairn_status (*check)(const void *self);        /**< CAIRN_USAGE; NULL: nothing to check */
    bool (*needs_slot)(const void *self, int slot); /**< NULL: all */
    /** New weights.  Always there; allocates nothing and cannot fail.  While it runs, numbers too
     * small to be normal are zeros. */
    void (*update)(const void *self, const struct cairn_optim_step *step);
};

/**
 * Make an optimizer known in this process; as cairn_layer_register() (cairn/layer.h), and before
 * options are made that set keys of its own.
 *
 * Ranks   local; the same kinds on all
 * Errors  CAIRN_USAGE: a trainer was opened; a name that is taken or none; size of another version;
 *         no function `update`; keys that make no sense, or that mean something else elsewhere
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_optim_register(const struct cairn_optim_kind *kind);

#ifdef __cplusplus
}
#endif

#endif
