/* SPDX-License-Identifier: BSD-3-Clause
 * Rows of classes.  Of [k, positions] some neighbours are taken from each class at a time, so that
 * every cache line is fetched once and no sample is turned round as a whole. */
#include "nn/class_rows.h"

#include <string.h>

#include "nn/model.h"

/* The outputs without one of their dimensions. */
static struct cairn_shape without(const struct cairn_shape *outputs, int dim)
{
    struct cairn_shape rest = {.ndim = 0};
    for (int d = 0; d < outputs->ndim; d++)
        if (d != dim) rest.dim[rest.ndim++] = outputs->dim[d];
    return rest;
}

static bool fits(const struct cairn_shape *outputs, const struct cairn_shape *y, bool first)
{
    const struct cairn_shape rest = without(outputs, first ? 0 : outputs->ndim - 1);
    return outputs->ndim > 1 && cairn_shape_fits(&rest, y);
}

bool cairn_class_rows_fit(const struct cairn_shape *outputs, const struct cairn_shape *y)
{
    if (outputs->ndim < 2) return y->ndim > 1;
    return (outputs->dim[0] > 1 && fits(outputs, y, true)) ||
           (outputs->dim[outputs->ndim - 1] > 1 && fits(outputs, y, false)) ||
           (y->ndim > 1 && !cairn_shape_fits(outputs, y));
}

struct cairn_class_rows cairn_class_rows_at(const struct cairn_shape *outputs, bool first)
{
    const size_t k = outputs->dim[first ? 0 : outputs->ndim - 1];
    const size_t n = cairn_shape_count(outputs) / k;
    return (struct cairn_class_rows){k, n, first && n > 1};
}

const char *cairn_class_dim_name(bool first)
{
    return first ? "classes first" : "classes last";
}

int cairn_class_dim_named(const char *words)
{
    if (strcmp(words, cairn_class_dim_name(true)) == 0) return CAIRN_CLASS_DIM_FIRST;
    return strcmp(words, cairn_class_dim_name(false)) == 0 ? CAIRN_CLASS_DIM_LAST
                                                           : CAIRN_CLASS_DIM_AUTO;
}

/* One label for each sample or token. */
static cairn_status plan_tokens(const struct cairn_shape *outputs,
                                const struct cairn_model_options *options, size_t n_labels,
                                struct cairn_class_rows *out)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    /* whether labels are classes is said with file and row: data/ */
    if ((outputs->ndim == 1 && n_labels == 1) ||
        (outputs->ndim == 2 && outputs->dim[0] == n_labels)) {
        *out = cairn_class_rows_at(outputs, false);
        return CAIRN_OK;
    }
    if (options->vocabulary > 0)
        return cairn_fail(
            CAIRN_USAGE,
            "the last layer's output is %s for each sample; for a label of each token "
            "it must be [%zu, %zu]",
            cairn_shape_text(outputs, text), n_labels, options->n_classes);
    return cairn_fail(CAIRN_USAGE,
                      "the last layer's output is %s for each sample; end with {type: flatten}, "
                      "{type: dense, units: %zu}",
                      cairn_shape_text(outputs, text), options->n_classes);
}

static cairn_status unclear(const char *loss, const struct cairn_shape *outputs)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    return cairn_fail(CAIRN_USAGE,
                      "the last layer's output is %s for each sample, and either its first or its "
                      "last dimension may be the classes; give loss: {type: %s, class_dim: first}, "
                      "or last",
                      cairn_shape_text(outputs, text), loss);
}

static cairn_status plan_positions(const char *loss, int dim, const struct cairn_shape *outputs,
                                   const struct cairn_model_options *options,
                                   struct cairn_class_rows *out)
{
    char is[CAIRN_SHAPE_TEXT_BYTES];
    char labels[CAIRN_SHAPE_TEXT_BYTES];
    const struct cairn_shape *y = &options->y;
    const bool first = dim != CAIRN_CLASS_DIM_LAST && fits(outputs, y, true);
    const bool last = dim != CAIRN_CLASS_DIM_FIRST && fits(outputs, y, false);
    if (first && last && outputs->ndim == 2) return unclear(loss, outputs); /* else channels */
    if (first || last) {
        *out = cairn_class_rows_at(outputs, first);
        return CAIRN_OK;
    }
    cairn_shape_text(y, labels);
    return cairn_fail(CAIRN_USAGE,
                      "the last layer's output is %s for each sample, but its labels are %s; loss "
                      "%s wants a number for each of %zu classes at each of these positions, %s: "
                      "such as a convolution of %zu channels and padding: same at the end",
                      cairn_shape_text(outputs, is), labels, loss, options->n_classes,
                      dim == CAIRN_CLASS_DIM_LAST ? "the classes last" : "the classes first",
                      options->n_classes);
}

static cairn_status plan_probabilities(const char *loss, int dim, const struct cairn_shape *outputs,
                                       const struct cairn_model_options *options,
                                       struct cairn_class_rows *out)
{
    char is[CAIRN_SHAPE_TEXT_BYTES];
    char wanted[CAIRN_SHAPE_TEXT_BYTES];
    const struct cairn_shape *y = &options->y;
    const size_t n = options->n_targets;
    if (outputs->ndim == 1 && outputs->dim[0] == n) {
        *out = cairn_class_rows_at(outputs, false);
        return CAIRN_OK;
    }
    if (y->ndim <= 1 || outputs->ndim == 1)
        return cairn_fail(CAIRN_USAGE,
                          "the last layer has %zu outputs for probabilities of %zu classes; end "
                          "with {type: dense, units: %zu}",
                          cairn_shape_count(outputs), n, n);
    if (outputs->dim[0] == 1 && cairn_shape_fits(outputs, y))
        return cairn_fail(CAIRN_USAGE,
                          "loss %s tells classes apart, and the last layer's output is %s for each "
                          "sample, a single one; use binary_cross_entropy or dice, or give it a "
                          "channel for each class",
                          loss, cairn_shape_text(outputs, is));
    if (!cairn_shape_same(outputs, y))
        return cairn_fail(CAIRN_USAGE,
                          "the last layer's output is %s for each sample, but y are probabilities "
                          "%s of classes; end the model in that shape",
                          cairn_shape_text(outputs, is), cairn_shape_text(y, wanted));
    if (outputs->ndim == 2 && dim == CAIRN_CLASS_DIM_AUTO) return unclear(loss, outputs);
    *out = cairn_class_rows_at(outputs, dim != CAIRN_CLASS_DIM_LAST);
    return CAIRN_OK;
}

cairn_status cairn_class_rows_plan(const char *loss, int dim, const struct cairn_shape *outputs,
                                   const struct cairn_model_options *options,
                                   struct cairn_class_rows *out)
{
    const size_t n_labels = options->n_labels > 1 ? options->n_labels : 1;
    if (options->n_classes == 0) return plan_probabilities(loss, dim, outputs, options, out);
    if (options->y.ndim == 0) return plan_tokens(outputs, options, n_labels, out);
    return plan_positions(loss, dim, outputs, options, out);
}

double cairn_class_rows_weight(const struct cairn_class_rows *rows, const struct cairn_micro *micro,
                               size_t i, size_t row)
{
    double sum = 0;
    const size_t step = rows->first ? rows->n : 1;
    const size_t at = i * rows->n * rows->k + (rows->first ? row : row * rows->k);
    if (micro->weight == NULL || micro->n_weights <= 1 || micro->label != NULL)
        return cairn_micro_weight(micro, i, row);
    for (size_t c = 0; c < rows->k; c++) sum += (double)micro->weight[at + c * step];
    return sum / (double)rows->k;
}

const real *cairn_class_rows_get(const struct cairn_class_rows *rows, const real *values,
                                 size_t begin, size_t count, real *room)
{
    const size_t k = rows->k;
    if (!rows->first) return values + begin * k;
    for (size_t c = 0; c < k; c++)
        for (size_t i = 0; i < count; i++) room[i * k + c] = values[c * rows->n + begin + i];
    return room;
}

const cairn_real *cairn_class_rows_targets(const struct cairn_class_rows *rows,
                                           const cairn_real *values, size_t begin, size_t count,
                                           cairn_real *room)
{
    const size_t k = rows->k;
    if (!rows->first) return values + begin * k;
    for (size_t c = 0; c < k; c++)
        for (size_t i = 0; i < count; i++) room[i * k + c] = values[c * rows->n + begin + i];
    return room;
}

void cairn_class_rows_put(const struct cairn_class_rows *rows, const real *room, size_t begin,
                          size_t count, real *values)
{
    const size_t k = rows->k;
    for (size_t c = 0; c < k && rows->first; c++)
        for (size_t i = 0; i < count; i++) values[c * rows->n + begin + i] = room[i * k + c];
}
