/* SPDX-License-Identifier: BSD-3-Clause
 * Counts and hashes the samples that the loader hands to the model (data.ledger).  Off, it is not
 * there; on, an update has one small exchange more. */
#include "train/ledger.h"

#include <stdlib.h>

#include "base/count.h"
#include "base/memory.h"
#include "comm/exchange.h"
#include "train/observer.h"
#include "train/trainer.h"

struct ledger {
    size_t most, n;                 /* epochs that an update may have samples of, and has */
    struct cairn_ledger_part *part; /* [most]; owned */
    uint64_t *sum;                  /* [most, 2]: count and hash of this rank; owned */
};

static void destroy(void *context)
{
    struct ledger *ledger = context;
    free(ledger->part);
    free(ledger->sum);
    free(ledger);
}

static cairn_status create(cairn_trainer *t, void **context)
{
    const struct cairn_window_rule *rule = &t->parts.rule;
    struct ledger *ledger = NULL;
    if (!t->parts.ledger) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(1, sizeof *ledger, "the ledger", &ledger));
    ledger->most = (size_t)cairn_count_least(cairn_window_most(rule) / rule->n_samples +
                                                 2, /* both ends cut one */
                                             cairn_count_plus(rule->epochs, 1));
    cairn_status st =
        cairn_memory_get(ledger->most, sizeof *ledger->part, "the ledger", &ledger->part);
    if (st == CAIRN_OK)
        st = cairn_memory_get(2 * ledger->most, sizeof *ledger->sum, "the ledger", &ledger->sum);
    if (st == CAIRN_OK)
        *context = ledger;
    else
        destroy(ledger);
    return st;
}

static void begins(void *context, const cairn_trainer *t)
{
    struct ledger *ledger = context;
    const uint64_t n_samples = t->parts.rule.n_samples;
    const uint64_t epoch = t->window.first / n_samples;
    ledger->n = (size_t)(t->window.epoch - epoch + 1);
    for (size_t i = 0; i < ledger->n; i++)
        ledger->part[i] = (struct cairn_ledger_part){
            .epoch = epoch + i, .first = i == 0 ? t->window.first : (epoch + i) * n_samples};
    for (size_t i = 0; i < 2 * ledger->n; i++) ledger->sum[i] = 0;
}

/* A sample of an epoch that has none in this update is put down under another, with its own hash,
 * so that this does not pass unseen. */
static void micro_done(void *context, cairn_trainer *t, size_t m, const struct cairn_micro *micro)
{
    struct ledger *ledger = context;
    (void)t;
    (void)m;
    for (size_t i = 0; i < micro->n; i++) {
        const uint64_t at = micro->epoch[i] - ledger->part[0].epoch;
        uint64_t *sum = &ledger->sum[2 * (at < ledger->n ? at : 0)];
        sum[0]++;
        sum[1] += cairn_ledger_hash(micro->epoch[i], micro->sample[i]);
    }
}

static cairn_status updated(void *context, cairn_trainer *t, struct cairn_update_record *record)
{
    struct ledger *ledger = context;
    (void)record;
    cairn_observe_phase(t, CAIRN_PHASE_REDUCE);
    CAIRN_TRY(cairn_comm_sum_counts(t->parts.comm, ledger->sum, 2 * ledger->n));
    cairn_observe_phase(t, CAIRN_PHASE_UPDATE);
    for (size_t i = 0; i < ledger->n; i++) {
        ledger->part[i].samples = ledger->sum[2 * i];
        ledger->part[i].hash = ledger->sum[2 * i + 1];
    }
    return CAIRN_OK;
}

const struct cairn_ledger_part *cairn_trainer_ledger(const cairn_trainer *t, size_t *n)
{
    const struct ledger *ledger = cairn_trainer_observer(t, &cairn_observer_ledger);
    *n = ledger == NULL ? 0 : ledger->n;
    return ledger == NULL ? NULL : ledger->part;
}

const struct cairn_observer cairn_observer_ledger = {
    .name = "ledger",
    .create = create,
    .destroy = destroy,
    .begins = begins,
    .micro_done = micro_done,
    .updated = updated,
};
