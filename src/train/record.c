/* SPDX-License-Identifier: BSD-3-Clause
 * What is told of an update: its record, and figures of each weight tensor.  Changes nothing. */
#include "train/trainer.h"

void cairn_trainer_take_flow(cairn_trainer *t)
{
    for (size_t i = 0; i < t->params->n_items; i++) {
        const struct cairn_param *item = &t->params->item[i];
        t->flow[i].gradient = cairn_magnitudes(t->g + item->offset, item->count);
        t->flow[i].weight_norm = cairn_norm(t->w + item->offset, item->count);
    }
}

struct cairn_update_record cairn_trainer_record(const cairn_trainer *t,
                                                const struct cairn_totals *totals)
{
    return (struct cairn_update_record){
        .update = t->at.update + 1,
        .epoch = t->window.epoch,
        .batch_samples = t->window.n,
        .normalizer = totals->weight,
        .loss = totals->loss / totals->weight,
        .data_s = t->where.spent_s[CAIRN_PHASE_DATA],
        .compute_s = t->where.spent_s[CAIRN_PHASE_COMPUTE],
        .reduce_s = t->where.spent_s[CAIRN_PHASE_REDUCE],
        .update_s = t->where.spent_s[CAIRN_PHASE_UPDATE],
        .stop = totals->stop,
    };
}
