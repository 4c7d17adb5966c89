/* SPDX-License-Identifier: BSD-3-Clause
 * What a loss is: one row of functions, in a file of its own, listed in nn/losses.def.  Compiled in
 * two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_LOSS_H
#define CAIRN_NN_LOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keys.h"
#include "cairn/status.h"
#include "nn/class_rows.h"
#include "nn/model.h"
#include "tensor/micro.h"
#include "tensor/real.h"
#include "tensor/shape.h"

#define cairn_loss_kind_at CAIRN_R(cairn_loss_kind_at)

/** A loss's row of functions. */
struct cairn_loss_kind {
    size_t size;         /* sizeof this struct where it was compiled */
    const char *name;    /* the value of `loss` */
    const char *doc;     /* one sentence */
    const char *example; /* as in a run file */
    const char *last;   /* type of a layer that the loss contains: as the model's last it is left to
                           predict; NULL for none */
    bool takes_classes; /* labels, of which it counts the correct ones */
    bool takes_targets; /* real targets */
    bool takes_positions; /* labels of positions (nn/class_rows.h), which whole numbers y may be */
    bool over;            /* `run` may be given dh that is h */
    bool targets_are_classes;     /* these being probabilities of classes, or one of them a class */
    bool counts_targets;          /* of which it counts those that are answered right */
    size_t n_classes;             /* that its outputs tell apart; 0: as many as there are outputs */
    const struct cairn_key *keys; /* besides type; offsets in `self` */
    size_t n_keys;
    size_t self_bytes;
    const void *own; /* of one of the host's: the address that `self` begins with; NULL: ours */
    /** Whether the outputs of one sample fit the data and the keys in `self`, which it may
     * complete. Errors: CAIRN_USAGE, what and what to do; the caller puts the place in front. */
    cairn_status (*plan)(void *self, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options);
    /** Release what plan put into `self` besides its own bytes; NULL where that is nothing.
     * Errors: none. */
    void (*free)(void *self);
    /** The class that the outputs h [k] of one label stand for, or behind_last that of a layer
     * `last` after them.  NULL without classes.  Errors: none. */
    size_t (*class_of)(const real *h, size_t k, bool behind_last);
    /** What an output h says of its real target, where that is not h itself: a probability, say;
     * NaN: it says nothing alone.  NULL: itself.  Errors: none. */
    double (*predicted)(const void *self, double h);
    /** The output above which the answer to a target is yes.  NULL: 1/2.  Errors: none. */
    real (*half)(const void *self);
    /** The label that has no part in the loss.  NULL where every label has one.  Errors: none. */
    int32_t (*ignored_label)(const void *self);
    /** Where the outputs of each label lie.  NULL: k / n_labels neighbours.  Errors: none. */
    const struct cairn_class_rows *(*rows)(const void *self);
    /** From outputs h [n, k] of n samples: add to scores, and put the gradient of sum w_i L_i into
     * dh [n, k] unless it is NULL.  With labels, k are n_labels times the classes.
     * Where a weight is 0 there is no loss and the gradient is exactly 0, whatever the outputs and
     * the label.  Errors: CAIRN_DATA: a label that is not a class, a target that is out of range.
     */
    cairn_status (*run)(const void *self, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores);
};

/** The registered losses, ours before those of the host (nn/own.h); NULL after the last.
 * Ranks: local.  Errors: none. */
const struct cairn_loss_kind *cairn_loss_kind_at(size_t index);

#endif
