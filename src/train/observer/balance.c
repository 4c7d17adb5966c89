/* SPDX-License-Identifier: BSD-3-Clause
 * What shares by speed (train.balance: auto) are cut by: how long this rank works on its
 * micro-batches.  The cuts are made in train/balance.c. */
#include "train/balance.h"

#include "train/guard.h"
#include "train/observer.h"
#include "train/trainer.h"

static cairn_status create(cairn_trainer *t, void **context)
{
    int n_ranks = cairn_comm_size(t->parts.comm);
    if (t->parts.balance_every == 0 || n_ranks == 1) return CAIRN_OK;
    CAIRN_TRY(cairn_balance_create(n_ranks, t->parts.balance_every, &t->balance));
    *context = t->balance;
    return CAIRN_OK;
}

static void destroy(void *context)
{
    cairn_balance_free(context);
}

/* Waiting for the other ranks is not part of changing the weights. */
static cairn_status updated(void *context, cairn_trainer *t, struct cairn_update_record *record)
{
    const double *spent_s = t->phases.spent_s;
    double busy_s = spent_s[CAIRN_PHASE_DATA] + spent_s[CAIRN_PHASE_COMPUTE];
    const struct cairn_balance_work work = {
        .update = record->update,
        .mine = {.busy_ns = (uint64_t)(busy_s * 1e9), .n_micro = cairn_trainer_share(t) + cairn_guard_again(t)},
        .window_micro = t->window.n_micro,
    };
    cairn_observe_phase(t, CAIRN_PHASE_REDUCE);
    cairn_status st = cairn_balance_update(context, t->parts.comm, &work);
    cairn_observe_phase(t, CAIRN_PHASE_UPDATE);
    return st;
}

const struct cairn_observer cairn_observer_balance = {
    .name = "balance",
    .create = create,
    .destroy = destroy,
    .updated = updated,
};
