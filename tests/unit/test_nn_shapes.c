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
        struct cairn_shape in;
    } rows[] = {
        {"{type: transpose, dims: [0]}", {0, 1, 2, 3}, {1, 1, 1, 5}, {1, {5}}},
        {"{type: transpose, dims: [1, 0]}", {0, 1, 3, 2}, {1, 1, 3, 5}, {2, {3, 5}}},
        {"{type: transpose, dims: [1, 2, 0]}", {0, 2, 3, 1}, {1, 2, 3, 4}, {3, {2, 3, 4}}},
        {"{type: transpose, dims: [2, 0, 1]}", {0, 3, 1, 2}, {1, 2, 3, 4}, {3, {2, 3, 4}}},
        {"{type: transpose, dims: [2, 0, 3, 1]}", {2, 0, 3, 1}, {2, 3, 4, 5}, {4, {2, 3, 4, 5}}},
        {"{type: transpose, dims: [3, 2, 1, 0]}", {3, 2, 1, 0}, {2, 3, 4, 5}, {4, {2, 3, 4, 5}}},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        size_t count = cairn_shape_count(&rows[r].in);
        real y[MOST];
        outputs_of(rows[r].layer, &rows[r].in, count, y);
        for (size_t k = 0; k < 2 * count; k++) {
            size_t from = place_in_x(k, count, rows[r].dim, rows[r].dims);
            if (y[k] != (real)from)
                fail_msg("%s: y[%zu] is %g, not %zu", rows[r].layer, k, (double)y[k], from);
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
        cmocka_unit_test(test_wrong_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
