/* SPDX-License-Identifier: BSD-3-Clause
 * The moving average of the weights (train.ema), which is evaluated and saved beside them and
 * changes nothing of the training. */
#include <string.h>

#include "train/trainer.h"

void cairn_ema_update(cairn_trainer *t)
{
    float *restrict average = t->average;
    const float *restrict w = t->w;
    const size_t n = t->params->n_weights;
    const float gain = (float)(1 - t->parts.ema);
    if (average == NULL) return;
    if (t->at.update == 0)
        memcpy(average, w, n * sizeof *w);
    else
        for (size_t i = 0; i < n; i++) average[i] += gain * (w[i] - average[i]);
}

const float *cairn_ema_weights(cairn_trainer *t)
{
    if (t->average == NULL) return NULL;
    size_t first = t->at.update == 0 ? 0 : t->params->n_weights;
    memcpy(t->average + first, t->w + first, (t->params->n_values - first) * sizeof *t->w);
    return t->average;
}
