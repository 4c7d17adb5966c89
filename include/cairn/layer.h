/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Layers of your own.  A kind of layer is a table of functions; once it is registered, run files
 * know it by its name ({type: mine, units: 3}), and checkpoints, resumes and the sums over the
 * ranks treat it as they treat Cairn's.  launch/examples/own_layer.c is one.
 *
 * The functions are called in the thread that called Cairn, during that call, and never by two
 * threads at once for one trainer.  They see the samples of one micro-batch and know no rank: what
 * they give must depend on what they are given alone, or the replicas of the ranks drift apart.
 */
#ifndef CAIRN_LAYER_H
#define CAIRN_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/data.h"
#include "cairn/key.h"
#include "cairn/options.h"
#include "cairn/real.h"
#include "cairn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CAIRN_OWN_DIMS = 8, CAIRN_OWN_WEIGHTS = 8 };

/** The shape of one sample, or of a weight; row-major. */
struct cairn_own_shape {
    size_t n_dims; /**< from 1 to as many as Cairn has, 4 */
    size_t dim[CAIRN_OWN_DIMS];
};

/** A tensor of weights.  It begins with numbers that are uniform in value - spread .. value +
 * spread, a function of train.seed, name and element. */
struct cairn_own_weight {
    const char *name; /**< letters, digits, '_': "weight" becomes "3.weight"; kept */
    struct cairn_own_shape shape;
    double value, spread;
};

/** What a layer settles before it runs. */
struct cairn_own_plan {
    struct cairn_own_shape in;  /**< given */
    struct cairn_own_shape out; /**< in, unless plan sets it */
    size_t micro;               /**< given: the most samples of a micro-batch */
    size_t n_weights;
    struct cairn_own_weight weight[CAIRN_OWN_WEIGHTS];
    size_t kept;    /**< numbers of each sample that forward leaves for backward, besides x and y */
    size_t scratch; /**< numbers of each sample that one call needs for itself */
};

/** What one call works on.  Arrays are of cairn_real, in the functions _double of double. */
struct cairn_own_pass {
    size_t n;               /**< samples here */
    size_t n_in, n_out;     /**< numbers of one sample */
    const void *x;          /**< [n, n_in] */
    void *y;                /**< [n, n_out]: forward writes it, backward reads it */
    const void *const *w;   /**< [n_weights] addresses of weights */
    void *kept;             /**< [n, kept] */
    void *scratch;          /**< [n, scratch], of no value before and after a call */
    const void *dy;         /**< [n, n_out]: gradient of the loss by y; backward only */
    void *dx;               /**< [n, n_in] to write the one by x; NULL: nobody wants it */
    void *const *dw;        /**< [n_weights] addresses of sums, to which those are added */
    bool training;          /**< a pass whose gradient is wanted */
    uint64_t key;           /**< of this layer and this run; with these two, the key of random */
    const uint64_t *sample; /**< [n] numbers: the sample in its group, */
    const uint64_t *epoch;  /**< [n] and its epoch */
};

/** A kind of layer; what is not needed stays NULL or 0.  `self` is the layer's own struct, zeroed
 * and filled by its keys, 64-byte aligned. */
struct cairn_own_layer {
    size_t size;                  /**< sizeof(struct cairn_own_layer) */
    const char *name;             /**< its type in a run file: letters, digits, '_' */
    const char *doc;              /**< one sentence */
    const struct cairn_key *keys; /**< [n_keys], besides type and name */
    size_t n_keys;
    size_t self_bytes;
    bool takes_tokens;  /**< x are tokens; first of a model */
    bool mixes_samples; /**< in training y of a sample depends on the others of the micro-batch, so
                           that the gradient depends on batch.micro, as with batchnorm */
    /** Set shape, weights and memory.  Errors: any; with cairn_fail() the message says why, and
     * Cairn puts place and layer in front.  NULL: y has the shape of x, without weights. */
    cairn_status (*plan)(void *self, struct cairn_own_plan *plan);
    /** Release what plan allocated, also after it failed. */
    void (*free)(void *self);
    /** y from x.  Always there, as is backward.  They allocate nothing and cannot fail. */
    void (*forward)(const void *self, const struct cairn_own_pass *pass);
    /** dx (where it is wanted) and dw from dy. */
    void (*backward)(const void *self, const struct cairn_own_pass *pass);
    /** The same for arrays of double, which cairn_check_gradient() runs; NULL: it cannot. */
    void (*forward_double)(const void *self, const struct cairn_own_pass *pass);
    void (*backward_double)(const void *self, const struct cairn_own_pass *pass);
};

/**
 * Make a kind of layer known in this process.  Before the first trainer is opened, and while no
 * other thread is in Cairn.  The table is copied; names, texts and keys it points at must stay.
 *
 * Ranks   local; the same kinds on all, before a collective function needs one: a rank that does
 *         not know the type of a layer fails, and all with it
 * Errors  CAIRN_USAGE: a trainer was opened; a name that is taken, by Cairn or before, or that is
 *         none; size of another version; no forward or backward; keys that make no sense
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_layer_register(const struct cairn_own_layer *kind);

/**
 * Check the gradient of the model and the loss of these options, from the initial weights and with
 * made-up samples of this form: backward against differences of the loss, both in double, and
 * what is computed with cairn_real against that.  For the gradient by a layer's input, put a layer
 * with weights before it.
 *
 * form   of a sample; of tokens, with data.context in the options
 * worst  the largest relative difference in double, below 1e-6 where all is right; may be NULL
 *
 * Ranks   local
 * Errors  CAIRN_NUMBERS: they differ, names weight and element; CAIRN_USAGE: a model that cannot be
 *         planned, a kind of your own without functions for double; CAIRN_MEMORY
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_check_gradient(const cairn_options *options,
                                                          const struct cairn_data_form *form,
                                                          double *worst);

#ifdef __cplusplus
}
#endif

#endif
