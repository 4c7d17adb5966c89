/* SPDX-License-Identifier: BSD-3-Clause
 * The moving average of the weights (train.ema), which is evaluated and saved beside them and
 * changes nothing of the training. */
#include "train/average.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/tiny.h"
#include "train/observer.h"
#include "train/trainer.h"

void cairn_average_add(real *average, const real *w, size_t n, double decay, bool first)
{
    const real gain = (real)(1 - decay);
    const uint64_t before = cairn_tiny_to_zero();
    if (first)
        memcpy(average, w, n * sizeof *w);
    else
        for (size_t i = 0; i < n; i++) average[i] += gain * (w[i] - average[i]);
    cairn_tiny_as_before(before);
}

static cairn_status create(cairn_trainer *t, void **context)
{
    real *average = NULL;
    if (t->parts.ema == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(t->params->n_values, sizeof *average, "their average", &average));
    *context = average;
    return CAIRN_OK;
}

static cairn_status updated(void *context, cairn_trainer *t, struct cairn_update_record *record)
{
    cairn_average_add(context, t->w, t->params->n_weights, t->parts.ema, record->update == 1);
    return CAIRN_OK;
}

real *cairn_trainer_average(const cairn_trainer *t)
{
    real *average = cairn_trainer_observer(t, &cairn_observer_average);
    if (average == NULL) return NULL;
    size_t first = t->at.update == 0 ? 0 : t->params->n_weights;
    memcpy(average + first, t->w + first, (t->params->n_values - first) * sizeof *t->w);
    return average;
}

const struct cairn_observer cairn_observer_average = {
    .name = "average",
    .create = create,
    .destroy = free,
    .updated = updated,
};
