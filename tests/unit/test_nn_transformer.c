/* SPDX-License-Identifier: BSD-3-Clause
 * transformer_block is what its layers are one behind the other; a weight that two layers share has
 * the gradients of both. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/reference.h"
#include "support/nn.h"

enum { T = 7, K = 9, D = 4, SAMPLES = 3 };

static const double CHECK = 1e-6;  /* central differences in double, as in test_nn_layers */
static const double SINGLE = 2e-5; /* sums of tens of float products, each rounded to 2^-24 */

struct run {
    struct cairn_node *tree;
    struct samples samples;
    struct bench *bench;
};

static struct run run_of(const char *model)
{
    struct run run = {.tree = tree_of(model)};
    struct cairn_model_options options = token_options(run.tree, T, K, SAMPLES);
    run.samples = samples_make(&options, SAMPLES);
    run.bench = bench_make(&options);
    return run;
}

static void release(struct run *run)
{
    bench_free(run->bench);
    samples_free(&run->samples);
    cairn_node_free(run->tree);
}

static size_t find(const struct run *run, const char *name)
{
    const struct cairn_params *params = run->bench->params;
    for (size_t i = 0; i < params->n_tensors; i++)
        if (strcmp(params->item[i].name, name) == 0) return i;
    fail_msg("there is no %s", name);
    return 0;
}

static void test_a_block_is_its_layers(void **state)
{
    (void)state;
    struct run block = run_of("[{type: embedding, units: 4}, "
                              "{type: transformer_block, heads: 2, causal: true, expansion: 3}, "
                              "{type: dense, units: 9}]");
    struct run layers = run_of(
        "[{type: embedding, units: 4}, "
        "{type: residual, body: [{type: layernorm}, {type: attention, heads: 2, causal: true}]}, "
        "{type: residual, body: [{type: layernorm}, {type: dense, units: 12}, {type: gelu}, "
        "{type: dense, units: 4}]}, {type: dense, units: 9}]");
    static const char *const names[] = {"0.weight",
                                        "1.norm1.weight",
                                        "1.norm1.bias",
                                        "1.self_attn.in_proj_weight",
                                        "1.self_attn.in_proj_bias",
                                        "1.self_attn.out_proj.weight",
                                        "1.self_attn.out_proj.bias",
                                        "1.norm2.weight",
                                        "1.norm2.bias",
                                        "1.linear1.weight",
                                        "1.linear1.bias",
                                        "1.linear2.weight",
                                        "1.linear2.bias",
                                        "2.weight",
                                        "2.bias"};
    const size_t n = sizeof names / sizeof names[0];
    const struct cairn_params *params = block.bench->params;
    assert_int_equal(params->n_tensors, n);
    assert_int_equal(layers.bench->params->n_values, params->n_values);
    for (size_t i = 0; i < n; i++) assert_string_equal(params->item[i].name, names[i]);
    memcpy(layers.bench->w, block.bench->w, params->n_values * sizeof(real));

    assert_int_equal(bench_gradient(block.bench, &block.samples.micro), CAIRN_OK);
    assert_int_equal(bench_gradient(layers.bench, &layers.samples.micro), CAIRN_OK);
    assert_true(block.bench->scores.loss == layers.bench->scores.loss);
    assert_memory_equal(block.bench->g, layers.bench->g, params->n_values * sizeof(real));
    release(&block);
    release(&layers);
}

/* All that is not the default, on the block and written out. */
static void test_a_block_of_other_parts_is_its_layers(void **state)
{
    (void)state;
    struct run block = run_of("[{type: embedding, units: 4}, {type: transformer_block, heads: 2, "
                              "expansion: 3, norm: rms, mlp: swiglu, position: rotary, "
                              "norm_first: false}, {type: dense, units: 9}]");
    struct run layers =
        run_of("[{type: embedding, units: 4}, {type: residual, body: [{type: attention, heads: 2, "
               "position: rotary}]}, {type: rmsnorm}, {type: residual, body: [{type: dense, units: "
               "24}, {type: glu, gate: silu}, {type: dense, units: 4}]}, {type: rmsnorm}, {type: "
               "dense, units: 9}]");
    static const char *const names[] = {"1.self_attn.in_proj_weight",
                                        "1.self_attn.in_proj_bias",
                                        "1.self_attn.out_proj.weight",
                                        "1.self_attn.out_proj.bias",
                                        "1.norm1.weight",
                                        "1.linear1.weight",
                                        "1.linear1.bias",
                                        "1.linear2.weight",
                                        "1.linear2.bias",
                                        "1.norm2.weight"};
    const struct cairn_params *params = block.bench->params;
    assert_int_equal(params->n_tensors, sizeof names / sizeof names[0] + 3);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_string_equal(params->item[i + 1].name, names[i]);
    assert_int_equal(layers.bench->params->n_values, params->n_values);
    memcpy(layers.bench->w, block.bench->w, params->n_values * sizeof(real));
    assert_int_equal(bench_gradient(block.bench, &block.samples.micro), CAIRN_OK);
    assert_int_equal(bench_gradient(layers.bench, &layers.samples.micro), CAIRN_OK);
    assert_true(block.bench->scores.loss == layers.bench->scores.loss);
    assert_memory_equal(block.bench->g, layers.bench->g, params->n_values * sizeof(real));
    release(&block);
    release(&layers);
}

static void check_gradient(const char *model, const struct cairn_shape *in, size_t vocabulary)
{
    struct cairn_node *tree = tree_of(model);
    struct cairn_model_options options = token_options(tree, T, K, SAMPLES);
    options.input = *in;
    options.vocabulary = vocabulary;
    struct samples samples = samples_make(&options, SAMPLES);
    double worst = 1;
    assert_int_equal(cairn_gradient_check(&options, &samples.micro, 20, &worst), CAIRN_OK);
    if (worst > CHECK) fail_msg("%s: gradient check %g", model, worst);
    samples_free(&samples);
    cairn_node_free(tree);
}

static void test_gradients(void **state)
{
    (void)state;
    const struct cairn_shape tokens = {1, {T}};
    const struct cairn_shape numbers = {2, {T, D}};
    check_gradient("[{type: embedding, units: 4, name: e}, {type: position, init: gpt2}, "
                   "{type: transformer_block, heads: 2, dropout: 0.2}, "
                   "{type: transformer_block, heads: 1, causal: false, init: xavier}, "
                   "{type: layernorm}, {type: dense, units: 9, tie: e}, {type: softmax}]",
                   &tokens, K);
    check_gradient(
        "[{type: embedding, units: 4}, {type: transformer_block, heads: 2, norm: rms, "
        "mlp: swiglu, position: rotary, dropout: 0.1}, {type: transformer_block, heads: "
        "1, norm_first: false, position: rotary, expansion: 1}, {type: dense, units: 9}]",
        &tokens, K);
    check_gradient("[{type: transformer_block, heads: 4, norm_first: false, norm: rms}, "
                   "{type: glu}, {type: dense, units: 9}]",
                   &numbers, 0);
    /* nothing learns before it: no dx */
    check_gradient("[{type: transformer_block, heads: 2, dropout: 0.2}, {type: dense, units: 9}]",
                   &numbers, 0);
    check_gradient("[{type: residual, body: [{type: transformer_block, heads: 4}]}, "
                   "{type: dense, units: 9}]",
                   &numbers, 0);
}

/* The tied model is the untied one with equal weights; its gradient is the sum of the two. */
static void test_a_tied_weight_has_both_gradients(void **state)
{
    (void)state;
    struct run tied = run_of("[{type: embedding, units: 4}, {type: transformer_block, heads: 2}, "
                             "{type: dense, units: 9, bias: false, tie: 0}]");
    struct run untied = run_of("[{type: embedding, units: 4}, {type: transformer_block, heads: 2}, "
                               "{type: dense, units: 9, bias: false}]");
    size_t n = tied.bench->params->n_values;
    const struct cairn_param *item = untied.bench->params->item;
    const struct cairn_param *head = &item[find(&untied, "2.weight")];
    assert_int_equal(n + K * D, untied.bench->params->n_values);
    assert_int_equal(tied.bench->params->item[0].n_uses, 2);
    assert_int_equal(cairn_params_most_uses(tied.bench->params), 2);
    memcpy(untied.bench->w, tied.bench->w, n * sizeof(real));
    memcpy(untied.bench->w + head->offset, tied.bench->w, K * D * sizeof(real));

    assert_int_equal(bench_gradient(tied.bench, &tied.samples.micro), CAIRN_OK);
    assert_int_equal(bench_gradient(untied.bench, &untied.samples.micro), CAIRN_OK);
    assert_true(tied.bench->scores.loss == untied.bench->scores.loss);
    for (size_t i = 0; i < K * D; i++) {
        double sum = (double)untied.bench->g[i] + (double)untied.bench->g[head->offset + i];
        assert_true(fabs((double)tied.bench->g[i] - sum) <= SINGLE * (1 + fabs(sum)));
    }
    assert_memory_equal(tied.bench->g + K * D, untied.bench->g + K * D, (n - K * D) * sizeof(real));
    release(&tied);
    release(&untied);
}

static void wrong(const char *model, const char *words)
{
    struct cairn_node *tree = tree_of(model);
    struct cairn_model_options options = token_options(tree, T, K, SAMPLES);
    struct cairn_model *out = NULL;
    assert_int_equal(cairn_model_create(&options, &out), CAIRN_USAGE);
    if (strstr(cairn_error_text(), words) == NULL)
        fail_msg("%s\n   lacks: %s", cairn_error_text(), words);
    cairn_node_free(tree);
}

static void test_wrong_models_are_told_why(void **state)
{
    (void)state;
    wrong("[{type: embedding, units: 4}, {type: dense, units: 9, tie: 3}]",
          "layer 1 (dense): tie: no layer before it is called 3");
    wrong("[{type: embedding, units: 4}, {type: dense, units: 8, tie: 0}]",
          "tie: 0.weight is [9, 4], but here the weight must be [8, 4]");
    wrong("[{type: embedding, units: 4}, {type: transformer_block, heads: 3}]",
          "test: layer 1.self_attn (attention): 4 numbers of a position cannot be cut into 3");
    wrong("[{type: embedding, units: 4}, {type: flatten}, {type: transformer_block, heads: 3}]",
          "layer 2 (transformer_block): the input of one sample is [28], but it takes [T, D]");
    wrong("[{type: embedding, units: 4}, {type: transformer_block}]", "heads");
    wrong("[{type: embedding, units: 4}, {type: transformer_block, heads: 4, position: rotary}]",
          "layer 1.self_attn (attention): rotary positions turn pairs");
    wrong("[{type: embedding, units: 5}, {type: glu}]",
          "the input of one sample is [7, 5], but it takes [D] or [T, D] whose D can be halved");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_block_is_its_layers),
        cmocka_unit_test(test_a_block_of_other_parts_is_its_layers),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_a_tied_weight_has_both_gradients),
        cmocka_unit_test(test_wrong_models_are_told_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
