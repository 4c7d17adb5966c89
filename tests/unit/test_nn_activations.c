/* SPDX-License-Identifier: BSD-3-Clause
 * Values of layers that change each number for itself: PyTorch's, far from 0 and near it, and of
 * what is no number.  Gradients: test_nn_layers.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "support/nn.h"

enum { TEXT = 96 };

/* Outputs of one layer alone, for one sample. */
static void outputs_of(const char *layer, size_t n, const real *x, real *y)
{
    char text[TEXT];
    snprintf(text, sizeof text, "[%s]", layer);
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = {
        .layers = tree, .input = {1, {n}}, .n_targets = n, .micro = 1, .seed = 1};
    struct bench *bench = bench_make(&options);
    struct cairn_micro micro = {.n = 1, .x = x};
    const real *outputs = NULL;
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &micro, &outputs), CAIRN_OK);
    memcpy(y, outputs, n * sizeof *y);
    bench_free(bench);
    cairn_node_free(tree);
}

/* Values of PyTorch's layers of the same names. */
static void test_values_of_activations(void **state)
{
    (void)state;
    static const struct {
        const char *layer;
        real y[4];
    } rows[] = {
        {"{type: relu}", {0, 0, 0.5f, 3}},
        {"{type: tanh}", {-0.96402758f, 0, 0.46211716f, 0.99505475f}},
        {"{type: sigmoid}", {0.11920292f, 0.5f, 0.62245933f, 0.95257413f}},
        {"{type: gelu}", {-0.04550026f, 0, 0.34573123f, 2.99595031f}},
        {"{type: gelu, approximate: tanh}", {-0.04540231f, 0, 0.34571401f, 2.99636261f}},
        {"{type: leaky_relu}", {-0.02f, 0, 0.5f, 3}},
        {"{type: leaky_relu, slope: 0.2}", {-0.4f, 0, 0.5f, 3}},
        {"{type: elu}", {-0.86466472f, 0, 0.5f, 3}},
        {"{type: elu, alpha: 0.5}", {-0.43233236f, 0, 0.5f, 3}},
        {"{type: silu}", {-0.23840584f, 0, 0.31122967f, 2.85772238f}},
        {"{type: softplus}", {0.12692801f, 0.69314718f, 0.97407698f, 3.04858735f}},
        {"{type: softplus, beta: 2, threshold: 4}", {0.00907496f, 0.34657359f, 0.65663084f, 3}},
        {"{type: scale, factor: -0.5}", {1, 0, -0.25f, -1.5f}},
        {"{type: dropout}", {-2, 0, 0.5f, 3}},
        {"{type: flatten}", {-2, 0, 0.5f, 3}},
    };
    static const real x[4] = {-2, 0, 0.5f, 3};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        real y[4];
        outputs_of(rows[i].layer, 4, x, y);
        for (int e = 0; e < 4; e++)
            if (fabs(y[e] - rows[i].y[e]) > 3e-7f)
                fail_msg("%s of %g is %.8f", rows[i].layer, (double)x[e], (double)y[e]);
    }
}

/* Far from 0, where an exponential is 0 or overflows, and so near to it that exp(x) - 1 would lose
 * all digits. */
static void test_activations_hold_far_away(void **state)
{
    (void)state;
    static const struct {
        const char *layer;
        real y[4];
    } rows[] = {
        {"{type: elu}", {-1, -1e-6f, 1e-6f, 1000}},
        {"{type: silu}", {0, -5e-7f, 5e-7f, 1000}},
        {"{type: softplus}", {0, 0.69314668f, 0.69314768f, 1000}},
        {"{type: softplus, threshold: 1e6}", {0, 0.69314668f, 0.69314768f, 1000}},
    };
    static const real x[4] = {-1000, -1e-6f, 1e-6f, 1000};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        real y[4];
        outputs_of(rows[i].layer, 4, x, y);
        for (int e = 0; e < 4; e++)
            if (!(fabs(y[e] - rows[i].y[e]) <= 1e-5f * fabs(rows[i].y[e])))
                fail_msg("%s of %g is %.8g", rows[i].layer, (double)x[e], (double)y[e]);
    }
}

static void test_activations_let_nan_through(void **state)
{
    (void)state;
    static const char *const layers[] = {"relu", "leaky_relu", "elu", "silu", "softplus"};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        char text[64];
        real y[2];
        snprintf(text, sizeof text, "{type: %s}", layers[i]);
        outputs_of(text, 2, (real[2]){NAN, -INFINITY}, y);
        if (!isnan(y[0])) fail_msg("%s of a NaN is %g", layers[i], (double)y[0]);
        if (i == 0) assert_true(y[1] == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_activations),
        cmocka_unit_test(test_activations_hold_far_away),
        cmocka_unit_test(test_activations_let_nan_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
