/* SPDX-License-Identifier: BSD-3-Clause
 * Layers of rows, planes and volumes when they are planned: messages, names and shapes, initial
 * weights.  Their values: test_nn_planes.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/model.h"
#include "support/alone.h"
#include "support/nn.h"

enum { TEXT = 256 };

static const double ROUNDING = 1e-6; /* to float */

static void check_refused(const char *layer, const struct cairn_shape *in, const char *says)
{
    char text[TEXT];
    struct cairn_model *model = NULL;
    snprintf(text, sizeof text, "[%s]", layer);
    struct cairn_node *layers = tree_of(text);
    const struct cairn_model_options options = {
        .layers = layers, .input = *in, .n_classes = 3, .micro = 2};
    assert_int_equal(cairn_model_create(&options, &model), CAIRN_USAGE);
    if (strstr(cairn_error_text(), says) == NULL)
        fail_msg("wanted: %s\ngot:    %s", says, cairn_error_text());
    cairn_node_free(layers);
}

static void test_wrong_layers_are_told_why(void **state)
{
    (void)state;
    const struct cairn_shape in = {3, {6, 6, 8}};
    static const struct {
        const char *layer, *text;
    } rows[] = {
        {"{type: conv2d, channels: 4}", "the key 'layer 0 (conv2d).kernel' must be given"},
        {"{type: conv2d, kernel: 3}", "the key 'layer 0 (conv2d).channels' must be given"},
        {"{type: conv2d, channels: 4, kernel: 0}",
         "test: layer 0 (conv2d): kernel is 0, but takes a whole number from 1 to 1000000, or two: "
         "[rows, columns]"},
        {"{type: conv2d, channels: 4, kernel: [3]}", "kernel is a list of 1, but takes"},
        {"{type: conv2d, channels: 4, kernel: [3, [3]]}", "kernel is a list of 2, but takes"},
        {"{type: conv2d, channels: 4, kernel: {a: 3}}", "kernel is a map, but takes"},
        {"{type: conv2d, channels: 4, kernel: 2.5}", "kernel is 2.5, but takes a whole number"},
        {"{type: conv2d, channels: 4, kernel: 3, stride: [1, 0]}", "stride is a list of 2, but"},
        {"{type: conv2d, channels: 4, kernel: 3, padding: full}",
         "padding is full, but takes same, a whole number from 0 to 1000000, or two"},
        {"{type: conv2d, channels: 4, kernel: 3, padding: same, stride: 2}",
         "padding is same, which needs stride 1; here the stride is [2, 2]"},
        {"{type: conv2d, channels: 4, kernel: [6, 9]}",
         "a kernel of 6 x 9 does not fit into planes of 6 x 8; make it smaller or the padding"},
        {"{type: conv2d, channels: 4, kernel: 9, padding: [1, 2]}",
         "a kernel of 9 x 9 does not fit into planes of 8 x 12 with their padding"},
        {"{type: conv2d, channels: 4, kernel: 3, groups: 4}",
         "4 groups divide 6 channels to 4, but must divide both"},
        {"{type: conv2d, channels: 4, kernel: 3, padding: 1000000}", "than BLAS can count"},
        {"{type: conv2d, channels: 4, kernel: 40000, padding: [20000, 19999]}",
         "than BLAS can count"},
        {"{type: maxpool2d, kernel: 2, padding: same}",
         "padding is same, but takes a whole number from 0 to 1000000, or two"},
        {"{type: maxpool2d, kernel: 2, padding: 2}",
         "a padding of 2 x 2 is more than half of the kernel of 2 x 2"},
        {"{type: maxpool2d, kernel: 3, dilation: 2, padding: 2}",
         "a padding of 2 x 2 is more than half of the kernel of 3 x 3"},
        {"{type: maxpool2d, kernel: [1, 2], dilation: [1, 9], padding: [0, 1]}",
         "a kernel of 1 x 2 with its dilation falls on padding alone; make the padding smaller"},
        {"{type: avgpool2d, kernel: 2, dilation: 2}", "layer 0 (avgpool2d) has no key 'dilation'"},
        {"{type: avgpool2d, kernel: 9}", "a kernel of 9 x 9 does not fit into planes of 6 x 8"},
        {"{type: avgpool2d, kernel: 2, strid: 2}", "did you mean 'stride'?"},
        {"{type: flatten}, {type: conv2d, channels: 4, kernel: 3}",
         "layer 1 (conv2d): the input of one sample is [288], but must be [C, H, W]"},
        {"{type: global_avgpool}, {type: maxpool2d, kernel: 1}",
         "layer 1 (maxpool2d): the input of one sample is [6], but must be [C, H, W]"},
        {"{type: flatten}, {type: global_avgpool}", "must be [C, L], [C, H, W] or [C, D, H, W]"},
        {"{type: flatten}, {type: maxpool, kernel: 2}", "must be [C, L], [C, H, W] or [C, D, H"},
        {"{type: maxpool, kernel: [2]}", "kernel is a list of 1, but takes a whole number from 1"},
        {"{type: conv1d, channels: 4, kernel: 3}",
         "the input of one sample is [6, 6, 8], but must be [C, L]: channels, length"},
        {"{type: conv3d, channels: 4, kernel: 3}", "[6, 6, 8], but must be [C, D, H, W]: channels"},
        {"{type: flatten}, {type: dropout2d}", "must be [C, H, W]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_refused(rows[i].layer, &in, rows[i].text);
}

static void test_wrong_transposes_are_told_why(void **state)
{
    (void)state;
    const struct cairn_shape in = {3, {6, 6, 8}};
    static const struct {
        const char *layer, *text;
    } rows[] = {
        {"{type: conv_transpose2d, channels: 4, kernel: 3, groups: 4}",
         "4 groups divide 6 channels"},
        {"{type: conv_transpose1d, channels: 4, kernel: 3}", "[6, 6, 8], but must be [C, L]"},
        {"{type: conv_transpose2d, channels: 4, kernel: 3, padding: same}",
         "padding is same, but takes a whole number from 0"},
        {"{type: conv_transpose2d, channels: 4, kernel: 3, stride: [3, 2], output_padding: 2}",
         "output_padding is [2, 2], but must be less than the stride or the dilation"},
        {"{type: conv_transpose2d, channels: 4, kernel: 3, padding: 4}",
         "a padding of [4, 4] leaves no output; make it smaller"},
        {"{type: conv_transpose2d, channels: 4, kernel: 3, stride: 1000000}", "BLAS can count"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_refused(rows[i].layer, &in, rows[i].text);
}

/* Names, shapes and ranges are those of torch.nn.Conv2d(6, 4, (3, 2), groups=2). */
static void test_weights_are_those_of_pytorch(void **state)
{
    (void)state;
    const struct cairn_shape in = {3, {6, 6, 8}}, weight = {4, {4, 3, 3, 2}}, bias = {1, {4}};
    static const struct {
        const char *init;
        double limit; /* of the fans 3 * 6 and 4 * 6; for he, far outside of its deviation */
    } rows[] = {
        {"pytorch", 0.23570226039551584}, /* sqrt(1/18) */
        {"xavier", 0.37796447300922725},  /* sqrt(6/42) */
        {"he", 1.6666666666666667},       /* 5 sqrt(2/18) */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[TEXT];
        double largest = 0;
        snprintf(text, sizeof text,
                 "{type: conv2d, channels: 4, kernel: [3, 2], groups: 2, init: %s}", rows[i].init);
        struct alone *alone = alone_make(text, &in, 1);
        assert_int_equal(alone->params.n_items, 2);
        assert_string_equal(alone->params.item[0].name, "0.weight");
        assert_string_equal(alone->params.item[1].name, "0.bias");
        assert_true(cairn_shape_same(&alone->params.item[0].shape, &weight));
        assert_true(cairn_shape_same(&alone->params.item[1].shape, &bias));
        for (size_t e = 0; e < 72; e++) largest = fmax(largest, fabs((double)alone->w[e]));
        assert_true(largest <= rows[i].limit * (1 + ROUNDING) && largest > 0.35 * rows[i].limit);
        for (size_t e = 72; e < 76; e++)
            assert_true(i == 0 ? alone->w[e] != 0 && fabs((double)alone->w[e]) <= rows[i].limit
                               : alone->w[e] == 0);
        alone_free(alone);
    }
}

static void check_weight(const char *layer, const struct cairn_shape *in,
                         const struct cairn_shape *weight)
{
    struct alone *alone = alone_make(layer, in, 1);
    assert_string_equal(alone->params.item[0].name, "0.weight");
    assert_true(cairn_shape_same(&alone->params.item[0].shape, weight));
    assert_int_equal(alone->params.item[1].count, 4);
    alone_free(alone);
}

/* torch.nn.Conv1d(6, 4, 3, groups=2) and Conv3d(6, 4, (2, 3, 4), groups=2). */
static void test_weights_of_rows_and_volumes(void **state)
{
    (void)state;
    const struct cairn_shape row = {2, {6, 8}}, volume = {4, {6, 5, 5, 5}};
    const struct cairn_shape of_row = {3, {4, 3, 3}}, of_volume = {5, {4, 3, 2, 3, 4}};
    check_weight("{type: conv1d, channels: 4, kernel: 3, groups: 2}", &row, &of_row);
    check_weight("{type: conv1d, channels: 4, kernel: [3], groups: 2}", &row, &of_row);
    check_weight("{type: conv3d, channels: 4, kernel: [2, 3, 4], groups: 2}", &volume, &of_volume);
}

/* torch.nn.ConvTranspose2d(6, 4, (3, 2), groups=2): the fans of its weight are 2 * 6 and 6 * 6. */
static void test_weights_of_transposes(void **state)
{
    (void)state;
    const struct cairn_shape in = {3, {6, 6, 8}}, weight = {4, {6, 2, 3, 2}};
    double largest = 0;
    const char *layer = "{type: conv_transpose2d, channels: 4, kernel: [3, 2], groups: 2}";
    check_weight(layer, &in, &weight);
    struct alone *alone = alone_make(layer, &in, 1);
    for (size_t e = 0; e < 76; e++) largest = fmax(largest, fabs((double)alone->w[e]));
    assert_true(largest <= sqrt(1.0 / 12) * (1 + ROUNDING) && largest > 0.9 * sqrt(1.0 / 12));
    alone_free(alone);
}

/* The largest shape that can be written is whole in a message. */
static void test_text_of_shapes(void **state)
{
    (void)state;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    const struct cairn_shape largest = {CAIRN_MAX_DIMS,
                                        {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX}};
    assert_string_equal(cairn_shape_text(&largest, text),
                        "[18446744073709551615, 18446744073709551615, 18446744073709551615, "
                        "18446744073709551615, 18446744073709551615]");
}

int main(void)
{
    setenv("CAIRN_FAULT", "none", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_layers_are_told_why),
        cmocka_unit_test(test_wrong_transposes_are_told_why),
        cmocka_unit_test(test_weights_are_those_of_pytorch),
        cmocka_unit_test(test_weights_of_rows_and_volumes),
        cmocka_unit_test(test_weights_of_transposes),
        cmocka_unit_test(test_text_of_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
