/* SPDX-License-Identifier: BSD-3-Clause
 * A trained model, out of a checkpoint.  Public: cairn/trained.h. */
#ifndef CAIRN_START_TRAINED_H
#define CAIRN_START_TRAINED_H

#include "cairn/trained.h"
#include "config/config.h"
#include "data/loader.h"
#include "nn/model.h"
#include "setup/setup.h"
#include "train/evaluate.h"

/** Model, weights and one group of a dataset. */
struct cairn_trained {
    cairn_comm *comm;
    struct cairn_config *config;
    struct cairn_setup_data given; /* from memory */
    struct cairn_dataset *dataset;
    struct cairn_loader *loader;
    struct cairn_model *model;
    struct cairn_metric_set *metrics; /* NULL: there are no labels */
    real *w;                          /* [n_values] */
    real *outputs;                    /* the last ones of all samples, owned; rank 0 */
    size_t n_samples;                 /* of the group */
    size_t micro;                     /* b */
    enum cairn_split split;
    bool ema; /* w is the moving average of the weights */
};

/** Whether a checkpoint of this config holds the moving average of its weights.  Ranks: local.
 * Errors: CAIRN_DATA: it does not. */
CAIRN_CHECKED cairn_status cairn_trained_check_ema(const struct cairn_config *config,
                                                   const char *checkpoint);

/** Weights, or their moving average, and buffers of a checkpoint into w [n_values].  Ranks: local.
 * Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_trained_weights(const char *checkpoint,
                                                 const struct cairn_params *params, bool ema,
                                                 real *w);

/** Loss and metrics over the group.  Ranks: collective.  Errors: the agreed one, as
 * cairn_evaluate(). */
CAIRN_CHECKED cairn_status cairn_trained_scores(cairn_trained *trained,
                                                struct cairn_evaluated *out);

/** How often the model gives each of its classes over all samples of the group: *out
 * [cairn_model_classes()] on rank 0, to be released with free(); NULL on the others.  Labels are
 * not looked at.  Ranks: collective.  Errors: the agreed one: CAIRN_DATA; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_trained_count(struct cairn_trained *trained, uint64_t **out);

#endif
