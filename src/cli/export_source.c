/* SPDX-License-Identifier: BSD-3-Clause
 * From a checkpoint to what is written of it: its arrays as they stand there, and the model of its
 * run file where a format asks for layers. */
#include "cli/export_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "checkpoint/checkpoint.h"
#include "h5/h5.h"
#include "setup/setup.h"
#include "start/trained.h"

enum { MICRO = 2 };

/* A group of the checkpoint while its arrays are read. */
struct group {
    struct cairn_h5 *file;
    const char *path; /* "/weights" */
    bool is_buffers;
    struct cairn_export_source *source;
};

static cairn_status read_array(void *context, const char *name, bool is_group)
{
    const struct group *group = context;
    struct cairn_export_source *source = group->source;
    char path[CAIRN_CHECKPOINT_PATH_BYTES + CAIRN_H5_NAME_BYTES];
    struct cairn_h5_form form;
    if (is_group) return CAIRN_OK;
    snprintf(path, sizeof path, "%s/%s", group->path, name);
    CAIRN_TRY(cairn_h5_describe(group->file, path, &form));
    CAIRN_TRY(
        cairn_memory_room(source->n_arrays, sizeof *source->array, "the arrays", &source->array));
    struct cairn_export_array *array = &source->array[source->n_arrays++];
    *array = (struct cairn_export_array){.shape = form.shape, .is_buffer = group->is_buffers};
    CAIRN_TRY(cairn_memory_text(name, &array->name));
    CAIRN_TRY(cairn_memory_get(cairn_shape_count(&form.shape), sizeof *array->data, "the weights",
                               &array->data));
    form.type = CAIRN_H5_REAL;
    return cairn_h5_read(group->file, path, &form, array->data);
}

static cairn_status read_arrays(const char *checkpoint, bool ema,
                                struct cairn_export_source *source)
{
    struct group weights = {.path = ema ? "/ema" : "/weights", .source = source};
    struct group buffers = {.path = "/buffers", .is_buffers = true, .source = source};
    CAIRN_TRY(cairn_h5_open(checkpoint, &weights.file));
    buffers.file = weights.file;
    cairn_status st = cairn_h5_children(weights.file, weights.path, read_array, &weights);
    if (st == CAIRN_OK && cairn_h5_has_group(buffers.file, buffers.path))
        st = cairn_h5_children(buffers.file, buffers.path, read_array, &buffers);
    cairn_h5_close(weights.file);
    return st;
}

/* The shape of a sample, as text: "[1, 28, 28]". */
static bool read_shape(const char *text, struct cairn_shape *out)
{
    struct cairn_shape shape = {.ndim = 0};
    char again[CAIRN_SHAPE_TEXT_BYTES];
    char *end = NULL;
    for (const char *at = text; (*at == '[' || *at == ',') && shape.ndim < CAIRN_MAX_DIMS; at = end)
        shape.dim[shape.ndim++] = (size_t)strtoull(at + 1, &end, 10);
    *out = shape;
    return strcmp(cairn_shape_text(&shape, again), text) == 0;
}

/* Older checkpoints do not say what a sample is; their data do. */
static cairn_status shape_of_data(const struct cairn_trained_request *request,
                                  const struct cairn_config *config, struct cairn_shape *out)
{
    const struct cairn_setup_other other = {.file = request->data, .labels_optional = true};
    struct cairn_dataset *dataset = NULL;
    cairn_status st = cairn_setup_dataset(config, &other, &dataset);
    if (st != CAIRN_OK)
        return cairn_fail_in(CAIRN_DATA,
                             "%s does not say what a sample is, and its data, which --data FILE.h5 "
                             "names elsewhere, cannot be asked",
                             request->checkpoint);
    *out = *cairn_dataset_input(dataset);
    cairn_dataset_close(dataset);
    return CAIRN_OK;
}

static cairn_status find_input(const struct cairn_trained_request *request,
                               struct cairn_exported *exported)
{
    struct cairn_export_source *source = &exported->source;
    char *text = NULL;
    if (source->vocabulary > 0) {
        source->input = (struct cairn_shape){1, {exported->config->data_context}};
        return CAIRN_OK;
    }
    CAIRN_TRY(cairn_checkpoint_attribute(request->checkpoint, "input", &text));
    const bool said = text != NULL && read_shape(text, &source->input);
    free(text);
    return said ? CAIRN_OK : shape_of_data(request, exported->config, &source->input);
}

static cairn_status find_vocabulary(const char *checkpoint, struct cairn_export_source *source)
{
    const struct cairn_h5_form one = {.type = CAIRN_H5_U64, .shape = {.ndim = 1, .dim = {1}}};
    struct cairn_h5 *file = NULL;
    uint64_t vocabulary = 0;
    CAIRN_TRY(cairn_h5_open(checkpoint, &file));
    cairn_status st = CAIRN_OK;
    if (cairn_h5_has_array(file, "/vocabulary"))
        st = cairn_h5_read(file, "/vocabulary", &one, &vocabulary);
    cairn_h5_close(file);
    source->vocabulary = (size_t)vocabulary;
    return st;
}

/* data.mean and data.std, one number for all channels or one for each. */
static cairn_status find_normalization(struct cairn_exported *exported)
{
    const struct cairn_config *config = exported->config;
    const struct cairn_node *const key[] = {config->data_mean, config->data_std};
    const size_t n = exported->source.input.dim[0];
    if (key[0] == NULL && key[1] == NULL) return CAIRN_OK;
    CAIRN_TRY(
        cairn_memory_get(2 * n, sizeof(double), "mean and deviation", &exported->normalization));
    for (int i = 0; i < 2; i++) {
        double *value = exported->normalization + (size_t)i * n;
        const size_t given = cairn_key_numbers(key[i], n, value);
        for (size_t c = given; c < n; c++) value[c] = given == 0 ? i : value[0];
    }
    exported->source.mean = exported->normalization;
    exported->source.std = exported->normalization + n;
    return CAIRN_OK;
}

/* Every weight of the model is among the arrays, in its shape. */
static cairn_status check_arrays(const struct cairn_exported *exported)
{
    const struct cairn_params *params = cairn_model_params(exported->model);
    const struct cairn_export_source *source = &exported->source;
    for (size_t i = 0; i < params->n_tensors; i++) {
        const struct cairn_param *wanted = &params->item[i];
        size_t a = 0;
        while (a < source->n_arrays && strcmp(source->array[a].name, wanted->name) != 0) a++;
        if (a == source->n_arrays || !cairn_shape_same(&source->array[a].shape, &wanted->shape))
            return cairn_fail(CAIRN_DATA, "%s: its %s is not that of its run file",
                              source->checkpoint, wanted->name);
    }
    return CAIRN_OK;
}

/* A loss has no part in it; batchnorm wants to see two samples. */
static cairn_status plan_layers(const struct cairn_trained_request *request,
                                struct cairn_exported *exported)
{
    struct cairn_export_source *source = &exported->source;
    CAIRN_TRY(find_vocabulary(request->checkpoint, source));
    CAIRN_TRY(find_input(request, exported));
    CAIRN_TRY(find_normalization(exported));
    struct cairn_model_options options =
        cairn_setup_text_model_options(exported->config, source->vocabulary, MICRO);
    options.input = source->input;
    options.unlabelled = "squared_error";
    cairn_status st = cairn_model_create(&options, &exported->model);
    if (st == CAIRN_USAGE) return cairn_fail_in(CAIRN_DATA, "the run file in the checkpoint");
    CAIRN_TRY(st);
    source->layers = cairn_model_layers(exported->model);
    return check_arrays(exported);
}

cairn_status cairn_exported_open(const struct cairn_trained_request *request, bool with_layers,
                                 struct cairn_exported *out)
{
    struct cairn_export_source *source = &out->source;
    source->checkpoint = request->checkpoint;
    source->average = request->ema;
    CAIRN_TRY(cairn_checkpoint_text(request->checkpoint, "/config", &out->text));
    source->config = out->text;
    cairn_status st =
        cairn_config_read(out->text, strlen(out->text), request->checkpoint, NULL, &out->config);
    if (st == CAIRN_USAGE) return cairn_fail_in(CAIRN_DATA, "the run file in the checkpoint");
    CAIRN_TRY(st);
    if (request->ema) CAIRN_TRY(cairn_trained_check_ema(out->config, request->checkpoint));
    CAIRN_TRY(read_arrays(request->checkpoint, request->ema, source));
    return with_layers ? plan_layers(request, out) : CAIRN_OK;
}

void cairn_exported_close(struct cairn_exported *exported)
{
    struct cairn_export_source *source = &exported->source;
    for (size_t i = 0; i < source->n_arrays; i++) {
        free(source->array[i].name);
        free(source->array[i].data);
    }
    free(source->array);
    free(exported->text);
    free(exported->normalization);
    cairn_model_free(exported->model);
    cairn_config_free(exported->config);
}
