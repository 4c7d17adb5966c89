/* SPDX-License-Identifier: BSD-3-Clause
 * What planning and reading of the loader share.  Not for other modules. */
#ifndef CAIRN_DATA_LOADER_STATE_H
#define CAIRN_DATA_LOADER_STATE_H

#include "data/convert.h"
#include "data/internal.h"
#include "data/loader.h"
#include "data/order.h"
#include "data/source.h"

struct cairn_loader {
    struct cairn_dataset *dataset; /* borrowed */
    const struct cairn_group *group;
    struct cairn_loader_options options;
    struct cairn_source x, y, weight; /* y.rows is NULL for classes and tokens */
    size_t n_in, n_labels;            /* of a sample */
    struct cairn_factors factors;
    real *scale, *shift; /* [1], or [n_in] where channels differ */
    real *border;        /* [C] of images that are augmented, */
    real *plain;         /* [n_in] and one of them before; both NULL without */
    struct cairn_order order;
    uint64_t order_epoch;
    bool order_known, is_held;
    int32_t *came;           /* [b] labels of rows that come as they are wanted, in the ... */
    const int32_t *label_of; /* ... order of `sorted`; those of this micro-batch, or NULL */
    struct cairn_by_sample *sorted; /* [b] */
    real *x_out;                    /* [b, n_in] */
    real *target;                   /* [b, targets] */
    int32_t *label;                 /* [b, n_labels] */
    real *label_weight;             /* [b, n_labels]; NULL where all are 1 */
    uint64_t *sample, *epoch;       /* [b] */
};

#endif
