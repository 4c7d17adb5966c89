/* SPDX-License-Identifier: BSD-3-Clause
 * Predictions where the updates of a study lie on both sides of a step (study/times.h): what is
 * foretold of a split comes from those on its side. */
#include <stdlib.h>

#include "base/memory.h"
#include "study/hold_out.h"

/* The times on one side, and what is asked of it. */
struct side {
    bool is_costly;
    struct cairn_study_times times;                          /* owned */
    size_t *place;                                           /* [times.n] among all; owned */
    struct cairn_study_split split[CAIRN_STUDY_MOST_SPLITS]; /* [asked.n_splits] */
    size_t asked_at[CAIRN_STUDY_MOST_SPLITS];                /* their places among all */
    struct cairn_study_asked asked;
};

static cairn_status take(const struct cairn_study_times *times,
                         const struct cairn_study_asked *asked, struct side *out)
{
    out->times.step = times->step;
    out->asked.stated = asked->stated;
    out->asked.split = out->split;
    CAIRN_TRY(cairn_memory_get(times->n, sizeof *out->times.time, "times", &out->times.time));
    CAIRN_TRY(cairn_memory_get(times->n, sizeof *out->place, "times", &out->place));
    for (size_t i = 0; i < times->n; i++) {
        if (times->time[i].is_costly != out->is_costly) continue;
        double n_bytes = times->time[i].n_bytes;
        if (n_bytes > out->times.n_bytes) out->times.n_bytes = n_bytes;
        out->place[out->times.n] = i;
        out->times.time[out->times.n++] = times->time[i];
    }
    for (size_t i = 0; i < asked->n_splits; i++) {
        const struct cairn_study_split *split = &asked->split[i];
        if (cairn_study_is_costly(times->step, split->global, split->micro, split->ranks) !=
            out->is_costly)
            continue;
        out->asked_at[out->asked.n_splits] = i;
        out->split[out->asked.n_splits++] = *split;
    }
    return CAIRN_OK;
}

/* In place of what a model of all has said of them. */
static cairn_status put(const struct side *side, const struct cairn_study_fit *fit,
                        struct cairn_study_predictions *out)
{
    struct cairn_study_predictions made = {0};
    CAIRN_TRY(cairn_study_predict_alike(&side->times, fit, &side->asked, &made));
    for (size_t i = 0; i < side->times.n; i++) {
        out->fitted_s[side->place[i]] = made.fitted_s[i];
        out->held_out_s[side->place[i]] = made.held_out_s[i];
    }
    for (size_t i = 0; i < made.n_asked; i++) out->asked[side->asked_at[i]] = made.asked[i];
    cairn_study_predictions_free(&made);
    return CAIRN_OK;
}

static bool has_both(const struct cairn_study_times *times)
{
    size_t n_costly = 0;
    for (size_t i = 0; i < times->n; i++) n_costly += times->time[i].is_costly;
    return n_costly > 0 && n_costly < times->n;
}

cairn_status cairn_study_predict(const struct cairn_study_times *times,
                                 const struct cairn_study_fit *fit,
                                 const struct cairn_study_asked *asked,
                                 struct cairn_study_predictions *out)
{
    struct cairn_study_predictions made = {0};
    cairn_status st = cairn_study_predict_alike(times, fit, asked, &made);
    for (int i = 0; i < 2 && st == CAIRN_OK && has_both(times); i++) {
        struct side side = {.is_costly = i == 1};
        st = take(times, asked, &side);
        if (st == CAIRN_OK) st = put(&side, fit, &made);
        free(side.place);
        cairn_study_times_free(&side.times);
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
