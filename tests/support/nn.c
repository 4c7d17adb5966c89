/* SPDX-License-Identifier: BSD-3-Clause
 * For tests of models. */
#include "support/nn.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "config/parts.h"

struct cairn_node *tree_of(const char *text)
{
    struct cairn_node *tree = NULL;
    assert_int_equal(cairn_yaml_value(text, "test", &tree), CAIRN_OK);
    return tree;
}

struct cairn_model_options token_options(const struct cairn_node *tree, size_t n_tokens,
                                         size_t vocabulary, size_t b)
{
    return (struct cairn_model_options){.layers = tree,
                                        .input = {1, {n_tokens}},
                                        .n_classes = vocabulary,
                                        .n_labels = n_tokens,
                                        .vocabulary = vocabulary,
                                        .micro = b,
                                        .seed = 3};
}

static void get(size_t count, size_t size, void *out)
{
    assert_int_equal(cairn_memory_get(count, size, "a test", out), CAIRN_OK);
}

static void fill(real *x, size_t n, uint64_t stream)
{
    uint32_t *bits = NULL;
    get(n, sizeof *bits, &bits);
    cairn_random_fill(stream, 0, n, bits);
    for (size_t i = 0; i < n; i++) x[i] = 2 * cairn_random_unit(bits[i]) - 1;
    free(bits);
}

static size_t labels_of(const struct cairn_model_options *options)
{
    return options->n_labels == 0 ? 1 : options->n_labels;
}

struct samples samples_make(const struct cairn_model_options *options, size_t n)
{
    struct samples s = {0};
    size_t n_in = cairn_shape_count(&options->input);
    size_t n_labels = labels_of(options);
    get(n * n_in, sizeof *s.x, &s.x);
    get(n * options->n_targets, sizeof *s.target, &s.target);
    get(n * n_labels, sizeof *s.weight, &s.weight);
    get(n * n_labels, sizeof *s.label, &s.label);
    get(n, sizeof *s.sample, &s.sample);
    get(n, sizeof *s.epoch, &s.epoch);
    fill(s.x, n * n_in, 11);
    for (size_t i = 0; i < n * n_in && options->vocabulary > 0; i++)
        s.x[i] = (real)(i * 5 % options->vocabulary);
    fill(s.target, n * options->n_targets, 12);
    for (size_t i = 0; i < n * n_labels; i++) {
        s.weight[i] = 1;
        s.label[i] = options->n_classes == 0 ? 0 : (int32_t)(i * 7 % options->n_classes);
    }
    for (size_t i = 0; i < n; i++) {
        s.sample[i] = 1000 + 3 * i;
        s.epoch[i] = i % 2;
    }
    s.micro = samples_part(&s, options, 0, n);
    return s;
}

void samples_free(struct samples *samples)
{
    free(samples->x);
    free(samples->target);
    free(samples->weight);
    free(samples->label);
    free(samples->sample);
    free(samples->epoch);
}

struct cairn_micro samples_part(const struct samples *samples,
                                const struct cairn_model_options *options, size_t first, size_t n)
{
    return (struct cairn_micro){
        .n = n,
        .n_labels = labels_of(options),
        .n_weights = labels_of(options),
        .x = samples->x + first * cairn_shape_count(&options->input),
        .label = options->n_classes == 0 ? NULL : samples->label + first * labels_of(options),
        .target = options->n_targets == 0 ? NULL : samples->target + first * options->n_targets,
        .sample = samples->sample + first,
        .epoch = samples->epoch + first,
    };
}

static real *open_tensor(struct cairn_sink *sink, size_t param)
{
    struct bench *bench = (struct bench *)sink;
    bench->n_opened++;
    return bench->g + bench->params->item[param].offset;
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    struct bench *bench = (struct bench *)sink;
    assert_true(param < bench->params->n_tensors);
    bench->n_closed++;
}

struct bench *bench_make(const struct cairn_model_options *options)
{
    struct bench *bench = NULL;
    get(1, sizeof *bench, &bench);
    bench->sink = (struct cairn_sink){.open = open_tensor, .close = close_tensor, .keeps = true};
    if (cairn_model_create(options, &bench->model) != CAIRN_OK) fail_msg("%s", cairn_error_text());
    bench->params = cairn_model_params(bench->model);
    get(bench->params->n_values, sizeof *bench->w, &bench->w);
    get(bench->params->n_values, sizeof *bench->g, &bench->g);
    cairn_model_init(bench->model, bench->w);
    return bench;
}

void bench_free(struct bench *bench)
{
    cairn_model_free(bench->model);
    free(bench->w);
    free(bench->g);
    free(bench);
}

cairn_status bench_gradient(struct bench *bench, const struct cairn_micro *micro)
{
    return cairn_model_gradient(bench->model, bench->w, micro, &bench->sink, &bench->scores);
}

double difference(const real *a, const double *b, size_t n)
{
    double most = 0;
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)a[i] - b[i]));
        largest = fmax(largest, fabs(b[i]));
    }
    return largest > 0 ? most / largest : most;
}

void bench_check_recompute(const struct bench *bench, const struct cairn_model_options *options,
                           const struct cairn_micro *micro)
{
    static const size_t parts[] = {2, 3, 5, 1000};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct cairn_model_options again = *options;
        again.recompute = parts[i];
        struct bench *other = bench_make(&again);
        assert_int_equal(bench_gradient(other, micro), CAIRN_OK);
        assert_int_equal(other->n_opened, bench->n_opened);
        assert_true(other->scores.loss == bench->scores.loss);
        assert_memory_equal(other->g, bench->g, bench->params->n_values * sizeof *bench->g);
        bench_free(other);
    }
}
