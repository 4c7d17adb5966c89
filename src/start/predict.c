/* SPDX-License-Identifier: BSD-3-Clause
 * Outputs of a trained model: of inputs in memory, of all samples of a group, into a file. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/exchange.h"
#include "h5/h5.h"
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

/* Round by round, each rank works one micro-batch; rank 0 collects them in order in all [rounds x
 * ranks x b, n_out]. */
static cairn_status predict_all(const cairn_trained *trained, real *mine, real *all)
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

static cairn_status write_arrays(struct cairn_h5 *file, const cairn_trained *trained,
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
static cairn_status write_file(const char *path, const cairn_trained *trained, const real *outputs)
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

/* Local. */
static cairn_status take_room(cairn_trained *trained, real **mine)
{
    const size_t n_out = cairn_shape_count(cairn_model_output_shape(trained->model));
    const size_t round_samples = trained->micro * (size_t)cairn_comm_size(trained->comm);
    const size_t n_rounds = (trained->n_samples + round_samples - 1) / round_samples;
    CAIRN_TRY(cairn_memory_get(trained->micro * n_out, sizeof **mine, "outputs", mine));
    if (cairn_comm_rank(trained->comm) != 0 || trained->outputs != NULL) return CAIRN_OK;
    return cairn_memory_get(n_rounds * round_samples, n_out * sizeof *trained->outputs,
                            "all outputs", &trained->outputs);
}

cairn_status cairn_trained_outputs(cairn_trained *trained, const cairn_real **out)
{
    real *mine = NULL;
    cairn_status st = cairn_comm_agree(trained->comm, take_room(trained, &mine));
    if (st == CAIRN_OK) st = predict_all(trained, mine, trained->outputs);
    free(mine);
    if (st == CAIRN_OK) *out = trained->outputs;
    return st;
}

cairn_status cairn_trained_write(cairn_trained *trained, const char *path)
{
    const cairn_real *outputs = NULL;
    cairn_status st = cairn_trained_outputs(trained, &outputs);
    if (st == CAIRN_OK && cairn_comm_rank(trained->comm) == 0)
        st = write_file(path, trained, outputs);
    return cairn_comm_agree(trained->comm, st);
}
