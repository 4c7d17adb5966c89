/* SPDX-License-Identifier: BSD-3-Clause
 * What a metric is: one row of functions, in a file of its own, listed in metrics.def.  It adds to
 * a fixed set of sums and makes its value of their totals: so it does not depend on how an
 * evaluation is shared.  In the program's precision alone.  Local. */
#ifndef CAIRN_NN_METRIC_METRIC_H
#define CAIRN_NN_METRIC_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"
#include "tensor/micro.h"
#include "tensor/real.h"

/** The number of metrics, and what an evaluation finds, its scores: the loss, then the metrics in
 * their order. */
enum {
#define X(name) +1
    CAIRN_N_METRICS = 0
#include "nn/metric/metrics.def"
#undef X
    ,
    CAIRN_SCORE_NONE = 0,
    CAIRN_SCORE_LOSS,
    CAIRN_SCORE_ACCURACY,
    CAIRN_N_SCORES = CAIRN_SCORE_ACCURACY + CAIRN_N_METRICS
};

/** What the outputs of a model are compared with. */
struct cairn_metric_about {
    bool counts;      /* the loss counts what is right */
    bool labels;      /* the data has classes: the loss is one of labels */
    bool yes_no;      /* the classes are no and yes, and each output answers alone */
    size_t n_classes; /* an answer tells apart; 0: none */
    size_t n_targets; /* real ones of a sample, for an output each; 0: none */
};

/** A label, and the outputs h [k] that answer it. */
struct cairn_label_answer {
    const struct cairn_metric_about *about;
    const real *h;
    size_t k;
    size_t label, predicted; /* classes */
    double weight;           /* not 0 */
};

/** A real target, and what the output of this number says. */
struct cairn_target_answer {
    size_t output;
    double predicted, target;
    double weight; /* not 0 */
};

/** A metric's row of functions.  Of those that add, one is there. */
struct cairn_metric_kind {
    const char *name; /* in eval.metrics; "eval_" and this is its score */
    const char *doc;  /* one sentence */
    bool lower_is_better;
    double least, most; /* values that it can have */
    /** What it wants that such outputs have not, as in "wants ..."; NULL: it has a value.
     * Errors: none. */
    const char *(*wants)(const struct cairn_metric_about *about);
    /** How many sums it keeps.  Errors: none. */
    size_t (*n_sums)(const struct cairn_metric_about *about);
    void (*add_scores)(const struct cairn_scores *scores, double *sum);
    void (*add_label)(const struct cairn_label_answer *answer, double *sum);
    void (*add_target)(const struct cairn_target_answer *answer, double *sum);
    /** From the totals; NaN: there was nothing to see.  Errors: none. */
    double (*value)(const struct cairn_metric_about *about, const double *sum);
};

/** The metrics in their order; NULL after the last.  Ranks: local.  Errors: none. */
const struct cairn_metric_kind *cairn_metric_at(size_t index);

/** The metric of this name; its index.  Ranks: local.  Errors: CAIRN_USAGE: there is none, names
 * all. */
CAIRN_CHECKED cairn_status cairn_metric_find(const char *name, size_t *out);

/** "eval_loss", "eval_accuracy", ...  Ranks: local.  Errors: none. */
const char *cairn_score_name(size_t score);

/** Whether a lower score is the better one.  Ranks: local.  Errors: none. */
bool cairn_score_is_error(size_t score);

/** The score of this name.  Ranks: local.  Errors: CAIRN_USAGE: there
 * is none, names all. */
CAIRN_CHECKED cairn_status cairn_score_find(const char *name, size_t *out);

/** The sums of a mean: a weighted one, and the weight.  Ranks: local.  Errors: none. */
size_t cairn_metric_two(const struct cairn_metric_about *about);
double cairn_metric_mean(const struct cairn_metric_about *about, const double *sum);

/** What a metric of real targets, or of classes, wants.  Ranks: local.  Errors: none. */
const char *cairn_metric_wants_targets(const struct cairn_metric_about *about);
const char *cairn_metric_wants_classes(const struct cairn_metric_about *about);

#endif
