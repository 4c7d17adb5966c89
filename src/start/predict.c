/* SPDX-License-Identifier: BSD-3-Clause
 * Outputs of a trained model: of inputs in memory, of all samples of a group, into a file. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/exchange.h"
#include "h5/h5.h"
#include "nn/class_rows.h"
#include "start/trained.h"

cairn_status cairn_trained_predict(cairn_trained *trained, const cairn_real *x, size_t n,
                                   cairn_real *out)
{
    const size_t n_in = cairn_shape_count(cairn_dataset_input(trained->dataset));
    const size_t n_out = cairn_shape_count(cairn_model_output_shape(trained->model));
    for (size_t done = 0; done < n; done += trained->micro) {
        struct cairn_micro inputs;
        const real *outputs = NULL;
        const size_t here = n - done < trained->micro ? n - done : trained->micro;
        CAIRN_TRY(cairn_loader_inputs(trained->loader, x + done * n_in, here, &inputs));
        CAIRN_TRY(cairn_model_outputs(trained->model, trained->w, &inputs, &outputs));
        memcpy(out + done * n_out, outputs, here * n_out * sizeof *out);
    }
    return CAIRN_OK;
}

/* One micro-batch of this rank: its outputs into `mine` [b, n_out]; nothing after the last sample.
 * Local. */
static cairn_status predict_micro(const cairn_trained *trained, size_t first, real *mine)
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

/* Where the outputs of a round go, on rank 0: those of n samples, in order. */
struct sink {
    cairn_status (*put)(void *context, const real *outputs, size_t n);
    void *context;
};

/* Memory of one round. */
struct round {
    real *mine; /* [b, n_out] */
    real *all;  /* [ranks x b, n_out] on rank 0, else NULL */
};

static cairn_status take_room(const cairn_trained *trained, struct round *round)
{
    const size_t block =
        trained->micro * cairn_shape_count(cairn_model_output_shape(trained->model));
    const size_t n_ranks = (size_t)cairn_comm_size(trained->comm);
    CAIRN_TRY(cairn_memory_get(block, sizeof *round->mine, "outputs", &round->mine));
    if (cairn_comm_rank(trained->comm) != 0) return CAIRN_OK;
    return cairn_memory_get(n_ranks * block, sizeof *round->all, "outputs", &round->all);
}

/* Round by round, each rank works one micro-batch; rank 0 collects them in order. */
static cairn_status predict_all(const cairn_trained *trained, const struct round *round,
                                const struct sink *sink)
{
    cairn_status st = CAIRN_OK, put = CAIRN_OK; /* of rank 0 alone: the next gathering tells */
    const size_t rank = (size_t)cairn_comm_rank(trained->comm);
    const size_t block =
        trained->micro * cairn_shape_count(cairn_model_output_shape(trained->model));
    const size_t most = trained->micro * (size_t)cairn_comm_size(trained->comm);
    for (size_t first = 0; first < trained->n_samples && st == CAIRN_OK; first += most) {
        const size_t left = trained->n_samples - first;
        st = put;
        if (st == CAIRN_OK) st = predict_micro(trained, first + rank * trained->micro, round->mine);
        st = cairn_comm_gather(trained->comm, st, round->mine, block * sizeof *round->mine,
                               round->all);
        if (st == CAIRN_OK && rank == 0)
            put = sink->put(sink->context, round->all, left < most ? left : most);
    }
    return cairn_comm_agree_root(trained->comm, st == CAIRN_OK ? put : st);
}

/* The next micro-batch of this rank. */
static bool next_round(void *context, uint64_t *first, size_t *n)
{
    const cairn_trained *trained = context;
    *first += trained->micro * (size_t)cairn_comm_size(trained->comm);
    if (*first >= trained->n_samples) return false;
    *n = trained->micro < trained->n_samples - *first ? trained->micro
                                                      : trained->n_samples - (size_t)*first;
    return true;
}

/* `st` is that of preparing the sink, on rank 0.  Collective. */
static cairn_status predict_into(cairn_trained *trained, cairn_status st, const struct sink *sink)
{
    struct round round = {.mine = NULL};
    cairn_loader_expect(trained->loader, &(struct cairn_upcoming){next_round, trained});
    if (st == CAIRN_OK) st = take_room(trained, &round);
    st = cairn_comm_agree(trained->comm, st);
    if (st == CAIRN_OK) st = predict_all(trained, &round, sink);
    cairn_loader_expect(trained->loader, NULL);
    free(round.mine);
    free(round.all);
    return st;
}

/* ---- into memory */

struct outputs {
    real *at; /* the next ones */
    size_t n_out;
};

static cairn_status put_outputs(void *context, const real *outputs, size_t n)
{
    struct outputs *to = context;
    memcpy(to->at, outputs, n * to->n_out * sizeof *outputs);
    to->at += n * to->n_out;
    return CAIRN_OK;
}

cairn_status cairn_trained_outputs(cairn_trained *trained, const cairn_real **out)
{
    const size_t n_out = cairn_shape_count(cairn_model_output_shape(trained->model));
    struct outputs to = {.n_out = n_out};
    const struct sink sink = {put_outputs, &to};
    cairn_status st = CAIRN_OK;
    if (cairn_comm_rank(trained->comm) == 0 && trained->outputs == NULL)
        st = cairn_memory_get(trained->n_samples, n_out * sizeof *trained->outputs, "all outputs",
                              &trained->outputs);
    to.at = trained->outputs;
    st = predict_into(trained, st, &sink);
    if (st == CAIRN_OK) *out = trained->outputs;
    return st;
}

/* ---- into a file, as they come */

struct output_file {
    const cairn_trained *trained;
    struct cairn_h5 *file;
    struct cairn_h5_new_array *outputs, *label; /* label: NULL where there are no classes */
    int32_t *classes;                           /* [ranks x b, n_labels], of one round */
    size_t n_labels, n_out;                     /* of a sample */
};

static cairn_status begin_outputs(struct output_file *to)
{
    const cairn_trained *trained = to->trained;
    const struct cairn_shape *shape = cairn_model_output_shape(trained->model);
    struct cairn_h5_form form = {
        .type = CAIRN_H5_REAL,
        .shape = {.ndim = shape->ndim + 1, .dim = {trained->n_samples}},
    };
    for (int d = 0; d < shape->ndim && d + 1 < CAIRN_MAX_DIMS; d++)
        form.shape.dim[d + 1] = shape->dim[d];
    CAIRN_TRY(cairn_h5_set_text(to->file, "/", "format", "cairn-predictions"));
    CAIRN_TRY(cairn_h5_set_text(to->file, "/", "data", cairn_dataset_path(trained->dataset)));
    CAIRN_TRY(cairn_h5_set_text(to->file, "/", "split", cairn_split_name(trained->split)));
    CAIRN_TRY(cairn_h5_set_text(to->file, "/", "weights", trained->ema ? "ema" : "weights"));
    return cairn_h5_array_begin(to->file, "/outputs", &form, &to->outputs);
}

static cairn_status begin_labels(struct output_file *to)
{
    const cairn_trained *trained = to->trained;
    const struct cairn_shape labels = cairn_model_label_shape(trained->model);
    const size_t most = trained->micro * (size_t)cairn_comm_size(trained->comm);
    struct cairn_h5_form form = {.type = CAIRN_H5_I32,
                                 .shape = {labels.ndim + 1, {trained->n_samples}}};
    for (int d = 0; d < labels.ndim; d++) form.shape.dim[d + 1] = labels.dim[d];
    to->n_labels = cairn_model_rows(trained->model)->n;
    to->n_out = cairn_shape_count(cairn_model_output_shape(trained->model));
    if (cairn_model_classes(trained->model) == 0) return CAIRN_OK;
    CAIRN_TRY(
        cairn_memory_get(most, to->n_labels * sizeof *to->classes, "the classes", &to->classes));
    return cairn_h5_array_begin(to->file, "/label", &form, &to->label);
}

static cairn_status put_rows(void *context, const real *outputs, size_t n)
{
    const struct output_file *to = context;
    CAIRN_TRY(cairn_h5_array_append(to->outputs, n, outputs));
    if (to->label == NULL) return CAIRN_OK;
    for (size_t i = 0; i < n; i++)
        cairn_model_classes_of(to->trained->model, outputs + i * to->n_out,
                               to->classes + i * to->n_labels);
    return cairn_h5_array_append(to->label, n, to->classes);
}

/* Close all, whatever came before.  Rank 0. */
static cairn_status end_file(struct output_file *to, cairn_status st)
{
    cairn_status closed = cairn_h5_array_end(to->outputs);
    if (st == CAIRN_OK) st = closed;
    closed = cairn_h5_array_end(to->label);
    if (st == CAIRN_OK) st = closed;
    if (st == CAIRN_OK) st = cairn_h5_flush(to->file);
    closed = cairn_h5_close(to->file);
    free(to->classes);
    return st == CAIRN_OK ? closed : st;
}

/* An older file is replaced only by a whole one. */
cairn_status cairn_trained_write(cairn_trained *trained, const char *path)
{
    struct cairn_new_file place;
    struct output_file to = {.trained = trained};
    const struct sink sink = {put_rows, &to};
    const bool root = cairn_comm_rank(trained->comm) == 0;
    const cairn_status begun = root ? cairn_file_begin(path, &place) : CAIRN_OK;
    cairn_status st = begun;
    if (st == CAIRN_OK && root) st = cairn_h5_create_new(&place, &to.file);
    if (st == CAIRN_OK && root) st = begin_outputs(&to);
    if (st == CAIRN_OK && root) st = begin_labels(&to);
    st = predict_into(trained, st, &sink);
    if (root && begun == CAIRN_OK) {
        st = end_file(&to, st);
        if (st == CAIRN_OK)
            st = cairn_file_finish(&place);
        else
            cairn_file_abandon(&place);
    }
    return cairn_comm_agree_root(trained->comm, st);
}
