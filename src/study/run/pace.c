/* SPDX-License-Identifier: BSD-3-Clause
 * What cells will take, measured before the first one. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "comm/exchange.h"
#include "setup/setup.h"
#include "start/start.h"
#include "study/run/run.h"
#include "train/evaluate.h"

enum { MOST_UPDATES = 20 };
static const double LONG_ENOUGH_S = 0.2;

/* What is measured of one batch. */
struct sample {
    double batch, update_s, check_s, start_s;
};

/* Rank 0's clock decides when it is enough.  Collective. */
static cairn_status time_updates(cairn_comm *comm, cairn_trainer *t, struct sample *out)
{
    bool enough = false;
    double begin_s = cairn_clock_s();
    cairn_status st = cairn_trainer_prepare(t, CAIRN_OK);
    for (int n = 0; st == CAIRN_OK && !enough && !t->done; n++) {
        struct cairn_update_record record;
        st = cairn_trainer_update(t, &record);
        double spent_s = cairn_clock_s() - begin_s;
        out->update_s = n == 0 ? spent_s : spent_s / n;
        if (n == 0) begin_s = cairn_clock_s(); /* the first one is slower than the rest */
        enough = n >= MOST_UPDATES || (n > 0 && spent_s > LONG_ENOUGH_S);
        if (st == CAIRN_OK) st = cairn_comm_broadcast(comm, st, &enough, sizeof enough);
    }
    return st;
}

static bool is_interrupted(void *context)
{
    (void)context;
    return cairn_interrupted();
}

/* Collective. */
static cairn_status time_check(cairn_trainer *t, struct sample *out)
{
    struct cairn_evaluated scores;
    bool left = false;
    const struct cairn_leave leave = {.wants = is_interrupted};
    double begin_s = cairn_clock_s();
    if (t->parts.loader[CAIRN_SPLIT_VAL] == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_trainer_scores(t, t->w, CAIRN_SPLIT_VAL, &leave, &scores, &left));
    if (left) return CAIRN_STOPPED;
    out->check_s = cairn_clock_s() - begin_s;
    return CAIRN_OK;
}

/* Collective. */
static cairn_status time_cell(struct cairn_study *study, size_t cell, struct sample *out)
{
    struct cairn_config *config = NULL;
    cairn_trainer *t = NULL;
    cairn_comm *comm = study->group;
    bool grows = study->file->kind == CAIRN_STUDY_WEAK; /* the batch is that of a rank */
    double begin_s = cairn_clock_s();
    cairn_status st = cairn_comm_agree(comm, cairn_study_config(study, cell, &config));
    if (st == CAIRN_OK) st = cairn_start_trainer(config, comm, &study->data, &t);
    out->start_s = cairn_clock_s() - begin_s;
    if (st == CAIRN_OK)
        out->batch = (double)t->parts.rule.global / (grows ? cairn_study_ranks(study, cell) : 1);
    if (st == CAIRN_OK) st = time_updates(comm, t, out);
    if (st == CAIRN_NUMBERS) st = CAIRN_OK; /* a rate that is too large for this batch */
    if (st == CAIRN_OK) st = time_check(t, out);
    cairn_trainer_close(t);
    cairn_config_free(config);
    return st;
}

/* The cell of the first values, at the batch that is the least or the largest. */
static size_t extreme_cell(const struct cairn_study *study, bool largest)
{
    size_t cell = 0;
    const struct cairn_study_axes *axes = &study->axes;
    for (size_t i = 0; i < axes->n; i++) {
        const struct cairn_study_axis *axis = &axes->axis[i];
        size_t at = axis->first;
        for (size_t k = axis->first; k < axis->end && axis->role == CAIRN_STUDY_BATCH; k++) {
            double here = strtod(axis->value[k], NULL);
            double best = strtod(axis->value[at], NULL);
            if (largest ? here > best : here < best) at = k;
        }
        cell = cairn_study_with(axes, cell, i, at);
    }
    return cell;
}

cairn_status cairn_study_measure(struct cairn_study *study)
{
    struct sample sample[2] = {{.batch = 0}, {.batch = 0}};
    enum cairn_log_level level = cairn_log_get_level();
    size_t cell[2] = {extreme_cell(study, false), extreme_cell(study, true)};
    if (level == CAIRN_LOG_NORMAL) cairn_log_set_level(CAIRN_LOG_QUIET);
    cairn_status st = time_cell(study, cell[0], &sample[0]);
    sample[1] = sample[0];
    if (st == CAIRN_OK && cell[1] != cell[0]) st = time_cell(study, cell[1], &sample[1]);
    if (level == CAIRN_LOG_NORMAL) cairn_log_set_level(level);
    if (st != CAIRN_OK) return st;
    study->pace = (struct cairn_study_pace){
        .batch = {sample[0].batch, sample[1].batch},
        .update_s = {sample[0].update_s, sample[1].update_s},
        .check_s = fmin(sample[0].check_s, sample[1].check_s),
        .start_s = fmin(sample[0].start_s, sample[1].start_s),
    };
    return CAIRN_OK;
}

double cairn_study_update_s(const struct cairn_study_pace *pace, double batch)
{
    double wide = pace->batch[1] - pace->batch[0];
    if (!(pace->update_s[0] > 0)) return (double)NAN;
    if (!(wide > 0)) return pace->update_s[0];
    double part = (batch - pace->batch[0]) / wide;
    return pace->update_s[0] + part * (pace->update_s[1] - pace->update_s[0]);
}
