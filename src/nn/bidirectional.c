/* SPDX-License-Identifier: BSD-3-Clause
 * bidirectional: a recurrent layer twice, from the first position to the last and the other way
 * round, side by side: [T, 2 units], or with output: last [2 units], of each way what it has at its
 * end, as Keras' Bidirectional.  Weights are named as in torch.nn.LSTM(bidirectional=True).
 *
 * Source: Schuster and Paliwal 1997. */
#include <string.h>

#include "nn/recurrent.h"

struct bidirectional {
    const struct cairn_node *of; /* read while planning */
    struct cairn_recurrent way[2];
};

static const struct cairn_key keys[] = {
    {"of", CAIRN_KEY_TREE, offsetof(struct bidirectional, of), NULL, 0, 0, "map",
     "the layer that walks both ways: {type: lstm} or {type: gru}, with its keys"},
};

static cairn_status read_of(struct bidirectional *self)
{
    static const struct cairn_cell *const cells[] = {&cairn_cell_lstm, &cairn_cell_gru};
    const char *names[] = {cairn_cell_lstm.name, cairn_cell_gru.name};
    const struct cairn_node *type = cairn_node_find(self->of, "type");
    struct cairn_recurrent_options options;
    size_t found = 0;
    if (type == NULL || type->kind != CAIRN_NODE_SCALAR)
        return cairn_fail(CAIRN_USAGE, "%s: of must be a layer, such as {type: lstm, units: 32}",
                          cairn_node_place(self->of));
    CAIRN_TRY_IN(cairn_name_find("layer that can walk both ways", type->text, names, 2, &found),
                 "%s", cairn_node_place(type));
    CAIRN_TRY(cairn_keys_read(cairn_recurrent_keys, CAIRN_RECURRENT_KEYS, self->of, "type",
                              "bidirectional.of", &options));
    for (size_t d = 0; d < 2; d++)
        self->way[d] = (struct cairn_recurrent){
            .options = options, .cell = cells[found], .direction = d, .n_directions = 2};
    return CAIRN_OK;
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct bidirectional *self = layer->self;
    plan->depth++; /* as a layer inside: the place is said there */
    CAIRN_TRY(read_of(self));
    plan->depth--;
    CAIRN_TRY(cairn_recurrent_plan(&self->way[0], layer, plan));
    return cairn_recurrent_plan(&self->way[1], layer, plan);
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct bidirectional *self = layer->self;
    for (int d = 0; d < 2; d++) cairn_recurrent_init(&self->way[d], params, seed, w);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct bidirectional *self = layer->self;
    for (int d = 0; d < 2; d++) cairn_recurrent_forward(&self->way[d], layer, pass);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct bidirectional *self = layer->self;
    cairn_recurrent_backward(&self->way[0], layer, pass, dy, 0, dx);
    cairn_recurrent_backward(&self->way[1], layer, pass, dy, 1, dx);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_bidirectional) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "bidirectional",
    .doc = "a recurrent layer that walks along [T, D] both ways, side by side",
    .example = "{type: bidirectional, of: {type: gru, units: 3, output: last}}",
    .example_in = {2, {5, 4}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct bidirectional),
    .flags = CAIRN_LAYER_NEEDS_X | CAIRN_LAYER_NEEDS_Y,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
};
