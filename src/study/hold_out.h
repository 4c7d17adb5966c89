/* SPDX-License-Identifier: BSD-3-Clause
 * How far the model is off where it was not fitted, and what it may be moved by therefore.  For
 * predict.c.  Local. */
#ifndef CAIRN_STUDY_HOLD_OUT_H
#define CAIRN_STUDY_HOLD_OUT_H

#include "study/predict.h"

enum { CAIRN_STUDY_STATED_DOUBLINGS = 6 };

/** What all predictions of a series need. */
struct cairn_study_work {
    const struct cairn_study_times *times;
    const struct cairn_study_fit *fit;     /* NULL: no curve */
    const struct cairn_study_model *model; /* fitted to all */
    struct cairn_study_measured *measured; /* [n] */
    struct cairn_study_model *draw;        /* [n_draws] */
    double *off;                           /* [n_off <= 2 n] logs of what held out was off by */
    double *room;                          /* [max(n, CAIRN_STUDY_DRAWS)] */
    double *to_target;                     /* [CAIRN_STUDY_DRAWS] */
    double *updates;                       /* [CAIRN_STUDY_DRAWS] */
    size_t n_off, n_draws;
    int ranks[CAIRN_STUDY_MOST_WORLDS + CAIRN_STUDY_STATED_DOUBLINGS]; /* to predict for */
    size_t n_ranks;
};

/** Which numbers of a draw are meant. */
enum cairn_study_purpose {
    CAIRN_STUDY_MOVE_MICRO,
    CAIRN_STUDY_MOVE_SUM,
    CAIRN_STUDY_MOVE_REST,
    CAIRN_STUDY_MOVE_TIME,
    CAIRN_STUDY_MOVE_UPDATES,
    CAIRN_STUDY_N_PURPOSES
};

/** What was off, up or down, by chance.  Ranks: local.  Errors: none. */
double cairn_study_moved_by(const struct cairn_study_work *work, size_t draw, size_t element);

/** All points but one, or but all of its size, as they were measured; how many those are.
 * Ranks: local.  Errors: none. */
size_t cairn_study_take_all(struct cairn_study_work *work, size_t but, bool and_its_size);

/** Each point predicted by all and by all others: fitted_s, held_out_s, their errors, and what was
 * off.  Ranks: local.  Errors: none. */
void cairn_study_hold_out(struct cairn_study_work *work, struct cairn_study_predictions *out);

/** How far what was predicted is from what was measured; `s` may be NaN.  Ranks: local.  Errors:
 * none. */
struct cairn_study_error cairn_study_error_of(const struct cairn_study_times *times,
                                              const double *s);

/** cairn_study_predict() by one model for all times.  Ranks: local.  Errors: CAIRN_USAGE: memory.
 */
CAIRN_CHECKED cairn_status cairn_study_predict_alike(const struct cairn_study_times *times,
                                                     const struct cairn_study_fit *fit,
                                                     const struct cairn_study_asked *asked,
                                                     struct cairn_study_predictions *out);

/** Models of moved points.  Ranks: local.  Errors: none. */
void cairn_study_draw_models(struct cairn_study_work *work);

#endif
