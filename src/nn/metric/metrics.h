/* SPDX-License-Identifier: BSD-3-Clause
 * The metrics that an evaluation of a model is to have, and their sums.  Local. */
#ifndef CAIRN_NN_METRIC_METRICS_H
#define CAIRN_NN_METRIC_METRICS_H

#include "nn/metric/metric.h"
#include "nn/model.h"
#include "tensor/exact_sum.h"

/** Some of the metrics, by their index. */
struct cairn_metric_choice {
    bool wanted[CAIRN_N_METRICS];
};

enum { CAIRN_METRICS_SPARE = 16 };

/** Metrics of one model while it is evaluated. */
struct cairn_metric_set {
    struct cairn_metric_about about;
    struct cairn_metric_choice choice;
    size_t first[CAIRN_N_METRICS]; /* of each one's sums */
    size_t n_sums;
    bool of_labels, of_targets;  /* some of them look at these */
    real *room;                  /* [CAIRN_ROWS_AT_ONCE, K] outputs of some labels; owned */
    cairn_real *q;               /* [CAIRN_ROWS_AT_ONCE, K] probabilities in their place; owned */
    double *micro;               /* [n_sums] of one micro-batch, then the totals; owned */
    struct cairn_exact_sum *sum; /* [n_sums + CAIRN_METRICS_SPARE] of all, and others that go
                                    the same way; owned */
};

/** What the outputs of a model are compared with.  Ranks: local.  Errors: none. */
struct cairn_metric_about cairn_metrics_about(const struct cairn_model *model);

/** The usual ones for its loss and data.  Ranks: local.  Errors: none. */
struct cairn_metric_choice cairn_metrics_usual(const struct cairn_model *model);

/** Take memory for their sums; accuracy, where it has a meaning, is always among them.  Ranks:
 * local.  Errors: CAIRN_USAGE: one has no meaning for this model, what it wants; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_metrics_create(const struct cairn_model *model,
                                                const struct cairn_metric_choice *choice,
                                                struct cairn_metric_set **out);

/** Release; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_metrics_free(struct cairn_metric_set *metrics);

/** Before the first micro-batch: all sums are 0.  Ranks: local.  Errors: none. */
void cairn_metrics_begin(struct cairn_metric_set *metrics);

/** The micro-batch that the model was evaluated on last, with its scores.  Allocates nothing.
 * Ranks: local.  Errors: none; sums that no number holds make a value NaN. */
void cairn_metrics_add(struct cairn_metric_set *metrics, const struct cairn_model *model,
                       const struct cairn_micro *micro, const struct cairn_scores *scores);

/** From the sums over all ranks: the values [CAIRN_N_METRICS], NaN where there is none.
 * Ranks: local.  Errors: none. */
void cairn_metrics_values(struct cairn_metric_set *metrics, double *value);

#endif
