/* SPDX-License-Identifier: BSD-3-Clause
 * The rows of a study in order: series, in each its global batches, at each the learning rates that
 * were tried, at each the seeds.  Finds the best learning rate.  Local. */
#ifndef CAIRN_STUDY_SERIES_H
#define CAIRN_STUDY_SERIES_H

#include "cairn/status.h"
#include "study/statistics.h"
#include "study/table.h"

/** What one seed took to the target. */
struct cairn_study_took {
    double updates; /* infinite: it diverged */
    bool above;     /* it was given up after so many: it takes more */
};

/** One learning rate at one global batch. */
struct cairn_study_try {
    double lr;
    const struct cairn_study_row *const *row; /* [n_rows] its cells, borrowed */
    size_t n_rows;
    size_t n_seeds, n_reached, n_unknown; /* unknown: given up before the target */
    struct cairn_study_took *took; /* [n_seeds] those that reached first, from the fewest on */
    /* over all seeds of the batch; one that this rate was not tried with has not reached */
    double median;      /* infinite where half of them or more have not reached */
    double bound;       /* where it is: what the median is above by those that were given up */
    double low, high;   /* of those that have; NaN where none has */
    double noise_scale; /* median over its cells, in samples; NaN where none has one */
    double samples;     /* median over its cells like that of the updates; NaN where infinite */
    struct cairn_study_value time_s; /* of training, of the cells that reached on the most ranks */
};

/** One global batch of a series. */
struct cairn_study_point {
    uint64_t batch;
    size_t n_seeds;
    struct cairn_study_try *tried; /* [n_tried] by rising learning rate */
    size_t n_tried;
    const struct cairn_study_try *best; /* NULL: no rate reached the target with enough seeds */
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
    struct cairn_study_took *took; /* of all tries; owned */
    double *room;                  /* [n_rows] for sorting; owned */
};

/** All series of a study. */
struct cairn_study_order {
    struct cairn_study_series *series; /* [n_series] in the order of their first rows; owned */
    size_t n_series;
};

/**
 * Put the rows in order; the table must outlive the answer.  A row without a batch or a learning
 * rate above 0 is in none.  The best rate has the least median; of equal ones the least sum over
 * the seeds, then the lower rate.  Where no rate has one, that with the most seeds that reached, if
 * its others were given up: its median is infinite, and its bound is known.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_study_order_create(const struct cairn_study_table *table,
                                                    struct cairn_study_order *out);

/** Release it; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_study_order_free(struct cairn_study_order *order);

/** Whether the best rate is the lowest (-1) or the highest (1) of several that were tried, so that
 * a better one may lie outside; else 0.  Ranks: local.  Errors: none. */
int cairn_study_point_edge(const struct cairn_study_point *point);

/** How many cells of a series ended so.  Ranks: local.  Errors: none. */
size_t cairn_study_series_ended(const struct cairn_study_series *series, enum cairn_study_end end);

/** The median of what n seeds took, and the bound where it is infinite.  n_all: with those that
 * are missing, of which nothing is known.  most: what one that diverged counts as in the bound.
 * room: [n_all].  Ranks: local.  Errors: none. */
struct cairn_study_took cairn_study_took_median(const struct cairn_study_took *took, size_t n,
                                                size_t n_all, double most, double *room);

#endif
