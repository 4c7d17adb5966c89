/* SPDX-License-Identifier: BSD-3-Clause
 * One layer by itself. */
#include "support/alone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/nn.h"

static real *open_tensor(struct cairn_sink *sink, size_t param)
{
    struct alone *alone = (struct alone *)sink;
    return alone->g + alone->params.item[param].offset;
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    (void)sink;
    (void)param;
}

static void get(size_t count, size_t size, void *out)
{
    assert_int_equal(cairn_memory_get(count, size, "a test", out), CAIRN_OK);
}

struct alone *alone_make(const char *text, const struct cairn_shape *in, size_t micro)
{
    struct alone *alone = NULL;
    char list[512];
    get(1, sizeof *alone, &alone);
    snprintf(list, sizeof list, "[%s]", text);
    alone->sink = (struct cairn_sink){.open = open_tensor, .close = close_tensor};
    alone->list = tree_of(list);
    alone->plan = (struct cairn_plan){
        .micro = micro, .params = &alone->params, .arena = &alone->arena, .wants_dx = true};
    if (cairn_chain_plan(&alone->chain, alone->list, "", in, &alone->plan) != CAIRN_OK)
        fail_msg("%s: %s", text, cairn_error_text());
    cairn_chain_plan_gradients(&alone->chain, false, &alone->plan);
    cairn_plan_gradient(&alone->plan, 0, 0, cairn_shape_count(cairn_chain_output(&alone->chain)));
    size_t workspace_at = cairn_arena_plan(&alone->arena, alone->plan.workspace_bytes, 1);
    size_t gradient_at[2];
    for (int turn = 0; turn < 2; turn++)
        gradient_at[turn] =
            cairn_plan_activation(&alone->plan, alone->plan.gradient[0][turn], sizeof(real));
    assert_int_equal(cairn_arena_allocate(&alone->arena, "a test"), CAIRN_OK);
    get(alone->params.n_values, sizeof *alone->w, &alone->w);
    get(alone->params.n_values, sizeof *alone->g, &alone->g);
    cairn_chain_init(&alone->chain, &alone->params, 1, alone->w);
    alone->pass = (struct cairn_pass){.micro = &alone->micro,
                                      .w = alone->w,
                                      .params = &alone->params,
                                      .arena = &alone->arena,
                                      .sink = &alone->sink,
                                      .workspace = cairn_arena_at(&alone->arena, workspace_at),
                                      .training = true};
    for (int turn = 0; turn < 2; turn++)
        alone->pass.gradient[0][turn] = cairn_arena_at(&alone->arena, gradient_at[turn]);
    return alone;
}

void alone_free(struct alone *alone)
{
    cairn_chain_free(&alone->chain);
    cairn_params_free(&alone->params);
    cairn_arena_free(&alone->arena);
    cairn_node_free(alone->list);
    free(alone->w);
    free(alone->g);
    free(alone);
}

const real *alone_forward(struct alone *alone, size_t n, const real *x)
{
    alone->micro.n = n;
    return cairn_chain_forward(&alone->chain, &alone->pass, x);
}

void alone_backward(struct alone *alone, const real *dy)
{
    real *mine = alone->pass.gradient[0][0];
    memcpy(mine, dy, alone->micro.n * alone_n_out(alone) * sizeof *mine);
    const real *dx = cairn_chain_backward(&alone->chain, &alone->pass, mine, NULL);
    assert_non_null(dx);
    alone->dx = dx == mine ? mine : alone->pass.gradient[0][1];
}

const struct cairn_shape *alone_out(const struct alone *alone)
{
    return cairn_chain_output(&alone->chain);
}

size_t alone_n_out(const struct alone *alone)
{
    return cairn_shape_count(alone_out(alone));
}
