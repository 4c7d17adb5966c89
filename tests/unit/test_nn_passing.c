/* SPDX-License-Identifier: BSD-3-Clause
 * Outputs that are not kept: made again in backward, with the bits that they had, where the
 * gradient by them comes to lie.  A view after them has them kept: so each model is compared with
 * one that keeps.  And relu, which runs after the maxpool behind it, where no view keeps them
 * apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/nn.h"

enum { SAMPLES = 5, TEXT = 1024 };

static struct cairn_model_options options_of(const struct cairn_node *tree,
                                             const struct cairn_shape *in)
{
    return (struct cairn_model_options){
        .layers = tree, .input = *in, .n_targets = 3, .micro = SAMPLES, .seed = 5};
}

/* With `view` in the place of %s. */
static struct bench *make(const char *model, const char *view, const struct cairn_shape *in,
                          struct cairn_node **tree)
{
    char text[TEXT];
    const char *at = strstr(model, "%s");
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - model), model, view, at + 2);
    *tree = tree_of(text);
    const struct cairn_model_options options = options_of(*tree, in);
    return bench_make(&options);
}

/* Two micro-batches, the second one shorter, and both once more in segments. */
static void check(const char *model, const char *view, const struct cairn_shape in)
{
    struct cairn_node *tree = NULL, *kept_tree = NULL;
    struct bench *bench = make(model, "", &in, &tree);
    struct bench *kept = make(model, view, &in, &kept_tree);
    struct cairn_model_options options = options_of(tree, &in);
    struct samples samples = samples_make(&options, SAMPLES);
    const struct cairn_micro part = samples_part(&samples, &options, 1, 3);
    const size_t bytes = bench->params->n_values * sizeof *bench->g;
    assert_memory_equal(bench->w, kept->w, bytes);
    const size_t with = cairn_model_activation_bytes(bench->model);
    const size_t without = cairn_model_activation_bytes(kept->model);
    if (with > without) fail_msg("%s: %zu bytes, and %zu where it is kept", model, with, without);
    for (int i = 0; i < 2; i++) {
        const struct cairn_micro *micro = i == 0 ? &samples.micro : &part;
        assert_int_equal(bench_gradient(bench, micro), CAIRN_OK);
        assert_int_equal(bench_gradient(kept, micro), CAIRN_OK);
        assert_true(bench->scores.loss == kept->scores.loss);
        if (memcmp(bench->g, kept->g, bytes) != 0) fail_msg("%s: other bits", model);
        if (i == 0) bench_check_recompute(bench, &options, micro);
    }
    bench_free(bench);
    bench_free(kept);
    samples_free(&samples);
    cairn_node_free(tree);
    cairn_node_free(kept_tree);
}

#define FIRST "[{type: dense, units: 8, name: first}, "
#define LAST  ", {type: dense, units: 3, name: last}]"

static void test_each_kind_before_a_dense_layer(void **state)
{
    (void)state;
    static const char *const kinds[] = {
        "{type: gelu}",
        "{type: gelu, approximate: tanh}",
        "{type: silu}",
        "{type: softplus}",
        "{type: glu}",
        "{type: layernorm, name: norm}",
        "{type: rmsnorm, name: norm}",
        "{type: gelu}, {type: dropout, p: 0.25, name: drop}",
        "{type: layernorm, name: norm}, {type: dropout, p: 0.25, name: drop}",
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char model[TEXT];
        snprintf(model, sizeof model, FIRST "%s%%s" LAST, kinds[i]);
        check(model, ", {type: flatten}", (struct cairn_shape){1, {6}});
        snprintf(model, sizeof model,
                 FIRST "{type: relu, name: relu}, %s%%s, {type: dense, units: 5, name: middle}, "
                       "{type: tanh, name: tanh}" LAST,
                 kinds[i]);
        check(model, ", {type: flatten}", (struct cairn_shape){1, {6}});
    }
}

/* What they read is the model's input, which nothing may be written over. */
static void test_of_the_data(void **state)
{
    (void)state;
    check("[{type: layernorm, name: norm}%s" LAST, ", {type: flatten}",
          (struct cairn_shape){1, {600}});
    check("[{type: silu}%s, {type: dense, units: 600, name: middle}" LAST, ", {type: flatten}",
          (struct cairn_shape){1, {600}});
}

/* The block of GPT, its parts as they are written out, and Llama's. */
static void test_in_lists(void **state)
{
    (void)state;
    static const char *const norms[] = {"layernorm", "rmsnorm"};
    static const char *const middles[] = {
        "{type: dense, units: 16, name: a}, {type: gelu}%s, {type: dense, units: 4, name: b}",
        "{type: dense, units: 32, name: a}, {type: glu, gate: silu}%s, {type: dense, units: 4, "
        "name: b}"};
    for (size_t i = 0; i < 2; i++) {
        char model[TEXT];
        snprintf(model, sizeof model,
                 "[{type: dense, units: 4, name: first}, {type: residual, name: r, body: [{type: "
                 "%s, name: n}, {type: attention, heads: 2, name: h}]}, {type: residual, name: q, "
                 "body: [{type: %s, name: m}, %s]}, {type: reshape, to: [-1]}" LAST,
                 norms[i], norms[i], middles[i]);
        check(model, ", {type: reshape, to: [6, 16]}", (struct cairn_shape){2, {6, 4}});
    }
    check("[{type: dense, units: 4, name: first}, {type: residual, name: r, body: [{type: "
          "layernorm, name: n}%s, {type: attention, heads: 2, name: h}]}, {type: reshape, to: "
          "[-1]}" LAST,
          ", {type: reshape, to: [6, 4]}", (struct cairn_shape){2, {6, 4}});
}

static void test_before_convolutions(void **state)
{
    (void)state;
    check("[{type: conv2d, channels: 4, kernel: 3, name: first}, {type: silu}%s, {type: conv2d, "
          "channels: 3, kernel: 3, stride: 2, name: second}, {type: gelu}, {type: "
          "conv_transpose2d, channels: 2, kernel: 2, name: third}, {type: flatten}" LAST,
          ", {type: reshape, to: [4, 6, 5]}", (struct cairn_shape){3, {2, 8, 7}});
}

static void test_relu_before_maxpool(void **state)
{
    (void)state;
    static const char *const pools[] = {"kernel: 2", "kernel: 3, stride: 2, padding: 1",
                                        "kernel: [2, 3], stride: [1, 2], dilation: [2, 1]"};
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++) {
        char model[TEXT];
        snprintf(model, sizeof model,
                 "[{type: conv2d, channels: 4, kernel: 3, name: first}, {type: relu, name: relu}%%s"
                 ", {type: maxpool, %s, name: pool}, {type: flatten}" LAST,
                 pools[i]);
        check(model, ", {type: reshape, to: [4, 6, 5]}", (struct cairn_shape){3, {2, 8, 7}});
    }
}

static size_t bytes_of_blocks(size_t n)
{
    char text[TEXT] = "[{type: dense, units: 16}, ";
    for (size_t i = 0; i < n; i++) strcat(text, "{type: transformer_block, heads: 2}, ");
    strcat(text, "{type: layernorm}, {type: flatten}, {type: dense, units: 3}]");
    struct cairn_node *tree = tree_of(text);
    const struct cairn_model_options options = options_of(tree, &(struct cairn_shape){2, {8, 16}});
    struct cairn_model_size size;
    assert_int_equal(cairn_model_measure(&options, &size), CAIRN_OK);
    cairn_node_free(tree);
    return size.activation_bytes;
}

/* q, k, v, o, the sum, 4 D before gelu, the sum; of each norm two doubles, of each head two numbers
 * a position. */
static void test_what_a_block_keeps(void **state)
{
    (void)state;
    const size_t rows = SAMPLES * 8;
    assert_int_equal(bytes_of_blocks(3) - bytes_of_blocks(2),
                     rows * (10 * 16 + 2 * 2) * sizeof(real) + rows * 4 * sizeof(double));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_before_a_dense_layer),
        cmocka_unit_test(test_of_the_data),
        cmocka_unit_test(test_in_lists),
        cmocka_unit_test(test_before_convolutions),
        cmocka_unit_test(test_relu_before_maxpool),
        cmocka_unit_test(test_what_a_block_keeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
