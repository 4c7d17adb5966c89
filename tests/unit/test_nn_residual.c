/* SPDX-License-Identifier: BSD-3-Clause
 * residual: gradients of bodies of every kind, with and without a projection, nested, first and
 * last of a model; names; values; what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nn/layer.h"
#include "support/nn.h"
#include "support/nn_lists.h"

enum { TEXT = 512 };

static void test_gradients(void **state)
{
    (void)state;
    static const char *const models[] = {
        /* the sum over the output of body, and over relu behind it */
        "[{type: dense, units: 6}, {type: residual, body: [{type: relu}, {type: dense, units: 6}]},"
        " {type: relu}, {type: dense, units: 3}]",
        /* nothing before it waits for dx */
        "[{type: residual, body: [{type: dense, units: 6}, {type: tanh}]}, {type: dense, units: "
        "3}]",
        "[{type: tanh}, {type: residual, body: [{type: sigmoid}]}, {type: dense, units: 3}]",
        /* last of the model */
        "[{type: dense, units: 3}, {type: residual, body: [{type: dense, units: 3}]}]",
        "[{type: residual, project: true, body: [{type: dense, units: 3}]}]",
        /* projections */
        "[{type: dense, units: 4}, {type: residual, project: true, body: [{type: dense, units: 7}, "
        "{type: batchnorm}]}, {type: relu}, {type: dense, units: 3}]",
        "[{type: dense, units: 4}, {type: residual, project: [{type: tanh}, {type: dense, units: "
        "5}, {type: tanh}], body: [{type: layernorm}, {type: dense, units: 5}]}, {type: dense, "
        "units: 3}]",
        "[{type: dense, units: 4}, {type: residual, project: [{type: flatten}], body: [{type: "
        "dense, units: 4}]}, {type: dense, units: 3}]",
        /* views alone, and views at the end of body */
        "[{type: dense, units: 4}, {type: residual, body: [{type: flatten}]}, {type: relu}, {type: "
        "dense, units: 3}]",
        "[{type: dense, units: 4}, {type: residual, body: [{type: dense, units: 4}, {type: "
        "flatten}]}, {type: relu}, {type: dense, units: 3}]",
        /* one in another, and one behind another */
        "[{type: dense, units: 4}, {type: residual, body: [{type: dense, units: 4}, {type: "
        "residual, body: [{type: tanh}, {type: dense, units: 4}]}]}, {type: residual, project: "
        "true, body: [{type: residual, project: true, body: [{type: dense, units: 5}]}, {type: "
        "batchnorm}]}, {type: dense, units: 3}]",
    };
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        list_check(models[i], &(struct cairn_shape){1, {6}});
    list_check(
        "[{type: residual, body: [{type: groupnorm, groups: 1}, {type: tanh}]}, {type: relu}, "
        "{type: flatten}, {type: dense, units: 3}]",
        &(struct cairn_shape){3, {2, 4, 4}});
}

static void test_gradients_of_images_and_tokens(void **state)
{
    (void)state;
    const struct cairn_shape image = {3, {2, 5, 4}};
    list_check(
        "[{type: conv2d, channels: 3, kernel: 3, padding: 1}, {type: residual, project: true, "
        "body: [{type: conv2d, channels: 4, kernel: 3, padding: 1, stride: 2, bias: false}, "
        "{type: batchnorm}, {type: relu}, {type: conv2d, channels: 4, kernel: 1}, {type: "
        "batchnorm}]}, {type: relu}, {type: global_avgpool}, {type: dense, units: 3}]",
        &image);
    list_check(
        "[{type: conv2d, channels: 3, kernel: 1}, {type: residual, project: auto, body: [{type: "
        "conv2d, channels: 3, kernel: [3, 1], stride: [2, 1], padding: [1, 0]}, {type: relu}]}, "
        "{type: flatten}, {type: dense, units: 3}]",
        &image);
    list_check(
        "[{type: dense, units: 4}, {type: residual, project: true, body: [{type: layernorm}, "
        "{type: dense, units: 6}, {type: gelu}]}, {type: flatten}, {type: dense, units: 3}]",
        &(struct cairn_shape){2, {3, 5}});
    list_refused("[{type: conv2d, channels: 2, kernel: 3}, {type: residual, project: true, body: "
                 "[{type: conv2d, channels: 2, kernel: 3, padding: 3}]}]",
                 &image, "no stride makes one of the other");
}

static void test_gradients_of_rows_and_volumes(void **state)
{
    (void)state;
    const struct cairn_shape rows = {2, {2, 9}}, volume = {4, {2, 3, 4, 5}};
    list_check(
        "[{type: conv1d, channels: 3, kernel: 3, padding: same}, {type: residual, project: true, "
        "body: [{type: conv1d, channels: 4, kernel: 3, padding: 1, stride: 2, bias: false}, "
        "{type: batchnorm}, {type: tanh}]}, {type: global_avgpool}, {type: dense, units: 3}]",
        &rows);
    list_check(
        "[{type: conv3d, channels: 3, kernel: 1}, {type: residual, project: auto, body: [{type: "
        "conv3d, channels: 4, kernel: 3, stride: [1, 2, 3], padding: 1}, {type: tanh}]}, "
        "{type: maxpool, kernel: 2, stride: 1}, {type: flatten}, {type: dense, units: 3}]",
        &volume);
    list_refused("[{type: residual, project: true, body: [{type: conv1d, channels: 2, kernel: 3, "
                 "padding: 3}]}]",
                 &rows, "no stride makes one of the other");
}

/* Two dimensions are rows [C, L] where body has a conv1d, and tokens [T, D] where it has none. */
static void test_projections_of_two_dimensions(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int ndim; /* of the projection's weight: 3 of conv1d, 2 of dense */
    } rows[] = {
        {"{type: conv1d, channels: 4, kernel: 2, stride: 2}", 3},
        {"{type: residual, project: true, body: [{type: conv1d, channels: 4, kernel: 2, stride: "
         "2}]}",
         3},
        {"{type: dense, units: 3}", 2},
        {"{type: avgpool, kernel: 2}", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[TEXT];
        snprintf(text, sizeof text,
                 "[{type: residual, project: true, body: [%s]}, {type: flatten}, {type: dense, "
                 "units: 3}]",
                 rows[i].body);
        struct cairn_node *tree = tree_of(text);
        const struct cairn_model_options options =
            list_options(tree, &(struct cairn_shape){2, {4, 6}});
        struct bench *bench = bench_make(&options);
        size_t t = 0;
        while (strcmp(bench->params->item[t].name, "0.project.0.weight") != 0) t++;
        assert_int_equal(bench->params->item[t].shape.ndim, rows[i].ndim);
        bench_free(bench);
        cairn_node_free(tree);
    }
}

/* First and last in body, where x and dy are not the list's own to write over. */
static void test_every_elementwise_layer_at_both_ends(void **state)
{
    (void)state;
    size_t n_checked = 0;
    for (size_t i = 0; cairn_layer_kind_at(i) != NULL; i++) {
        const struct cairn_layer_kind *kind = cairn_layer_kind_at(i);
        const struct cairn_shape *in = &kind->example_in;
        char other[64];
        if ((kind->flags & CAIRN_LAYER_ELEMENTWISE) == 0) continue;
        if (in->ndim > 2)
            snprintf(other, sizeof other, "{type: conv%dd, channels: %zu, kernel: 1}", in->ndim - 1,
                     in->dim[0]);
        else
            snprintf(other, sizeof other, "{type: dense, units: %zu}", in->dim[in->ndim - 1]);
        for (int end = 0; end < 2; end++) {
            char text[TEXT];
            snprintf(text, sizeof text,
                     "[%s, {type: residual, body: [%s, %s]}, {type: flatten}, {type: dense, units: "
                     "3}]",
                     other, end == 0 ? kind->example : other, end == 0 ? other : kind->example);
            list_check(text, in);
            n_checked++;
        }
    }
    assert_true(n_checked >= 20);
}

/* A weight that body and project share, and that nothing before them waits for. */
static void test_a_tied_weight_without_one_of_its_own(void **state)
{
    (void)state;
    list_check("[{type: residual, body: [{type: dense, units: 6, name: a}, {type: tanh}], project: "
               "[{type: dense, units: 6, bias: false, tie: 0.body.a}]}, {type: dense, units: 3}]",
               &(struct cairn_shape){1, {6}});
    list_check("[{type: residual, body: [{type: dense, units: 6, name: a}, {type: tanh}], project: "
               "[{type: residual, body: [{type: dense, units: 6, bias: false, tie: 0.body.a}]}]}, "
               "{type: dense, units: 3}]",
               &(struct cairn_shape){1, {6}});
}

static void test_names(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "0.body.0.weight",  "0.body.0.bias",          "0.body.bn.weight",
        "0.body.bn.bias",   "0.project.0.weight",     "last.body.0.weight",
        "last.body.0.bias", "0.body.bn.running_mean", "0.body.bn.running_var",
    };
    struct cairn_node *tree = tree_of(
        "[{type: residual, project: true, body: [{type: dense, units: 3}, {type: batchnorm, name: "
        "bn}]}, {type: residual, name: last, project: auto, body: [{type: dense, units: 3}]}]");
    struct cairn_model_options options = list_options(tree, &(struct cairn_shape){1, {6}});
    struct bench *bench = bench_make(&options);
    assert_int_equal(bench->params->n_tensors, sizeof wanted / sizeof wanted[0]);
    for (size_t t = 0; t < bench->params->n_tensors; t++)
        assert_string_equal(bench->params->item[t].name, wanted[t]);
    assert_true(cairn_model_is_ghost(bench->model)); /* by a layer inside */
    bench_free(bench);
    cairn_node_free(tree);
}

/* W = ((1, 2), (3, 4)): y = W x + x, with a projection P = 2 W x instead of x. */
static void test_values(void **state)
{
    (void)state;
    static const char *const models[] = {
        "[{type: residual, body: [{type: dense, units: 2, bias: false}]}]",
        "[{type: residual, project: true, body: [{type: dense, units: 2, bias: false}]}]",
    };
    static const real y[2][2] = {{5 + 1, 11 + 2}, {15, 33}};
    const struct cairn_shape in = {1, {2}};
    const real x[2] = {1, 2};
    const struct cairn_micro micro = {.n = 1, .x = x};
    for (int i = 0; i < 2; i++) {
        struct cairn_node *tree = tree_of(models[i]);
        struct cairn_model_options options = list_options(tree, &in);
        options.n_targets = 2;
        options.n_classes = 0;
        struct bench *bench = bench_make(&options);
        const real *outputs = NULL;
        for (size_t k = 0; k < bench->params->n_weights; k++)
            bench->w[k] = (real)(k < 4 ? k + 1 : 2 * (k - 3));
        assert_int_equal(cairn_model_outputs(bench->model, bench->w, &micro, &outputs), CAIRN_OK);
        assert_true(outputs[0] == y[i][0] && outputs[1] == y[i][1]);
        assert_true(x[0] == 1 && x[1] == 2);
        bench_free(bench);
        cairn_node_free(tree);
    }
}

/* The sum costs no memory of its own where body's last layer does not read its output again. */
static void test_memory(void **state)
{
    (void)state;
    const struct cairn_shape in = {1, {64}};
    size_t bytes[2];
    static const char *const models[] = {"[{type: residual, body: [{type: dense, units: 64}]}]",
                                         "[{type: dense, units: 64}]"};
    for (int i = 0; i < 2; i++) {
        struct cairn_node *tree = tree_of(models[i]);
        const struct cairn_model_options options = list_options(tree, &in);
        struct bench *bench = bench_make(&options);
        bytes[i] = cairn_model_activation_bytes(bench->model);
        bench_free(bench);
        cairn_node_free(tree);
    }
    /* nothing waits for dx, so there are no gradients between the layers inside; that by the output
     * does not lie over it, since the lists inside may be computed again there */
    assert_int_equal(bytes[0], bytes[1] + sizeof(real) * LIST_SAMPLES * 64);
}

/* One place, however deep. */
#define TWO "{type: residual, body: [{type: residual, body: ["

static void test_refused(void **state)
{
    (void)state;
    const struct cairn_shape row = {1, {6}}, image = {3, {2, 4, 4}};
    list_refused("[{type: residual}]", &row, "body");
    list_refused("[{type: residual, body: []}]", &row, "list of layers");
    list_refused("[{type: residual, body: {type: relu}}]", &row, "body");
    list_refused("[{type: residual, body: [{type: dense, units: 3}]}]", &row,
                 "the input [6] cannot be added to the output of body, [3]; set project: true");
    list_refused("[{type: residual, body: [{type: dense, units: 3}], project: maybe}]", &row,
                 "maybe");
    list_refused(
        "[{type: residual, body: [{type: dense, units: 3}], project: [{type: dense, units: "
        "4}]}]",
        &row, "the output of project, [4] cannot be added to the output of body, [3]");
    list_refused("[{type: residual, body: [{type: flatten}], project: true}]", &image,
                 "give project a list of layers");
    list_refused("[{type: relu}, {type: residual, body: [{type: relu}, {type: dence, units: 3}]}]",
                 &row, "dense");
    list_refused(
        "[" TWO TWO TWO TWO "{type: relu}]}]}]}]}]}]}]}]}]", &row,
        "test: layer 0.body.0.body.0.body.0.body.0.body.0.body.0.body.0 (residual): lists");
    list_refused("[{type: residual, body: [{type: relu, unit: 3}]}]", &row,
                 "layer 0.body.0 (relu)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_gradients_of_images_and_tokens),
        cmocka_unit_test(test_gradients_of_rows_and_volumes),
        cmocka_unit_test(test_projections_of_two_dimensions),
        cmocka_unit_test(test_every_elementwise_layer_at_both_ends),
        cmocka_unit_test(test_a_tied_weight_without_one_of_its_own),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
