/* SPDX-License-Identifier: BSD-3-Clause
 * Layers that change the shape of a sample: values, and messages where they cannot. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/nn.h"

enum { TEXT = 256, MOST = 256 };

static void check_refused(const char *layers, const struct cairn_shape *in, const char *says)
{
    char text[TEXT];
    struct cairn_model *model = NULL;
    snprintf(text, sizeof text, "[%s]", layers);
    struct cairn_node *tree = tree_of(text);
    const struct cairn_model_options options = {
        .layers = tree, .input = *in, .n_classes = 3, .micro = 2};
    assert_int_equal(cairn_model_create(&options, &model), CAIRN_USAGE);
    if (strstr(cairn_error_text(), says) == NULL)
        fail_msg("wanted: %s\ngot:    %s", says, cairn_error_text());
    cairn_node_free(tree);
}

/* Two samples through layers without weights, as rows of n_out numbers; x counts from 0. */
static void outputs_of(const char *layers, const struct cairn_shape *in, size_t n_out, real *y)
{
    char text[TEXT];
    real x[MOST];
    snprintf(text, sizeof text, "[%s, {type: flatten}]", layers);
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = {
        .layers = tree, .input = *in, .n_targets = n_out, .micro = 2, .seed = 1};
    struct bench *bench = bench_make(&options);
    struct cairn_micro micro = {.n = 2, .x = x};
    const real *outputs = NULL;
    for (size_t i = 0; i < MOST; i++) x[i] = (real)i;
    assert_true(2 * cairn_shape_count(in) <= MOST && 2 * n_out <= MOST);
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &micro, &outputs), CAIRN_OK);
    memcpy(y, outputs, 2 * n_out * sizeof *y);
    bench_free(bench);
    cairn_node_free(tree);
}

/* Of element k of y where it was in x [2, dim], whose dimensions `dims` orders. */
static size_t place_in_x(size_t k, size_t count, const size_t dim[4], const size_t dims[4])
{
    size_t at[4];
    size_t rest = k % count;
    size_t from = k / count;
    for (size_t d = 4; d-- > 0; rest /= dim[dims[d]]) at[dims[d]] = rest % dim[dims[d]];
    for (size_t d = 0; d < 4; d++) from = from * dim[d] + at[d];
    return from;
}

static void test_transpose_is_permute(void **state)
{
    (void)state;
    static const struct {
        const char *layer;
        size_t dims[4], dim[4]; /* with the first ones of size 1 */
        int ndim;
    } rows[] = {
        {"{type: transpose, dims: [0]}", {0, 1, 2, 3}, {1, 1, 1, 5}, 1},
        {"{type: transpose, dims: [1, 0]}", {0, 1, 3, 2}, {1, 1, 3, 5}, 2},
        {"{type: transpose, dims: [1, 2, 0]}", {0, 2, 3, 1}, {1, 2, 3, 4}, 3},
        {"{type: transpose, dims: [2, 0, 1]}", {0, 3, 1, 2}, {1, 2, 3, 4}, 3},
        {"{type: transpose, dims: [2, 0, 3, 1]}", {2, 0, 3, 1}, {2, 3, 4, 5}, 4},
        {"{type: transpose, dims: [3, 2, 1, 0]}", {3, 2, 1, 0}, {2, 3, 4, 5}, 4},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct cairn_shape in = {.ndim = rows[r].ndim};
        for (int d = 0; d < in.ndim; d++) in.dim[d] = rows[r].dim[4 - in.ndim + d];
        size_t count = cairn_shape_count(&in);
        real y[MOST];
        outputs_of(rows[r].layer, &in, count, y);
        for (size_t k = 0; k < 2 * count; k++) {
            size_t from = place_in_x(k, count, rows[r].dim, rows[r].dims);
            if (y[k] != (real)from)
                fail_msg("%s: y[%zu] is %g, not %zu", rows[r].layer, k, (double)y[k], from);
        }
    }
}

/* Values of torch.nn.Upsample with align_corners=False. */
static void test_upsample_of_rows(void **state)
{
    (void)state;
    static const struct {
        const char *layer;
        real y[9];
    } rows[] = {
        {"{type: upsample, factor: 3}", {0, 0, 0, 1, 1, 1, 2, 2, 2}},
        {"{type: upsample, factor: 2, mode: linear}", {0, 0.25f, 0.75f, 1.25f, 1.75f, 2}},
        {"{type: upsample, factor: [3], mode: linear}",
         {0, 0, 1.0f / 3, 2.0f / 3, 1, 4.0f / 3, 5.0f / 3, 2, 2}},
        {"{type: upsample, factor: 1, mode: linear}", {0, 1, 2}},
    };
    static const size_t counts[] = {9, 6, 9, 3};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        real y[18];
        outputs_of(rows[r].layer, &(struct cairn_shape){2, {1, 3}}, counts[r], y);
        for (size_t k = 0; k < 2 * counts[r]; k++) {
            real wanted = rows[r].y[k % counts[r]] + (k < counts[r] ? 0 : 3);
            if (fabs(y[k] - wanted) > 1e-6)
                fail_msg("%s: y[%zu] is %g, not %g", rows[r].layer, k, (double)y[k],
                         (double)wanted);
        }
    }
}

/* x counts, so that y is the sum of what each dimension alone gives. */
static void test_upsample_of_volumes(void **state)
{
    (void)state;
    static const double along[2][6] = {{0, 0.25, 0.75, 1.25, 1.75, 2}, {0, 0, 1, 1, 2, 2}};
    static const char *const layers[2] = {"{type: upsample, factor: [1, 2, 2], mode: linear}",
                                          "{type: upsample, factor: [1, 2, 2]}"};
    for (int m = 0; m < 2; m++) {
        real y[144];
        outputs_of(layers[m], &(struct cairn_shape){4, {1, 2, 3, 3}}, 72, y);
        for (size_t k = 0; k < 144; k++) {
            double wanted = 9 * (double)(k / 36) + 3 * along[m][k / 6 % 6] + along[m][k % 6];
            assert_true(fabs((double)y[k] - wanted) < 1e-5);
        }
    }
}

static void test_reshape_keeps_the_order(void **state)
{
    (void)state;
    static const char *const layers[] = {
        "{type: reshape, to: [24]}", "{type: reshape, to: [-1]}", "{type: reshape, to: [4, -1, 3]}",
        "{type: reshape, to: [1, 2, 12, 1]}", "{type: reshape, to: [-1, 1, 1, 1]}"};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        real y[48];
        outputs_of(layers[i], &(struct cairn_shape){3, {2, 3, 4}}, 24, y);
        for (size_t k = 0; k < 48; k++) assert_true(y[k] == (real)k);
    }
}

static void test_wrong_shapes_are_refused(void **state)
{
    (void)state;
    const struct cairn_shape in = {3, {2, 3, 4}};
    static const struct {
        const char *layers, *says;
    } rows[] = {
        {"{type: reshape}", "the key 'layer 0 (reshape).to' must be given"},
        {"{type: reshape, to: none}", "(reshape).to is none, but takes one of: list"},
        {"{type: reshape, to: [1, 1, 1, 1, 24]}", "to has 5 sizes, but a sample has at most 4"},
        {"{type: reshape, to: [4, 0]}", "to has 0, but takes whole numbers from 1, and -1"},
        {"{type: reshape, to: [2.5, -1]}", "to has 2.5, but takes whole numbers from 1"},
        {"{type: reshape, to: [-1, 2, -1]}", "to has -1 2 times; only one size can follow"},
        {"{type: reshape, to: [5, 5]}",
         "the input of one sample is [2, 3, 4], 24 numbers, but the sizes of to make 25"},
        {"{type: reshape, to: [5, -1]}", "make 5 without the -1, which must divide them"},
        {"{type: reshape, to: [1e15, 1e15, 1e15, 1e15]}", "24 numbers, but the sizes of to make"},
        {"{type: reshape, to: [6, 4]}, {type: conv2d, channels: 2, kernel: 1}",
         "the input of one sample is [6, 4], but must be [C, H, W]"},
        {"{type: upsample}", "the key 'layer 0 (upsample).factor' must be given"},
        {"{type: upsample, factor: 0}", "factor is 0, but takes a whole number from 1 to 1000000"},
        {"{type: upsample, factor: [2, 2, 2]}", "factor is a list of 3, but takes a whole number"},
        {"{type: upsample, factor: 2, mode: cubic}", "mode"},
        {"{type: upsample, factor: 100000}",
         "2 planes of 300000 x 400000 are more numbers than BLAS can count"},
        {"{type: flatten}, {type: upsample, factor: 2}", "must be [C, L], [C, H, W] or [C, D, H"},
        {"{type: transpose}", "the key 'layer 0 (transpose).dims' must be given"},
        {"{type: transpose, dims: [1, 0]}",
         "the input of one sample is [2, 3, 4], so dims must hold each of its 3 dimensions once, "
         "counted from 0 without the samples"},
        {"{type: transpose, dims: [0, 1, 1]}", "each of its 3 dimensions once"},
        {"{type: transpose, dims: [0, 1, 3]}", "each of its 3 dimensions once"},
        {"{type: transpose, dims: [0, 1, 1.5]}", "each of its 3 dimensions once"},
        {"{type: transpose, dims: [0, 1, 2, 0, 1]}", "each of its 3 dimensions once"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_refused(rows[i].layers, &in, rows[i].says);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transpose_is_permute),
        cmocka_unit_test(test_reshape_keeps_the_order),
        cmocka_unit_test(test_upsample_of_rows),
        cmocka_unit_test(test_upsample_of_volumes),
        cmocka_unit_test(test_wrong_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
