/* SPDX-License-Identifier: BSD-3-Clause
 * Telling those who watch. */
#include "train/observer.h"

#include "train/trainer.h"

static const struct cairn_observer *const kinds[] = {
#define X(name) &cairn_observer_##name,
#include "train/observer/observers.def"
#undef X
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

cairn_status cairn_trainer_watch(cairn_trainer *t, const struct cairn_observer *kind, void *context)
{
    struct cairn_observers *all = &t->observers;
    if (all->n == CAIRN_MOST_OBSERVERS)
        return cairn_fail(CAIRN_BUG, "no room for the observer %s", kind->name);
    all->item[all->n].kind = kind;
    all->item[all->n++].context = context;
    return CAIRN_OK;
}

void cairn_trainer_unwatch(cairn_trainer *t, const struct cairn_observer *kind)
{
    struct cairn_observers *all = &t->observers;
    size_t kept = 0;
    for (size_t i = 0; i < all->n; i++)
        if (all->item[i].kind != kind) all->item[kept++] = all->item[i];
    all->n = kept;
}

cairn_status cairn_observers_create(cairn_trainer *t)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        void *context = NULL;
        CAIRN_TRY(kinds[i]->create(t, &context));
        if (context != NULL) CAIRN_TRY(cairn_trainer_watch(t, kinds[i], context));
        t->observers.n_own = t->observers.n;
    }
    return CAIRN_OK;
}

void cairn_observers_free(cairn_trainer *t)
{
    struct cairn_observers *all = &t->observers;
    for (size_t i = 0; i < all->n_own; i++)
        if (all->item[i].kind->destroy != NULL) all->item[i].kind->destroy(all->item[i].context);
}

void *cairn_trainer_observer(const cairn_trainer *t, const struct cairn_observer *kind)
{
    for (size_t i = 0; i < t->observers.n; i++)
        if (t->observers.item[i].kind == kind) return t->observers.item[i].context;
    return NULL;
}

/* Call this function of all who have it. */
#define TELL(function, ...)                                                                        \
    for (size_t k = 0; k < t->observers.n; k++)                                                    \
        if (t->observers.item[k].kind->function != NULL)                                           \
    t->observers.item[k].kind->function(t->observers.item[k].context, __VA_ARGS__)

void cairn_observe_begin(cairn_trainer *t)
{
    TELL(begins, t);
}

void cairn_observe_phase(cairn_trainer *t, enum cairn_phase phase)
{
    TELL(enters, phase);
}

void cairn_observe_micro(cairn_trainer *t, size_t i, const struct cairn_micro *micro)
{
    TELL(micro_done, t, i, micro);
}

cairn_status cairn_observe_sum(cairn_trainer *t, cairn_status st, bool *stop)
{
    for (size_t i = 0; i < t->observers.n; i++) {
        if (t->observers.item[i].kind->before_sum == NULL) continue;
        cairn_status here =
            t->observers.item[i].kind->before_sum(t->observers.item[i].context, stop);
        if (st == CAIRN_OK) st = here;
    }
    return st;
}

void cairn_observe_summed(cairn_trainer *t, const struct cairn_totals *totals)
{
    TELL(summed, t, totals);
}

cairn_status cairn_observe_update(cairn_trainer *t, struct cairn_update_record *record)
{
    for (size_t i = 0; i < t->observers.n; i++)
        if (t->observers.item[i].kind->updated != NULL)
            CAIRN_TRY(t->observers.item[i].kind->updated(t->observers.item[i].context, t, record));
    return CAIRN_OK;
}
