/* SPDX-License-Identifier: BSD-3-Clause
 * What the outputs of a planned model stand for. */
#include "nn/planned.h"

const struct cairn_shape *cairn_model_output_shape(const struct cairn_model *model)
{
    return cairn_chain_output(&model->chain);
}

const char *cairn_model_loss_name(const struct cairn_model *model)
{
    return model->loss->name;
}

bool cairn_model_has_accuracy(const struct cairn_model *model)
{
    return model->n_classes > 0 || model->loss->counts_targets;
}

size_t cairn_model_classes(const struct cairn_model *model)
{
    return model->n_classes;
}

const struct cairn_class_rows *cairn_model_rows(const struct cairn_model *model)
{
    return &model->rows;
}

struct cairn_shape cairn_model_label_shape(const struct cairn_model *model)
{
    const struct cairn_shape *outputs = cairn_model_output_shape(model);
    struct cairn_shape shape = {.ndim = 0};
    if (model->rows.n == 1) return shape;
    if (model->rows.n == cairn_shape_count(outputs) && outputs->ndim == 1) return *outputs;
    const int classes = model->rows.first ? 0 : outputs->ndim - 1;
    for (int d = 0; d < outputs->ndim; d++)
        if (d != classes) shape.dim[shape.ndim++] = outputs->dim[d];
    return shape;
}

void cairn_model_classes_of(const struct cairn_model *model, const real *h, int32_t *class_of)
{
    const bool behind_last = model->learnt.n_layers < model->chain.n_layers;
    const struct cairn_class_rows *rows = &model->rows;
    for (size_t i = 0; i < rows->n; i++) {
        const real *row = cairn_class_rows_get(rows, h, i, 1, model->row);
        class_of[i] = (int32_t)model->loss->class_of(row, rows->k, behind_last);
    }
}
