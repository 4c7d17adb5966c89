/* SPDX-License-Identifier: BSD-3-Clause
 * Predictions where some updates of a study have reproducible sums of one word for a weight and
 * others of two, which cost more in each micro-batch and between the ranks: what is foretold of a
 * split comes from those of its kind. */
#include <stdlib.h>

#include "base/memory.h"
#include "study/hold_out.h"

/* The times of one kind, and what is asked of it. */
struct width {
    bool is_wide;
    struct cairn_study_times times;                          /* owned */
    size_t *place;                                           /* [times.n] among all; owned */
    struct cairn_study_split split[CAIRN_STUDY_MOST_SPLITS]; /* [asked.n_splits] */
    size_t asked_at[CAIRN_STUDY_MOST_SPLITS];                /* their places among all */
    struct cairn_study_asked asked;
};

static cairn_status take(const struct cairn_study_times *times,
                         const struct cairn_study_asked *asked, struct width *out)
{
    out->times.is_fixed = times->is_fixed;
    out->asked.stated = asked->stated;
    out->asked.split = out->split;
    CAIRN_TRY(cairn_memory_get(times->n, sizeof *out->times.time, "times", &out->times.time));
    CAIRN_TRY(cairn_memory_get(times->n, sizeof *out->place, "times", &out->place));
    for (size_t i = 0; i < times->n; i++) {
        if (times->time[i].is_wide != out->is_wide) continue;
        double n_bytes = times->time[i].n_bytes;
        if (n_bytes > out->times.n_bytes) out->times.n_bytes = n_bytes;
        out->place[out->times.n] = i;
        out->times.time[out->times.n++] = times->time[i];
    }
    for (size_t i = 0; i < asked->n_splits; i++) {
        const struct cairn_study_split *split = &asked->split[i];
        if (cairn_study_is_wide(split->global, split->micro) != out->is_wide) continue;
        out->asked_at[out->asked.n_splits] = i;
        out->split[out->asked.n_splits++] = *split;
    }
    return CAIRN_OK;
}

/* In place of what a model of all has said of them. */
static cairn_status put(const struct width *width, const struct cairn_study_fit *fit,
                        struct cairn_study_predictions *out)
{
    struct cairn_study_predictions made = {0};
    CAIRN_TRY(cairn_study_predict_alike(&width->times, fit, &width->asked, &made));
    for (size_t i = 0; i < width->times.n; i++) {
        out->fitted_s[width->place[i]] = made.fitted_s[i];
        out->held_out_s[width->place[i]] = made.held_out_s[i];
    }
    for (size_t i = 0; i < made.n_asked; i++) out->asked[width->asked_at[i]] = made.asked[i];
    cairn_study_predictions_free(&made);
    return CAIRN_OK;
}

static bool has_both(const struct cairn_study_times *times)
{
    size_t n_wide = 0;
    for (size_t i = 0; i < times->n; i++) n_wide += times->time[i].is_wide;
    return n_wide > 0 && n_wide < times->n;
}

cairn_status cairn_study_predict(const struct cairn_study_times *times,
                                 const struct cairn_study_fit *fit,
                                 const struct cairn_study_asked *asked,
                                 struct cairn_study_predictions *out)
{
    struct cairn_study_predictions made = {0};
    cairn_status st = cairn_study_predict_alike(times, fit, asked, &made);
    for (int i = 0; i < 2 && st == CAIRN_OK && has_both(times); i++) {
        struct width width = {.is_wide = i == 1};
        st = take(times, asked, &width);
        if (st == CAIRN_OK) st = put(&width, fit, &made);
        free(width.place);
        cairn_study_times_free(&width.times);
    }
    if (st == CAIRN_OK && times->n > 0) {
        made.fitted = cairn_study_error_of(times, made.fitted_s);
        made.held_out = cairn_study_error_of(times, made.held_out_s);
    }
    if (st != CAIRN_OK)
        cairn_study_predictions_free(&made);
    else
        *out = made;
    return st;
}
