/* SPDX-License-Identifier: BSD-3-Clause
 * lstm, gru and bidirectional: against their formulas written out, gradients by differences, names,
 * wrong keys. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nn/reference.h"
#include "support/nn.h"

enum { TEXT = 512, SAMPLES = 3, MOST_H = 4, D = 2 };

static const double SINGLE = 2e-5; /* sums of tens of float products, each rounded to 2^-24 */
static const double CHECK = 1e-6;  /* central differences in double, as in test_nn_layers */

static struct cairn_model_options options_of(const struct cairn_node *tree, size_t T,
                                             size_t n_targets)
{
    return (struct cairn_model_options){
        .layers = tree, .input = {2, {T, D}}, .n_targets = n_targets, .micro = SAMPLES, .seed = 8};
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* Row `row` of W v + b, from tensors `index` and two further. */
static double sum_of(const struct bench *bench, size_t index, size_t row, const double *v)
{
    const struct cairn_param *w = &bench->params->item[index];
    const struct cairn_param *b = &bench->params->item[index + 2];
    const size_t n = w->shape.dim[1];
    double sum = (double)bench->w[b->offset + row];
    for (size_t k = 0; k < n; k++) sum += (double)bench->w[w->offset + row * n + k] * v[k];
    return sum;
}

/* One way along a sample. */
struct way {
    const struct bench *bench;
    bool lstm, back;
    size_t H, T;
};

/* One step as torch.nn writes it; a way's tensors are W_ih, W_hh, b_ih, b_hh. */
static void step(const struct way *way, const double *x, double *h, double *c)
{
    const size_t H = way->H, first = way->back ? 4 : 0;
    double next[MOST_H];
    for (size_t j = 0; j < H; j++) {
        double in[4], rec[4];
        for (size_t g = 0; g < (way->lstm ? 4 : 3); g++) {
            in[g] = sum_of(way->bench, first, g * H + j, x);
            rec[g] = sum_of(way->bench, first + 1, g * H + j, h);
        }
        if (way->lstm) {
            c[j] = sigmoid(in[1] + rec[1]) * c[j] + sigmoid(in[0] + rec[0]) * tanh(in[2] + rec[2]);
            next[j] = sigmoid(in[3] + rec[3]) * tanh(c[j]);
        } else {
            const double z = sigmoid(in[1] + rec[1]);
            next[j] = (1 - z) * tanh(in[2] + sigmoid(in[0] + rec[0]) * rec[2]) + z * h[j];
        }
    }
    memcpy(h, next, H * sizeof *h);
}

/* What it gives at each position of a sample, y [T, H]. */
static void walk(const struct way *way, const real *x, double *y)
{
    double h[MOST_H] = {0}, c[MOST_H] = {0}, at[D];
    for (size_t s = 0; s < way->T; s++) {
        const size_t t = way->back ? way->T - 1 - s : s;
        for (size_t k = 0; k < D; k++) at[k] = (double)x[t * D + k];
        step(way, at, h, c);
        memcpy(y + t * way->H, h, way->H * sizeof *h);
    }
}

static double apart(const double *exact, const real *y, size_t n)
{
    double most = 0;
    for (size_t j = 0; j < n; j++) most = fmax(most, fabs((double)y[j] - exact[j]));
    return most;
}

/* The outputs of one way of a sample, `y` its first, rows `width` apart. */
static double way_apart(const struct way *way, const real *x, const real *y, size_t width,
                        bool last)
{
    double exact[16 * MOST_H];
    double most = 0;
    walk(way, x, exact);
    if (last) return apart(exact + (way->back ? 0 : way->T - 1) * way->H, y, way->H);
    for (size_t t = 0; t < way->T; t++)
        most = fmax(most, apart(exact + t * way->H, y + t * width, way->H));
    return most;
}

static void check_values(const char *cell, size_t T, size_t H, bool both, bool last)
{
    char text[TEXT];
    snprintf(text, sizeof text, "[%s{type: %s, units: %zu, output: %s}%s]",
             both ? "{type: bidirectional, of: " : "", cell, H, last ? "last" : "all",
             both ? "}" : "");
    const size_t width = both ? 2 * H : H, n_out = last ? width : T * width;
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = options_of(tree, T, n_out);
    struct samples samples = samples_make(&options, SAMPLES);
    struct bench *bench = bench_make(&options);
    const real *y = NULL;
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &samples.micro, &y), CAIRN_OK);
    for (size_t k = 0; k < (both ? 2 * SAMPLES : SAMPLES); k++) {
        const size_t i = k % SAMPLES, back = k / SAMPLES;
        const struct way way = {bench, cell[0] == 'l', back == 1, H, T};
        const real *of_way = y + i * n_out + back * H;
        if (way_apart(&way, samples.x + i * T * D, of_way, width, last) > SINGLE)
            fail_msg("%s: sample %zu, way %zu", text, i, back);
    }
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(tree);
}

static void test_values_written_out(void **state)
{
    (void)state;
    static const char *const cells[] = {"lstm", "gru"};
    for (int k = 0; k < 16; k++) {
        const char *cell = cells[k & 1];
        check_values(cell, (k & 8) != 0 ? 1 : 6, 3, (k & 2) != 0, (k & 4) != 0);
        check_values(cell, 16, 1, (k & 2) != 0, (k & 4) != 0);
    }
}

/* With and without weights before, of a short micro-batch, and computed again. */
static void check_gradient(const char *layers, size_t T, const char *before)
{
    char text[TEXT];
    snprintf(text, sizeof text, "[%s%s, {type: flatten}, {type: dense, units: 2}]", before, layers);
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = options_of(tree, T, 2);
    struct samples samples = samples_make(&options, SAMPLES);
    for (size_t n = 1; n <= SAMPLES; n += 2) {
        const struct cairn_micro micro = samples_part(&samples, &options, 0, n);
        double worst = 1;
        assert_int_equal(cairn_gradient_check(&options, &micro, 20, &worst), CAIRN_OK);
        if (worst > CHECK) fail_msg("%s, T %zu, %zu samples: gradient check %g", text, T, n, worst);
        struct bench *bench = bench_make(&options);
        assert_int_equal(bench_gradient(bench, &micro), CAIRN_OK);
        bench_check_recompute(bench, &options, &micro);
        bench_free(bench);
    }
    samples_free(&samples);
    cairn_node_free(tree);
}

static void test_gradients(void **state)
{
    (void)state;
    static const char *const layers[] = {
        "{type: lstm, units: 3}",
        "{type: gru, units: 3}",
        "{type: lstm, units: 1, output: last}",
        "{type: gru, units: 4, output: last, bias: false}",
        "{type: lstm, units: 3, bias: false, init: xavier}",
        "{type: bidirectional, of: {type: lstm, units: 2}}",
        "{type: bidirectional, of: {type: lstm, units: 2, output: last, bias: false}}",
        "{type: bidirectional, of: {type: gru, units: 3}}",
        "{type: bidirectional, of: {type: gru, units: 2, output: last}}",
        "{type: lstm, units: 3}, {type: tanh}, {type: gru, units: 2}, {type: dropout, p: 0.3}",
        "{type: residual, body: [{type: gru, units: 2}]}",
        "{type: residual, body: [{type: lstm, units: 2}, {type: relu}]}, {type: lstm, units: 2}",
    };
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        check_gradient(layers[i], 5, "");
        check_gradient(layers[i], 4, "{type: dense, units: 2}, ");
        check_gradient(layers[i], 1, "{type: dense, units: 2}, ");
    }
}

static void test_names_and_shapes(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "0.weight_ih_l0 [12, 2]",
        "0.weight_hh_l0 [12, 3]",
        "0.bias_ih_l0 [12]",
        "0.bias_hh_l0 [12]",
        "0.weight_ih_l0_reverse [12, 2]",
        "0.weight_hh_l0_reverse [12, 3]",
        "0.bias_ih_l0_reverse [12]",
        "0.bias_hh_l0_reverse [12]",
        "1.weight_ih_l0 [6, 6]",
        "1.weight_hh_l0 [6, 2]",
    };
    const size_t n = sizeof wanted / sizeof wanted[0];
    struct cairn_node *tree = tree_of("[{type: bidirectional, of: {type: lstm, units: 3}}, "
                                      "{type: gru, units: 2, output: last, bias: false}]");
    struct cairn_model_options options = options_of(tree, 5, 2);
    struct bench *bench = bench_make(&options);
    assert_int_equal(bench->params->n_tensors, n);
    for (size_t i = 0; i < n; i++) {
        const struct cairn_param *item = &bench->params->item[i];
        char shape[CAIRN_SHAPE_TEXT_BYTES], found[2 * CAIRN_SHAPE_TEXT_BYTES + 64];
        snprintf(found, sizeof found, "%s %s", item->name, cairn_shape_text(&item->shape, shape));
        assert_string_equal(found, wanted[i]);
    }
    bench_free(bench);
    cairn_node_free(tree);
}

/* PyTorch's start: all within 1 / sqrt(units), whatever D is. */
static void test_initial_weights(void **state)
{
    (void)state;
    struct cairn_node *tree = tree_of("[{type: lstm, units: 16, output: last}]");
    struct cairn_model_options options = options_of(tree, 5, 16);
    struct bench *bench = bench_make(&options);
    for (size_t t = 0; t < 4; t++) {
        const struct cairn_param *item = &bench->params->item[t];
        double most = 0;
        for (size_t i = 0; i < item->count; i++)
            most = fmax(most, fabs((double)bench->w[item->offset + i]));
        assert_true(most <= 0.25 && most > 0.2);
    }
    bench_free(bench);
    cairn_node_free(tree);
}

static void wrong(const char *model, size_t T, const char *words)
{
    struct cairn_node *tree = tree_of(model);
    struct cairn_model_options options = options_of(tree, T, 2);
    struct cairn_model *out = NULL;
    assert_int_equal(cairn_model_create(&options, &out), CAIRN_USAGE);
    if (strstr(cairn_error_text(), words) == NULL)
        fail_msg("%s\n   lacks: %s", cairn_error_text(), words);
    cairn_node_free(tree);
}

static void test_wrong_models_are_told_why(void **state)
{
    (void)state;
    wrong("[{type: flatten}, {type: lstm, units: 2}]", 5,
          "layer 1 (lstm): the input of one sample is [10], but it takes [T, D]");
    wrong("[{type: gru}]", 5, "units");
    wrong("[{type: gru, units: 2, output: first}]", 5, "takes one of: all last");
    wrong("[{type: bidirectional, of: {type: dense, units: 2}}]", 5, "lstm, gru");
    wrong("[{type: bidirectional, of: {units: 2}}]", 5, "such as {type: lstm, units: 32}");
    wrong("[{type: bidirectional, of: {type: gru, unit: 2}}]", 5, "units");
    wrong("[{type: bidirectional}]", 5, "of");
    wrong("[{type: lstm, units: 1000000}]", 1000, "more than BLAS can count");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_written_out),        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_names_and_shapes),          cmocka_unit_test(test_initial_weights),
        cmocka_unit_test(test_wrong_models_are_told_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
