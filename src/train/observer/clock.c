/* SPDX-License-Identifier: BSD-3-Clause
 * The clock of the phases: where this rank is in its update, and what each part of it took. */
#include "comm/early.h"
#include "train/observer.h"
#include "train/trainer.h"

static cairn_status create(cairn_trainer *t, void **context)
{
    *context = &t->phases;
    return CAIRN_OK;
}

static void begins(void *context, const cairn_trainer *t)
{
    cairn_phase_begin_update(context, t->at.update + 1);
}

static void enters(void *context, enum cairn_phase phase)
{
    cairn_phase_enter(context, phase);
}

static void micro_done(void *context, cairn_trainer *t, size_t i, const struct cairn_micro *micro)
{
    struct cairn_phase_clock *phases = context;
    (void)t;
    cairn_phase_enter(phases, CAIRN_PHASE_OTHER);
    phases->micro = i + 1;
    phases->n_micro++;
    phases->n_samples += micro->n;
}

static cairn_status updated(void *context, cairn_trainer *t, struct cairn_update_record *record)
{
    struct cairn_phase_clock *phases = context;
    cairn_phase_enter(phases, CAIRN_PHASE_OTHER);
    record->data_s = phases->spent_s[CAIRN_PHASE_DATA];
    record->compute_s = phases->spent_s[CAIRN_PHASE_COMPUTE];
    record->overlap_s = cairn_early_overlap_s(t->sum);
    record->reduce_s = phases->spent_s[CAIRN_PHASE_REDUCE];
    record->update_s = phases->spent_s[CAIRN_PHASE_UPDATE];
    return CAIRN_OK;
}

const struct cairn_observer cairn_observer_clock = {
    .name = "clock",
    .create = create,
    .begins = begins,
    .enters = enters,
    .micro_done = micro_done,
    .updated = updated,
};
