/* SPDX-License-Identifier: BSD-3-Clause
 * Predictions where the updates of a study lie on both sides of a step (study/times.h): what is
 * predicted of a split comes from those on its side. */
#include <stdlib.h>

#include "base/memory.h"
#include "study/hold_out.h"

/* The times on one side, and what is asked of it: the answers that a model of all gave there. */
struct side {
    bool is_costly;
    struct cairn_study_times times; /* owned */
    size_t *place;                  /* [times.n] among all; owned */
    struct cairn_study_asked asked;
    struct cairn_study_split *split;        /* [asked.n_splits] owned */
    size_t n_made;                          /* of the answers: not asked for, and first */
    struct cairn_study_prediction **answer; /* [asked.n_splits], the list owned */
};

static cairn_status take_times(const struct cairn_study_times *times, struct side *out)
{
    out->times.step = times->step;
    CAIRN_TRY(cairn_memory_get(times->n, sizeof *out->times.time, "times", &out->times.time));
    CAIRN_TRY(cairn_memory_get(times->n, sizeof *out->place, "times", &out->place));
    for (size_t i = 0; i < times->n; i++) {
        if (times->time[i].is_costly != out->is_costly) continue;
        double n_bytes = times->time[i].n_bytes;
        if (n_bytes > out->times.n_bytes) out->times.n_bytes = n_bytes;
        out->place[out->times.n] = i;
        out->times.time[out->times.n++] = times->time[i];
    }
    return CAIRN_OK;
}

static void take_answers(struct cairn_study_prediction *answer, size_t n, struct side *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct cairn_study_split split = {answer[i].ranks, answer[i].global, answer[i].micro};
        if (cairn_study_is_costly(out->times.step, split.global, split.micro, split.ranks) !=
            out->is_costly)
            continue;
        out->split[out->asked.n_splits] = split;
        out->answer[out->asked.n_splits++] = &answer[i];
    }
}

static cairn_status take(const struct cairn_study_times *times,
                         const struct cairn_alpha_beta *stated, struct cairn_study_predictions *all,
                         struct side *out)
{
    size_t n = all->n_asked + all->n_made + 1;
    CAIRN_TRY(take_times(times, out));
    CAIRN_TRY(cairn_memory_get(n, sizeof *out->split, "predictions", &out->split));
    CAIRN_TRY(cairn_memory_get(n, sizeof(void *), "predictions", &out->answer));
    take_answers(all->made, all->n_made, out);
    out->n_made = out->asked.n_splits;
    take_answers(all->asked, all->n_asked, out);
    out->asked.stated = stated;
    out->asked.split = out->split;
    return CAIRN_OK;
}

/* In place of what a model of all has said; of what was not asked for, where it is known. */
static cairn_status put(const struct side *side, const struct cairn_study_fit *fit,
                        struct cairn_study_predictions *out)
{
    struct cairn_study_predictions made = {0};
    CAIRN_TRY(cairn_study_predict_alike(&side->times, fit, &side->asked, &made));
    for (size_t i = 0; i < side->times.n; i++) {
        out->fitted_s[side->place[i]] = made.fitted_s[i];
        out->held_out_s[side->place[i]] = made.held_out_s[i];
    }
    for (size_t i = 0; i < made.n_asked; i++) {
        struct cairn_study_prediction *answer = side->answer[i];
        if (i < side->n_made && made.asked[i].reason != NULL) continue;
        made.asked[i].is_weak = answer->is_weak;
        made.asked[i].is_measured = answer->is_measured;
        made.asked[i].is_stated = answer->is_stated;
        *answer = made.asked[i];
    }
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
        st = take(times, asked->stated, &made, &side);
        if (st == CAIRN_OK) st = put(&side, fit, &made);
        free(side.place);
        free(side.split);
        free((void *)side.answer);
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
