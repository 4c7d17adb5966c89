/* SPDX-License-Identifier: BSD-3-Clause
 * What planning and reading of the loader share.  Not for other modules. */
#ifndef CAIRN_DATA_LOADER_STATE_H
#define CAIRN_DATA_LOADER_STATE_H

#include "data/ahead.h"
#include "data/convert.h"
#include "data/internal.h"
#include "data/loader.h"
#include "data/shuffle.h"
#include "data/source.h"

/** Where a micro-batch is put. */
struct cairn_batch {
    real *x;                  /* [b, n_in] */
    real *target;             /* [b, targets] */
    int32_t *label;           /* [b, n_labels] */
    real *label_weight;       /* [b, n_weights]; NULL where all are 1 */
    uint64_t *sample, *epoch; /* [b] */
};

/** Reading on, block by block, while nothing else is asked for. */
struct cairn_onward {
    uint64_t position, end;         /* of the endless order: the next sample, and where to stop */
    struct cairn_shuffled shuffled; /* of the epoch of `position` */
};

/* What is below "reading" belongs to the thread that reads: `ahead`, or the only one. */
struct cairn_loader {
    struct cairn_dataset *dataset; /* borrowed */
    const struct cairn_group *group;
    struct cairn_loader_options options;
    struct cairn_source x, y,
        weight; /* y.rows is NULL for tokens, and for classes that the group holds */
    size_t n_in, n_labels, n_targets, n_weights; /* of a sample */
    struct cairn_factors factors;
    real *scale, *shift;   /* [1], or [n_in] where channels differ */
    bool is_held, streams; /* in memory; or as they come, from a file */
    uint64_t *excluded;    /* [n_excluded] samples whose weight is 0, rising; owned */
    size_t n_excluded;
    size_t n_batches;          /* 1, or one more than are made ahead */
    size_t in_use;             /* which of them was given out last */
    size_t most_kept;          /* bytes of kept blocks, as planned: another order takes no more */
    struct cairn_ahead *ahead; /* NULL: a micro-batch is made when it is wanted */
    struct cairn_ahead_positions last; /* what was asked for last */
    struct cairn_upcoming upcoming;    /* what will be; none: what follows */
    /* reading */
    struct cairn_batch *batch; /* [n_batches]; a batch that was given out is not read into */
    struct cairn_shuffled shuffled;
    struct cairn_onward onward;
    real *border;  /* [C] of images that are augmented, */
    real *plain;   /* [n_in] and one of them before; both NULL without */
    int32_t *came; /* [b, n_labels] labels of rows that come as they are wanted, in the ... */
    const int32_t *label_of;        /* ... order of `sorted`; those of this micro-batch, or NULL */
    struct cairn_by_sample *sorted; /* [b] */
};

/** The work of a cairn_ahead, whose context is a loader.  Ranks: local.  Errors: as
 * cairn_loader_read(). */
CAIRN_CHECKED cairn_status cairn_loader_make(void *context, size_t at,
                                             const struct cairn_ahead_positions *of);
bool cairn_loader_read_on(void *context);

#endif
