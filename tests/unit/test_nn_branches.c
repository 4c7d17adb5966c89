/* SPDX-License-Identifier: BSD-3-Clause
 * branches: gradients of lists side by side of every shape, nested, first and last of a model;
 * names; values; what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/nn.h"
#include "support/nn_lists.h"

static void test_gradients(void **state)
{
    (void)state;
    static const char *const models[] = {
        /* nothing before it waits for dx */
        "[{type: branches, of: [[], [{type: dense, units: 4}]]}, {type: dense, units: 3}]",
        "[{type: branches, of: [[{type: tanh}], [{type: sigmoid}]], join: sum}, {type: dense, "
        "units: 3}]",
        /* the list that has weights is not the last */
        "[{type: branches, of: [[{type: dense, units: 2}, {type: tanh}], [], [{type: scale, "
        "factor: 2}]]}, {type: dense, units: 3}]",
        "[{type: dense, units: 5}, {type: branches, join: sum, of: [[], [{type: dense, units: 5}], "
        "[{type: tanh}], [{type: flatten}]]}, {type: relu}, {type: dense, units: 3}]",
        /* first list the input, or one whose output is read again */
        "[{type: dense, units: 5}, {type: branches, join: sum, of: [[{type: tanh}], [{type: dense, "
        "units: 5}, {type: relu}]]}, {type: dense, units: 3}]",
        /* last of the model */
        "[{type: branches, of: [[{type: dense, units: 1}], [{type: dense, units: 2}]]}]",
        /* views at both ends */
        "[{type: dense, units: 4}, {type: branches, of: [[{type: flatten}], [{type: reshape, to: "
        "[2, 2]}, {type: flatten}]]}, {type: relu}, {type: dense, units: 3}]",
        /* one in another, and one after another */
        "[{type: dense, units: 4}, {type: branches, of: [[], [{type: dense, units: 3}, {type: "
        "branches, of: [[{type: tanh}], [{type: dense, units: 2}]]}]]}, {type: branches, join: "
        "sum, of: [[{type: batchnorm}], [{type: residual, body: [{type: tanh}]}]]}, {type: dense, "
        "units: 3}]",
        /* a weight that two lists share */
        "[{type: branches, of: [[{type: dense, units: 6, name: a}], [{type: dense, units: 6, bias: "
        "false, tie: 0.0.a}]]}, {type: dense, units: 3}]",
    };
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        list_check(models[i], &(struct cairn_shape){1, {6}});
}

static void test_gradients_along_every_dimension(void **state)
{
    (void)state;
    const struct cairn_shape shape = {4, {2, 3, 2, 4}};
    for (int d = 0; d < shape.ndim; d++) {
        char text[512];
        snprintf(text, sizeof text,
                 "[{type: conv3d, channels: 2, kernel: 1}, {type: branches, dim: %d, of: [[{type: "
                 "tanh}], [], [{type: conv3d, channels: 2, kernel: 1}]]}, {type: flatten}, {type: "
                 "dense, units: 3}]",
                 d);
        list_check(text, &shape);
    }
}

/* A U-Net of two levels: down, up again, and what was there before beside it. */
static void test_gradient_of_skips(void **state)
{
    (void)state;
    list_check("[{type: conv2d, channels: 2, kernel: 3, padding: same}, {type: tanh}, {type: "
               "branches, of: [[], [{type: maxpool, kernel: 2}, {type: conv2d, channels: 3, "
               "kernel: 3, padding: same}, {type: branches, of: [[], [{type: maxpool, kernel: 2}, "
               "{type: conv2d, channels: 2, kernel: 1}, {type: upsample, factor: 2}]]}, {type: "
               "upsample, factor: 2}]]}, {type: conv2d, channels: 2, kernel: 1}, {type: flatten}, "
               "{type: dense, units: 3}]",
               &(struct cairn_shape){3, {1, 4, 8}});
}

static void test_names(void **state)
{
    (void)state;
    static const char *const wanted[] = {"0.0.0.weight", "0.0.0.bias",    "0.2.a.weight",
                                         "0.2.a.bias",   "up.0.0.weight", "up.0.0.bias"};
    struct cairn_node *tree = tree_of(
        "[{type: branches, of: [[{type: dense, units: 3}], [], [{type: dense, units: 2, name: "
        "a}]]}, {type: branches, name: up, of: [[{type: dense, units: 3}], []]}]");
    struct cairn_model_options options = list_options(tree, &(struct cairn_shape){1, {6}});
    struct bench *bench = bench_make(&options);
    assert_int_equal(bench->params->n_tensors, sizeof wanted / sizeof wanted[0]);
    for (size_t t = 0; t < bench->params->n_tensors; t++)
        assert_string_equal(bench->params->item[t].name, wanted[t]);
    bench_free(bench);
    cairn_node_free(tree);
}

static void check_values(const char *text, const real *wanted, size_t n_out)
{
    struct cairn_node *tree = tree_of(text);
    struct cairn_model_options options = list_options(tree, &(struct cairn_shape){3, {1, 2, 2}});
    const real x[2][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}};
    const struct cairn_micro micro = {.n = 2, .x = x[0]};
    options.n_targets = n_out;
    options.n_classes = 0;
    struct bench *bench = bench_make(&options);
    const real *outputs = NULL;
    assert_int_equal(cairn_model_outputs(bench->model, bench->w, &micro, &outputs), CAIRN_OK);
    for (size_t i = 0; i < 2 * n_out; i++) assert_true(outputs[i] == wanted[i]);
    bench_free(bench);
    cairn_node_free(tree);
}

/* As torch.cat and torch.add of two samples [1, 2, 2] and their doubles. */
static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *how;
        real y[16];
        size_t n_out;
    } rows[] = {
        {"dim: 0", {1, 2, 3, 4, 2, 4, 6, 8, 5, 6, 7, 8, 10, 12, 14, 16}, 8},
        {"dim: 1", {1, 2, 3, 4, 2, 4, 6, 8, 5, 6, 7, 8, 10, 12, 14, 16}, 8},
        {"dim: 2", {1, 2, 2, 4, 3, 4, 6, 8, 5, 6, 10, 12, 7, 8, 14, 16}, 8},
        {"join: sum", {3, 6, 9, 12, 15, 18, 21, 24}, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "[{type: branches, %s, of: [[], [{type: scale, factor: 2}]]}, {type: flatten}]",
                 rows[i].how);
        check_values(text, rows[i].y, rows[i].n_out);
    }
}

static void test_refused(void **state)
{
    (void)state;
    const struct cairn_shape row = {1, {6}}, image = {3, {2, 4, 4}};
    list_refused("[{type: branches}]", &row, "of");
    list_refused("[{type: branches, of: []}]", &row, "at least two lists");
    list_refused("[{type: branches, of: [[{type: relu}]]}]", &row, "at least two lists");
    list_refused("[{type: branches, of: [{type: relu}, {type: tanh}]}]", &row, "list of layers");
    list_refused("[{type: branches, of: [[], []]}]", &row, "all lists are empty");
    list_refused("[{type: branches, of: [[], [{type: dense, units: 3}]], join: sum}]", &row,
                 "branches 0 and 1, [6] and [3], cannot be joined; a sum takes equal shapes");
    list_refused("[{type: branches, of: [[], [{type: maxpool, kernel: 2}]]}]", &image,
                 "branches 0 and 1, [2, 4, 4] and [2, 2, 2], cannot be joined; only in dim");
    list_refused("[{type: branches, of: [[], [{type: relu}]], dim: 1}]", &row,
                 "the last dimension of one sample is 0");
    list_refused("[{type: branches, of: [[], [{type: relu}]], join: product}]", &row, "concat");
    list_refused("[{type: branches, of: [[{type: tanh}], [{type: relu, unit: 3}]]}]", &row,
                 "layer 0.1.0 (relu)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_gradients_along_every_dimension),
        cmocka_unit_test(test_gradient_of_skips),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
