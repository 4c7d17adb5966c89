/* SPDX-License-Identifier: BSD-3-Clause
 * Layers of ONNX: attention, by products and softmax. */
#include "export/onnx/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/rotary.h"

/* 0 where a position is seen, minus infinity after it: [T, T]. */
static const char *causal_mask(struct cairn_onnx *onnx, size_t T)
{
    const int64_t size[] = {(int64_t)T, (int64_t)T};
    static const int64_t above = 1;
    const char *all = cairn_onnx_node(
        onnx, "Expand", OF(cairn_onnx_number(onnx, -INFINITY), cairn_onnx_ints(onnx, 2, size)),
        NULL);
    return cairn_onnx_node(onnx, "Trilu", OF(all, cairn_onnx_ints(onnx, 0, &above)),
                           WITH(INT("upper", 1)));
}

/* Cosines and sines [T, width], of both halves of a head. */
struct turns {
    const char *cosine, *sine;
};

static const char *both_halves(struct cairn_onnx *onnx, size_t T, size_t width, const real *table)
{
    real *values = cairn_onnx_memory(onnx, T * width, sizeof *values);
    for (size_t t = 0; t < T && values != NULL; t++)
        for (size_t j = 0; j < width; j++)
            values[t * width + j] = table[t * width + j % (width / 2)];
    const struct cairn_shape shape = {2, {T, width}};
    const char *name = values == NULL ? "" : cairn_onnx_reals(onnx, &shape, values);
    free(values);
    return name;
}

static struct turns turns_of(struct cairn_onnx *onnx, size_t T, size_t width)
{
    struct turns turns = {"", ""};
    real *table = cairn_onnx_memory(onnx, T * width, sizeof *table);
    if (table == NULL) return turns;
    cairn_rotary_table(T, width, table);
    turns.cosine = both_halves(onnx, T, width, table);
    turns.sine = both_halves(onnx, T, width, table + width / 2);
    free(table);
    return turns;
}

/* [a, b] to [a cos - b sin, b cos + a sin] */
static const char *turn(struct cairn_onnx *onnx, const struct turns *turns, const char *x)
{
    const char *half[2];
    cairn_onnx_nodes(onnx, "Split", OF(x), WITH(INT("axis", -1)), 2, half);
    const char *minus = cairn_onnx_node(onnx, "Neg", OF(half[1]), NULL);
    const char *other = cairn_onnx_node(onnx, "Concat", OF(minus, half[0]), WITH(INT("axis", -1)));
    const char *along = cairn_onnx_node(onnx, "Mul", OF(x, turns->cosine), NULL);
    const char *across = cairn_onnx_node(onnx, "Mul", OF(other, turns->sine), NULL);
    return cairn_onnx_node(onnx, "Add", OF(along, across), NULL);
}

/* [B, T, D] cut into heads, [B, heads, T, width]. */
static const char *cut(struct cairn_onnx *onnx, const struct cairn_shape *heads, const char *x)
{
    static const int64_t perm[] = {0, 2, 1, 3};
    return cairn_onnx_node(onnx, "Transpose", OF(cairn_onnx_reshape(onnx, x, heads)),
                           WITH(INTS("perm", 4, perm)));
}

/* softmax(q k^T / sqrt(width)) v of each head */
static const char *look(struct cairn_onnx *onnx, const struct cairn_shape *heads, bool causal,
                        const char *const qkv[3])
{
    static const int64_t turned[] = {0, 1, 3, 2};
    const double scale = 1 / sqrt((double)heads->dim[2]);
    const char *q = cairn_onnx_node(onnx, "Mul", OF(qkv[0], cairn_onnx_number(onnx, scale)), NULL);
    const char *k = cairn_onnx_node(onnx, "Transpose", OF(qkv[1]), WITH(INTS("perm", 4, turned)));
    const char *s = cairn_onnx_node(onnx, "MatMul", OF(q, k), NULL);
    if (causal) s = cairn_onnx_node(onnx, "Add", OF(s, causal_mask(onnx, heads->dim[0])), NULL);
    const char *p = cairn_onnx_node(onnx, "Softmax", OF(s), WITH(INT("axis", -1)));
    return cairn_onnx_node(onnx, "MatMul", OF(p, qkv[2]), NULL);
}

static bool is_causal(const struct cairn_onnx *onnx)
{
    if (cairn_onnx_key_is(onnx, "causal", "auto")) return onnx->source->vocabulary > 0;
    return cairn_onnx_key_is(onnx, "causal", "true");
}

const char *cairn_onnx_attention(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                 const char *x)
{
    static const int64_t back[] = {0, 2, 1, 3};
    const size_t T = layer->in.dim[0], n_heads = (size_t)cairn_onnx_key(onnx, "heads");
    const struct cairn_shape heads = {3, {T, n_heads, layer->in.dim[1] / n_heads}};
    const char *qkv[3];
    const char *in = cairn_onnx_linear(onnx, 2, x, cairn_onnx_param(onnx, "in_proj_weight"),
                                       cairn_onnx_param(onnx, "in_proj_bias"));
    cairn_onnx_nodes(onnx, "Split", OF(in), WITH(INT("axis", -1)), 3, qkv);
    for (int i = 0; i < 3; i++) qkv[i] = cut(onnx, &heads, qkv[i]);
    if (cairn_onnx_key_is(onnx, "position", "rotary")) {
        const struct turns turns = turns_of(onnx, T, heads.dim[2]);
        for (int i = 0; i < 2; i++) qkv[i] = turn(onnx, &turns, qkv[i]);
    }
    const char *o = cairn_onnx_node(onnx, "Transpose", OF(look(onnx, &heads, is_causal(onnx), qkv)),
                                    WITH(INTS("perm", 4, back)));
    return cairn_onnx_linear(onnx, 2, cairn_onnx_reshape(onnx, o, &layer->out),
                             cairn_onnx_param(onnx, "out_proj.weight"),
                             cairn_onnx_param(onnx, "out_proj.bias"));
}
