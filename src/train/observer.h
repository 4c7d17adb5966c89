/* SPDX-License-Identifier: BSD-3-Clause
 * Observers: who watches the updates of a trainer and changes no weight.  The update calls them
 * without knowing who they are.  Those that belong to the engine are listed in observers.def, and
 * each decides by what the trainer is made from whether it is wanted; a run adds its own. */
#ifndef CAIRN_TRAIN_OBSERVER_H
#define CAIRN_TRAIN_OBSERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/phase.h"
#include "cairn/trainer.h"
#include "comm/sum.h"
#include "tensor/micro.h"

/** Numbers of an observer that are part of a checkpoint, as [rows, columns] there; files without
 * them can be resumed all the same. */
struct cairn_observed {
    const char *path; /* "/progress/noise_history" */
    size_t rows, columns;
    double *value; /* borrowed */
};

/** What an observer may want to know, in the order in which it happens.  What is NULL is not
 * called, but those in observers.def have a create(). */
struct cairn_observer {
    const char *name;

    /** Of those in observers.def: take what watching this trainer needs.  *context stays NULL where
     * it is not wanted.  Ranks: local.  Errors: memory. */
    cairn_status (*create)(cairn_trainer *t, void **context);
    void (*destroy)(void *context);

    /** An update begins, perhaps a second time. */
    void (*begins)(void *context, const cairn_trainer *t);

    /** This rank turns to something else. */
    void (*enters)(void *context, enum cairn_phase phase);

    /** Micro-batch i of this rank's share was added to its sum. */
    void (*micro_done)(void *context, cairn_trainer *t, size_t i, const struct cairn_micro *micro);

    /** The ranks are about to sum.  Set *stop where this rank wants the run to stop after this
     * update; a status other than CAIRN_OK ends the update on all ranks. */
    cairn_status (*before_sum)(void *context, bool *stop);

    /** t->gradient is that of the update, not yet clipped, and t->squares are its squares; alike on
     * all ranks.  Neither the gradient nor the weights are read here: others of a team may be
     * changing them already. */
    void (*summed)(void *context, cairn_trainer *t, const struct cairn_totals *totals);

    /** The weights are new; t->at still describes the update before.  Figures may be added to the
     * record.  Ranks: collective.  Errors: the agreed one. */
    cairn_status (*updated)(void *context, cairn_trainer *t, struct cairn_update_record *record);

    /** What a checkpoint keeps.  Ranks: local; alike on all. */
    struct cairn_observed (*state)(void *context, const cairn_trainer *t);
};

/** Who watches a trainer. */
enum { CAIRN_MOST_OBSERVERS = 16 };
struct cairn_observers {
    size_t n, n_own; /* the first n_own are destroyed with the trainer */
    struct {
        const struct cairn_observer *kind;
        void *context; /* borrowed unless it is one of the first */
    } item[CAIRN_MOST_OBSERVERS];
};

#define X(name) extern const struct cairn_observer cairn_observer_##name;
#include "train/observer/observers.def"
#undef X

/** Those in observers.def that this trainer wants, in their order.  Ranks: local.  Errors: memory.
 */
CAIRN_CHECKED cairn_status cairn_observers_create(cairn_trainer *t);
void cairn_observers_free(cairn_trainer *t);

/** One more, after all others; the context is borrowed.  Ranks: local.  Errors: CAIRN_BUG: too
 * many. */
CAIRN_CHECKED cairn_status cairn_trainer_watch(cairn_trainer *t, const struct cairn_observer *kind,
                                               void *context);

/** Remove it again, where it is there.  Ranks: local.  Errors: none. */
void cairn_trainer_unwatch(cairn_trainer *t, const struct cairn_observer *kind);

/** The context of this kind of observer; NULL: it does not watch.  Ranks: local.  Errors: none. */
void *cairn_trainer_observer(const cairn_trainer *t, const struct cairn_observer *kind);

/** Tell all of them.  Ranks, errors: as in struct cairn_observer. */
void cairn_observe_begin(cairn_trainer *t);
void cairn_observe_phase(cairn_trainer *t, enum cairn_phase phase);
void cairn_observe_micro(cairn_trainer *t, size_t i, const struct cairn_micro *micro);
CAIRN_CHECKED cairn_status cairn_observe_sum(cairn_trainer *t, cairn_status st, bool *stop);
void cairn_observe_summed(cairn_trainer *t, const struct cairn_totals *totals);
CAIRN_CHECKED cairn_status cairn_observe_update(cairn_trainer *t,
                                                struct cairn_update_record *record);

#endif
