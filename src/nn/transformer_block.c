/* SPDX-License-Identifier: BSD-3-Clause
 * transformer_block: two residuals,
 *
 *   z = x + attention(layernorm(x))    y = z + W2 gelu(W1 layernorm(z) + b1) + b2
 *
 * or, with norm_first: false,
 *
 *   z = layernorm(x + attention(x))    y = layernorm(z + W2 gelu(W1 z + b1) + b2)
 *
 * with the names of torch.nn.TransformerEncoderLayer(activation="gelu", batch_first=True), and its
 * dropout except for that of the attention's weights.  norm: rms, mlp: swiglu (glu.c in place of
 * gelu, W1 twice as high) and position: rotary are those of Llama.
 *
 * Source: Vaswani and others 2017, section 3; norms first: Xiong and others 2020. */
#include "nn/heads.h"
#include "nn/init.h"
#include "nn/layer.h"
#include "nn/list.h"
#include "nn/rotary.h"
#include "tensor/blas.h"

#define CAIRN_WORDS_NORM(FIRST, NEXT) FIRST(NORM_LAYER, "layer") NEXT(NORM_RMS, "rms")
CAIRN_CHOICE(norm, CAIRN_WORDS_NORM);
#define CAIRN_WORDS_MLP(FIRST, NEXT) FIRST(MLP_GELU, "gelu") NEXT(MLP_SWIGLU, "swiglu")
CAIRN_CHOICE(mlp, CAIRN_WORDS_MLP);

struct transformer_block {
    size_t heads, expansion;
    int causal, position, init; /* as attention and dense take them */
    int norm, mlp;              /* enum norm, enum mlp */
    bool norm_first;
    double dropout;
};

enum key { HEADS, CAUSAL, POSITION, EXPANSION, MLP, NORM, NORM_FIRST, DROPOUT, INIT };

static const struct cairn_key keys[] = {
    [HEADS] = {"heads", CAIRN_KEY_COUNT, offsetof(struct transformer_block, heads), NULL, 1, 1e6,
               NULL, "equal parts of D, each with an attention of its own"},
    [CAUSAL] =
        {"causal", CAIRN_KEY_CHOICE, offsetof(struct transformer_block, causal), "auto", 0, 0,
         CAIRN_CHOICE_TEXT(CAIRN_WORDS_CAUSAL),
         "a position attends to itself and those before it; auto: where the data are tokens"},
    [POSITION] = {"position", CAIRN_KEY_CHOICE, offsetof(struct transformer_block, position),
                  "none", 0, 0, CAIRN_CHOICE_TEXT(CAIRN_WORDS_POSITION),
                  "rotary: what attention compares is turned by its position, as in Llama"},
    [EXPANSION] = {"expansion", CAIRN_KEY_COUNT, offsetof(struct transformer_block, expansion), "4",
                   1, 1024, NULL, "inner numbers of the dense layers, in units of D"},
    [MLP] = {"mlp", CAIRN_KEY_CHOICE, offsetof(struct transformer_block, mlp), "gelu", 0, 0,
             CAIRN_CHOICE_TEXT(CAIRN_WORDS_MLP),
             "between the dense layers; swiglu: half of twice as many numbers gate the others"},
    [NORM] = {"norm", CAIRN_KEY_CHOICE, offsetof(struct transformer_block, norm), "layer", 0, 0,
              CAIRN_CHOICE_TEXT(CAIRN_WORDS_NORM), "layernorm or rmsnorm"},
    [NORM_FIRST] = {"norm_first", CAIRN_KEY_BOOL, offsetof(struct transformer_block, norm_first),
                    "true", 0, 0, NULL,
                    "normalise what attention and the dense layers take; else each sum with x"},
    [DROPOUT] = {"dropout", CAIRN_KEY_REAL, offsetof(struct transformer_block, dropout), "0", 0,
                 0.999, NULL,
                 "probability, after attention, gelu or gate, and the last dense layer"},
    [INIT] = {"init", CAIRN_KEY_CHOICE, offsetof(struct transformer_block, init), "pytorch", 0, 0,
              CAIRN_CHOICE_TEXT(CAIRN_WORDS_INIT), "initial weights of attention and dense layers"},
};

/* {type: kind, name: name} after the layers of a list. */
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

/* Where it belongs: before the layers of a residual, or after it. */
static cairn_status add_norm(struct cairn_node *list, const struct transformer_block *self,
                             bool before, const char *name)
{
    struct cairn_node *layer = NULL;
    if (self->norm_first != before) return CAIRN_OK;
    return add_layer(list, self->norm == CAIRN_NORM_RMS ? "rmsnorm" : "layernorm", name, &layer);
}

static cairn_status write_attention(const struct transformer_block *self, struct cairn_node *list)
{
    struct cairn_node *layer = NULL;
    CAIRN_TRY(add_norm(list, self, true, "norm1"));
    CAIRN_TRY(add_layer(list, "attention", "self_attn", &layer));
    CAIRN_TRY(add_key(layer, self, HEADS));
    CAIRN_TRY(add_key(layer, self, CAUSAL));
    CAIRN_TRY(add_key(layer, self, POSITION));
    CAIRN_TRY(add_key(layer, self, INIT));
    return add_dropout(list, self, "dropout1");
}

static cairn_status write_dense(const struct transformer_block *self, struct cairn_node *list,
                                size_t D)
{
    struct cairn_node *layer = NULL;
    const bool gated = self->mlp == CAIRN_MLP_SWIGLU;
    CAIRN_TRY(add_norm(list, self, true, "norm2"));
    CAIRN_TRY(add_dense(list, self, "linear1", (gated ? 2 : 1) * self->expansion * D));
    CAIRN_TRY(cairn_list_layer(list, gated ? "glu" : "gelu", &layer));
    if (gated) CAIRN_TRY(cairn_list_text(layer, "gate", "silu"));
    CAIRN_TRY(add_dropout(list, self, "dropout"));
    CAIRN_TRY(add_dense(list, self, "linear2", D));
    return add_dropout(list, self, "dropout2");
}

/* {type: residual, name: name, flat: true, body: []} */
static cairn_status add_residual(struct cairn_node *list, const char *name,
                                 struct cairn_node **body)
{
    struct cairn_node *layer = NULL;
    CAIRN_TRY(add_layer(list, "residual", name, &layer));
    CAIRN_TRY(cairn_list_text(layer, "flat", "true"));
    return cairn_list_node(layer, CAIRN_NODE_LIST, "body", NULL, body);
}

static cairn_status expand(struct cairn_layer *layer, struct cairn_node *list)
{
    const struct transformer_block *self = layer->self;
    struct cairn_node *body = NULL;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (layer->in.ndim != 2)
        return cairn_fail(CAIRN_USAGE, "the input of one sample is %s, but it takes [T, D]",
                          cairn_shape_text(&layer->in, text));
    if (layer->in.dim[1] > CAIRN_GEMM_MOST / 2 / self->expansion)
        return cairn_fail(CAIRN_USAGE, "expansion %zu of %zu numbers is more than BLAS can count",
                          self->expansion, layer->in.dim[1]);
    CAIRN_TRY(add_residual(list, "attention", &body));
    CAIRN_TRY(write_attention(self, body));
    CAIRN_TRY(add_norm(list, self, false, "norm1"));
    CAIRN_TRY(add_residual(list, "feedforward", &body));
    CAIRN_TRY(write_dense(self, body, layer->in.dim[1]));
    return add_norm(list, self, false, "norm2");
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_transformer_block) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "transformer_block",
    .doc = "attention and two dense layers, each normalised and added to its input",
    .example = "{type: transformer_block, heads: 2, causal: true, expansion: 2, dropout: 0.1}",
    .example_in = {2, {5, 4}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct transformer_block),
    .expand = expand,
};
