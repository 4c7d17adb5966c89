/* SPDX-License-Identifier: BSD-3-Clause
 * rmsnorm, and instancenorm without weights: values against the plain formula in double, names of
 * weights, messages.  More of both, with what all norms have in common: test_nn_norm.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/nn.h"

enum { N = 3, MOST = 400 };

static const double VALUE = 2e-6; /* a few roundings of 2^-24 at numbers up to 4 */

/* A norm on N random samples; weight j is 1 + j / 4. */
static void outputs_of(const char *text, const struct cairn_shape *in, real *x, real *y)
{
    struct cairn_node *tree = tree_of(text);
    const size_t count = cairn_shape_count(in);
    const struct cairn_model_options options = {
        .layers = tree, .input = *in, .n_targets = count, .micro = N, .seed = 7};
    struct samples samples = samples_make(&options, N);
    struct bench *bench = bench_make(&options);
    const real *outputs = NULL;
    assert_true(N * count <= MOST);
    for (size_t j = 0; j < bench->params->n_weights; j++) bench->w[j] = 1 + 0.25f * (real)j;
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &samples.micro, &outputs),
                     CAIRN_OK);
    memcpy(x, samples.x, N * count * sizeof *x);
    memcpy(y, outputs, N * count * sizeof *y);
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(tree);
}

static void rmsnorm_on(const char *text, const struct cairn_shape *in, double eps)
{
    const size_t n = in->dim[in->ndim - 1];
    real x[MOST];
    real y[MOST];
    outputs_of(text, in, x, y);
    for (size_t k = 0; k < N * cairn_shape_count(in); k++) {
        double square = 0;
        for (size_t j = k / n * n; j < (k / n + 1) * n; j++)
            square += (double)x[j] * (double)x[j] / (double)n;
        double wanted = (double)x[k] / sqrt(square + eps) * (1 + 0.25 * (double)(k % n));
        if (fabs((double)y[k] - wanted) > VALUE * (1 + fabs(wanted)))
            fail_msg("%s: y[%zu] is %g, not %g", text, k, (double)y[k], wanted);
    }
}

static void test_values_of_rmsnorm(void **state)
{
    (void)state;
    const double usual = 0x1p-23; /* torch.finfo(torch.float32).eps */
    rmsnorm_on("[{type: rmsnorm}]", &(struct cairn_shape){1, {7}}, usual);
    rmsnorm_on("[{type: rmsnorm}]", &(struct cairn_shape){1, {40}}, usual);
    rmsnorm_on("[{type: rmsnorm, eps: 0.5}]", &(struct cairn_shape){2, {5, 6}}, 0.5);
    rmsnorm_on("[{type: rmsnorm, eps: 0.5}]", &(struct cairn_shape){2, {5, 1}}, 0.5);
}

static void test_values_of_plain_instancenorm(void **state)
{
    (void)state;
    static const struct cairn_shape ins[] = {{2, {4, 9}}, {3, {3, 4, 5}}, {4, {2, 3, 2, 5}}};
    for (size_t s = 0; s < sizeof ins / sizeof ins[0]; s++) {
        const size_t area = cairn_shape_count(&ins[s]) / ins[s].dim[0];
        real x[MOST];
        real y[MOST];
        outputs_of("[{type: instancenorm, eps: 0.01}]", &ins[s], x, y);
        for (size_t k = 0; k < N * cairn_shape_count(&ins[s]); k++) {
            const real *channel = x + k / area * area;
            double mean = 0;
            double variance = 0;
            for (size_t j = 0; j < area; j++) mean += (double)channel[j] / (double)area;
            for (size_t j = 0; j < area; j++)
                variance += pow((double)channel[j] - mean, 2) / (double)area;
            assert_true(fabs((double)y[k] - ((double)x[k] - mean) / sqrt(variance + 0.01)) < VALUE);
        }
    }
}

static void test_weights_are_named_as_in_pytorch(void **state)
{
    (void)state;
    struct cairn_node *tree = tree_of("[{type: instancenorm}, {type: instancenorm, affine: true}, "
                                      "{type: rmsnorm}, {type: flatten}]");
    const struct cairn_model_options options = {
        .layers = tree, .input = {2, {4, 6}}, .n_targets = 24, .micro = N, .seed = 7};
    struct bench *bench = bench_make(&options);
    const struct cairn_param *item = bench->params->item;
    assert_int_equal(bench->params->n_items, 3);
    assert_string_equal(item[0].name, "1.weight");
    assert_string_equal(item[1].name, "1.bias");
    assert_string_equal(item[2].name, "2.weight");
    assert_int_equal(item[0].count, 4);
    assert_int_equal(item[2].count, 6);
    for (size_t j = 0; j < 14; j++) assert_true(bench->w[j] == (j / 4 == 1 ? 0 : 1));
    bench_free(bench);
    cairn_node_free(tree);
}

static void check_refused(const char *layers, const struct cairn_shape *in, size_t vocabulary,
                          const char *says)
{
    struct cairn_model *model = NULL;
    struct cairn_node *tree = tree_of(layers);
    const struct cairn_model_options options = {
        .layers = tree, .input = *in, .n_classes = 3, .vocabulary = vocabulary, .micro = 2};
    assert_int_equal(cairn_model_create(&options, &model), CAIRN_USAGE);
    if (strstr(cairn_error_text(), says) == NULL)
        fail_msg("wanted: %s\ngot:    %s", says, cairn_error_text());
    cairn_node_free(tree);
}

static void test_wrong_inputs_are_refused(void **state)
{
    (void)state;
    check_refused("[{type: rmsnorm}]", &(struct cairn_shape){3, {2, 3, 4}}, 0,
                  "the input of one sample is [2, 3, 4]; it takes [D] or [T, D]");
    check_refused("[{type: instancenorm}]", &(struct cairn_shape){1, {7}}, 0,
                  "the input of one sample is [7], but must be [C, L], [C, H, W] or [C, D, H, W]");
    check_refused("[{type: instancenorm}]", &(struct cairn_shape){3, {7, 1, 1}}, 0,
                  "[7, 1, 1]: a channel has only one value, which has no variance");
    check_refused("[{type: embedding, units: 4}, {type: instancenorm}]",
                  &(struct cairn_shape){1, {7}}, 11,
                  "tokens [T, D]; for these there is layernorm or rmsnorm");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_rmsnorm),
        cmocka_unit_test(test_values_of_plain_instancenorm),
        cmocka_unit_test(test_weights_are_named_as_in_pytorch),
        cmocka_unit_test(test_wrong_inputs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
