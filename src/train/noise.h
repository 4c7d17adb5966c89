/* SPDX-License-Identifier: BSD-3-Clause
 * The noise scale: how many samples it takes until the gradient is more signal than noise, as
 * estimated along a run.  Plain arithmetic on sums of squares; where those come from:
 * comm/squares.h.  Local, cannot fail. */
#ifndef CAIRN_TRAIN_NOISE_H
#define CAIRN_TRAIN_NOISE_H

#include <stddef.h>

/** Squares of one update, of one tensor or of several: of G, the mean gradient over N samples, and
 * of the mean gradients g_a of units (micro-batches or ranks) of n_a samples each. */
struct cairn_noise_squares {
    double units;        /* sum of n_a |g_a|^2 */
    double whole;        /* N |G|^2 */
    double n_units;      /* how many a */
    double unit_samples; /* sum of n_a; may be less than N */
    double n_samples;    /* N */
};

/** Averages along the run; a zeroed one has seen nothing.  Doubles alone: saved as they are. */
struct cairn_noise_average {
    double n;                     /* updates taken in */
    double noise, signal;         /* S, the summed variance of a sample's gradient, and |mu|^2 */
    double noise2, signal2, both; /* their squares and their product */
    double weights2;              /* sum of the squares of the updates' weights in these averages */
};

/** B_simple in samples, and its standard error; NaN where there is none. */
struct cairn_noise_scale {
    double value, error;
};

/**
 * Take one update in.  In expectation  units = unit_samples |mu|^2 + n_units S  and
 * whole = N |mu|^2 + S, which are solved for S and |mu|^2; where the units are the whole update,
 * S = (units - whole) / (n_units - 1).  An update with a single unit that is all of it tells
 * nothing and is left out.  The first updates count alike, later ones in a moving average over the
 * last CAIRN_NOISE_MEMORY.
 *
 * Units   squares as of gradients of the mean loss; samples
 * Ranks   local; equal squares on all ranks keep equal averages
 * Errors  none; squares that are not finite are left out
 * Source  McCandlish, Kaplan, Amodei et al. 2018 (1812.06162), appendix A
 */
void cairn_noise_add(struct cairn_noise_average *average, const struct cairn_noise_squares *update);

/**
 * B_simple = S / |mu|^2 of the averages, with the standard error that follows from the scatter of
 * the updates, which are taken as independent (delta method).  NaN where |mu|^2 or S is not above
 * 0, or nothing was seen.
 *
 * Ranks   local
 * Errors  none
 */
struct cairn_noise_scale cairn_noise_scale(const struct cairn_noise_average *average);

enum { CAIRN_NOISE_MEMORY = 50 /* updates */ };

#endif
