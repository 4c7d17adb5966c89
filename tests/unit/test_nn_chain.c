/* SPDX-License-Identifier: BSD-3-Clause
 * A chain inside a layer, as a residual block will hold one: names with a prefix, an input that
 * others still read, and the gradient by that input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "nn/chain.h"
#include "support/nn.h"

static real gradient[4];
static real between[2][2]; /* gradients between the layers */
static uint64_t workspace[64];

static real *open_tensor(struct cairn_sink *sink, size_t param)
{
    (void)sink;
    assert_int_equal(param, 0);
    return gradient;
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    (void)sink;
    assert_int_equal(param, 0);
}

/* relu and dense with W = ((1, 2), (3, 4)), planned for one sample. */
struct inner {
    struct cairn_node *list;
    struct cairn_params params;
    struct cairn_arena arena;
    struct cairn_chain chain;
    struct cairn_plan plan;
    struct cairn_micro micro;
    struct cairn_sink sink;
    struct cairn_pass pass;
};

static void inner_make_of(struct inner *inner, const char *text, const char *prefix, bool wants_dx)
{
    static const real w[4] = {1, 2, 3, 4};
    const struct cairn_shape in = {1, {2}};
    *inner =
        (struct inner){.micro = {.n = 1}, .sink = {.open = open_tensor, .close = close_tensor}};
    inner->list = tree_of(text);
    inner->plan = (struct cairn_plan){
        .micro = 1, .params = &inner->params, .arena = &inner->arena, .wants_dx = wants_dx};
    inner->pass = (struct cairn_pass){.micro = &inner->micro,
                                      .w = w,
                                      .params = &inner->params,
                                      .arena = &inner->arena,
                                      .workspace = workspace,
                                      .gradient = {{between[0], between[1]}},
                                      .sink = &inner->sink};
    assert_int_equal(cairn_chain_plan(&inner->chain, inner->list, prefix, &in, &inner->plan),
                     CAIRN_OK);
    assert_int_equal(cairn_arena_allocate(&inner->arena, "a test"), CAIRN_OK);
}

static void inner_make(struct inner *inner, const char *prefix, bool wants_dx)
{
    inner_make_of(inner, "[{type: relu}, {type: dense, units: 2, bias: false}]", prefix, wants_dx);
}

static void inner_free(struct inner *inner)
{
    cairn_chain_free(&inner->chain);
    cairn_params_free(&inner->params);
    cairn_arena_free(&inner->arena);
    cairn_node_free(inner->list);
}

/* x = (-1, 2), relu (0, 2): y = (4, 8).  dy = (1, 1): dW = ((0, 2), (0, 2)), W^T dy = (4, 6),
 * through relu (0, 6). */
static void test_a_chain_inside_a_layer(void **state)
{
    (void)state;
    static const real x[2] = {-1, 2}, dw[4] = {0, 2, 0, 2};
    real dy[2] = {1, 1};
    struct inner inner;
    inner_make(&inner, "3.body.", true);
    assert_int_equal(inner.params.n_items, 1);
    assert_string_equal(inner.params.item[0].name, "3.body.1.weight");
    const real *y = cairn_chain_forward(&inner.chain, &inner.pass, x);
    assert_true(y[0] == 4 && y[1] == 8);
    assert_true(x[0] == -1); /* the first layer did not write over what is not its own */
    const real *dx = cairn_chain_backward(&inner.chain, &inner.pass, dy, NULL);
    assert_non_null(dx);
    assert_true(dx[0] == 0 && dx[1] == 6);
    assert_memory_equal(gradient, dw, sizeof dw);
    inner_free(&inner);
}

/* Where nothing before the chain has weights, there is no gradient by its input. */
static void test_no_gradient_by_data(void **state)
{
    (void)state;
    static const real x[2] = {-1, 2};
    real dy[2] = {1, 1};
    struct inner inner;
    inner_make(&inner, "", false);
    assert_true(inner.plan.wants_dx); /* for what comes behind */
    assert_false(inner.chain.layer[0].in_backward);
    assert_false(inner.chain.layer[1].wants_dx);
    cairn_chain_forward(&inner.chain, &inner.pass, x);
    assert_null(cairn_chain_backward(&inner.chain, &inner.pass, dy, NULL));
    inner_free(&inner);
}

/* dense works the relu after it: x = (1, -1), W x = (-1, -1), y = (0, 0); x = (-2, 2): y = (2, 2).
 * Not where something else comes in between, which sees what dense gives. */
static void test_a_relu_is_absorbed(void **state)
{
    (void)state;
    static const real negative[2] = {1, -1}, positive[2] = {-2, 2}, dw[4] = {-2, 2, -2, 2};
    real dy[2] = {1, 1};
    struct inner inner;
    inner_make_of(&inner, "[{type: dense, units: 2, bias: false}, {type: relu}]", "", false);
    assert_true(inner.chain.layer[1].absorbed && !inner.chain.layer[0].absorbed);
    const real *y = cairn_chain_forward(&inner.chain, &inner.pass, negative);
    assert_true(y[0] == 0 && y[1] == 0 && y == inner.chain.layer[1].y);
    y = cairn_chain_forward(&inner.chain, &inner.pass, positive);
    assert_true(y[0] == 2 && y[1] == 2);
    cairn_chain_backward(&inner.chain, &inner.pass, dy, NULL);
    assert_memory_equal(gradient, dw, sizeof dw);
    inner_free(&inner);
    inner_make_of(&inner, "[{type: dense, units: 2, bias: false}, {type: tanh}, {type: relu}]", "",
                  false);
    assert_false(inner.chain.layer[1].absorbed || inner.chain.layer[2].absorbed);
    y = cairn_chain_forward(&inner.chain, &inner.pass, negative);
    assert_true(y[0] == 0 && y[1] == 0);
    inner_free(&inner);
}

/* relu runs after the maxpool that follows it, on half of the numbers, under its own name: of two
 * equal ones the first has the gradient, of two below 0 neither.  Not where it comes in between. */
static void test_a_relu_comes_after_what_chooses(void **state)
{
    (void)state;
    static const real negative[2] = {1, -1}, positive[2] = {-2, 2};
    static const real none[4] = {0, 0, 0, 0}, dw[4] = {-2, 2, 0, 0};
    real dy[1] = {1};
    struct inner inner;
    inner_make_of(&inner,
                  "[{type: dense, units: 2, bias: false}, {type: reshape, to: [1, 2]}, {type: "
                  "relu}, {type: maxpool, kernel: 2}]",
                  "", false);
    const struct cairn_layer *layer = inner.chain.layer;
    assert_string_equal(layer[2].kind->name, "maxpool");
    assert_string_equal(layer[2].name, "3");
    assert_string_equal(layer[3].name, "2");
    assert_true(layer[2].n_in == 2 && layer[3].n_in == 1 && layer[3].y_at == layer[2].y_at);
    const real *y = cairn_chain_forward(&inner.chain, &inner.pass, negative);
    assert_true(y[0] == 0);
    cairn_chain_backward(&inner.chain, &inner.pass, dy, NULL);
    assert_memory_equal(gradient, none, sizeof none);
    y = cairn_chain_forward(&inner.chain, &inner.pass, positive);
    assert_true(y[0] == 2);
    cairn_chain_backward(&inner.chain, &inner.pass, dy, NULL);
    assert_memory_equal(gradient, dw, sizeof dw);
    inner_free(&inner);
    inner_make_of(&inner,
                  "[{type: dense, units: 2, bias: false}, {type: relu}, {type: reshape, to: [1, "
                  "2]}, {type: maxpool, kernel: 2}]",
                  "", false);
    assert_true(inner.chain.layer[1].absorbed);
    inner_free(&inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_chain_inside_a_layer),
        cmocka_unit_test(test_no_gradient_by_data),
        cmocka_unit_test(test_a_relu_is_absorbed),
        cmocka_unit_test(test_a_relu_comes_after_what_chooses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
