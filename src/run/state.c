/* SPDX-License-Identifier: BSD-3-Clause
 * What a checkpoint holds.  The file itself: checkpoint/. */
#include <stdio.h>

#include "checkpoint/checkpoint.h"
#include "run/inside.h"
#include "train/average.h"

static cairn_status add_optimizer(struct cairn_state *state, cairn_trainer *t)
{
    const char *name = NULL;
    real *block = NULL;
    for (size_t slot = 0; cairn_optim_slot(t->parts.optim, slot, &name, &block); slot++) {
        char group[64]; /* names of slots are short */
        snprintf(group, sizeof group, "/optimizer/%s", name);
        CAIRN_TRY(cairn_state_add_tensors(state, group, t->params, block));
    }
    return CAIRN_OK;
}

/* What observers keep; where it is missing they start from scratch. */
static cairn_status add_observed(struct cairn_state *state, cairn_trainer *t)
{
    for (size_t i = 0; i < t->observers.n; i++) {
        const struct cairn_observer *kind = t->observers.item[i].kind;
        if (kind->state == NULL) continue;
        struct cairn_observed observed = kind->state(t->observers.item[i].context, t);
        const struct cairn_shape shape = {.ndim = 2, .dim = {observed.rows, observed.columns}};
        CAIRN_TRY(cairn_state_add(state, observed.path, CAIRN_ARRAY_F64, &shape, observed.value));
        state->array[state->n_arrays - 1].optional = true;
    }
    return CAIRN_OK;
}

/* Ranges of a reproducible sum; where they are missing they are learnt again. */
static cairn_status add_ranges(struct cairn_state *state, cairn_trainer *t)
{
    const struct cairn_shape ranges = {
        .ndim = 2, .dim = {t->params->n_tensors, sizeof *t->sum->range / sizeof(int64_t)}};
    if (t->sum->range == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_state_add(state, "/progress/ranges", CAIRN_ARRAY_I64, &ranges, t->sum->range));
    state->array[state->n_arrays - 1].optional =
        true; /* 0.1.0 had others, in /progress/sum_range */
    return CAIRN_OK;
}

static cairn_status add_progress(struct cairn_state *state, struct cairn_run *run,
                                 struct cairn_stored *stored)
{
    struct cairn_progress_state *at = &run->t->at;
    struct cairn_snapshot *snapshot = &run->snapshot;
    const struct cairn_shape saves = {.ndim = 1, .dim = {sizeof snapshot->saves / sizeof(double)}};
    const struct cairn_shape times = {.ndim = 1, .dim = {sizeof run->times / sizeof(double)}};
    const struct cairn_shape lines = {.ndim = 1, .dim = {CAIRN_RUN_N_COUNTED}};
    const struct {
        const char *path;
        enum cairn_array_type type;
        void *data;
    } number[] = {
        {"/progress/update", CAIRN_ARRAY_U64, &at->update},
        {"/progress/epoch", CAIRN_ARRAY_U64, &stored->epoch},
        {"/progress/position", CAIRN_ARRAY_U64, &stored->position},
        {"/progress/samples", CAIRN_ARRAY_U64, &at->samples},
        {"/progress/seed", CAIRN_ARRAY_U64, &stored->seed},
        {"/progress/learning_rate", CAIRN_ARRAY_F64, &stored->learning_rate},
        {"/progress/last_rate", CAIRN_ARRAY_F64, &at->rate},
        {"/progress/data_fingerprint", CAIRN_ARRAY_U64, &stored->data},
        {"/progress/last_epoch", CAIRN_ARRAY_U64, &at->epoch},
        {"/progress/epoch_loss", CAIRN_ARRAY_F64, &at->epoch_loss},
        {"/progress/epoch_weight", CAIRN_ARRAY_F64, &at->epoch_weight},
    };
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++)
        CAIRN_TRY(cairn_state_add_number(state, number[i].path, number[i].type, number[i].data));
    CAIRN_TRY(cairn_state_add(state, "/progress/times", CAIRN_ARRAY_F64, &times, &run->times));
    CAIRN_TRY(cairn_state_add(state, "/progress/saves", CAIRN_ARRAY_F64, &saves, &snapshot->saves));
    state->array[state->n_arrays - 1].optional = true; /* older files have none */
    CAIRN_TRY(
        cairn_state_add(state, "/progress/lines", CAIRN_ARRAY_U64, &lines, snapshot->n_lines));
    state->array[state->n_arrays - 1].optional = true; /* likewise */
    return CAIRN_OK;
}

/* What evaluations decide by; where it is missing they begin with nothing seen. */
static cairn_status add_seen(struct cairn_state *state, struct cairn_run *run)
{
    struct cairn_plateau_state *seen[] = {&run->waited, &run->t->at.plateau};
    static const char *const path[] = {"/progress/patience", "/progress/plateau"};
    const struct cairn_shape shape = {.ndim = 1, .dim = {sizeof **seen / sizeof(double)}};
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
        CAIRN_TRY(cairn_state_add(state, path[i], CAIRN_ARRAY_F64, &shape, seen[i]));
        state->array[state->n_arrays - 1].optional = true;
    }
    return CAIRN_OK;
}

/* Every array that is saved and restored, in checkpoint order.  Borrows from t and stored. */
cairn_status cairn_run_state(struct cairn_run *run, struct cairn_stored *stored,
                             struct cairn_state *state)
{
    cairn_trainer *t = run->t;
    real *average = cairn_trainer_average(t);

    CAIRN_TRY(cairn_state_add_weights(state, t->params, t->w));
    if (average != NULL) CAIRN_TRY(cairn_state_add_tensors(state, "/ema", t->params, average));
    CAIRN_TRY(add_optimizer(state, t));
    CAIRN_TRY(add_progress(state, run, stored));
    CAIRN_TRY(add_seen(state, run));
    CAIRN_TRY(add_observed(state, t));
    return add_ranges(state, t);
}
