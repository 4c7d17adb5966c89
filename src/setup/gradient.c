/* SPDX-License-Identifier: BSD-3-Clause
 * The gradient check of a host's model: cairn_check_gradient() of cairn/layer.h. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "cairn/layer.h"
#include "nn/reference.h"
#include "setup/setup.h"

/* Samples, and of each tensor at most so many weights.  What is right is below the tolerances by
 * far: differences in double leave about 1e-8, sums of a few floats 1e-5. */
enum { SAMPLES = 6, MOST = 64 };
static const double DOUBLE_TOLERANCE = 1e-6;
static const double REAL_TOLERANCE = 1e-3;

/* A made-up micro-batch. */
struct made {
    struct cairn_micro micro;
    cairn_real *x, *target, *weight;
    int32_t *label;
    uint64_t number[SAMPLES], epoch[SAMPLES];
};

static void draw(cairn_real *out, size_t n, uint64_t purpose)
{
    const uint64_t key = cairn_random_key(purpose, CAIRN_RANDOM_INIT, 0, 0);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits[4];
        cairn_random_block(key, i, 0, bits);
        out[i] = 2 * (cairn_real)cairn_random_unit(bits[0]) - 1;
    }
}

static cairn_status make(const struct cairn_model_options *options, struct made *out)
{
    const size_t n_labels = options->n_labels > 1 ? options->n_labels : 1;
    const size_t n_in = SAMPLES * cairn_shape_count(&options->input);
    const size_t n_answers = SAMPLES * n_labels;
    const size_t n_targets = SAMPLES * options->n_targets;
    CAIRN_TRY(cairn_memory_get(n_in, sizeof *out->x, "samples", &out->x));
    CAIRN_TRY(cairn_memory_get(n_targets + 1, sizeof *out->target, "samples", &out->target));
    CAIRN_TRY(cairn_memory_get(n_answers, sizeof *out->weight, "samples", &out->weight));
    CAIRN_TRY(cairn_memory_get(n_answers, sizeof *out->label, "samples", &out->label));
    draw(out->x, n_in, 1);
    draw(out->target, n_targets, 2);
    for (size_t i = 0; i < n_in && options->vocabulary > 0; i++)
        out->x[i] = (cairn_real)(i * 5 % options->vocabulary);
    for (size_t i = 0; i < n_answers; i++) {
        out->weight[i] = i % 3 == 1 ? (cairn_real)0.5 : 1;
        if (options->n_classes > 0) out->label[i] = (int32_t)(i * 7 % options->n_classes);
    }
    for (size_t i = 0; i < SAMPLES; i++) out->number[i] = 1000 + 3 * i;
    out->micro = (struct cairn_micro){.n = SAMPLES,
                                      .x = out->x,
                                      .n_labels = n_labels,
                                      .n_weights = n_labels,
                                      .weight = out->weight,
                                      .sample = out->number,
                                      .epoch = out->epoch};
    if (options->n_targets > 0)
        out->micro.target = out->target;
    else
        out->micro.label = out->label;
    return CAIRN_OK;
}

static void release(struct made *made)
{
    free(made->x);
    free(made->target);
    free(made->weight);
    free(made->label);
}

/* A sink that keeps one flat block. */
struct block {
    struct cairn_sink sink; /* first */
    const struct cairn_params *params;
    cairn_real *g; /* [n_values] */
};

static cairn_real *open_tensor(struct cairn_sink *sink, size_t param)
{
    struct block *block = (struct block *)sink;
    return block->g + block->params->item[param].offset;
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    (void)sink;
    (void)param;
}

/* Twice into one block, since a layer adds to it: the sum is 2 g. */
static cairn_status sum_twice(struct cairn_model *model, const cairn_real *w,
                              const struct made *made, cairn_real *g)
{
    struct cairn_scores scores = {0};
    struct block block = {
        {.open = open_tensor, .close = close_tensor, .keeps = true}, cairn_model_params(model), g};
    CAIRN_TRY(cairn_model_gradient(model, w, &made->micro, &block.sink, &scores));
    return cairn_model_gradient(model, w, &made->micro, &block.sink, &scores);
}

static cairn_status compare(const struct cairn_params *params, const cairn_real *twice,
                            const double *exact)
{
    double largest = 0;
    for (size_t i = 0; i < params->n_weights; i++) largest = fmax(largest, fabs(exact[i]));
    for (size_t t = 0; t < params->n_items; t++) {
        const struct cairn_param *param = &params->item[t];
        for (size_t i = 0; i < param->count; i++) {
            const double g = (double)twice[param->offset + i] / 2;
            const double wanted = exact[param->offset + i];
            if (fabs(g - wanted) <= REAL_TOLERANCE * largest) continue;
            return cairn_fail(CAIRN_NUMBERS,
                              "the gradient by %s [%zu], summed over two micro-batches, is %g each "
                              "in cairn_real and %g in double: does a layer write what it should "
                              "add to, or are its functions not the same?",
                              param->name, i, g, wanted);
        }
    }
    return CAIRN_OK;
}

/* The sums of cairn_real against those of double. */
static cairn_status check_real(const struct cairn_model_options *options, const struct made *made,
                               struct cairn_model *model)
{
    struct cairn_reference *reference = NULL;
    struct cairn_scores scores;
    cairn_real *w = NULL, *g = NULL;
    const size_t n = cairn_model_params(model)->n_values;
    cairn_status st = cairn_memory_get(n, sizeof *w, "weights", &w);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *g, "a gradient", &g);
    if (st == CAIRN_OK) st = cairn_reference_create(options, &reference);
    if (st == CAIRN_OK) {
        cairn_model_init(model, w);
        cairn_reference_begin(reference, w);
        st = cairn_reference_add(reference, &made->micro);
    }
    if (st == CAIRN_OK) st = sum_twice(model, w, made, g);
    if (st == CAIRN_OK)
        st = compare(cairn_model_params(model), g, cairn_reference_gradient(reference, &scores));
    cairn_reference_free(reference);
    free(w);
    free(g);
    return st;
}

static cairn_status check_double(const struct cairn_model_options *options, const struct made *made,
                                 double *worst)
{
    struct cairn_slope slope;
    CAIRN_TRY(cairn_gradient_worst(options, &made->micro, MOST, &slope));
    *worst = slope.apart;
    if (slope.apart <= DOUBLE_TOLERANCE) return CAIRN_OK;
    return cairn_fail(CAIRN_NUMBERS,
                      "the gradient by %s [%zu] is %g, and the slope of the loss there is %g "
                      "(relative difference %.2g)",
                      slope.name, slope.element, slope.backward, slope.difference, slope.apart);
}

static cairn_status check_model(const struct cairn_model_options *options, double *worst)
{
    struct made made = {.x = NULL};
    struct cairn_model *model = NULL;
    cairn_status st = cairn_model_create(options, &model);
    if (st == CAIRN_OK) st = make(options, &made);
    if (st == CAIRN_OK) st = check_double(options, &made, worst);
    if (st == CAIRN_OK) st = check_real(options, &made, model);
    cairn_model_free(model);
    release(&made);
    return st;
}

cairn_status cairn_check_gradient(const cairn_options *options, const struct cairn_data_form *form,
                                  double *worst)
{
    struct cairn_config *config = NULL;
    cairn_data *data = NULL;
    double apart = 0;
    size_t context = 0;
    cairn_status st = cairn_options_config(options, true, &config);
    if (st == CAIRN_OK) st = cairn_data_create(form, &data);
    if (st == CAIRN_OK && config->data_context != CAIRN_NONE) context = config->data_context;
    if (st == CAIRN_OK) st = cairn_dataset_set_context(data, context);
    if (st == CAIRN_OK) {
        const struct cairn_model_options model = cairn_setup_model_options(config, data, SAMPLES);
        st = check_model(&model, &apart);
    }
    if (st == CAIRN_OK && worst != NULL) *worst = apart;
    cairn_data_free(data);
    cairn_config_free(config);
    return st;
}
