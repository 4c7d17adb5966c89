/* SPDX-License-Identifier: BSD-3-Clause
 * How many updates a target takes at each global batch: the curve S = S_min (1 + B_crit / B)
 * through the batches of a series.  Local. */
#ifndef CAIRN_STUDY_FIT_H
#define CAIRN_STUDY_FIT_H

#include <stdbool.h>

#include "study/series.h"
#include "study/statistics.h"

/** Where B_crit lies. */
enum cairn_study_side {
    CAIRN_STUDY_INSIDE,
    CAIRN_STUDY_ABOVE, /* of all batches: S falls like 1 / B; s_min is 0, b_crit infinite */
    CAIRN_STUDY_BELOW, /* of all batches: S is flat; e_min and b_crit are 0 */
};

/** One curve.  S_min updates, E_min = S_min B_crit samples, B_crit samples. */
struct cairn_study_curve {
    enum cairn_study_side side;
    double s_min, e_min, b_crit;
    double rms_log; /* root of the mean squared difference of the logs */
};

/** What the intervals stand on. */
enum cairn_study_basis {
    CAIRN_STUDY_NO_BASIS,
    CAIRN_STUDY_SEEDS,     /* seeds drawn again within each batch */
    CAIRN_STUDY_RESIDUALS, /* differences from the curve drawn again: a seed for each batch */
};

/** What a curve is fitted to. */
struct cairn_study_batches {
    size_t n;
    const double *batch, *updates; /* [n] above 0 */
    const bool *above;             /* [n] it takes more than that; NULL: none does */
};

/** The fit of a series. */
struct cairn_study_fit {
    size_t n, n_above;              /* batches that have a best rate; that have a bound alone */
    double *batch, *updates, *left; /* [n] left: log of updates less log of the curve; owned */
    bool *above;                    /* [n] owned */
    const char *reason;             /* why there is no curve; else NULL */
    struct cairn_study_curve curve;
    enum cairn_study_basis basis;
    const char *basis_reason;       /* why there are no draws, or what narrows them; else NULL */
    struct cairn_study_curve *draw; /* [n_draws] owned */
    size_t n_draws;
};

/** Updates to the target at a global batch.  Ranks: local.  Errors: none. */
double cairn_study_curve_at(const struct cairn_study_curve *curve, double batch);

/**
 * The curve through n batches, at least two of them different, by least squares of the logs, each
 * batch with equal weight.  One that is only known to take more counts where the curve is below it.
 *
 * Ranks   local
 * Errors  none
 * Source  McCandlish et al. 2018, An Empirical Model of Large-Batch Training, section 2.3: the
 * curve
 */
struct cairn_study_curve cairn_study_curve_fit(const struct cairn_study_batches *measured);

/**
 * The curve of a series and CAIRN_STUDY_DRAWS draws of it, always the same ones.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 * Source  Davison and Hinkley 1997, Bootstrap Methods and their Application, chapters 2 and 6
 */
CAIRN_CHECKED cairn_status cairn_study_fit_create(const struct cairn_study_series *series,
                                                  struct cairn_study_fit *out);

/** Release it; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_study_fit_free(struct cairn_study_fit *fit);

/** Intervals of a fit with a curve; allocates nothing.  room: [n_draws].  Ranks: local.
 * Errors: none. */
struct cairn_study_value cairn_study_fit_s_min(const struct cairn_study_fit *fit, double *room);
struct cairn_study_value cairn_study_fit_e_min(const struct cairn_study_fit *fit, double *room);
struct cairn_study_value cairn_study_fit_b_crit(const struct cairn_study_fit *fit, double *room);
struct cairn_study_value cairn_study_fit_at(const struct cairn_study_fit *fit, double batch,
                                            double *room);

/** Slope of log y over log x by least squares; NaN where all x are equal.  Shapes: x, y [n], above
 * 0.  Ranks: local.  Errors: none. */
double cairn_study_log_slope(const double *x, const double *y, size_t n);

#endif
