/* SPDX-License-Identifier: BSD-3-Clause
 * The model: names and shapes as PyTorch's, messages, values worked by hand, sums, initial weights.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "nn/model.h"
#include "support/nn.h"

static const double ROUNDING = 1e-6; /* a handful of float operations on numbers near 1 */

static struct cairn_model_options classes(struct cairn_node *layers, size_t n_in, size_t n_classes)
{
    return (struct cairn_model_options){
        .layers = layers, .input = {1, {n_in}}, .n_classes = n_classes, .micro = 4, .seed = 1};
}

static void test_names_and_shapes_are_those_of_pytorch(void **state)
{
    (void)state;
    static const struct {
        const char *name, *shape;
        size_t offset;
    } wanted[] = {
        {"1.weight", "[5, 12]", 0},    {"1.bias", "[5]", 60},    {"3.weight", "[4, 5]", 65},
        {"head.weight", "[3, 4]", 85}, {"head.bias", "[3]", 97},
    };
    struct cairn_node *layers =
        tree_of("[{type: flatten}, {type: dense, units: 5}, {type: relu}, "
                "{type: dense, units: 4, bias: false}, {type: dense, units: 3, name: head}]");
    struct cairn_model_options options = classes(layers, 0, 3);
    options.input = (struct cairn_shape){3, {1, 3, 4}};
    struct bench *bench = bench_make(&options);
    assert_int_equal(bench->params->n_items, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < bench->params->n_items; i++) {
        char text[CAIRN_SHAPE_TEXT_BYTES];
        assert_string_equal(bench->params->item[i].name, wanted[i].name);
        assert_string_equal(cairn_shape_text(&bench->params->item[i].shape, text), wanted[i].shape);
        assert_int_equal(bench->params->item[i].offset, wanted[i].offset);
    }
    assert_int_equal(bench->params->n_weights, 100);
    assert_int_equal(cairn_model_output_shape(bench->model)->dim[0], 3);
    assert_true(cairn_model_has_accuracy(bench->model));
    assert_true(cairn_model_activation_bytes(bench->model) > 0);
    bench_free(bench);
    cairn_node_free(layers);
}

static void test_wrong_models_are_told_why(void **state)
{
    (void)state;
    static const struct {
        const char *layers, *loss;
        size_t n_targets, n_classes;
        const char *text;
    } rows[] = {
        {"[{type: dens, units: 3}]", NULL, 0, 3,
         "test: layer 0: there is no layer type 'dens'; did you mean 'dense'?"},
        {"[{type: convolution}]", NULL, 0, 3, "no layer type 'convolution'; there are: "},
        {"[relu]", NULL, 0, 3, "test: layer 0 must be a map with a type"},
        {"[{units: 3}]", NULL, 0, 3, "layer 0 must be a map with a type"},
        {"dense", NULL, 0, 3, "test: a model is a list of layers"},
        {"[]", NULL, 0, 3, "a model is a list of layers"},
        {"[{type: dense}]", NULL, 0, 3, "'layer 0 (dense).units'"},
        {"[{type: relu}, {type: dense, unit: 3}]", NULL, 0, 3,
         "layer 1 (dense) has no key 'unit'; did you mean 'units'?"},
        {"[{type: dense, units: 3, init: glorot}]", NULL, 0, 3,
         "takes one of: pytorch he xavier zeros"},
        {"[{type: dropout, p: 1}]", NULL, 0, 3, "layer 0 (dropout).p is 1, but must"},
        {"[{type: relu, name: a}, {type: dense, units: 3, name: a}]", NULL, 0, 3,
         "layers 0 and 1 are both called a"},
        {"[{type: relu, name: 3}]", NULL, 0, 3,
         "the name of layer 0 must be letters, digits and '_'"},
        {"[{type: relu, name: a.b}]", NULL, 0, 3, "the name of layer 0 must be"},
        {"[{type: dense, units: 10}]", NULL, 2, 0,
         "test: the last layer has 10 outputs for 2 targets; set units: 2"},
        {"[{type: dense, units: 3}]", "squared_error", 0, 3,
         "test: loss squared_error needs real targets, but the data has classes; use "
         "cross_entropy"},
        {"[{type: dense, units: 3}]", NULL, 1, 0, "or give loss: cross_entropy where y is a class"},
        {"[{type: dense, units: 3}]", "cross_entropy", 1, 0,
         "loss cross_entropy needs classes, or a probability of each of at least 2, but the data "
         "has "
         "one real target; use squared_error"},
        {"[{type: dense, units: 3}]", "cross_entrpy", 0, 3,
         "there is no loss 'cross_entrpy'; did you mean 'cross_entropy'?"},
        {"[{type: dense, units: 3}]", "{type: cross_entropy, smooth: 1}", 0, 3,
         "loss (cross_entropy) has no key 'smooth'"},
        {"[{type: dense, units: 3}]", "[cross_entropy]", 0, 3, "loss must be a name"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cairn_model *model = NULL;
        struct cairn_node *layers = tree_of(rows[i].layers);
        struct cairn_node *loss = rows[i].loss == NULL ? NULL : tree_of(rows[i].loss);
        struct cairn_model_options options = classes(layers, 4, rows[i].n_classes);
        options.n_targets = rows[i].n_targets;
        options.loss = loss;
        assert_int_equal(cairn_model_create(&options, &model), CAIRN_USAGE);
        assert_null(model);
        if (strstr(cairn_error_text(), rows[i].text) == NULL)
            fail_msg("wanted: %s\ngot:    %s", rows[i].text, cairn_error_text());
        cairn_node_free(layers);
        cairn_node_free(loss);
    }
}

static void test_dense_on_images_names_flatten(void **state)
{
    (void)state;
    struct cairn_model *model = NULL;
    struct cairn_node *layers = tree_of("[{type: relu}, {type: dense, units: 3}]");
    struct cairn_model_options options = classes(layers, 0, 3);
    options.input = (struct cairn_shape){3, {1, 8, 8}};
    assert_int_equal(cairn_model_create(&options, &model), CAIRN_USAGE);
    assert_string_equal(cairn_error_text(),
                        "test: layer 1 (dense): the input of one sample is [1, 8, 8]; "
                        "put {type: flatten} before it");
    options.layers = NULL;
    assert_int_equal(cairn_model_create(&options, &model), CAIRN_USAGE);
    assert_non_null(strstr(cairn_error_text(), "the run file has no model"));
    cairn_node_free(layers);
}

/* x = (1, 2), W = ((1, -1), (2, 1)), b = (0.5, -1): h = (-0.5, 3), relu (0, 3); y = (1, 1): L = 1/2
 * (1 + 4), dh = (-1, 2), through relu (0, 2): dW = ((0, 0), (2, 4)), db = (0, 2). */
static void test_values_worked_by_hand(void **state)
{
    (void)state;
    static const real x[2] = {1, 2}, y[2] = {1, 1}, w[6] = {1, -1, 2, 1, 0.5f, -1},
                      g[6] = {0, 0, 2, 4, 0, 2};
    static const uint64_t zero[1] = {0};
    struct cairn_node *layers = tree_of("[{type: dense, units: 2}, {type: relu}]");
    struct cairn_model_options options = {
        .layers = layers, .input = {1, {2}}, .n_targets = 2, .micro = 4, .seed = 1};
    struct cairn_micro micro = {
        .n = 1, .n_labels = 1, .x = x, .target = y, .sample = zero, .epoch = zero};
    struct bench *bench = bench_make(&options);
    const real *outputs = NULL;
    memcpy(bench->w, w, sizeof w);
    assert_int_equal(bench_gradient(bench, &micro), CAIRN_OK);
    for (int i = 0; i < 6; i++) assert_true(bench->g[i] == g[i]);
    assert_true(bench->scores.loss == 2.5 && bench->scores.weight == 1 &&
                bench->scores.correct == 0);
    assert_int_equal(bench_gradient(bench, &micro), CAIRN_OK); /* beta is 1: added once more */
    for (int i = 0; i < 6; i++) assert_true(bench->g[i] == 2 * g[i]);
    assert_true(bench->scores.loss == 5 && bench->scores.weight == 2);
    bench->sink.keeps = false; /* what lies there is not even read */
    bench->g[0] = bench->g[5] = NAN;
    assert_int_equal(bench_gradient(bench, &micro), CAIRN_OK);
    for (int i = 0; i < 6; i++) assert_true(bench->g[i] == g[i]);
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &micro, &outputs), CAIRN_OK);
    assert_true(outputs[0] == 0 && outputs[1] == 3);
    assert_false(cairn_model_has_accuracy(bench->model));
    bench_free(bench);
    cairn_node_free(layers);
}

/* Cross-entropy of given outputs: a dense layer of the identity without bias. */
static struct bench *identity(struct cairn_node *layers)
{
    struct cairn_model_options options = classes(layers, 3, 3);
    struct bench *bench = bench_make(&options);
    for (size_t i = 0; i < 9; i++) bench->w[i] = i % 4 == 0;
    return bench;
}

static void test_cross_entropy_does_not_overflow(void **state)
{
    (void)state;
    static const struct {
        real h[3];
        int32_t label;
        double loss, correct;
    } rows[] = {
        {{1, 1, 1}, 0, 1.0986122886681098, 1}, {{0, 0, 1}, 0, 1.5514447139320509, 0},
        {{1e4f, 0, -1e4f}, 0, 0, 1},           {{1e4f, 0, -1e4f}, 1, 1e4, 0},
        {{3e38f, -3e38f, 0}, 0, 0, 1},         {{-1e30f, -1e30f, -1e30f}, 0, 1.0986122886681098, 1},
    };
    static const uint64_t zero[1] = {0};
    struct cairn_node *layers = tree_of("[{type: dense, units: 3, bias: false}]");
    struct bench *bench = identity(layers);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cairn_micro micro = {.n = 1,
                                    .n_labels = 1,
                                    .x = rows[i].h,
                                    .label = &rows[i].label,
                                    .sample = zero,
                                    .epoch = zero};
        bench->scores = (struct cairn_scores){0};
        bench->sink.keeps = false;
        assert_int_equal(bench_gradient(bench, &micro), CAIRN_OK);
        assert_true(fabs(bench->scores.loss - rows[i].loss) <= ROUNDING * fmax(1, rows[i].loss));
        assert_true(bench->scores.correct == rows[i].correct);
        for (size_t g = 0; g < 9; g++) assert_true(isfinite(bench->g[g]));
    }
    /* the gradient by h is softmax - 1 at the label; times x it is the gradient by W */
    static const real h[3] = {1, 1, 1};
    static const int32_t label[1] = {1};
    struct cairn_micro micro = {
        .n = 1, .n_labels = 1, .x = h, .label = label, .sample = zero, .epoch = zero};
    assert_int_equal(bench_gradient(bench, &micro), CAIRN_OK);
    for (size_t g = 0; g < 9; g++)
        assert_true(fabs((double)bench->g[g] - (g / 3 == 1 ? -2.0 / 3 : 1.0 / 3)) < ROUNDING);
    bench_free(bench);
    cairn_node_free(layers);
}

static void test_numbers_that_fail(void **state)
{
    (void)state;
    static const real nan_x[3] = {0, NAN, 0}, x[3] = {1, 2, 3};
    static const int32_t label[1] = {1}, wrong[1] = {3}, negative[1] = {-1};
    static const uint64_t sample[1] = {77}, epoch[1] = {2};
    struct cairn_node *layers = tree_of("[{type: dense, units: 3, bias: false}]");
    struct bench *bench = identity(layers);
    struct cairn_micro micro = {
        .n = 1, .n_labels = 1, .x = nan_x, .label = label, .sample = sample, .epoch = epoch};
    assert_int_equal(bench_gradient(bench, &micro), CAIRN_NUMBERS);
    assert_non_null(strstr(cairn_error_text(), "the loss is not finite"));
    assert_non_null(strstr(cairn_error_text(), "77"));
    assert_int_equal(cairn_model_evaluate(bench->model, bench->w, &micro, &bench->scores),
                     CAIRN_NUMBERS);
    static const real one_of_two[6] = {1, 2, 3, 0, NAN, 0};
    static const int32_t both[2] = {1, 1};
    static const uint64_t samples[2] = {5, 6};
    const struct cairn_micro second = {
        .n = 2, .n_labels = 1, .x = one_of_two, .label = both, .sample = samples, .epoch = samples};
    assert_int_equal(bench_gradient(bench, &second), CAIRN_NUMBERS);
    assert_non_null(strstr(cairn_error_text(), "the first whose outputs are not is 6 of epoch 6"));
    micro.x = x;
    micro.label = wrong;
    assert_int_equal(bench_gradient(bench, &micro), CAIRN_DATA);
    micro.label = negative;
    assert_int_equal(bench_gradient(bench, &micro), CAIRN_DATA);
    assert_int_equal(bench->n_opened, 0); /* the sink saw none of them */
    assert_true(bench->scores.loss == 0 && bench->scores.weight == 0);

    micro.label = label;
    setenv("CAIRN_FAULT", "nn.gradient", 1);
    assert_int_equal(bench_gradient(bench, &micro), CAIRN_NUMBERS);
    setenv("CAIRN_FAULT", "none", 1);
    micro.n = 5; /* planned for 4 */
    assert_int_equal(bench_gradient(bench, &micro), CAIRN_BUG);
    micro.n = 0;
    assert_int_equal(bench_gradient(bench, &micro), CAIRN_OK);
    assert_int_equal(bench->n_opened, 0);
    bench_free(bench);
    cairn_node_free(layers);
}

static void test_evaluation_is_without_dropout(void **state)
{
    (void)state;
    struct cairn_node *with =
        tree_of("[{type: dropout}, {type: dense, units: 3}, {type: dropout}]");
    struct cairn_node *without = tree_of("[{type: relu, name: r}, {type: dense, units: 3}]");
    struct cairn_model_options options = classes(with, 6, 3);
    struct samples samples = samples_make(&options, 4);
    for (size_t i = 0; i < 24; i++) samples.x[i] = fabs(samples.x[i]); /* relu leaves it */
    struct bench *a = bench_make(&options);
    options.layers = without;
    struct bench *b = bench_make(&options);
    assert_int_equal(cairn_model_evaluate(a->model, a->w, &samples.micro, &a->scores), CAIRN_OK);
    assert_int_equal(cairn_model_evaluate(b->model, a->w, &samples.micro, &b->scores), CAIRN_OK);
    assert_true(a->scores.loss == b->scores.loss && a->scores.correct == b->scores.correct);
    assert_true(a->scores.weight == 4);
    bench_free(a);
    bench_free(b);
    samples_free(&samples);
    cairn_node_free(with);
    cairn_node_free(without);
}

/* Moments of the initial weights of one scheme: mean 0, this deviation, this largest magnitude. */
static void check_init(const char *text, double deviation, double most, bool zero_bias)
{
    struct cairn_node *layers = tree_of(text);
    struct cairn_model_options options = classes(layers, 300, 100);
    struct bench *bench = bench_make(&options);
    const size_t n = bench->params->item[0].count;
    double sum = 0, squares = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)bench->w[i];
        squares += (double)bench->w[i] * (double)bench->w[i];
        largest = fmax(largest, fabs((double)bench->w[i]));
    }
    assert_true(fabs(sum / (double)n) <=
                5 * deviation / sqrt((double)n)); /* 5 deviations of the mean */
    assert_true(fabs(sqrt(squares / (double)n) - deviation) <= 0.02 * deviation);
    assert_true(largest <= most);
    for (size_t i = 0; i < 100; i++) {
        assert_true(fabs((double)bench->w[n + i]) <= most);
        assert_true((bench->w[n + i] == 0) == zero_bias);
    }
    bench_free(bench);
    cairn_node_free(layers);
}

static void test_initial_weights(void **state)
{
    (void)state;
    double p = 1 / sqrt(300.0), x = sqrt(6 / 400.0);
    check_init("[{type: dense, units: 100}]", p / sqrt(3), p, false);
    check_init("[{type: dense, units: 100, init: he}]", sqrt(2 / 300.0), 6 * sqrt(2 / 300.0), true);
    check_init("[{type: dense, units: 100, init: xavier}]", x / sqrt(3), x, true);
    check_init("[{type: dense, units: 100, init: zeros}]", 0, 0, true);

    struct cairn_node *layers = tree_of("[{type: dense, units: 9}, {type: dense, units: 9}]");
    struct cairn_model_options options = classes(layers, 9, 9);
    struct bench *a = bench_make(&options);
    struct bench *b = bench_make(&options);
    options.seed = 2;
    struct bench *c = bench_make(&options);
    size_t n = a->params->n_weights;
    assert_memory_equal(a->w, b->w, n * sizeof *a->w);
    assert_memory_not_equal(a->w, c->w, n * sizeof *a->w);
    assert_memory_not_equal(a->w, a->w + n / 2,
                            81 * sizeof *a->w); /* two layers of one shape differ */
    bench_free(a);
    bench_free(b);
    bench_free(c);
    cairn_node_free(layers);
}

int main(void)
{
    setenv("CAIRN_FAULT", "none", 1); /* so that the faults look again later */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_shapes_are_those_of_pytorch),
        cmocka_unit_test(test_wrong_models_are_told_why),
        cmocka_unit_test(test_dense_on_images_names_flatten),
        cmocka_unit_test(test_values_worked_by_hand),
        cmocka_unit_test(test_cross_entropy_does_not_overflow),
        cmocka_unit_test(test_numbers_that_fail),
        cmocka_unit_test(test_evaluation_is_without_dropout),
        cmocka_unit_test(test_initial_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
