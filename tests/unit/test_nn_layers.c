/* SPDX-License-Identifier: BSD-3-Clause
 * Every registered layer and loss: shapes, gradients against central differences, single precision
 * against double, short micro-batches, outputs written over inputs, no allocation while running,
 * dropout's keys. To be listed in layers.def or losses.def is to be tested. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "base/memory.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/reference.h"
#include "support/nn.h"

enum { SAMPLES = 5, TEXT = 512, VOCABULARY = 11 };

static const double CHECK =
    1e-6; /* central differences in double: rounding 1e-16 / 1e-5 over least 1e-3 */
static const double SINGLE = 2e-5; /* sums of tens of float products, each rounded to 2^-24 */

static bool takes_tokens(const struct cairn_node *list)
{
    const struct cairn_node *type = cairn_node_find(list->child, "type");
    for (size_t i = 0; cairn_layer_kind_at(i) != NULL; i++)
        if (strcmp(cairn_layer_kind_at(i)->name, type->text) == 0)
            return (cairn_layer_kind_at(i)->flags & CAIRN_LAYER_TOKENS) != 0;
    return false;
}

/* A model around some layers: weights before them, where the shape admits it, so that dx matters.
 */
static void around(char *text, const struct cairn_shape *in, const char *layers)
{
    char before[64] = "";
    snprintf(text, TEXT, "[%s]", layers);
    struct cairn_node *list = tree_of(text);
    if ((in->ndim == 1 || in->ndim == 2) && !takes_tokens(list))
        snprintf(before, sizeof before, "{type: dense, units: %zu, name: before}, ",
                 in->dim[in->ndim - 1]);
    if (in->ndim > 2)
        snprintf(before, sizeof before, "{type: conv%dd, channels: %zu, kernel: 1, name: before}, ",
                 in->ndim - 1, in->dim[0]);
    cairn_node_free(list);
    snprintf(text, TEXT, "[%s%s, {type: flatten}, {type: dense, units: 3, name: after}]", before,
             layers);
}

static struct cairn_model_options options_of(struct cairn_node *tree, const struct cairn_shape *in,
                                             bool classes)
{
    return (struct cairn_model_options){.layers = tree,
                                        .input = *in,
                                        .n_classes = classes ? 3 : 0,
                                        .n_targets = classes ? 0 : 3,
                                        .vocabulary = takes_tokens(tree) ? VOCABULARY : 0,
                                        .micro = SAMPLES,
                                        .seed = 5};
}

static void check_model(const char *text, const struct cairn_shape *in, bool classes)
{
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = options_of(tree, in, classes);
    struct samples samples = samples_make(&options, SAMPLES);
    struct cairn_reference *reference = NULL;
    struct cairn_scores exact = {0};
    double worst = 1;
    samples.micro.weight = samples.weight;
    samples.weight[1] = 0.5f;

    if (cairn_gradient_check(&options, &samples.micro, 40, &worst) != CAIRN_OK)
        fail_msg("%s: %s", text, cairn_error_text());
    if (worst > CHECK) fail_msg("%s: gradient check %g", text, worst);

    struct bench *bench = bench_make(&options);
    assert_int_equal(cairn_reference_create(&options, &reference), CAIRN_OK);
    cairn_reference_begin(reference, bench->w);
    assert_int_equal(cairn_reference_add(reference, &samples.micro), CAIRN_OK);
    assert_int_equal(bench_gradient(bench, &samples.micro), CAIRN_OK);
    const double *g = cairn_reference_gradient(reference, &exact);
    double apart = difference(bench->g, g, bench->params->n_weights);
    if (apart > SINGLE) fail_msg("%s: single and double differ by %g", text, apart);
    assert_true(fabs(bench->scores.loss - exact.loss) <= SINGLE * fabs(exact.loss));
    assert_true(fabs(bench->scores.weight - 4.5) < 1e-12);
    assert_int_equal(bench->n_opened, bench->params->n_tensors);
    assert_int_equal(bench->n_closed, bench->params->n_tensors);
    bench_check_recompute(bench, &options, &samples.micro);

    cairn_reference_free(reference);
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(tree);
}

static void test_every_layer_has_its_rows(void **state)
{
    (void)state;
    for (size_t i = 0; cairn_layer_kind_at(i) != NULL; i++) {
        const struct cairn_layer_kind *kind = cairn_layer_kind_at(i);
        assert_int_equal(kind->size, sizeof *kind);
        assert_true(strlen(kind->doc) > 0 && (kind->plan != NULL) != (kind->expand != NULL));
        for (size_t k = 0; k < kind->n_keys; k++) assert_true(strlen(kind->keys[k].doc) > 0);
        struct cairn_node *example = tree_of(kind->example);
        assert_string_equal(cairn_node_find(example, "type")->text, kind->name);
        cairn_node_free(example);
    }
    for (size_t i = 0; cairn_loss_kind_at(i) != NULL; i++)
        assert_int_equal(cairn_loss_kind_at(i)->size, sizeof *cairn_loss_kind_at(i));
}

static void test_every_layer_with_every_loss(void **state)
{
    (void)state;
    for (size_t i = 0; cairn_layer_kind_at(i) != NULL; i++) {
        const struct cairn_layer_kind *kind = cairn_layer_kind_at(i);
        char text[TEXT];
        around(text, &kind->example_in, kind->example);
        check_model(text, &kind->example_in, true);
        check_model(text, &kind->example_in, false);
    }
}

static bool can_be_planned(const char *text, const struct cairn_shape *in)
{
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = options_of(tree, in, true);
    struct cairn_model *model = NULL;
    bool fits = cairn_model_create(&options, &model) == CAIRN_OK;
    cairn_model_free(model);
    cairn_node_free(tree);
    return fits;
}

/* One layer behind another, with views before them where they want rows. */
static bool check_pair(const struct cairn_layer_kind *a, const struct cairn_layer_kind *b)
{
    static const char *const view[2] = {"", "{type: flatten}, "};
    bool is_plane = a->example_in.ndim == 3 || b->example_in.ndim == 3;
    const struct cairn_shape rows = {2, {2, 4}}, planes = {3, {4, 2, 2}};
    const struct cairn_shape in = is_plane ? planes : rows;
    char layers[TEXT / 2];
    char text[TEXT];
    bool fits = false;
    for (int k = 0; k < 3 && !fits; k++) {
        const char *second = view[k == 1 || (k == 0 && b->example_in.ndim == 1)];
        snprintf(layers, sizeof layers, "%s%s, %s%s", view[k == 2], a->example, second, b->example);
        around(text, &in, layers);
        fits = can_be_planned(text, &in);
    }
    if (fits) check_model(text, &in, true);
    return fits;
}

/* Elementwise layers may write over their input: every pair of them shows whether the other still
 * has what it needs. */
static void test_every_pair_of_elementwise_layers(void **state)
{
    (void)state;
    size_t n_checked = 0;
    size_t n_pairs = 0;
    for (size_t i = 0; cairn_layer_kind_at(i) != NULL; i++)
        for (size_t j = 0; cairn_layer_kind_at(j) != NULL; j++) {
            const struct cairn_layer_kind *a = cairn_layer_kind_at(i);
            const struct cairn_layer_kind *b = cairn_layer_kind_at(j);
            if ((a->flags & b->flags & CAIRN_LAYER_ELEMENTWISE) == 0) continue;
            n_checked += check_pair(a, b);
            n_pairs++;
        }
    assert_true(n_checked * 10 >= n_pairs * 9); /* some take tokens only, some rows only */
}

static void test_a_long_chain(void **state)
{
    (void)state;
    const struct cairn_shape in = {1, {8}};
    char text[TEXT];
    around(text, &in,
           "{type: tanh}, {type: relu}, {type: dropout, p: 0.2}, {type: gelu}, {type: dense, "
           "units: 9}, "
           "{type: sigmoid}, {type: dropout}, {type: gelu, approximate: tanh}, {type: dense, "
           "units: 6, bias: false}");
    check_model(text, &in, true);
    check_model("[{type: relu}, {type: dropout}, {type: dense, units: 3}, {type: sigmoid}]", &in,
                false);
}

/* The gradient of a micro-batch is the sum of the gradients of its parts, which are shorter than
 * planned. */
static void test_short_micro_batches_add_up(void **state)
{
    (void)state;
    for (size_t i = 0; cairn_layer_kind_at(i) != NULL; i++) {
        const struct cairn_layer_kind *kind = cairn_layer_kind_at(i);
        char text[TEXT];
        around(text, &kind->example_in, kind->example);
        struct cairn_node *tree = tree_of(text);
        struct cairn_model_options options = options_of(tree, &kind->example_in, true);
        struct samples samples = samples_make(&options, SAMPLES);
        struct bench *parts = bench_make(&options);
        struct cairn_reference *whole = NULL;
        struct cairn_scores scores = {0};
        if (cairn_model_is_ghost(parts->model)) { /* no sum over samples: see test_nn_norm.c */
            bench_free(parts);
            samples_free(&samples);
            cairn_node_free(tree);
            continue;
        }
        assert_int_equal(cairn_reference_create(&options, &whole), CAIRN_OK);
        cairn_reference_begin(whole, parts->w);
        assert_int_equal(cairn_reference_add(whole, &samples.micro), CAIRN_OK);
        static const size_t cuts[] = {0, 3, 3, 4, SAMPLES}; /* one part is empty */
        for (size_t c = 0; c + 1 < sizeof cuts / sizeof cuts[0]; c++) {
            struct cairn_micro part =
                samples_part(&samples, &options, cuts[c], cuts[c + 1] - cuts[c]);
            assert_int_equal(bench_gradient(parts, &part), CAIRN_OK);
        }
        const double *g = cairn_reference_gradient(whole, &scores);
        double apart = difference(parts->g, g, parts->params->n_weights);
        if (apart > SINGLE) fail_msg("%s: parts and whole differ by %g", text, apart);
        assert_true(fabs(parts->scores.loss - scores.loss) < SINGLE * scores.loss);
        assert_true(parts->scores.correct == scores.correct);
        assert_int_equal(parts->n_opened, 3 * parts->params->n_tensors); /* not for the empty one */
        cairn_reference_free(whole);
        bench_free(parts);
        samples_free(&samples);
        cairn_node_free(tree);
    }
}

/* All memory of Cairn comes from cairn_memory_get(): with its next call made to fail, running must
 * not notice. */
static void run_all_ways(struct bench *bench, const struct cairn_micro *micro)
{
    const real *outputs = NULL;
    assert_int_equal(bench_gradient(bench, micro), CAIRN_OK);
    assert_int_equal(cairn_model_evaluate(bench->model, bench->w, micro, &bench->scores), CAIRN_OK);
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, micro, &outputs), CAIRN_OK);
}

static void test_running_allocates_nothing(void **state)
{
    (void)state;
    enum { MOST = 64 };
    struct bench *bench[MOST];
    struct samples samples[MOST];
    void *block = NULL;
    size_t n = 0;
    for (; cairn_layer_kind_at(n) != NULL; n++) {
        const struct cairn_layer_kind *kind = cairn_layer_kind_at(n);
        char text[TEXT];
        assert_true(n < MOST);
        around(text, &kind->example_in, kind->example);
        struct cairn_node *tree = tree_of(text);
        struct cairn_model_options options = options_of(tree, &kind->example_in, true);
        samples[n] = samples_make(&options, SAMPLES);
        bench[n] = bench_make(&options);
        cairn_node_free(tree);
    }
    assert_int_equal(setenv("CAIRN_FAULT", "memory.get", 1), 0);
    for (size_t i = 0; i < n; i++) run_all_ways(bench[i], &samples[i].micro);
    assert_int_equal(cairn_memory_get(1, 1, "the trap", &block), CAIRN_MEMORY); /* it was armed */
    assert_int_equal(setenv("CAIRN_FAULT", "none", 1), 0);
    for (size_t i = 0; i < n; i++) {
        bench_free(bench[i]);
        samples_free(&samples[i]);
    }
}

enum { WIDE = 4000 };

/* What dropout lets through of ones, for one sample: read from the gradient of a dense layer behind
 * it. */
static void mask_of(const char *text, uint64_t sample, uint64_t epoch, bool *kept)
{
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = options_of(tree, &(struct cairn_shape){1, {WIDE}}, false);
    struct samples samples = samples_make(&options, SAMPLES);
    for (size_t e = 0; e < WIDE; e++)
        samples.x[2 * WIDE + e] = 1; /* the third: position must not matter */
    samples.sample[2] = sample;
    samples.epoch[2] = epoch;
    samples.micro.weight = samples.weight;
    for (size_t i = 0; i < SAMPLES; i++) samples.weight[i] = i == 2 ? 1 : 0;
    struct bench *bench = bench_make(&options);
    assert_int_equal(bench_gradient(bench, &samples.micro), CAIRN_OK);
    for (size_t e = 0; e < WIDE; e++) kept[e] = bench->g[e] != 0;
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(tree);
}

static size_t n_same(const bool *a, const bool *b)
{
    size_t n = 0;
    for (size_t e = 0; e < WIDE; e++) n += a[e] == b[e];
    return n;
}

static void test_dropout_is_a_function_of_its_key(void **state)
{
    (void)state;
    static bool mask[WIDE], other[WIDE];
    const char *text = "[{type: dropout, p: 0.25}, {type: dense, units: 3}]";
    mask_of(text, 17, 4, mask);
    mask_of(text, 17, 4, other);
    assert_int_equal(n_same(mask, other), WIDE);
    size_t n_kept = 0;
    for (size_t e = 0; e < WIDE; e++) n_kept += mask[e];
    assert_true(fabs((double)n_kept - 0.75 * WIDE) < 5 * sqrt(0.1875 * WIDE)); /* 5 deviations */
    /* independent masks agree in 0.75^2 + 0.25^2 = 0.625 of all places */
    mask_of(text, 18, 4, other);
    assert_true((double)n_same(mask, other) < 0.7 * WIDE);
    mask_of(text, 17, 5, other);
    assert_true((double)n_same(mask, other) < 0.7 * WIDE);
    mask_of("[{type: dropout, p: 0.25, name: drop}, {type: dense, units: 3}]", 17, 4, other);
    assert_true((double)n_same(mask, other) < 0.7 * WIDE);
}

int main(void)
{
    setenv("CAIRN_FAULT", "none", 1); /* so that the faults look again later */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_layer_has_its_rows),
        cmocka_unit_test(test_every_layer_with_every_loss),
        cmocka_unit_test(test_every_pair_of_elementwise_layers),
        cmocka_unit_test(test_a_long_chain),
        cmocka_unit_test(test_short_micro_batches_add_up),
        cmocka_unit_test(test_running_allocates_nothing),
        cmocka_unit_test(test_dropout_is_a_function_of_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
