/* SPDX-License-Identifier: BSD-3-Clause
 * Parts of an update, timed one by one: passes, the update of the weights, reading.  Each does what
 * train/update.c does with the same objects, but for the sum over the ranks. */
#include "setup/timed.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/sort.h"
#include "comm/sum.h"
#include "tensor/norm.h"

enum { FEWEST_SPANS = 5, MOST_SPANS = 15 };
#define SPAN_S    1e-3 /* calls are timed together up to so long */
#define TIMED_S   0.05 /* spans go on for at least so long, */
#define LONGEST_S 1.0  /* and at most for so long where there is one */
#define MOST_HELD ((size_t)1 << 30)

static cairn_status time_span(cairn_status (*call)(void *context), void *context, size_t n,
                              double *seconds)
{
    double begin_s = cairn_clock_s();
    for (size_t i = 0; i < n; i++) CAIRN_TRY(call(context));
    *seconds = (cairn_clock_s() - begin_s) / (double)n;
    return CAIRN_OK;
}

cairn_status cairn_setup_time_calls(cairn_status (*call)(void *context), void *context,
                                    double *seconds)
{
    double each_s[MOST_SPANS];
    double first_s = 0;
    double spent_s = 0;
    size_t n = 0;
    CAIRN_TRY(call(context)); /* warms up */
    CAIRN_TRY(time_span(call, context, 1, &first_s));
    size_t at_once = first_s > 0 && first_s < SPAN_S ? (size_t)(SPAN_S / first_s) + 1 : 1;
    if (at_once > 1000) at_once = 1000;
    while (n < MOST_SPANS && (n < FEWEST_SPANS || spent_s < TIMED_S) &&
           (n == 0 || spent_s < LONGEST_S)) {
        CAIRN_TRY(time_span(call, context, at_once, &each_s[n]));
        spent_s += each_s[n++] * (double)at_once;
    }
    cairn_sort_numbers(each_s, n);
    *seconds = each_s[n / 4];
    return CAIRN_OK;
}

/* What is timed with; zeroed first, released by free_bench(). */
struct bench {
    const struct cairn_config *config;
    struct cairn_model *model;
    struct cairn_loader *loader;
    struct cairn_optim *optim;
    struct cairn_sum *sum;
    const struct cairn_params *params;
    struct cairn_micro micro;
    float *w, *average; /* [n_values] */
    size_t size;        /* of a micro-batch */
    size_t n_micro;     /* of an update */
    uint64_t position, n_samples;
};

static void free_bench(struct bench *bench)
{
    cairn_sum_free(bench->sum);
    cairn_optim_free(bench->optim);
    cairn_loader_free(bench->loader);
    cairn_model_free(bench->model);
    free(bench->w);
    free(bench->average);
}

/* The model with weights, and a sum of this process alone. */
static cairn_status make_model(struct cairn_dataset *dataset, struct bench *bench)
{
    const struct cairn_config *config = bench->config;
    struct cairn_model_options options = cairn_setup_model_options(config, dataset, bench->size);
    CAIRN_TRY(cairn_model_create(&options, &bench->model));
    bench->params = cairn_model_params(bench->model);
    CAIRN_TRY(cairn_memory_get(bench->params->n_values, sizeof *bench->w, "weights", &bench->w));
    cairn_model_init(bench->model, bench->w);
    const enum cairn_noise noise = cairn_setup_noise(config, bench->n_micro, 1);
    return cairn_sum_create(NULL, cairn_setup_sum_kind(config, noise), noise, bench->params,
                            bench->n_micro, &bench->sum);
}

static cairn_status one_pass(void *context)
{
    struct bench *bench = context;
    struct cairn_scores scores = {0};
    cairn_sum_begin_micro(bench->sum, bench->micro.n);
    CAIRN_TRY(
        cairn_model_gradient(bench->model, bench->w, &bench->micro, &bench->sum->sink, &scores));
    return cairn_sum_end_micro(bench->sum, &scores);
}

/* The first pass shows a reproducible sum what range its numbers have. */
static cairn_status begin_sum(struct bench *bench)
{
    cairn_sum_begin(bench->sum);
    if (!cairn_sum_needs_range(bench->sum)) return CAIRN_OK;
    cairn_status st = one_pass(bench);
    st = cairn_sum_learn(bench->sum, st);
    cairn_sum_begin(bench->sum);
    return st;
}

cairn_status cairn_setup_time_pass(const struct cairn_config *config, struct cairn_dataset *dataset,
                                   const struct cairn_window_rule *rule, size_t micro,
                                   double *pass_s, bool *ghost)
{
    const struct cairn_loader_options rows = {.split = CAIRN_SPLIT_TRAIN, .micro = micro};
    struct bench bench = {
        .config = config, .size = micro, .n_micro = cairn_setup_n_micro(rule, micro)};
    cairn_status st = make_model(dataset, &bench);
    if (st == CAIRN_OK) st = cairn_loader_create(dataset, &rows, &bench.loader);
    if (st == CAIRN_OK) st = cairn_loader_read(bench.loader, 0, micro, &bench.micro);
    if (st == CAIRN_OK) st = begin_sum(&bench);
    if (st == CAIRN_OK) st = cairn_setup_time_calls(one_pass, &bench, pass_s);
    if (st == CAIRN_OK) *ghost = cairn_model_is_ghost(bench.model);
    free_bench(&bench);
    return st;
}

/* A gradient of no meaning, of ordinary numbers: tiny ones would take longer. */
static cairn_status fill_sum(struct bench *bench)
{
    const struct cairn_scores none = {0};
    struct cairn_sink *sink = &bench->sum->sink;
    cairn_sum_begin_micro(bench->sum, 1);
    for (size_t p = 0; p < bench->params->n_tensors; p++) {
        float *g = sink->open(sink, p);
        for (size_t i = 0; i < bench->params->item[p].count; i++)
            g[i] = 1e-3F * (float)(i % 7) - 3e-3F;
        sink->close(sink, p);
    }
    return cairn_sum_end_micro(bench->sum, &none);
}

static cairn_status zero(void *context)
{
    cairn_sum_begin(((struct bench *)context)->sum);
    return CAIRN_OK;
}

/* As in train/update.c and train/ema.c; divided by 1, so that it can be done again. */
static cairn_status one_update(void *context)
{
    struct bench *bench = context;
    const struct cairn_config *config = bench->config;
    const struct cairn_rate rate = {.now = config->optim_lr, .before = config->optim_lr};
    const size_t n = bench->params->n_weights;
    struct cairn_totals totals = {0};
    float *g = NULL;
    cairn_sum_unit(bench->sum, 1); /* of the noise scale */
    CAIRN_TRY(cairn_sum_reduce(bench->sum, CAIRN_OK, false, &g, &totals));
    const float divisor = 1 + (float)totals.weight; /* nothing was summed */
    for (size_t i = 0; i < n; i++) g[i] /= divisor;
    cairn_clip(g, n, cairn_norm(g, n), config->optim_clip_norm);
    cairn_optim_update(bench->optim, rate, g, bench->w);
    cairn_buffers_update(bench->params, g, 1, bench->w);
    const float gain = (float)(1 - config->train_ema);
    for (size_t i = 0; bench->average != NULL && i < n; i++)
        bench->average[i] += gain * (bench->w[i] - bench->average[i]);
    return CAIRN_OK;
}

cairn_status cairn_setup_time_update(const struct cairn_config *config,
                                     struct cairn_dataset *dataset,
                                     const struct cairn_window_rule *rule, size_t micro,
                                     double *update_s)
{
    struct bench bench = {
        .config = config, .size = micro, .n_micro = cairn_setup_n_micro(rule, micro)};
    struct cairn_scaling scaling;
    double zero_s = 0;
    cairn_status st = make_model(dataset, &bench);
    if (st == CAIRN_OK) st = cairn_setup_scaling(config, rule, &scaling);
    if (st == CAIRN_OK)
        st = cairn_setup_optim(config, &scaling, cairn_window_batch(rule, 0), bench.params,
                               &bench.optim);
    if (st == CAIRN_OK && config->train_ema > 0)
        st = cairn_memory_get(bench.params->n_values, sizeof *bench.average, "their average",
                              &bench.average);
    if (st == CAIRN_OK) st = cairn_setup_time_calls(zero, &bench, &zero_s);
    if (st == CAIRN_OK) st = fill_sum(&bench);
    if (st == CAIRN_OK && cairn_sum_needs_range(bench.sum)) st = cairn_sum_learn(bench.sum, st);
    if (st == CAIRN_OK) {
        cairn_sum_begin(bench.sum);
        st = fill_sum(&bench);
    }
    if (st == CAIRN_OK) st = cairn_setup_time_calls(one_update, &bench, update_s);
    if (st == CAIRN_OK) *update_s += zero_s;
    free_bench(&bench);
    return st;
}

/* The next micro-batch of the epochs' order. */
static cairn_status one_read(void *context)
{
    struct bench *bench = context;
    if (bench->position + bench->size > bench->n_samples) bench->position = 0;
    CAIRN_TRY(cairn_loader_read(bench->loader, bench->position, bench->size, &bench->micro));
    bench->position += bench->size;
    return CAIRN_OK;
}

cairn_status cairn_setup_time_data(const struct cairn_config *config, struct cairn_dataset *dataset,
                                   size_t micro, double *sample_s)
{
    struct bench bench = {.config = config,
                          .size = micro,
                          .n_samples = cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN)};
    struct cairn_loader_options rows = cairn_setup_loader_options(
        config, CAIRN_SPLIT_TRAIN, micro, config->data_in_memory != CAIRN_IN_MEMORY_FALSE);
    if (rows.memory_bytes > MOST_HELD) rows.memory_bytes = MOST_HELD;
    if (bench.size > bench.n_samples) bench.size = (size_t)bench.n_samples;
    cairn_status st = cairn_loader_create(dataset, &rows, &bench.loader);
    if (st == CAIRN_OK) st = cairn_setup_time_calls(one_read, &bench, sample_s);
    if (st == CAIRN_OK) *sample_s /= (double)bench.size;
    free_bench(&bench);
    return st;
}
