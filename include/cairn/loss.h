/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Losses of your own.  A loss is a sum over answers, each by itself: one for each sample, or for
 * each token of a text.  So shares and micro-batches do not matter to it; weights and masks, sums
 * and the division by W are Cairn's.
 *
 * The functions are called in the thread that called Cairn, during that call; what they give must
 * depend on what they are given alone.
 */
#ifndef CAIRN_LOSS_H
#define CAIRN_LOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/key.h"
#include "cairn/real.h"
#include "cairn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What an answer should have been. */
struct cairn_own_answer {
    int32_t label;            /**< 0 .. k - 1, where there are labels */
    const cairn_real *target; /**< [n_targets], where there are targets; else NULL */
    size_t n_targets;
};

/** A kind of loss; what is not needed stays NULL or 0.  `self` is its own struct, filled by its
 * keys. */
struct cairn_own_loss {
    size_t size;                  /**< sizeof(struct cairn_own_loss) */
    const char *name;             /**< the value of `loss`: letters, digits, '_' */
    const char *doc;              /**< one sentence */
    const struct cairn_key *keys; /**< [n_keys], besides type */
    size_t n_keys;
    size_t self_bytes;
    bool takes_classes; /**< labels; the largest output is the class that is predicted */
    bool takes_targets; /**< targets; one of the two, or both */
    /** Whether k outputs for each answer fit n_targets targets or n_classes classes, of which one
     * is 0, and the keys each other.  Errors: any; with cairn_fail() the message says why.  NULL:
     * k must be n_targets, or n_classes and more. */
    cairn_status (*plan)(void *self, size_t k, size_t n_targets, size_t n_classes);
    /** The loss of one answer from outputs h [k], and its gradient by them into dh [k], unless that
     * is NULL.  Always there. */
    double (*loss)(const void *self, size_t k, const cairn_real *h,
                   const struct cairn_own_answer *answer, cairn_real *dh);
    /** The same in double, which cairn_check_gradient() runs; NULL: it cannot. */
    double (*loss_double)(const void *self, size_t k, const double *h,
                          const struct cairn_own_answer *answer, double *dh);
};

/**
 * Make a kind of loss known in this process; as cairn_layer_register() (cairn/layer.h).
 *
 * Ranks   local; the same kinds on all
 * Errors  CAIRN_USAGE: a trainer was opened; a name that is taken or none; size of another version;
 *         no function `loss`, neither classes nor targets; keys that make no sense
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_loss_register(const struct cairn_own_loss *kind);

#ifdef __cplusplus
}
#endif

#endif
