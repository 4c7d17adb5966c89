/* SPDX-License-Identifier: BSD-3-Clause
 * A trained model, out of a checkpoint: what eval and predict work with. */
#ifndef CAIRN_CLI_TRAINED_H
#define CAIRN_CLI_TRAINED_H

#include "cairn/comm.h"
#include "config/config.h"
#include "data/loader.h"
#include "nn/model.h"

/** Model, weights and one group of a dataset. */
struct cairn_trained {
    cairn_comm *comm;
    struct cairn_config *config;
    struct cairn_dataset *dataset;
    struct cairn_loader *loader;
    struct cairn_model *model;
    real *w;          /* [n_values] */
    size_t n_samples; /* of the group */
    size_t micro;     /* b */
    enum cairn_split split;
    bool ema; /* w is the moving average of the weights */
};

/** What the command line says of it. */
struct cairn_trained_request {
    const char *checkpoint;
    const char *data;  /* NULL: the file that the checkpoint was trained on */
    int split;         /* enum cairn_split */
    bool ema;          /* the moving average of the weights in place of the weights */
    bool outputs_only; /* labels are not wanted */
};

/** Its flags, for a request at `request`, a struct with this member: */
#define CAIRN_OPTION_EMA(request, member)                                                          \
    {                                                                                              \
        "--ema", NULL, CAIRN_KEY_BOOL, offsetof(request, member.ema),                              \
            .doc = "by the moving average of the weights (train.ema)"                              \
    }
#define CAIRN_OPTION_SPLIT(request, member)                                                        \
    {                                                                                              \
        "--split", .type = CAIRN_KEY_CHOICE, .offset = offsetof(request, member.split),            \
                   .doc = "the group of the dataset", .fallback = "test",                          \
                   .words = CAIRN_CHOICE_TEXT(CAIRN_WORDS_SPLIT)                                   \
    }

/** Take the checkpoint into a request whose first member this is.  Ranks: local.
 * Errors: CAIRN_USAGE: a second one. */
CAIRN_CHECKED cairn_status cairn_trained_take(void *request, const char *value);

/** Open it.  Ranks: collective.  Errors: the agreed one: CAIRN_DATA, CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_trained_open(cairn_comm *comm,
                                              const struct cairn_trained_request *request,
                                              struct cairn_trained *out);

/** Whether a checkpoint of this config holds the moving average of its weights.  Ranks: local.
 * Errors: CAIRN_DATA: it does not. */
CAIRN_CHECKED cairn_status cairn_trained_check_ema(const struct cairn_config *config,
                                                   const char *checkpoint);

/** Weights, or their moving average, and buffers of a checkpoint into w [n_values].  Ranks: local.
 * Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_trained_weights(const char *checkpoint,
                                                 const struct cairn_params *params, bool ema,
                                                 real *w);

/** Release what was opened; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_trained_close(struct cairn_trained *trained);

#endif
