/* SPDX-License-Identifier: BSD-3-Clause
 * The model in double: a plain sum of gradients, and the gradient check.
 * Compiled in double only. */
#include "nn/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/planned.h"

/** A sink that adds into one flat block. */
struct cairn_reference {
    struct cairn_sink sink; /* first: the sink's functions turn it back into the whole */
    struct cairn_model *model;
    double *w, *g;         /* [n_values] */
    double *addend, *size; /* [n_values]: what comes next, and the sum of all |addend| */
    struct cairn_scores scores;
};

static double *open_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_reference *reference = (struct cairn_reference *)sink;
    return reference->addend + cairn_model_params(reference->model)->item[param].offset;
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_reference *reference = (struct cairn_reference *)sink;
    const struct cairn_param *item = &cairn_model_params(reference->model)->item[param];
    for (size_t i = item->offset; i < item->offset + item->count; i++) {
        reference->g[i] += reference->addend[i];
        reference->size[i] += fabs(reference->addend[i]);
    }
}

static cairn_status fill(struct cairn_reference *reference,
                         const struct cairn_model_options *options)
{
    CAIRN_TRY(cairn_model_create(options, &reference->model));
    size_t n = cairn_model_params(reference->model)->n_values;
    CAIRN_TRY(cairn_memory_get(n, sizeof(double), "the reference's weights", &reference->w));
    CAIRN_TRY(cairn_memory_get(n, sizeof(double), "the reference's gradient", &reference->g));
    CAIRN_TRY(cairn_memory_get(n, sizeof(double), "the reference's addends", &reference->addend));
    return cairn_memory_get(n, sizeof(double), "the reference's addends", &reference->size);
}

cairn_status cairn_reference_create(const struct cairn_model_options *options,
                                    struct cairn_reference **out)
{
    struct cairn_reference *reference = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *reference, "the reference", &reference));
    reference->sink = (struct cairn_sink){.open = open_tensor, .close = close_tensor};
    cairn_status st = fill(reference, options);
    if (st != CAIRN_OK) {
        cairn_reference_free(reference);
        return st;
    }
    *out = reference;
    return CAIRN_OK;
}

void cairn_reference_free(struct cairn_reference *reference)
{
    if (reference == NULL) return;
    cairn_model_free(reference->model);
    free(reference->w);
    free(reference->g);
    free(reference->addend);
    free(reference->size);
    free(reference);
}

static void clear(struct cairn_reference *reference)
{
    size_t n = cairn_model_params(reference->model)->n_values;
    memset(reference->g, 0, n * sizeof *reference->g);
    memset(reference->size, 0, n * sizeof *reference->size);
    reference->scores = (struct cairn_scores){0};
}

void cairn_reference_begin(struct cairn_reference *reference, const cairn_real *w)
{
    size_t n = cairn_model_params(reference->model)->n_values;
    for (size_t i = 0; i < n; i++) reference->w[i] = (double)w[i];
    clear(reference);
}

cairn_status cairn_reference_add(struct cairn_reference *reference, const struct cairn_micro *micro)
{
    return cairn_model_gradient(reference->model, reference->w, micro, &reference->sink,
                                &reference->scores);
}

const double *cairn_reference_gradient(const struct cairn_reference *reference,
                                       struct cairn_scores *scores)
{
    *scores = reference->scores;
    return reference->g;
}

const double *cairn_reference_sizes(const struct cairn_reference *reference)
{
    return reference->size;
}

/* The loss of training, dropout and all, with weight i moved by `by`. */
static cairn_status loss_at(struct cairn_reference *reference, const struct cairn_micro *micro,
                            size_t i, double by, double *loss)
{
    struct cairn_pass pass;
    struct cairn_scores scores = {0};
    double before = reference->w[i];
    CAIRN_TRY(cairn_model_pass(reference->model, reference->w, micro, &pass));
    pass.training = true;
    reference->w[i] = before + by;
    cairn_status st = cairn_model_loss(reference->model, &pass, NULL, &scores);
    reference->w[i] = before;
    *loss = scores.loss;
    return st;
}

/* The slope of the loss by weight i: central differences of two widths, of which the errors by h^2
 * cancel, since normalisation bends sharply where a variance is near 0. */
static cairn_status slope_at(struct cairn_reference *reference, const struct cairn_micro *micro,
                             size_t i, double *slope)
{
    const double by = 1e-5; /* rounding 1e-16 / by and curvature by^4 are both far below 1e-6 */
    double loss[4];
    for (int k = 0; k < 4; k++) {
        const double moved = (k < 2 ? by : 2 * by) * (k % 2 == 0 ? 1 : -1);
        CAIRN_TRY(loss_at(reference, micro, i, moved, &loss[k]));
    }
    double narrow = (loss[0] - loss[1]) / (2 * by);
    double wide = (loss[2] - loss[3]) / (4 * by);
    *slope = (4 * narrow - wide) / 3;
    return CAIRN_OK;
}

static double relative(double a, double b, double floor_of_tensor)
{
    double scale = fmax(fmax(fabs(a), fabs(b)), floor_of_tensor);
    return a == b ? 0 : fabs(a - b) / scale; /* NaN where one is */
}

static double largest_of(const double *g, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(g[i]));
    return largest;
}

/* A tensor may have no gradient at all, as a bias whose mean is taken off again: what differences
 * show there is rounding, hence the floor by the largest of all. */
static cairn_status check_tensor(struct cairn_reference *reference, const struct cairn_micro *micro,
                                 const struct cairn_param *param, size_t most,
                                 struct cairn_slope *worst)
{
    const double least = 1e-3; /* of the tensor's largest: smaller ones drown in rounding */
    const double of_all = 1e-4;
    const struct cairn_params *params = cairn_model_params(reference->model);
    double floor_of_tensor = fmax(least * largest_of(reference->g + param->offset, param->count),
                                  of_all * largest_of(reference->g, params->n_weights));
    size_t stride = param->count > most ? param->count / most : 1;
    for (size_t i = 0; i < param->count && i / stride < most; i += stride) {
        size_t at = param->offset + i;
        double slope = 0;
        CAIRN_TRY(slope_at(reference, micro, at, &slope));
        double difference = relative(reference->g[at], slope, floor_of_tensor);
        if (difference <= worst->apart || isnan(worst->apart)) continue;
        *worst = (struct cairn_slope){difference, "", i, reference->g[at], slope};
        memcpy(worst->name, param->name, sizeof worst->name);
    }
    return CAIRN_OK;
}

cairn_status cairn_gradient_worst(const struct cairn_model_options *options,
                                  const struct cairn_micro *micro, size_t most,
                                  struct cairn_slope *worst)
{
    struct cairn_reference *reference = NULL;
    struct cairn_slope largest = {.apart = 0};
    CAIRN_TRY(cairn_reference_create(options, &reference));
    const struct cairn_params *params = cairn_model_params(reference->model);
    cairn_model_init(reference->model, reference->w);
    clear(reference);
    cairn_status st = cairn_reference_add(reference, micro);
    for (size_t t = 0; t < params->n_items && st == CAIRN_OK; t++)
        st = check_tensor(reference, micro, &params->item[t], most, &largest);
    cairn_reference_free(reference);
    if (st == CAIRN_OK) *worst = largest;
    return st;
}

cairn_status cairn_gradient_check(const struct cairn_model_options *options,
                                  const struct cairn_micro *micro, size_t most, double *worst)
{
    struct cairn_slope slope;
    CAIRN_TRY(cairn_gradient_worst(options, micro, most, &slope));
    *worst = slope.apart;
    return CAIRN_OK;
}
