/* SPDX-License-Identifier: BSD-3-Clause
 * Sums and maps channel by channel, for signals, images and volumes (the places of a channel one
 * after the other) and for rows (a number for each channel).  Sums are in double and in a fixed
 * order: they do not depend on who works the micro-batch.  Compiled in two precisions
 * (tensor/real.h).  Local. */
#ifndef CAIRN_NN_CHANNELS_H
#define CAIRN_NN_CHANNELS_H

#include <stddef.h>

#include "cairn/status.h"
#include "tensor/real.h"
#include "tensor/shape.h"

#define cairn_channels          CAIRN_R(cairn_channels)
#define cairn_channels_check    CAIRN_R(cairn_channels_check)
#define cairn_channels_sum      CAIRN_R(cairn_channels_sum)
#define cairn_channels_squares  CAIRN_R(cairn_channels_squares)
#define cairn_channels_products CAIRN_R(cairn_channels_products)
#define cairn_channels_scale    CAIRN_R(cairn_channels_scale)
#define cairn_channels_combine  CAIRN_R(cairn_channels_combine)

/** Arrays [n, C, area]. */
struct cairn_channels {
    size_t n, n_channels, area;
};

/** Whether a sample is [C], [C, L], [C, H, W] or [C, D, H, W]; the tokens of a text are [T, D].
 * Ranks: local.  Errors: CAIRN_USAGE: they are. */
CAIRN_CHECKED cairn_status cairn_channels_check(const struct cairn_shape *in, bool is_text);

/** sum[c] = sum x.  Shapes: x [n, C, area], sum [C].  Ranks: local.  Errors: none. */
void cairn_channels_sum(const struct cairn_channels *shape, const real *x, double *sum);

/** sum[c] = sum (x - about[c])^2.  Shapes: x [n, C, area]; about, sum [C].  Ranks: local.
 * Errors: none. */
void cairn_channels_squares(const struct cairn_channels *shape, const real *x, const double *about,
                            double *sum);

/** sum[c] = sum a (x - about[c]).  Shapes: a, x [n, C, area]; about, sum [C].  Ranks: local.
 * Errors: none. */
void cairn_channels_products(const struct cairn_channels *shape, const real *a, const real *x,
                             const double *about, double *sum);

/** y = (x - mean[c]) scale[c] + shift[c].  Shapes: x, y [n, C, area]; the others [C].
 * Ranks: local.  Errors: none. */
void cairn_channels_scale(const struct cairn_channels *shape, const real *x, const real *mean,
                          const real *scale, const real *shift, real *y);

/** What normalisation makes of dy: dx = a[c] dy - b[c] (x - mean[c]) - shift[c]. */
struct cairn_combination {
    const real *mean, *a, *b, *shift; /* [C] */
};

/** Do it; dx may be dy.  Shapes: x, dy, dx [n, C, area].  Ranks: local.  Errors: none. */
void cairn_channels_combine(const struct cairn_channels *shape, const struct cairn_combination *by,
                            const real *x, const real *dy, real *dx);

#endif
