/* SPDX-License-Identifier: BSD-3-Clause
 * The noise scale: how many samples it takes until the gradient is more signal than noise, as
 * estimated along a run.  Plain arithmetic on sums of squares; where those come from:
 * comm/gradient_squares.h.  Local, cannot fail. */
#ifndef CAIRN_TRAIN_NOISE_H
#define CAIRN_TRAIN_NOISE_H

#include <stddef.h>

#include "cairn/trainer.h"

/** Squares of one update, of one tensor or of several: of G, the mean gradient over N samples, and
 * of the mean gradients g_a of units (micro-batches or ranks) of n_a samples each.  Where samples
 * differ in weight, n_a is W_a / (W / N): so many of the mean weight. */
struct cairn_noise_squares {
    double units;        /* sum of n_a |g_a|^2 */
    double whole;        /* N |G|^2 */
    double n_units;      /* how many a */
    double unit_samples; /* sum of n_a; may be less than N */
    double n_samples;    /* N */
};

enum { CAIRN_NOISE_BLOCKS = 40 };

/** Sums over a stretch of updates: of each one's estimates of S and |mu|^2, their squares and their
 * product. */
struct cairn_noise_sums {
    double n, noise, signal, noise2, signal2, both;
};

/** A run so far, in blocks of equal length, which doubles whenever they are all full.  A zeroed one
 * has seen nothing.  Doubles alone: saved as they are. */
struct cairn_noise_history {
    double n_blocks, length; /* updates of a full block; 0: 1 */
    struct cairn_noise_sums block[CAIRN_NOISE_BLOCKS];
};

/** B_simple in samples, its standard error, and how many updates it is from, the newest ones; NaN
 * where there is none. */
struct cairn_noise_scale {
    double value, error, n_updates;
};

/**
 * Take one update in.  In expectation  units = unit_samples |mu|^2 + n_units S  and
 * whole = N |mu|^2 + S, which are solved for S and |mu|^2; where the units are the whole update,
 * S = (units - whole) / (n_units - 1).  An update with a single unit that is all of it tells
 * nothing and is left out.
 *
 * Units   squares as of gradients of the mean loss; samples
 * Ranks   local; equal squares on all ranks keep equal histories
 * Errors  none; squares that are not finite are left out
 * Source  McCandlish, Kaplan, Amodei et al. 2018 (1812.06162), appendix A
 */
void cairn_noise_add(struct cairn_noise_history *history, const struct cairn_noise_squares *update);

/**
 * B_simple = S / |mu|^2, each averaged over the last tenth of the run, of 5 updates at the least,
 * and divided once; over more of it where the standard error would be above a fifth of the value,
 * as the last half of the run predicts, and over less where the scale drifts so that less has the
 * smaller error.  The error of 1 / B_simple follows from the scatter of the updates (delta method)
 * and from the drift within their stretch; that of B_simple is how far it may be larger by it,
 * which is more than how far it may be smaller.
 *
 * Ranks   local
 * Errors  none
 */
struct cairn_noise_scale cairn_noise_scale(const struct cairn_noise_history *history);

/** The noise scale of one weight tensor, or of all (item: n_items), up to now.  Ranks: local.
 * Errors: none; NaN with train.noise: off. */
struct cairn_noise_scale cairn_trainer_noise(const cairn_trainer *t, size_t item);

#endif
