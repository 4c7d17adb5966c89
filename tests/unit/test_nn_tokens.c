/* SPDX-License-Identifier: BSD-3-Clause
 * Layers of models of text: values of embedding, position, softmax and dense on [T, D], labels of
 * each token, and the functions that become vectors. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/reference.h"
#include "support/nn.h"
#include "tensor/functions.h"

enum { T = 4, K = 5, D = 3, SAMPLES = 3 };

static const double SINGLE = 2e-5; /* sums of tens of float products, each rounded to 2^-24 */
static const double CHECK = 1e-6;  /* central differences in double, as in test_nn_layers */

static const struct cairn_param *param_of(const struct bench *bench, const char *name)
{
    for (size_t i = 0; i < bench->params->n_tensors; i++)
        if (strcmp(bench->params->item[i].name, name) == 0) return &bench->params->item[i];
    fail_msg("there is no %s", name);
    return NULL;
}

static real *weights_of(const struct bench *bench, const char *name)
{
    return bench->w + param_of(bench, name)->offset;
}

/* y[i, t] = (E[x[i, t]] + P[t]) W^T + b, written out. */
static void test_values_written_out(void **state)
{
    (void)state;
    struct cairn_node *tree = tree_of("[{type: embedding, units: 3}, {type: position}, "
                                      "{type: dense, units: 5}]");
    struct cairn_model_options options = token_options(tree, T, K, SAMPLES);
    struct samples samples = samples_make(&options, SAMPLES);
    struct bench *bench = bench_make(&options);
    const real *y = NULL;
    const real *e = weights_of(bench, "0.weight");
    const real *p = weights_of(bench, "1.weight");
    const real *w = weights_of(bench, "2.weight");
    const real *b = weights_of(bench, "2.bias");
    assert_true(param_of(bench, "0.weight")->shape.dim[0] == K);
    assert_true(param_of(bench, "1.weight")->shape.dim[0] == T);
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &samples.micro, &y), CAIRN_OK);
    for (size_t i = 0; i < SAMPLES * T; i++)
        for (size_t k = 0; k < K; k++) {
            const real *row = e + (size_t)samples.x[i] * D;
            double sum = (double)b[k];
            for (size_t d = 0; d < D; d++)
                sum += ((double)row[d] + (double)p[i % T * D + d]) * (double)w[k * D + d];
            assert_true(fabs(sum - (double)y[i * K + k]) < SINGLE);
        }
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(tree);
}

static void test_labels_of_each_token(void **state)
{
    (void)state;
    struct cairn_node *tree = tree_of("[{type: embedding, units: 3}, {type: position}, "
                                      "{type: dense, units: 4}, {type: gelu}, "
                                      "{type: dense, units: 5}]");
    struct cairn_model_options options = token_options(tree, T, K, SAMPLES);
    struct samples samples = samples_make(&options, SAMPLES);
    double worst = 1;
    samples.micro.weight = samples.weight;
    samples.weight[1] = 0; /* a token that does not count */
    assert_int_equal(cairn_gradient_check(&options, &samples.micro, 40, &worst), CAIRN_OK);
    assert_true(worst < CHECK);
    samples_free(&samples);
    cairn_node_free(tree);
}

/* A place that holds nothing of value, beta 0, is filled whole: also the rows of tokens that did
 * not occur. */
static void test_gradient_of_an_embedding_into_a_place_of_no_value(void **state)
{
    (void)state;
    struct cairn_node *tree = tree_of("[{type: embedding, units: 3}, {type: dense, units: 5}]");
    struct cairn_model_options options = token_options(tree, T, K, SAMPLES);
    options.vocabulary = 4 * K;
    struct samples samples = samples_make(&options, SAMPLES);
    struct bench *sum = bench_make(&options);
    struct bench *fresh = bench_make(&options);
    fresh->sink.keeps = false;
    for (size_t i = 0; i < fresh->params->n_values; i++) fresh->g[i] = NAN;
    assert_int_equal(bench_gradient(sum, &samples.micro), CAIRN_OK);
    assert_int_equal(bench_gradient(fresh, &samples.micro), CAIRN_OK);
    assert_memory_equal(sum->g, fresh->g, sum->params->n_values * sizeof *sum->g);
    bench_free(fresh);
    bench_free(sum);
    samples_free(&samples);
    cairn_node_free(tree);
}

/* The loader lets none through; should one come, nothing outside is read or written (asan). */
static void test_what_is_no_token_stays_inside(void **state)
{
    (void)state;
    struct cairn_node *tree = tree_of("[{type: embedding, units: 3}, {type: dense, units: 5}]");
    struct cairn_model_options options = token_options(tree, T, K, SAMPLES);
    struct samples samples = samples_make(&options, SAMPLES);
    struct bench *bench = bench_make(&options);
    samples.x[0] = K;
    samples.x[1] = 3e9F;
    samples.x[2] = -1;
    samples.x[3] = NAN;
    assert_int_equal(bench_gradient(bench, &samples.micro), CAIRN_OK);
    for (size_t i = 0; i < bench->params->n_values; i++) assert_true(isfinite(bench->g[i]));
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(tree);
}

static void wrong(const char *model, size_t vocabulary, const struct cairn_shape *in,
                  const char *words)
{
    struct cairn_node *tree = tree_of(model);
    struct cairn_model_options options = token_options(tree, T, K, SAMPLES);
    struct cairn_model *out = NULL;
    options.vocabulary = vocabulary;
    options.input = *in;
    assert_int_equal(cairn_model_create(&options, &out), CAIRN_USAGE);
    if (strstr(cairn_error_text(), words) == NULL)
        fail_msg("%s\n   lacks: %s", cairn_error_text(), words);
    cairn_node_free(tree);
}

static void test_wrong_models_are_told_why(void **state)
{
    (void)state;
    const struct cairn_shape tokens = {1, {T}};
    const struct cairn_shape image = {3, {1, 2, 2}};
    wrong("[{type: dense, units: 5}]", K, &tokens, "begin with {type: embedding}");
    wrong("[{type: embedding, units: 3}]", 0, &tokens, "layer 0 (embedding) takes tokens");
    wrong("[{type: embedding}]", K, &tokens, "units");
    wrong("[{type: position}]", 0, &tokens, "layer 0 (position): the input of one sample is [4]");
    wrong("[{type: dense, units: 5}]", 0, &image, "flatten");
    wrong("[{type: embedding, units: 3}, {type: flatten}, {type: dense, units: 5}]", K, &tokens,
          "for a label of each token it must be [4, 5]");
}

static void loss_and_gradient(const char *model, struct bench **out)
{
    struct cairn_node *tree = tree_of(model);
    struct cairn_model_options options = token_options(tree, T, K, SAMPLES);
    struct samples samples = samples_make(&options, SAMPLES);
    *out = bench_make(&options);
    assert_int_equal(bench_gradient(*out, &samples.micro), CAIRN_OK);
    const real *y = NULL;
    assert_int_equal(cairn_model_outputs((*out)->model, (*out)->w, &samples.micro, &y), CAIRN_OK);
    memcpy((*out)->w, y, K * sizeof *y); /* the first row */
    samples_free(&samples);
    cairn_node_free(tree);
}

/* The loss has its own softmax: a last layer softmax changes outputs alone. */
static void test_a_last_softmax_is_for_predict(void **state)
{
    (void)state;
    struct bench *without = NULL;
    struct bench *with = NULL;
    loss_and_gradient("[{type: embedding, units: 3}, {type: dense, units: 5}]", &without);
    loss_and_gradient("[{type: embedding, units: 3}, {type: dense, units: 5}, {type: softmax}]",
                      &with);
    assert_true(with->scores.loss == without->scores.loss);
    assert_memory_equal(with->g, without->g, with->params->n_values * sizeof *with->g);
    double sum = 0;
    for (size_t k = 0; k < K; k++) sum += exp((double)without->w[k]);
    for (size_t k = 0; k < K; k++)
        assert_true(fabs((double)with->w[k] - exp((double)without->w[k]) / sum) < 1e-6);
    bench_free(with);
    bench_free(without);
}

static void test_softmax_does_not_overflow(void **state)
{
    (void)state;
    struct cairn_node *tree = tree_of("[{type: softmax}]");
    struct cairn_model_options options = {
        .layers = tree, .input = {1, {20}}, .n_targets = 20, .micro = 1};
    struct samples samples = samples_make(&options, 1);
    struct bench *bench = bench_make(&options);
    const real *y = NULL;
    for (size_t i = 0; i < 20; i++) samples.x[i] = i % 2 == 0 ? 3e38F : -3e38F;
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &samples.micro, &y), CAIRN_OK);
    for (size_t i = 0; i < 20; i++) assert_true(fabs((double)y[i] - (i % 2 == 0 ? 0.1 : 0)) < 1e-7);
    samples.x[7] = NAN;
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &samples.micro, &y), CAIRN_OK);
    for (size_t i = 0; i < 20; i++) assert_true(isnan(y[i]));
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(tree);
}

/* Units of the last place between a float and the exact value. */
static double apart(real got, double exact)
{
    int exponent = 0;
    frexp(exact, &exponent);
    return fabs((double)got - exact) / ldexp(1, exponent - 24);
}

static void test_functions_are_within_two_units(void **state)
{
    (void)state;
    double worst[4] = {0};
    for (int i = -200000; i <= 200000; i++) {
        real x = (real)i * 4.36e-4F; /* +-87.2 */
        real z = x / 16;
        worst[0] = fmax(worst[0], apart(cairn_exp(x), exp((double)x)));
        worst[1] = fmax(worst[1], apart(cairn_sigmoid(z), 1 / (1 + exp(-(double)z))));
        if (i <= 0) worst[2] = fmax(worst[2], apart(cairn_decay(x), exp((double)x)));
        if (i != 0) worst[3] = fmax(worst[3], apart(cairn_tanh(z), tanh((double)z)));
    }
    if (worst[0] > 2 || worst[1] > 3 || worst[2] > 2 || worst[3] > 2)
        fail_msg("units of the last place: exp %g, sigmoid %g, decay %g, tanh %g", worst[0],
                 worst[1], worst[2], worst[3]);
    assert_true(cairn_exp(0) == 1 && cairn_exp(-INFINITY) == 0 &&
                cairn_exp(CAIRN_R_BITS == 64 ? -746 : -104) == 0);
    assert_true(isinf(cairn_exp(CAIRN_R_BITS == 64 ? 710 : 89)) && isinf(cairn_exp(INFINITY)) &&
                isfinite(cairn_exp(88.7F)));
    assert_true(cairn_decay(0) == 1 && cairn_decay(-INFINITY) == 0 &&
                cairn_decay(CAIRN_R_BITS == 64 ? -746 : -104) == 0);
    assert_true(cairn_tanh(-INFINITY) == -1 && cairn_sigmoid(INFINITY) == 1 &&
                cairn_sigmoid(-INFINITY) == 0);
}

static void test_normal_distribution(void **state)
{
    (void)state;
    real density = 1;
    for (int i = -200000; i <= 200000; i++) {
        real x = (real)i * 6.5e-5F; /* +-13 */
        double exact = 0.5 * erfc(-(double)x * sqrt(0.5));
        double bound = 4e-7 * (1 + (double)(x * x));
        real p = cairn_normal(x, &density);
        if (x >= 0) assert_true(apart(p, exact) <= 4);
        assert_true(fabs((double)p / exact - 1) < bound);
        exact = exp(-0.5 * (double)x * (double)x) / sqrt(8 * atan(1));
        assert_true(fabs((double)density / exact - 1) < bound);
    }
    assert_true(cairn_normal(INFINITY, &density) == 1 && density == 0);
    assert_true(cairn_normal(-INFINITY, &density) == 0 && density == 0);
}

static void test_what_is_not_a_number_stays_so(void **state)
{
    (void)state;
    for (uint32_t payload = 0; payload < 1024; payload++) { /* whatever the last bits say */
        const real_bits bits = (CAIRN_INFINITE_BITS | CAIRN_INFINITE_BITS >> 1) + payload;
        real x = 0;
        real density = 0;
        memcpy(&x, &bits, sizeof x);
        assert_true(isnan(cairn_exp(x)) && isnan(cairn_decay(x)) && isnan(cairn_tanh(x)));
        assert_true(isnan(cairn_sigmoid(x)) && isnan(cairn_normal(x, &density)) && isnan(density));
    }
}

static double deviation(const real *w, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)w[i] * (double)w[i];
    return sqrt(sum / (double)n);
}

static void test_initial_weights(void **state)
{
    (void)state;
    enum { WIDE = 1000 };
    const double few = 5 / sqrt(2.0 * T * WIDE); /* 5 deviations of the fewest numbers' deviation */
    struct cairn_node *tree =
        tree_of("[{type: embedding, units: 1000}, {type: position, init: gpt2}, "
                "{type: dense, units: 5, init: gpt2}]");
    struct cairn_model_options options = token_options(tree, T, K, SAMPLES);
    struct bench *bench = bench_make(&options);
    assert_true(fabs(deviation(weights_of(bench, "0.weight"), K * WIDE) - 1) < few);
    assert_true(fabs(deviation(weights_of(bench, "1.weight"), T * WIDE) / 0.02 - 1) < few);
    assert_true(fabs(deviation(weights_of(bench, "2.weight"), K * WIDE) / 0.02 - 1) < few);
    assert_true(deviation(weights_of(bench, "2.bias"), K) == 0);
    bench_free(bench);
    cairn_node_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_written_out),
        cmocka_unit_test(test_labels_of_each_token),
        cmocka_unit_test(test_gradient_of_an_embedding_into_a_place_of_no_value),
        cmocka_unit_test(test_what_is_no_token_stays_inside),
        cmocka_unit_test(test_wrong_models_are_told_why),
        cmocka_unit_test(test_a_last_softmax_is_for_predict),
        cmocka_unit_test(test_softmax_does_not_overflow),
        cmocka_unit_test(test_functions_are_within_two_units),
        cmocka_unit_test(test_normal_distribution),
        cmocka_unit_test(test_what_is_not_a_number_stays_so),
        cmocka_unit_test(test_initial_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
