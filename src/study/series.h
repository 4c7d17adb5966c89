/* SPDX-License-Identifier: BSD-3-Clause
 * The rows of a study in order: series, in each its global batches, at each the learning rates that
 * were tried, at each the seeds.  Finds the best learning rate.  Local. */
#ifndef CAIRN_STUDY_SERIES_H
#define CAIRN_STUDY_SERIES_H

#include "cairn/status.h"
#include "study/table.h"

/** One learning rate at one global batch. */
struct cairn_study_try {
    double lr;
    const struct cairn_study_row *const *row; /* [n_rows] its cells, borrowed */
    size_t n_rows;
    size_t n_seeds, n_reached;
    double *updates; /* [n_seeds] to the target; infinite: not reached */
    /* over all seeds of the batch; one that this rate was not tried with has not reached */
    double median;    /* infinite where half of them or more have not reached */
    double low, high; /* of those that have; NaN where none has */
};

/** One global batch of a series. */
struct cairn_study_point {
    uint64_t batch;
    size_t n_seeds;
    struct cairn_study_try *tried; /* [n_tried] by rising learning rate */
    size_t n_tried;
    const struct cairn_study_try *best; /* NULL: no rate reached the target with most seeds */
};

/** Cells that differ only in global batch, learning rate, seed, ranks and how the batch is split.
 */
struct cairn_study_series {
    char *name;                         /* "optim.momentum=0.9, ..."; "all"; owned */
    const struct cairn_study_row **row; /* [n_rows] by batch, rate, seed; owned; rows borrowed */
    size_t n_rows;
    struct cairn_study_point *point; /* [n_points] by rising batch; owned */
    size_t n_points;
    struct cairn_study_try *tried; /* of all points; owned */
    double *updates;               /* of all tries; owned */
};

/** All series of a study. */
struct cairn_study_order {
    struct cairn_study_series *series; /* [n_series] in the order of their first rows; owned */
    size_t n_series;
};

/**
 * Put the rows in order; the table must outlive the answer.  A row without a batch or a learning
 * rate above 0 is in none.  The best rate has the least median; of equal ones the least sum over
 * the seeds, then the lower rate.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: memory
 */
CAIRN_CHECKED cairn_status cairn_study_order_create(const struct cairn_study_table *table,
                                                    struct cairn_study_order *out);

/** Release it; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_study_order_free(struct cairn_study_order *order);

/** Whether the best rate is the lowest (-1) or the highest (1) of several that were tried, so that
 * a better one may lie outside; else 0.  Ranks: local.  Errors: none. */
int cairn_study_point_edge(const struct cairn_study_point *point);

/** Mean noise scale, in samples, of the best rate's cells; NaN where none has one.  Ranks: local.
 * Errors: none. */
double cairn_study_point_noise(const struct cairn_study_point *point);

#endif
