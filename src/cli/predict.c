/* SPDX-License-Identifier: BSD-3-Clause
 * cairn predict CHECKPOINT --data FILE -o OUT: outputs of a trained model, one row per sample. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/trained.h"
#include "comm/exchange.h"
#include "h5/h5.h"

struct request {
    struct cairn_trained_request model;
    const char *out;
};

static const struct cairn_option flags[] = {
    {"--data", "FILE.h5", CAIRN_KEY_PATH, offsetof(struct request, model.data),
     .doc = "the dataset", .required = true},
    CAIRN_OPTION_SPLIT(struct request, model),
    CAIRN_OPTION_EMA(struct request, model),
    {"-o", "OUT.h5", CAIRN_KEY_PATH, offsetof(struct request, out),
     .doc = "gets `outputs` [n, ...] and, where there are classes, `label` [n]; of tokens "
            "[n, context]",
     .required = true},
    {.name = NULL},
};

static cairn_status read_request(const struct cairn_arguments *arguments, struct request *request)
{
    CAIRN_TRY(cairn_arguments_read(&cairn_command_predict, arguments, request));
    if (request->model.checkpoint == NULL)
        return cairn_usage_fail(&cairn_command_predict, "which checkpoint?");
    CAIRN_TRY(cairn_arguments_complete(&cairn_command_predict, request));
    if (!cairn_file_same(request->out, request->model.checkpoint) &&
        !cairn_file_same(request->out, request->model.data))
        return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "-o %s is what predict reads; choose another name",
                      request->out);
}

/* One micro-batch of this rank: its outputs into `mine` [b, n_out]; nothing after the last sample.
 * Local. */
static cairn_status predict_micro(const struct cairn_trained *trained, size_t first, real *mine)
{
    struct cairn_micro micro;
    const real *outputs = NULL;
    if (first >= trained->n_samples) return CAIRN_OK;
    size_t n =
        trained->n_samples - first < trained->micro ? trained->n_samples - first : trained->micro;
    CAIRN_TRY(cairn_loader_read(trained->loader, first, n, &micro));
    CAIRN_TRY(cairn_model_outputs(trained->model, trained->w, &micro, &outputs));
    memcpy(mine, outputs,
           n * cairn_shape_count(cairn_model_output_shape(trained->model)) * sizeof *mine);
    return CAIRN_OK;
}

/* Round by round, each rank works one micro-batch; rank 0 collects them in order in all [rounds x
 * ranks x b, n_out]. */
static cairn_status predict_all(const struct cairn_trained *trained, real *mine, real *all)
{
    cairn_status st = CAIRN_OK;
    size_t n_ranks = (size_t)cairn_comm_size(trained->comm);
    size_t rank = (size_t)cairn_comm_rank(trained->comm);
    size_t block = trained->micro * cairn_shape_count(cairn_model_output_shape(trained->model));
    size_t round_samples = trained->micro * n_ranks;
    for (size_t first = 0; first < trained->n_samples && st == CAIRN_OK; first += round_samples) {
        st = predict_micro(trained, first + rank * trained->micro, mine);
        st = cairn_comm_gather(trained->comm, st, mine, block * sizeof *mine, all);
        if (all != NULL) all += block * n_ranks;
    }
    return st;
}

static cairn_status write_arrays(struct cairn_h5 *file, const struct cairn_trained *trained,
                                 const real *outputs)
{
    const struct cairn_shape *shape = cairn_model_output_shape(trained->model);
    struct cairn_h5_form form = {.type = CAIRN_H5_REAL, .shape = {.ndim = shape->ndim + 1}};
    size_t n = trained->n_samples;
    int32_t *label = NULL;
    form.shape.dim[0] = n;
    for (int d = 0; d < shape->ndim && d + 1 < CAIRN_MAX_DIMS; d++)
        form.shape.dim[d + 1] = shape->dim[d];
    CAIRN_TRY(cairn_h5_set_text(file, "/", "format", "cairn-predictions"));
    CAIRN_TRY(cairn_h5_set_text(file, "/", "data", cairn_dataset_path(trained->dataset)));
    CAIRN_TRY(cairn_h5_set_text(file, "/", "split", cairn_split_name(trained->split)));
    CAIRN_TRY(cairn_h5_set_text(file, "/", "weights", trained->ema ? "ema" : "weights"));
    CAIRN_TRY(cairn_h5_write(file, "/outputs", &form, outputs));
    if (cairn_model_classes(trained->model) == 0) return CAIRN_OK;
    size_t context = cairn_dataset_context(trained->dataset);
    size_t n_labels = context == 0 ? 1 : context; /* of a sample */
    CAIRN_TRY(cairn_memory_get(n, n_labels * sizeof *label, "the classes", &label));
    size_t n_out = cairn_shape_count(shape) / n_labels;
    for (size_t i = 0; i < n * n_labels; i++)
        label[i] = (int32_t)cairn_model_class_of(trained->model, outputs + i * n_out);
    form = (struct cairn_h5_form){.type = CAIRN_H5_I32,
                                  .shape = {.ndim = context == 0 ? 1 : 2, .dim = {n, context}}};
    cairn_status st = cairn_h5_write(file, "/label", &form, label);
    free(label);
    return st;
}

/* An older file is replaced only by a whole one.  Rank 0. */
static cairn_status write_file(const char *path, const struct cairn_trained *trained,
                               const real *outputs)
{
    struct cairn_new_file place;
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_file_begin(path, &place));
    cairn_status st = cairn_h5_create_new(&place, &file);
    if (st == CAIRN_OK) st = write_arrays(file, trained, outputs);
    if (st == CAIRN_OK) st = cairn_h5_flush(file);
    cairn_status closed = cairn_h5_close(file);
    if (st == CAIRN_OK) st = closed;
    if (st == CAIRN_OK) return cairn_file_finish(&place);
    cairn_file_abandon(&place);
    return st;
}

static cairn_status predict(const struct cairn_trained *trained, const char *out)
{
    real *mine = NULL;
    real *all = NULL;
    size_t n_out = cairn_shape_count(cairn_model_output_shape(trained->model));
    size_t round_samples = trained->micro * (size_t)cairn_comm_size(trained->comm);
    size_t n_rounds = (trained->n_samples + round_samples - 1) / round_samples;
    bool main_rank = cairn_comm_rank(trained->comm) == 0;
    cairn_status st = cairn_memory_get(trained->micro * n_out, sizeof *mine, "outputs", &mine);
    if (st == CAIRN_OK && main_rank)
        st = cairn_memory_get(n_rounds * round_samples, n_out * sizeof *all, "all outputs", &all);
    st = cairn_comm_agree(trained->comm, st);
    if (st == CAIRN_OK) st = predict_all(trained, mine, all);
    if (st == CAIRN_OK && main_rank) st = write_file(out, trained, all);
    st = cairn_comm_agree(trained->comm, st);
    if (st == CAIRN_OK && main_rank)
        printf("%s: outputs of %zu samples\n", out, trained->n_samples);
    free(all);
    free(mine);
    return st;
}

static cairn_status run_predict(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.model = {.checkpoint = NULL}};
    struct cairn_trained trained;
    CAIRN_TRY(read_request(arguments, &request)); /* the same words on every rank */
    request.model.outputs_only = true;
    CAIRN_TRY(cairn_trained_open(comm, &request.model, &trained));
    cairn_status st = predict(&trained, request.out);
    cairn_trained_close(&trained);
    return st;
}

const struct cairn_command cairn_command_predict = {
    .name = "predict",
    .operands = "CHECKPOINT.h5",
    .doc = "writes the outputs of a trained model, one row per sample",
    .tables = {{.flags = flags}},
    .take = cairn_trained_take,
    .collective = true,
    .run = run_predict,
};
