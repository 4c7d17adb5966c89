/* SPDX-License-Identifier: BSD-3-Clause
 * transformer_block: two lists of layers, each added to its input,
 *
 *   z = x + attention(layernorm(x))    y = z + W2 gelu(W1 layernorm(z) + b1) + b2
 *
 * with the names of torch.nn.TransformerEncoderLayer(norm_first=True, activation="gelu",
 * batch_first=True), and its dropout but for that of the attention's weights.
 *
 * Source: Vaswani and others 2017, section 3; norms first: Xiong and others 2020. */
#include <stdio.h>

#include "nn/chain.h"
#include "nn/heads.h"
#include "nn/init.h"
#include "nn/list.h"
#include "tensor/blas.h"
#include "tensor/kernels.h"

enum { N_PARTS = 2 };

struct transformer_block {
    size_t heads, expansion;
    int causal, init; /* as attention and dense take them */
    double dropout;
    struct cairn_node *list[N_PARTS]; /* made here; owned */
    struct cairn_chain part[N_PARTS];
    size_t z_at, dz_at; /* in the arena: [b, T, D]; dz only where no dx is wanted */
};

enum key { HEADS, CAUSAL, EXPANSION, DROPOUT, INIT };

static const struct cairn_key keys[] = {
    [HEADS] = {"heads", CAIRN_KEY_COUNT, offsetof(struct transformer_block, heads), NULL, 1, 1e6,
               NULL, "equal parts of D, each of which asks for itself"},
    [CAUSAL] = {"causal", CAIRN_KEY_CHOICE, offsetof(struct transformer_block, causal), "auto", 0,
                0, CAIRN_CHOICE_TEXT(CAIRN_WORDS_CAUSAL),
                "a position sees itself and those before it; auto: where the data are tokens"},
    [EXPANSION] = {"expansion", CAIRN_KEY_COUNT, offsetof(struct transformer_block, expansion), "4",
                   1, 1024, NULL, "inner numbers of the dense layers, in units of D"},
    [DROPOUT] = {"dropout", CAIRN_KEY_REAL, offsetof(struct transformer_block, dropout), "0", 0,
                 0.999, NULL, "probability, behind attention, gelu and the last dense layer"},
    [INIT] = {"init", CAIRN_KEY_CHOICE, offsetof(struct transformer_block, init), "pytorch", 0, 0,
              CAIRN_CHOICE_TEXT(CAIRN_WORDS_INIT), "initial weights of attention and dense layers"},
};

/* {type: kind, name: name} behind the layers of a list. */
static cairn_status add_layer(struct cairn_node *list, const char *kind, const char *name,
                              struct cairn_node **out)
{
    CAIRN_TRY(cairn_list_layer(list, kind, out));
    return cairn_list_text(*out, "name", name);
}

/* The layer's key as it was given to the block. */
static cairn_status add_key(struct cairn_node *map, const struct transformer_block *self,
                            enum key key)
{
    char text[CAIRN_KEY_TEXT_BYTES];
    return cairn_list_text(map, keys[key].name, cairn_key_text(&keys[key], self, text));
}

static cairn_status add_dropout(struct cairn_node *list, const struct transformer_block *self,
                                const char *name)
{
    char text[CAIRN_KEY_TEXT_BYTES];
    struct cairn_node *layer = NULL;
    if (self->dropout == 0) return CAIRN_OK;
    CAIRN_TRY(add_layer(list, "dropout", name, &layer));
    return cairn_list_text(layer, "p", cairn_key_text(&keys[DROPOUT], self, text));
}

static cairn_status add_dense(struct cairn_node *list, const struct transformer_block *self,
                              const char *name, size_t units)
{
    struct cairn_node *layer = NULL;
    CAIRN_TRY(add_layer(list, "dense", name, &layer));
    CAIRN_TRY(cairn_list_count(layer, "units", units));
    return add_key(layer, self, INIT);
}

static cairn_status write_attention(const struct transformer_block *self, struct cairn_node *list)
{
    struct cairn_node *layer = NULL;
    CAIRN_TRY(add_layer(list, "layernorm", "norm1", &layer));
    CAIRN_TRY(add_layer(list, "attention", "self_attn", &layer));
    CAIRN_TRY(add_key(layer, self, HEADS));
    CAIRN_TRY(add_key(layer, self, CAUSAL));
    CAIRN_TRY(add_key(layer, self, INIT));
    return add_dropout(list, self, "dropout1");
}

static cairn_status write_dense(const struct transformer_block *self, struct cairn_node *list,
                                size_t D)
{
    struct cairn_node *layer = NULL;
    CAIRN_TRY(add_layer(list, "layernorm", "norm2", &layer));
    CAIRN_TRY(add_dense(list, self, "linear1", self->expansion * D));
    CAIRN_TRY(cairn_list_layer(list, "gelu", &layer));
    CAIRN_TRY(add_dropout(list, self, "dropout"));
    CAIRN_TRY(add_dense(list, self, "linear2", D));
    return add_dropout(list, self, "dropout2");
}

static cairn_status write_lists(struct cairn_layer *layer, const struct cairn_plan *plan)
{
    struct transformer_block *self = layer->self;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (layer->in.ndim != 2)
        return cairn_fail(CAIRN_USAGE, "the input of one sample is %s, but it takes [T, D]",
                          cairn_shape_text(&layer->in, text));
    if (layer->in.dim[1] > CAIRN_GEMM_MOST / self->expansion)
        return cairn_fail(CAIRN_USAGE, "expansion %zu of %zu numbers is more than BLAS can count",
                          self->expansion, layer->in.dim[1]);
    for (int i = 0; i < N_PARTS; i++) CAIRN_TRY(cairn_list_create(plan->node, &self->list[i]));
    CAIRN_TRY(write_attention(self, self->list[0]));
    return write_dense(self, self->list[1], layer->in.dim[1]);
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct transformer_block *self = layer->self;
    char prefix[2 * CAIRN_PARAM_NAME_BYTES];
    layer->out = layer->in;
    CAIRN_TRY(write_lists(layer, plan));
    snprintf(prefix, sizeof prefix, "%s.", layer->name);
    CAIRN_TRY(cairn_chain_plan(&self->part[0], self->list[0], prefix, &layer->in, plan));
    self->z_at = cairn_chain_sum_at(&self->part[0], plan);
    if (!layer->wants_dx) self->dz_at = cairn_plan_kept(plan, layer->n_in, sizeof(real));
    CAIRN_TRY(cairn_chain_plan(&self->part[1], self->list[1], prefix, &layer->in, plan));
    layer->y_at = cairn_chain_sum_at(&self->part[1], plan);
    return CAIRN_OK;
}

static void release(struct cairn_layer *layer)
{
    struct transformer_block *self = layer->self;
    for (int i = 0; i < N_PARTS; i++) {
        cairn_chain_free(&self->part[i]);
        cairn_node_free(self->list[i]);
    }
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct transformer_block *self = layer->self;
    for (int i = 0; i < N_PARTS; i++) cairn_chain_init(&self->part[i], params, seed, w);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    struct transformer_block *self = layer->self;
    size_t count = pass->micro->n * layer->n_in;
    real *z = cairn_arena_at(pass->arena, self->z_at);
    cairn_add(cairn_chain_forward(&self->part[0], pass, layer->x), layer->x, count, z);
    cairn_add(cairn_chain_forward(&self->part[1], pass, z), z, count, layer->y);
}

/* dz lies where dx will. */
static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct transformer_block *self = layer->self;
    size_t count = pass->micro->n * layer->n_in;
    real *dz = dx != NULL ? dx : cairn_arena_at(pass->arena, self->dz_at);
    cairn_add(cairn_chain_backward(&self->part[1], pass, dy), dy, count, dz);
    const real *by_attention = cairn_chain_backward(&self->part[0], pass, dz);
    if (dx != NULL) cairn_add(by_attention, dz, count, dx);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_transformer_block) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "transformer_block",
    .doc = "attention and two dense layers, each behind a layernorm and added to its input",
    .example = "{type: transformer_block, heads: 2, causal: true, expansion: 2, dropout: 0.1}",
    .example_in = {2, {5, 4}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct transformer_block),
    .flags = CAIRN_LAYER_NEEDS_X | CAIRN_LAYER_PLACED,
    .plan = plan,
    .free = release,
    .init = init,
    .forward = forward,
    .backward = backward,
};
