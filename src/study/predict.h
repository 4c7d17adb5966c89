/* SPDX-License-Identifier: BSD-3-Clause
 * What the models of a series predict, how far off they are where it was measured, and how far they
 * may be off elsewhere.  Local. */
#ifndef CAIRN_STUDY_PREDICT_H
#define CAIRN_STUDY_PREDICT_H

#include <stdbool.h>

#include "study/fit.h"
#include "study/scaling.h"

/** How far predicted from measured, as |predicted / measured - 1|. */
struct cairn_study_error {
    size_t n; /* points for which there is a prediction */
    double rms, max;
};

/** One number of ranks and one global batch. */
struct cairn_study_prediction {
    int ranks;
    uint64_t global, micro, accumulate;
    const char *reason; /* why there is no time; else NULL */
    bool is_weak;       /* the batch grows with the ranks */
    bool is_measured;   /* this world and this batch were, in some split */
    bool is_stated;     /* by the link that was stated */
    struct cairn_study_value per_update_s;
    double efficiency; /* against the fewest ranks that were measured, both predicted */
    struct cairn_study_value updates, to_target_s; /* NaN where there is no curve */
};

enum { CAIRN_STUDY_MOST_SPLITS = 64 };

/** A way to cut a global batch, to be predicted. */
struct cairn_study_split {
    int ranks;
    uint64_t global, micro;
};

/** What is asked besides what was measured. */
struct cairn_study_asked {
    const struct cairn_alpha_beta *stated; /* a link for more ranks than were measured; NULL: none;
                                              must outlive the answer */
    const struct cairn_study_split *split; /* [n_splits] */
    size_t n_splits;
};

/** The fastest global batch on so many ranks. */
struct cairn_study_fastest {
    int ranks;
    bool is_stated;
    struct cairn_study_value batch, updates, to_target_s;
};

/** Everything of a series. */
struct cairn_study_predictions {
    struct cairn_study_model model;
    double *fitted_s, *held_out_s; /* [times.n] per update; NaN: no prediction; owned */
    struct cairn_study_error fitted, held_out;
    struct cairn_study_prediction *made; /* [n_made] owned */
    size_t n_made;
    struct cairn_study_prediction *asked; /* [n_asked] owned */
    size_t n_asked;
    struct cairn_study_fastest *fastest; /* [n_fastest] owned */
    size_t n_fastest;
    const char *sum_reason;      /* why there is nothing beyond the measured worlds; else NULL */
    const char *interval_reason; /* why there are no intervals; else NULL */
    const char *fastest_reason;  /* why there is no fastest batch; else NULL */
};

/**
 * Fit the model, hold out each point in turn, and predict for the measured worlds and 2, 4 and 8
 * times the largest; with a stated link also for 16, 32 and 64 times; and for the splits that are
 * asked for.  Intervals: the parts of each point are moved by what was held out was off by, in both
 * directions, the model is fitted again, and what it says is moved likewise.  Held out are each
 * point and, since a new split has other sizes, all points of a size; where both ways of summing
 * fit within 10 %, each has half of the draws.
 *
 * Where times lie on both sides of a step, held-out points and splits that are asked for are told
 * by a model of those on their side.
 *
 * fit     of the same series; NULL: there is no target
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_study_predict(const struct cairn_study_times *times,
                                               const struct cairn_study_fit *fit,
                                               const struct cairn_study_asked *asked,
                                               struct cairn_study_predictions *out);

/** Release them; zeroed ones are fine.  Ranks: local.  Errors: none. */
void cairn_study_predictions_free(struct cairn_study_predictions *predictions);

#endif
