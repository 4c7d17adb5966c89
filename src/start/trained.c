/* SPDX-License-Identifier: BSD-3-Clause
 * From a checkpoint to a model that can be asked. */
#include "start/trained.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/host.h"
#include "base/memory.h"
#include "cairn/real.h"
#include "checkpoint/checkpoint.h"
#include "comm/exchange.h"
#include "h5/h5.h"
#include "nn/class_rows.h"
#include "setup/setup.h"
#include "start/start.h"
#include "tensor/threads.h"
#include "train/evaluate.h"

enum { LARGEST_MICRO = 256, PREFETCH = 4, FORWARD_PARTS = 16 };

cairn_status cairn_trained_check_ema(const struct cairn_config *config, const char *checkpoint)
{
    if (config->train_ema != 0) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s was trained without train.ema and holds no average of the weights; "
                      "leave --ema out",
                      checkpoint);
}

/* The average is read after the weights and over them; the buffers are the weights'. */
cairn_status cairn_trained_weights(const char *checkpoint, const struct cairn_params *params,
                                   bool ema, real *w)
{
    struct cairn_state state = {0};
    cairn_status st = cairn_state_add_weights(&state, params, w);
    if (st == CAIRN_OK && ema) st = cairn_state_add_tensors(&state, "/ema", params, w);
    if (st == CAIRN_OK) st = cairn_checkpoint_read(checkpoint, &state);
    cairn_state_free(&state);
    return st;
}

/* The run file was fine once, so what does not fit it now are other data. */
static cairn_status as_data(cairn_status st)
{
    return st == CAIRN_USAGE ? CAIRN_DATA : st;
}

/* The host's.  Local. */
static cairn_status open_given(struct cairn_trained *trained, cairn_data *data)
{
    const struct cairn_config *config = trained->config;
    CAIRN_TRY(cairn_start_given_data(config, data, &trained->given));
    return as_data(cairn_setup_data_open(&trained->given, config, &trained->dataset));
}

/* From a file, or the host's.  Collective. */
static cairn_status open_data(struct cairn_trained *trained,
                              const struct cairn_trained_settings *settings)
{
    const struct cairn_setup_other other = {.file = settings->data_file,
                                            .split = trained->split,
                                            .labels_optional = settings->outputs_only};
    cairn_status st = cairn_threads_set(trained->config->train_threads);
    if (st == CAIRN_OK && settings->data != NULL) st = open_given(trained, settings->data);
    st = cairn_comm_agree(trained->comm, st);
    if (st != CAIRN_OK || settings->data != NULL) return st;
    return as_data(
        cairn_setup_dataset_for_all(trained->comm, trained->config, &other, &trained->dataset));
}

/* What the data do not say for want of labels.  The name of the loss is to be released. */
static cairn_status read_loss(const char *checkpoint, struct cairn_model_options *options,
                              char **name)
{
    struct cairn_h5 *file = NULL;
    char *labels = NULL;
    cairn_status st = CAIRN_OK;
    CAIRN_TRY(cairn_h5_open(checkpoint, &file));
    if (!cairn_h5_has_attribute(file, "/", "loss") || !cairn_h5_has_attribute(file, "/", "labels"))
        st = cairn_fail(CAIRN_DATA,
                        "%s: is older than predictions without labels; add a y of any class to the "
                        "data",
                        checkpoint);
    if (st == CAIRN_OK) st = cairn_h5_get_text(file, "/", "labels", &labels);
    if (st == CAIRN_OK) st = cairn_h5_get_text(file, "/", "loss", name);
    if (st == CAIRN_OK) {
        options->n_classes = strncmp(labels, "classes", strlen("classes")) == 0 ? 1 : 0;
        options->unlabelled_dim = cairn_class_dim_named(labels);
    }
    options->unlabelled = *name;
    free(labels);
    cairn_h5_close(file);
    return st;
}

static cairn_status make_model(struct cairn_trained *trained, const char *checkpoint)
{
    char *loss = NULL;
    struct cairn_model_options options =
        cairn_setup_model_options(trained->config, trained->dataset, trained->micro);
    cairn_status st = CAIRN_OK;
    cairn_setup_expect(&options, trained->n_samples % trained->micro);
    options.recompute = FORWARD_PARTS; /* there is no backward that would compute again */
    if (options.n_classes == 0 && options.n_targets == 0)
        st = read_loss(checkpoint, &options, &loss);
    if (st == CAIRN_OK) st = cairn_model_create(&options, &trained->model);
    if (st == CAIRN_OK && loss == NULL)
        st = cairn_setup_metrics(trained->config, trained->model, &trained->metrics);
    free(loss);
    if (st != CAIRN_OK)
        return cairn_fail_in(as_data(st), "%s", cairn_dataset_path(trained->dataset));
    return as_data(cairn_setup_check_labels(trained->dataset, trained->model));
}

/* Model and room for the weights.  Local. */
static cairn_status open_parts(struct cairn_trained *trained,
                               const struct cairn_trained_settings *settings)
{
    const struct cairn_config *config = trained->config;
    if (!cairn_dataset_has(trained->dataset, trained->split))
        return cairn_fail(CAIRN_DATA, "%s has no group %s; choose another --split",
                          cairn_dataset_path(trained->dataset), cairn_split_name(trained->split));
    bool numbered = config->batch_micro != CAIRN_NONE &&
                    config->batch_micro != CAIRN_KEY_WORD(CAIRN_MICRO_AUTO);
    trained->micro = numbered ? config->batch_micro : LARGEST_MICRO;
    trained->n_samples = cairn_dataset_size(trained->dataset, trained->split);
    CAIRN_TRY(make_model(trained, settings->checkpoint));
    const struct cairn_loader_options rows = {
        .split = trained->split, .micro = trained->micro, .prefetch = PREFETCH};
    CAIRN_TRY(cairn_loader_create(trained->dataset, &rows, &trained->loader));
    return cairn_memory_get(cairn_model_params(trained->model)->n_values, sizeof *trained->w,
                            "the weights", &trained->w);
}

/* One text of the checkpoint must be that of the data, where both say it. */
static cairn_status check_words(struct cairn_h5 *file, const char *path, const char *here,
                                const char *what)
{
    char *learnt = NULL;
    if (here == NULL || !cairn_h5_has_array(file, path)) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_read_text(file, path, &learnt));
    cairn_status st = strcmp(learnt, here) == 0 ? CAIRN_OK : cairn_fail(CAIRN_DATA, "%s", what);
    free(learnt);
    return st;
}

/* Tokens must stand for the characters that the model learnt, and labels for its classes.
 * Rank 0. */
static cairn_status check_meaning(const char *checkpoint, const struct cairn_dataset *dataset)
{
    const char *characters = cairn_dataset_characters(dataset);
    const char *names = cairn_dataset_class_names(dataset);
    struct cairn_h5 *file = NULL;
    if (characters == NULL && names == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_open(checkpoint, &file));
    cairn_status st = check_words(file, "/characters", characters,
                                  "its tokens stand for other characters than those that the model "
                                  "learnt; import both texts together");
    if (st == CAIRN_OK)
        st = check_words(file, "/classes", names,
                         "its labels name other classes than those that the model learnt; store "
                         "the numbers of the classes, as cairn info of the checkpoint shows them");
    cairn_h5_close(file);
    return st;
}

/* Weights for the model that was made.  Collective. */
static cairn_status take_weights(struct cairn_trained *trained, const char *checkpoint)
{
    const struct cairn_params *params = cairn_model_params(trained->model);
    cairn_status st = CAIRN_OK;
    if (cairn_comm_rank(trained->comm) == 0) {
        st = check_meaning(checkpoint, trained->dataset);
        if (st == CAIRN_OK)
            st = cairn_trained_weights(checkpoint, params, trained->ema, trained->w);
        if (st != CAIRN_OK) /* arrays of another shape may be the fault of either */
            st = cairn_fail_in(st, "for the samples of %s", cairn_dataset_path(trained->dataset));
    }
    return cairn_comm_broadcast(trained->comm, st, trained->w,
                                params->n_values * sizeof *trained->w);
}

/* Local. */
static cairn_status begin(const struct cairn_trained_settings *settings, cairn_comm *comm,
                          struct cairn_trained **out)
{
    enum cairn_split split = CAIRN_SPLIT_TEST;
    CAIRN_TRY(cairn_host_struct("cairn_trained_settings", settings->size, sizeof *settings));
    if (settings->checkpoint == NULL) return cairn_fail(CAIRN_USAGE, "which checkpoint?");
    if (settings->data != NULL && settings->data_file != NULL)
        return cairn_fail(CAIRN_USAGE, "samples from memory, or those of %s; leave one out",
                          settings->data_file);
    if (settings->split != NULL) CAIRN_TRY(cairn_split_find(settings->split, &split));
    CAIRN_TRY(cairn_memory_get(1, sizeof **out, "a trained model", out));
    **out = (struct cairn_trained){.comm = comm, .ema = settings->average, .split = split};
    return CAIRN_OK;
}

/* The program has looked into the checkpoint where it could.  Collective. */
static cairn_status check_precision(cairn_comm *comm, cairn_status st, const char *checkpoint)
{
    int odd = -1;
    CAIRN_TRY(cairn_comm_all_equal(comm, st, CAIRN_REAL_BITS, &odd));
    if (odd < 0) return CAIRN_OK;
    return cairn_comm_agree_root(
        comm, cairn_fail(CAIRN_DATA,
                         "%s holds float64, which some ranks could not see before they began; put "
                         "it where every host can read it",
                         checkpoint));
}

cairn_status cairn_trained_open(cairn_comm *comm, const struct cairn_trained_settings *settings,
                                cairn_trained **out)
{
    const char *checkpoint = settings->checkpoint;
    cairn_trained *trained = NULL;
    CAIRN_TRY(cairn_start_check_comm(comm));
    cairn_status st = check_precision(comm, begin(settings, comm, &trained), checkpoint);
    if (st == CAIRN_OK) st = cairn_setup_stored_config(comm, checkpoint, NULL, &trained->config);
    if (st == CAIRN_OK) st = cairn_start_small(trained->config, comm);
    if (st == CAIRN_OK && trained->ema) st = cairn_trained_check_ema(trained->config, checkpoint);
    if (st == CAIRN_OK) st = open_data(trained, settings);
    if (st == CAIRN_OK) st = cairn_comm_agree(comm, open_parts(trained, settings));
    if (st == CAIRN_OK) st = take_weights(trained, checkpoint);
    if (st != CAIRN_OK) {
        cairn_trained_close(trained);
        return st;
    }
    *out = trained;
    return CAIRN_OK;
}

size_t cairn_trained_samples(const cairn_trained *trained)
{
    return trained->n_samples;
}

const size_t *cairn_trained_shape(const cairn_trained *trained, size_t *n_dims)
{
    const struct cairn_shape *shape = cairn_model_output_shape(trained->model);
    *n_dims = (size_t)shape->ndim;
    return shape->dim;
}

cairn_status cairn_trained_scores(cairn_trained *trained, struct cairn_evaluated *out)
{
    bool left = false; /* never: nothing asks it to be */
    if (trained->metrics == NULL)
        return cairn_fail(CAIRN_DATA, "%s has no labels to compare outputs with",
                          cairn_dataset_path(trained->dataset));
    const struct cairn_evaluation evaluation = {.comm = trained->comm,
                                                .model = trained->model,
                                                .metrics = trained->metrics,
                                                .w = trained->w,
                                                .loader = trained->loader,
                                                .n_samples = trained->n_samples,
                                                .micro = trained->micro};
    return cairn_evaluate(&evaluation, out, &left);
}

cairn_status cairn_trained_evaluate(cairn_trained *trained, double *loss, double *accuracy)
{
    struct cairn_evaluated found;
    CAIRN_TRY(cairn_trained_scores(trained, &found));
    *loss = found.score[CAIRN_SCORE_LOSS];
    *accuracy = found.score[CAIRN_SCORE_ACCURACY];
    return CAIRN_OK;
}

void cairn_trained_close(cairn_trained *trained)
{
    if (trained == NULL) return;
    free(trained->w);
    free(trained->outputs);
    cairn_loader_free(trained->loader);
    cairn_metrics_free(trained->metrics);
    cairn_model_free(trained->model);
    cairn_dataset_close(trained->dataset);
    cairn_setup_data_close(&trained->given);
    cairn_config_free(trained->config);
    free(trained);
}
